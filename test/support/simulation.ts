import type { AgentMessage, AgentOrder } from "../../contract/agent-api.ts";
import type { FrameworkCall, FrameworkEvent } from "../../contract/framework-api.ts";
import type { AgentId, FrameworkId, RoleName, TaskId, UpdateId } from "../../contract/ids.ts";
import { fromScalars, type Resource, scalarOf } from "../../contract/resources.ts";
import type { Offer } from "../../contract/schema/offer.ts";
import type { TaskInfo } from "../../contract/schema/task.ts";
import { isTerminal, type TaskState } from "../../contract/task-state.ts";
import type { Effect } from "../../kernel/core/effect.ts";
import type { ClusterInput, OfferDecision } from "../../kernel/core/event.ts";
import { checkFilterBits, invariants } from "../../kernel/core/invariants.ts";
import { wouldBeOffer } from "../../kernel/core/offers.ts";
import { defaultOptions } from "../../kernel/core/options.ts";
import { type ClusterState, createCluster, nextDeadlineMs } from "../../kernel/core/state.ts";
import { isRoundDue, prepareRound, step } from "../../kernel/core/step.ts";
import { notOversubscribed } from "../property/properties.ts";
import { testMaster } from "./cluster.ts";
import type { Random } from "./random.ts";
import { SimAgent } from "./sim-agent.ts";

interface SimFramework {
  readonly name: string;
  readonly roles: RoleName[];
  id: FrameworkId | undefined;
  peer: number | undefined;
  offers: Offer[];
  readonly tasks: Map<TaskId, { agentId: AgentId; ends: TaskState[]; sent: boolean }>;
}

type Item = { to: number; order: AgentOrder } | { to: number; event: FrameworkEvent };

/**
 * A cluster in one process from one seed: the real core between simulated agents and frameworks,
 * over connections that keep order and lose everything when they break. First things go wrong, then
 * `converge` mends everything and waits until all is quiet.
 */
export class Simulation {
  readonly random: Random;
  readonly agents: SimAgent[];
  readonly frameworks: SimFramework[];
  state: ClusterState;
  nowMs = 1_000_000;
  #peers = 1;
  #uuids = 0;
  #masters = 0;
  #taskCount = 0;
  /** On its way from the master, by connection. */
  #down = new Map<number, Item[]>();
  /** On its way to the master, by connection. */
  #up = new Map<number, ClusterInput[]>();
  readonly #registry = new Map<string, unknown>();
  #writes: Extract<Effect, { type: "write-registry" }>[] = [];

  constructor(random: Random) {
    this.random = random;
    const uuid = (): UpdateId => (this.#uuids++).toString(16).padStart(32, "0") as UpdateId;
    const say = (agent: SimAgent, message: AgentMessage): void => {
      if (agent.peer === undefined) return;
      this.#push(agent.peer, { type: "agent-message", peer: agent.peer, message });
    };
    this.agents = Array.from({ length: 2 + random.below(4) }, (_, number) => {
      const total = fromScalars({ cpus: 1 + random.below(8), mem: 256 * (1 + random.below(8)) });
      return new SimAgent(`agent${number}`, total, say, uuid);
    });
    this.frameworks = Array.from({ length: 1 + random.below(4) }, (_, number) => ({
      name: `framework${number}`,
      roles: (random.chance(0.3) ? ["a", `b/${number}`] : [`r${number % 2}`]) as RoleName[],
      id: undefined,
      peer: undefined,
      offers: [],
      tasks: new Map(),
    }));
    this.state = this.#newMaster();
  }

  #newMaster(): ClusterState {
    const master = { ...testMaster, id: `m${this.#masters++}` };
    const offerTimeoutMs = this.random.chance(0.3) ? 7_000 : undefined;
    this.state = createCluster({ ...defaultOptions, master, offerTimeoutMs }, this.nowMs);
    const entries = [...this.#registry].map(([key, value]) => ({ key, value }));
    this.#input({ type: "recovered", entries });
    return this.state;
  }

  #input(input: ClusterInput): void {
    const out: Effect[] = [];
    step(this.state, input, this.nowMs, out);
    invariants(this.state);
    for (const effect of out) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "send-agent":
        this.#down.get(effect.to)?.push({ to: effect.to, order: effect.order });
        return;
      case "send-framework":
        this.#down.get(effect.to)?.push({ to: effect.to, event: effect.event });
        return;
      case "close-peer":
        this.#hangUp(effect.peer);
        return;
      case "write-registry":
        this.#writes.push(effect);
        return;
      case "abort":
        throw new Error(`the master stops: ${effect.message}`);
    }
  }

  #push(peer: number, input: ClusterInput): void {
    this.#up.get(peer)?.push(input);
  }

  #open(): number {
    const peer = this.#peers++;
    this.#down.set(peer, []);
    this.#up.set(peer, []);
    return peer;
  }

  /** A connection ends; what was under way is lost, and both sides notice. */
  #hangUp(peer: number): void {
    this.#down.delete(peer);
    this.#up.delete(peer);
    for (const agent of this.agents) {
      if (agent.peer !== peer) continue;
      agent.peer = undefined;
      agent.registered = false;
    }
    for (const framework of this.frameworks) {
      if (framework.peer !== peer) continue;
      framework.peer = undefined;
      framework.offers = [];
    }
  }

  connectAgent(agent: SimAgent): void {
    if (agent.peer !== undefined) return;
    agent.peer = this.#open();
    agent.register();
  }

  connectFramework(framework: SimFramework): void {
    if (framework.peer !== undefined) return;
    framework.peer = this.#open();
    framework.offers = [];
    const { name, roles, id } = framework;
    const capabilities = ["MULTI_ROLE", "PARTITION_AWARE"] as const;
    this.#call(framework, {
      type: "subscribe",
      framework: {
        name,
        user: "nobody",
        roles,
        failoverTimeoutMs: 1e9,
        checkpoint: true,
        capabilities: [...capabilities],
        ...(id && { id }),
      },
    });
  }

  #call(framework: SimFramework, call: FrameworkCall): void {
    const { peer } = framework;
    if (peer !== undefined) this.#push(peer, { type: "framework-call", peer, call });
  }

  breakAgent(agent: SimAgent): void {
    const { peer } = agent;
    if (peer === undefined) return;
    this.#hangUp(peer);
    this.#input({ type: "agent-closed", peer });
  }

  breakFramework(framework: SimFramework): void {
    const { peer } = framework;
    if (peer === undefined) return;
    this.#hangUp(peer);
    this.#input({ type: "framework-closed", peer });
  }

  /** The master dies; what it had not written yet may be written or not. */
  failOver(): void {
    while (this.#writes.length > 0 && this.random.chance(0.5)) this.#writeOne(false);
    this.#writes = [];
    for (const peer of [...this.#down.keys()]) this.#hangUp(peer);
    this.#newMaster();
  }

  #writeOne(tell: boolean): void {
    const write = this.#writes.shift();
    if (write === undefined) return;
    for (const { key, value } of write.entries) {
      if (value === undefined) this.#registry.delete(key);
      else this.#registry.set(key, value);
    }
    if (tell) this.#input({ type: "registry-written", token: write.token });
  }

  /** Delivers one message somewhere. */
  deliver(): boolean {
    const lanes = [...this.#up.values(), ...this.#down.values()].filter((lane) => lane.length > 0);
    if (lanes.length === 0) return false;
    const item = this.random.pick(lanes).shift() as ClusterInput | Item;
    if ("type" in item) this.#input(item);
    else if ("order" in item) this.#obey(item.to, item.order);
    else this.#hear(item.to, item.event);
    return true;
  }

  #obey(peer: number, order: AgentOrder): void {
    const agent = this.agents.find((each) => each.peer === peer);
    if (agent === undefined) return;
    agent.obey(order);
    notOversubscribed(agent.name, agent.total, agent.running);
  }

  #hear(peer: number, event: FrameworkEvent): void {
    const framework = this.frameworks.find((each) => each.peer === peer);
    if (framework === undefined) return;
    switch (event.type) {
      case "subscribed":
        framework.id = event.frameworkId;
        return;
      case "offers":
        framework.offers.push(...event.offers);
        return;
      case "rescind":
        framework.offers = framework.offers.filter(({ id }) => id !== event.offerId);
        return;
      case "error":
      case "rejected":
        throw new Error(`${framework.name} was refused: ${JSON.stringify(event)}`);
      case "update": {
        const { taskId, state, uuid, agentId, message, reason } = event.status;
        const task = framework.tasks.get(taskId);
        if (state === "TASK_ERROR") throw new Error(`task ${taskId}: ${message}`);
        // The answer about a task that has ended meanwhile says that nobody knows it any more.
        const isLate = reason === "REASON_RECONCILIATION" && task?.ends.length !== 0;
        if (task !== undefined && isTerminal(state) && !isLate) task.ends.push(state);
        if (uuid === undefined || agentId === undefined) return;
        // An acknowledgement that is left out makes the agent send again.
        if (this.random.chance(0.9)) {
          this.#call(framework, { type: "acknowledge", agentId, taskId, uuid });
        }
      }
    }
  }

  /** Time passes to the next deadline at most, and rounds run that are due. */
  pass(ms: number): void {
    const next = nextDeadlineMs(this.state);
    this.nowMs = Math.min(this.nowMs + ms, Math.max(this.nowMs, next ?? Number.POSITIVE_INFINITY));
    if (next !== undefined && next <= this.nowMs) this.#input({ type: "tick" });
    if (this.#writes.length > 0 && this.random.chance(0.5)) this.#writeOne(true);
    if (!isRoundDue(this.state)) return;
    prepareRound(this.state);
    checkFilterBits(this.state);
    const decisions = this.#decide();
    this.state.tables.dropCandidates(this.state.tables.candidates.length);
    this.#input({ type: "offers-decided", decisions, policy: { name: "random", digest: "0" } });
  }

  /** Some client or other takes an agent, or a part of it. */
  #decide(): OfferDecision[] {
    const { tables, agentRows, clientRows } = this.state;
    const decisions: OfferDecision[] = [];
    for (const agentRow of tables.candidates) {
      const agent = agentRows[agentRow];
      if (agent === undefined || !tables.agents.offerable(agentRow)) continue;
      const able = [...clientRows.entries()].filter(
        ([row, client]) =>
          client !== undefined &&
          tables.clients.offerable(row) &&
          !tables.filters.get(row, agentRow) &&
          wouldBeOffer(this.state, agent, client).length > 0,
      );
      if (able.length === 0) continue;
      const [clientRow] = this.random.pick(able);
      const cpus = scalarOf(agent.free, "cpus");
      if (cpus < 2_000 || this.random.chance(0.6)) {
        decisions.push({ agentRow, clientRow, whole: true });
      } else {
        const amounts = [1_000, Math.floor(scalarOf(agent.free, "mem") / 2), 0, 0, 0, 0, 0, 0];
        decisions.push({ agentRow, clientRow, whole: false, amounts });
      }
    }
    return decisions;
  }

  /** A framework answers an offer or does something else that comes to its mind. */
  actFramework(framework: SimFramework, orderly: boolean): void {
    const { random } = this;
    const offer = framework.offers.shift();
    const refuseMs = random.pick([0, 1_000, 5_000, 60_000]);
    if (offer !== undefined) {
      const filters = random.chance(0.3) ? {} : { filters: { refuseMs } };
      if (orderly || random.chance(0.3)) {
        this.#call(framework, { type: "decline", offerIds: [offer.id], ...filters });
        return;
      }
      const tasks = this.#someTasks(framework, offer);
      const operations = [{ type: "LAUNCH", tasks } as const];
      this.#call(framework, { type: "accept", offerIds: [offer.id], operations, ...filters });
      return;
    }
    const roll = random.below(6);
    const tasks = [...framework.tasks].filter(([, { ends }]) => ends.length === 0);
    if (roll === 0) this.#call(framework, { type: "revive" });
    if (roll === 1 && !orderly) this.#call(framework, { type: "suppress" });
    if (roll === 2) this.#call(framework, { type: "reconcile", tasks: [] });
    if (tasks.length === 0 || roll < 3) return;
    const [taskId, { agentId }] = random.pick(tasks);
    if (roll === 3) this.#call(framework, { type: "kill", taskId });
    else this.#call(framework, { type: "reconcile", tasks: [{ taskId, agentId }] });
  }

  #someTasks(framework: SimFramework, offer: Offer): TaskInfo[] {
    let cpus = scalarOf(offer.resources, "cpus");
    let mem = scalarOf(offer.resources, "mem");
    const tasks: TaskInfo[] = [];
    while (cpus >= 500 && mem >= 32_000 && tasks.length < 4 && this.random.chance(0.8)) {
      const resources: Resource[] = [
        { name: "cpus", scalar: 500 },
        { name: "mem", scalar: 32_000 },
      ];
      const taskId = `t${this.#taskCount++}` as TaskId;
      const command = { value: "true" };
      tasks.push({ name: taskId, taskId, agentId: offer.agentId, resources, command });
      framework.tasks.set(taskId, { agentId: offer.agentId, ends: [], sent: true });
      cpus -= 500;
      mem -= 32_000;
    }
    return tasks;
  }

  /** Something goes on or wrong. */
  disturb(): void {
    const { random } = this;
    const agent = random.pick(this.agents);
    const framework = random.pick(this.frameworks);
    const roll = random.below(100);
    if (roll < 40) this.deliver();
    else if (roll < 55) this.pass(random.pick([10, 500, 2_000, 20_000]));
    else if (roll < 70) this.actFramework(framework, false);
    else if (roll < 82) this.#progress(agent);
    else if (roll < 87) this.connectAgent(agent);
    else if (roll < 92) this.connectFramework(framework);
    else if (roll < 94) this.breakAgent(agent);
    else if (roll < 96) this.breakFramework(framework);
    else if (roll < 97) this.#reboot(agent);
    else if (roll < 98 && random.chance(0.2)) this.failOver();
    else agent.resend();
  }

  #reboot(agent: SimAgent): void {
    this.breakAgent(agent);
    agent.reboot();
  }

  /** A task of an agent gets on. */
  #progress(agent: SimAgent): void {
    const tasks = [...agent.tasks.values()];
    if (tasks.length === 0) return;
    const states = ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED", "TASK_FAILED"] as const;
    agent.move(this.random.pick(tasks), this.random.pick(states));
  }

  /** Nothing goes wrong any more: every task must come to an end, and nothing be left over. */
  converge(): void {
    for (let turn = 0; turn < 4_000; turn++) {
      for (const agent of this.agents) this.connectAgent(agent);
      for (const framework of this.frameworks) this.connectFramework(framework);
      for (let count = 0; count < 50 && this.deliver(); count++);
      this.pass(1_000);
      for (const agent of this.agents) {
        this.#progress(agent);
        agent.resend();
      }
      for (const framework of this.frameworks) this.actFramework(framework, true);
      if (this.#quiet()) return;
    }
    throw new Error("the cluster does not come to rest");
  }

  #quiet(): boolean {
    return (
      this.frameworks.every(({ tasks }) => [...tasks.values()].every((t) => t.ends.length > 0)) &&
      this.agents.every((agent) => agent.tasks.size === 0)
    );
  }
}
