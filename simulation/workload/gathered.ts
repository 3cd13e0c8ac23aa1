import type { Quantities } from "../../contract/resources.ts";
import type { AgentInfo } from "../../contract/schema/agent.ts";
import type { ClusterState, Framework } from "../../kernel/core/state.ts";
import { type SeenAgent, statedBy } from "./gathered-agents.ts";
import { SeenFrameworks } from "./gathered-frameworks.ts";
import {
  optionsIn,
  type Workload,
  type WorkloadAgents,
  type WorkloadJob,
  type WorkloadRole,
} from "./model.ts";

/** When tasks are taken to have arrived; journals do not say what frameworks had in mind. */
export type ArrivalRule = "launched" | "subscribed";

/** A workload that was taken from a journal, and what is known about it. */
export interface Extracted {
  readonly workload: Workload;
  /** Tasks that still ran at the end of the journal: they ran at least that long. */
  readonly unfinished: number;
  /** Weights or quotas were others when tasks ran; the workload has the last ones. */
  readonly isReweighed: boolean;
  /** Parts of the journal that are not in the workload. */
  readonly leftOut: readonly LeftOut[];
}

/** A part of a journal that could not be joined with the rest. */
export interface LeftOut {
  /** Which part, in words. */
  readonly part: string;
  /** Tasks that were seen in it. */
  readonly tasks: number;
  readonly why: string;
}

interface SeenTask {
  readonly key: string;
  readonly frameworkId: string;
  readonly role: string;
  readonly agentId: string;
  readonly resources: Quantities;
  readonly launchedMs: number;
  runningMs: number | undefined;
  endedMs: number | undefined;
}

/** A task as it is known when it is first seen. */
export interface TaskSight {
  readonly frameworkId: string;
  readonly taskId: string;
  /** Whom its resources count for. */
  readonly role: string;
  readonly agentId: string;
  readonly resources: Quantities;
  readonly launchedMs: number;
}

/** What a task is called among those of all frameworks. */
export const keyOf = (frameworkId: string, taskId: string): string => `${frameworkId} ${taskId}`;

/**
 * What was seen in a journal, on its way to a workload: of one master after the other. Times are of
 * the epoch.
 */
export class Gathered {
  /** Time of the last turn. */
  endMs = 0;
  #beganMs = 0;
  /** Weights and quotas under which the first tasks ran. */
  #rules: string | undefined;
  readonly #agents: SeenAgent[] = [];
  /** Those that are there, by id. */
  readonly #present = new Map<string, SeenAgent>();
  readonly #frameworks = new SeenFrameworks();
  readonly #running = new Map<string, SeenTask>();
  readonly #runningOn = new Map<string, Set<SeenTask>>();
  /** Ended because nobody saw them any more: they may be seen again. */
  readonly #lost = new Map<string, SeenTask>();
  readonly #tasks: SeenTask[] = [];

  /** The journal begins. */
  begin(nowMs: number): void {
    this.#beganMs = nowMs;
    this.endMs = nowMs;
  }

  /** Weights and quotas, when there are tasks that they matter to. */
  noteRules({ recovered, registry }: ClusterState): void {
    if (this.#rules === undefined && recovered && this.#tasks.length > 0) {
      this.#rules = JSON.stringify(rolesOf(registry));
    }
  }

  /** Tasks that were seen so far. */
  get tasks(): number {
    return this.#tasks.length;
  }

  /** Ids of the agents that are there. */
  get agentIds(): Iterable<string> {
    return this.#present.keys();
  }

  /** An agent is there, perhaps as it was all the time. */
  agentJoined(id: string, resources: Quantities, info: AgentInfo, nowMs: number): void {
    const about = { resources, ...statedBy(info) };
    const known = this.#present.get(id);
    if (known !== undefined) {
      if (JSON.stringify(known.about) === JSON.stringify(about)) return;
      known.untilMs = nowMs;
    }
    const agent: SeenAgent = { about, fromMs: nowMs, untilMs: undefined };
    this.#agents.push(agent);
    this.#present.set(id, agent);
  }

  /** An agent is given up, or has left; what ran on it is seen no more. */
  agentLeft(id: string, nowMs: number): void {
    const agent = this.#present.get(id);
    if (agent === undefined) return;
    agent.untilMs = nowMs;
    this.#present.delete(id);
    this.onlyThese(id, new Set(), nowMs);
  }

  /** All that runs on an agent, by `keyOf`: what else ran there does not any more. */
  onlyThese(agentId: string, keys: ReadonlySet<string>, nowMs: number): void {
    for (const task of this.#runningOn.get(agentId) ?? []) {
      if (keys.has(task.key)) continue;
      this.#end(task, nowMs);
      this.#lost.set(task.key, task);
    }
  }

  /** A framework is there, or back; it is taken as it describes itself when it first comes. */
  frameworkJoined({ id, info }: Framework, nowMs: number): void {
    this.#frameworks.joined(id, info, nowMs);
  }

  /** A framework is gone, with all its tasks. */
  frameworkLeft(id: string, nowMs: number): void {
    for (const task of this.#running.values()) {
      if (task.frameworkId === id) this.#end(task, nowMs);
    }
  }

  /** A task was launched. */
  launched({ frameworkId, taskId, role, agentId, resources, ...sight }: TaskSight): void {
    const key = keyOf(frameworkId, taskId);
    if (this.#running.has(key)) return;
    // What ran already when the journal began counts from there.
    const launchedMs = Math.max(this.#beganMs, sight.launchedMs);
    const about = { key, frameworkId, role, agentId, resources, launchedMs };
    this.#frameworks.used(frameworkId, role);
    const task: SeenTask = { ...about, runningMs: undefined, endedMs: undefined };
    this.#tasks.push(task);
    this.#lost.delete(key);
    this.#goesOn(task);
  }

  /** A task is there: one that was launched before, unless nobody saw that. */
  seen(sight: TaskSight): void {
    const lost = this.#lost.get(keyOf(sight.frameworkId, sight.taskId));
    if (lost === undefined) {
      this.launched(sight);
      return;
    }
    lost.endedMs = undefined;
    this.#lost.delete(lost.key);
    this.#goesOn(lost);
  }

  /** A task runs. */
  running(frameworkId: string, taskId: string, nowMs: number): void {
    const task = this.#running.get(keyOf(frameworkId, taskId));
    if (task !== undefined) task.runningMs ??= nowMs;
  }

  /** A task has ended, in whatever way. */
  ended(frameworkId: string, taskId: string, nowMs: number): void {
    const task = this.#running.get(keyOf(frameworkId, taskId));
    if (task !== undefined) this.#end(task, nowMs);
  }

  #goesOn(task: SeenTask): void {
    this.#running.set(task.key, task);
    const others = this.#runningOn.get(task.agentId);
    if (others === undefined) this.#runningOn.set(task.agentId, new Set([task]));
    else others.add(task);
  }

  #end(task: SeenTask, nowMs: number): void {
    task.endedMs = nowMs;
    this.#running.delete(task.key);
    this.#runningOn.get(task.agentId)?.delete(task);
  }

  /** The workload; weights and quotas are those of the state in the end. */
  finish(arrivals: ArrivalRule, { options, registry }: ClusterState): Omit<Extracted, "leftOut"> {
    const workload: Workload = {
      options: optionsIn(options),
      agents: this.#agentLines(),
      roles: rolesOf(registry),
      frameworks: this.#frameworks.lines((atMs) => this.#since(atMs)),
      jobs: this.#jobLines(arrivals),
    };
    const last = JSON.stringify(workload.roles);
    const isReweighed = this.#rules !== undefined && this.#rules !== last;
    return { workload, unfinished: this.#running.size, isReweighed };
  }

  #since(atMs: number): number {
    return Math.max(0, atMs - this.#beganMs);
  }

  /**
   * Agents that are alike, in one line, unless somebody goes by their names. Those that came before
   * the first task were there always.
   */
  #agentLines(): WorkloadAgents[] {
    const firstMs = this.#tasks.reduce((ms, task) => Math.min(ms, task.launchedMs), this.endMs);
    const areNamed =
      this.#frameworks.nameHosts || this.#agents.some(({ about }) => about.namesHosts);
    const lines = new Map<string, WorkloadAgents>();
    for (const { about, fromMs, untilMs } of this.#agents) {
      const { resources, attributes, domain, hostname } = about;
      const times = {
        fromMs: fromMs <= firstMs ? 0 : this.#since(fromMs),
        untilMs: untilMs && this.#since(untilMs),
      };
      const line = { resources, attributes, domain, ...times };
      const key = areNamed ? String(lines.size) : JSON.stringify(line);
      const known = lines.get(key);
      const name = areNamed ? hostname : (known?.name ?? `kind${lines.size}`);
      lines.set(key, { ...line, name, count: (known?.count ?? 0) + 1 });
    }
    return [...lines.values()];
  }

  #jobLines(arrivals: ArrivalRule): WorkloadJob[] {
    const lines = new Map<string, WorkloadJob>();
    for (const task of this.#tasks) {
      const framework = this.#frameworks.seenAs(task.frameworkId, task.role);
      if (framework === undefined) continue;
      const endedMs = task.endedMs ?? this.endMs;
      const about = {
        framework: framework.name,
        arrivalMs: this.#since(arrivals === "launched" ? task.launchedMs : framework.fromMs),
        durationMs: Math.max(1, endedMs - (task.runningMs ?? task.launchedMs)),
        resources: task.resources,
        attributes: {},
      };
      const key = JSON.stringify(about);
      lines.set(key, { ...about, tasks: (lines.get(key)?.tasks ?? 0) + 1 });
    }
    return [...lines.values()].sort((a, b) => a.arrivalMs - b.arrivalMs);
  }
}

function rolesOf({ weights, quotas }: ClusterState["registry"]): WorkloadRole[] {
  const names = [...new Set([...weights.keys(), ...quotas.keys()])];
  return names.map((name) => ({
    name,
    weight: weights.get(name) ?? 1,
    guarantee: quotas.get(name)?.guarantee,
    limit: quotas.get(name)?.limit,
  }));
}
