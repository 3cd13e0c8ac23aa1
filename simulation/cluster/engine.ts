import type { AgentMessage } from "../../contract/agent-api.ts";
import type { FrameworkCall } from "../../contract/framework-api.ts";
import type { RoleName, UpdateId } from "../../contract/ids.ts";
import { normalize, type Resource } from "../../contract/resources.ts";
import type { TaskState } from "../../contract/task-state.ts";
import type { Effect } from "../../kernel/core/effect.ts";
import type { ClusterInput } from "../../kernel/core/event.ts";
import { type ClusterOptions, defaultOptions } from "../../kernel/core/options.ts";
import { quotaEntry, weightEntry } from "../../kernel/core/registry.ts";
import { type ClusterState, createCluster, nextDeadlineMs } from "../../kernel/core/state.ts";
import { isRoundDue, step } from "../../kernel/core/step.ts";
import type { LoopParts } from "../../kernel/io/loop.ts";
import { descriptionOf } from "../workload/description.ts";
import type { Workload, WorkloadAgents, WorkloadJob } from "../workload/model.ts";
import { Agenda } from "./agenda.ts";
import { SimulatedAgent } from "./agent.ts";
import { SimulatedFramework } from "./framework.ts";
import type { SimulatedTask, World } from "./world.ts";

/** When simulations begin: a time of the epoch that is as good as any other. */
export const EPOCH_MS = 1_000_000_000_000;
/** How long a message is on its way. */
const LATENCY_MS = 1;
/** Long enough that nobody is ever asked for a sign of life. */
const NEVER_MS = 1e14;

/** The part of a master that decides; the simulation has one of each master's own. */
export interface SimulatedRounds {
  decide(state: ClusterState, nowMs: number): ClusterInput | undefined;
}

/** Who watches a simulation: told after each turn, when virtual time is about to pass. */
export interface Observer {
  started(task: SimulatedTask, nowMs: number): void;
  ended(task: SimulatedTask, state: TaskState, nowMs: number): void;
  /** Nothing changes until `untilMs`. */
  pass(nowMs: number, untilMs: number): void;
}

/** How a simulation is set up beside its workload. */
export interface EngineOptions {
  readonly rounds: (state: ClusterState) => SimulatedRounds;
  readonly observer: Observer;
  /** Turns may be looked at on their way, as a journal does. */
  readonly wrap?: (parts: LoopParts, state: ClusterState) => LoopParts;
}

/**
 * A cluster in virtual time: the master's own core and allocation, and agents and frameworks that
 * behave well. The same workload and seed give the same course of events.
 */
export class SimulatedCluster implements World {
  readonly state: ClusterState;
  readonly frameworks: readonly SimulatedFramework[];
  readonly tasks = new Map<string, SimulatedTask>();
  nowMs = EPOCH_MS;
  /** Tasks that are to arrive, and those that run. */
  toArrive = 0;
  running = 0;
  /** Tasks between their framework and an agent, or back after they were lost. */
  readonly #onTheWay = new Set<SimulatedTask>();
  readonly #agenda = new Agenda();
  readonly #agents = new Map<number, SimulatedAgent>();
  readonly #byPeer = new Map<number, SimulatedFramework>();
  readonly #parts: LoopParts;
  readonly #observer: Observer;
  #inbox: ClusterInput[] = [];
  #effects: Effect[] = [];
  #peers = 0;
  #uuids = 0;
  /** Joins, leaves, arrivals and ends that are still to come. */
  #planned = 0;

  constructor(workload: Workload, { rounds, observer, wrap }: EngineOptions) {
    this.#observer = observer;
    const state = createCluster(optionsOf(workload), this.nowMs);
    this.state = state;
    const decider = rounds(state);
    const parts: LoopParts = {
      step: (input, nowMs, out) => step(state, input, nowMs, out),
      nextDeadlineMs: () => nextDeadlineMs(state),
      roundDue: () => isRoundDue(state),
      allocate: (nowMs) => decider.decide(state, nowMs),
      commit: (_, release) => release(),
      perform: (effect) => this.#perform(effect),
      flush: () => {},
    };
    this.#parts = wrap?.(parts, state) ?? parts;
    this.#inbox.push({ type: "recovered", entries: registryOf(workload) });
    for (const agents of workload.agents) this.#planAgents(agents);
    const ofGpus = new Set(workload.jobs.filter(namesGpus).map(({ framework }) => framework));
    this.frameworks = workload.frameworks.map((about) => {
      const description = descriptionOf(about, ofGpus.has(about.name));
      const framework = new SimulatedFramework(about, description, this.#nextPeer(), this);
      this.#byPeer.set(framework.peer, framework);
      this.#plan(about.fromMs, () => framework.join());
      if (about.untilMs !== undefined) this.#plan(about.untilMs, () => framework.leave());
      return framework;
    });
    const byName = new Map(this.frameworks.map((each) => [each.about.name, each]));
    for (const [number, job] of workload.jobs.entries()) {
      const framework = byName.get(job.framework);
      if (framework !== undefined) this.#planJob(number, job, framework);
    }
  }

  /** Tasks that have arrived and wait. */
  get waiting(): number {
    return this.frameworks.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** True when nothing more can happen but what the master does by itself. */
  get isQuiet(): boolean {
    return this.#planned === 0 && this.#active === 0;
  }

  /** True when every task has ended. */
  get isDone(): boolean {
    return this.toArrive === 0 && this.waiting === 0 && this.#active === 0;
  }

  get #active(): number {
    return this.running + this.#onTheWay.size;
  }

  /** When something happens next. */
  get nextMs(): number {
    if (this.#inbox.length > 0 || this.#parts.roundDue()) return this.nowMs;
    return Math.min(this.#agenda.nextMs, this.#parts.nextDeadlineMs() ?? Number.POSITIVE_INFINITY);
  }

  /** Lets time pass to what happens next, and one turn of the master's loop take place. */
  turn(): void {
    const nextMs = Math.max(this.nowMs, this.nextMs);
    if (nextMs > this.nowMs) this.#observer.pass(this.nowMs, nextMs);
    this.nowMs = nextMs;
    this.#agenda.run(nextMs);
    const parts = this.#parts;
    const effects = this.#effects;
    const inputs = this.#inbox;
    this.#inbox = [];
    for (const input of inputs) parts.step(input, nextMs, effects);
    const deadlineMs = parts.nextDeadlineMs();
    if (deadlineMs !== undefined && deadlineMs <= nextMs) {
      parts.step({ type: "tick" }, nextMs, effects);
    }
    if (parts.roundDue()) {
      const decided = parts.allocate(nextMs, 0);
      if (decided !== undefined) parts.step(decided, nextMs, effects);
    }
    this.#effects = [];
    parts.commit(nextMs, () => {
      for (const effect of effects) parts.perform(effect);
      parts.flush();
    });
  }

  at(atMs: number, act: () => void): void {
    this.#agenda.add(atMs, act);
  }

  say(peer: number, message: AgentMessage): void {
    this.#send({ type: "agent-message", peer, message });
  }

  call(peer: number, call: FrameworkCall): void {
    this.#send({ type: "framework-call", peer, call });
  }

  nextUuid(): UpdateId {
    return (this.#uuids++).toString(16).padStart(32, "0") as UpdateId;
  }

  taskOf(taskId: string): SimulatedTask {
    const cut = taskId.indexOf(".");
    const task = this.tasks.get(cut < 0 ? taskId : taskId.slice(0, cut));
    if (task === undefined) throw new Error(`nobody knows task ${taskId}`);
    return task;
  }

  launching(task: SimulatedTask, isOnItsWay: boolean): void {
    if (isOnItsWay) this.#onTheWay.add(task);
    else this.#onTheWay.delete(task);
  }

  started(task: SimulatedTask): void {
    this.#onTheWay.delete(task);
    task.startedMs ??= this.nowMs;
    this.running += 1;
    this.#observer.started(task, this.nowMs);
  }

  ended(task: SimulatedTask, state: TaskState): void {
    task.endedMs = this.nowMs;
    this.running -= 1;
    if (state === "TASK_LOST") this.#onTheWay.add(task);
    this.#observer.ended(task, state, this.nowMs);
  }

  #send(input: ClusterInput): void {
    this.at(this.nowMs + LATENCY_MS, () => this.#inbox.push(input));
  }

  #plan(afterMs: number, act: () => void): void {
    this.#planned += 1;
    this.at(EPOCH_MS + afterMs, () => {
      this.#planned -= 1;
      act();
    });
  }

  #nextPeer(): number {
    this.#peers += 1;
    return this.#peers;
  }

  #planAgents({ name, count, resources, fromMs, untilMs, ...stated }: WorkloadAgents): void {
    const { attributes, domain } = stated;
    const list: Resource[] = Object.entries(resources).map(([of, scalar]) => ({
      name: of,
      scalar,
    }));
    for (let number = 0; number < count; number++) {
      const peer = this.#nextPeer();
      const own = count === 1 ? name : `${name}-${number}`;
      const about = { name: own, peer, resources: normalize(list), attributes, domain };
      const agent = new SimulatedAgent(about, this);
      this.#agents.set(peer, agent);
      this.#plan(fromMs, () => agent.join());
      if (untilMs !== undefined) this.#plan(untilMs, () => agent.leave());
    }
  }

  #planJob(number: number, job: WorkloadJob, framework: SimulatedFramework): void {
    const tasks = Array.from({ length: job.tasks }, (_, index): SimulatedTask => {
      const name = `${number}-${index}`;
      return { job, name, attempt: 0, startedMs: undefined, endedMs: undefined };
    });
    for (const task of tasks) this.tasks.set(task.name, task);
    this.toArrive += tasks.length;
    this.#plan(job.arrivalMs, () => {
      this.toArrive -= tasks.length;
      framework.arrive(job, tasks);
    });
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "send-agent":
        this.at(this.nowMs + LATENCY_MS, () => this.#agents.get(effect.to)?.obey(effect.order));
        return;
      case "send-framework":
        this.at(this.nowMs + LATENCY_MS, () => this.#byPeer.get(effect.to)?.hear(effect.event));
        return;
      case "write-registry":
        this.#send({ type: "registry-written", token: effect.token });
        return;
      case "abort":
        throw new Error(`the simulated master stops: ${effect.message}`);
      default:
    }
  }
}

/** Whether a job's tasks need gpus: only frameworks that know about them are offered any (C19). */
function namesGpus({ resources }: WorkloadJob): boolean {
  return (resources["gpus"] ?? 0) > 0;
}

function optionsOf({ options }: Workload): ClusterOptions {
  return {
    ...defaultOptions,
    ...options,
    master: {
      id: "simulated",
      hostname: "simulated",
      ip: "127.0.0.1",
      port: 0,
      version: "simulated",
    },
    agentPingTimeoutMs: NEVER_MS,
    registryGcIntervalMs: NEVER_MS,
    // What has ended is measured elsewhere.
    maxCompletedTasksPerFramework: 0,
  };
}

/** Weights and quotas, as an operator would have set them before. */
function registryOf({ roles }: Workload): { readonly key: string; readonly value: unknown }[] {
  return roles.flatMap(({ name, weight, guarantee, limit }) => {
    const role = name as RoleName;
    const quota = quotaEntry({ role, guarantee, limit });
    const isSet = guarantee !== undefined || limit !== undefined;
    return [weightEntry(role, weight), ...(isSet ? [quota] : [])];
  });
}
