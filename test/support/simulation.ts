import type { Random } from "../../conformance/random.ts";
import type { AgentMessage, AgentOrder } from "../../contract/agent-api.ts";
import type { FrameworkCall, FrameworkEvent } from "../../contract/framework-api.ts";
import type { TaskId, UpdateId } from "../../contract/ids.ts";
import { isTerminal } from "../../contract/task-state.ts";
import type { Effect } from "../../kernel/core/effect.ts";
import type { ClusterInput } from "../../kernel/core/event.ts";
import { checkFilterBits, invariants } from "../../kernel/core/invariants.ts";
import { defaultOptions } from "../../kernel/core/options.ts";
import { type ClusterState, createCluster, nextDeadlineMs } from "../../kernel/core/state.ts";
import { isRoundDue, prepareRound, step } from "../../kernel/core/step.ts";
import { notOversubscribed } from "../property/properties.ts";
import { testMaster } from "./cluster.ts";
import { Lanes } from "./lanes.ts";
import { SimAgent } from "./sim-agent.ts";
import {
  callOf,
  decideAtRandom,
  isSettled,
  type SimFramework,
  someFrameworks,
  someResources,
  subscription,
} from "./sim-framework.ts";

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
  /** How often an agent ran another task on a shared volume that one uses already (E13). */
  sharings = 0;
  /** What steps the core; a test may look in. */
  step = step;
  #uuids = 0;
  #masters = 0;
  #taskCount = 0;
  readonly #lanes = new Lanes();
  readonly #registry = new Map<string, unknown>();
  #writes: Extract<Effect, { type: "write-registry" }>[] = [];

  constructor(random: Random) {
    this.random = random;
    const uuid = (): UpdateId => (this.#uuids++).toString(16).padStart(32, "0") as UpdateId;
    const say = (agent: SimAgent, message: AgentMessage): void => {
      if (agent.peer === undefined) return;
      this.#lanes.put(agent.peer, { type: "agent-message", peer: agent.peer, message });
    };
    this.agents = Array.from({ length: 2 + random.below(4) }, (_, number) => {
      return new SimAgent(`agent${number}`, someResources(random), say, uuid);
    });
    this.frameworks = someFrameworks(random);
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
    this.step(this.state, input, this.nowMs, out);
    invariants(this.state);
    for (const effect of out) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "send-agent":
        this.#lanes.send({ to: effect.to, order: effect.order });
        return;
      case "send-framework":
        this.#lanes.send({ to: effect.to, event: effect.event });
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

  /** A connection ends; what was under way is lost, and both sides notice. */
  #hangUp(peer: number): void {
    this.#lanes.close(peer);
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
    agent.peer = this.#lanes.open();
    agent.register();
  }

  connectFramework(framework: SimFramework): void {
    if (framework.peer !== undefined) return;
    framework.peer = this.#lanes.open();
    framework.offers = [];
    this.#call(framework, subscription(framework));
  }

  #call(framework: SimFramework, call: FrameworkCall): void {
    const { peer } = framework;
    if (peer !== undefined) this.#lanes.put(peer, { type: "framework-call", peer, call });
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
    for (const peer of this.#lanes.peers) this.#hangUp(peer);
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
    const item = this.#lanes.take(this.random);
    if (item === undefined) return false;
    if ("type" in item) this.#input(item);
    else if ("order" in item) this.#obey(item.to, item.order);
    else this.#hear(item.to, item.event);
    return true;
  }

  #obey(peer: number, order: AgentOrder): void {
    const agent = this.agents.find((each) => each.peer === peer);
    if (agent === undefined) return;
    agent.obey(order);
    if (order.type === "launch" && agent.sharers > 1) this.sharings += 1;
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
        if (task !== undefined) task.last = state;
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
    const decisions = decideAtRandom(this.state, this.random);
    this.state.tables.dropCandidates(this.state.tables.candidates.length);
    this.#input({ type: "offers-decided", decisions, policy: { name: "random", digest: "0" } });
  }

  /** A framework does something; `orderly` ones launch nothing new. */
  actFramework(framework: SimFramework, orderly: boolean): void {
    const nextId = (): TaskId => `t${this.#taskCount++}` as TaskId;
    const call = callOf(framework, orderly, this.random, nextId);
    if (call !== undefined) this.#call(framework, call);
  }

  /** Something goes on or wrong. */
  disturb(): void {
    const { random } = this;
    const agent = random.pick(this.agents);
    const framework = random.pick(this.frameworks);
    const roll = random.below(100);
    if (roll < 40) this.deliver();
    else if (roll < 54) this.pass(random.pick([10, 500, 2_000, 20_000]));
    else if (roll < 55) this.#doze();
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

  /** Two minutes in which nobody hears from anybody. */
  #doze(): void {
    const untilMs = this.nowMs + 120_000;
    while (this.nowMs < untilMs) this.pass(untilMs - this.nowMs);
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
      for (const framework of this.frameworks) {
        while (framework.offers.length > 0) this.actFramework(framework, true);
        this.actFramework(framework, true);
      }
      if (this.#quiet()) return;
    }
    throw new Error("the cluster does not come to rest");
  }

  #quiet(): boolean {
    return (
      this.frameworks.every(({ tasks }) =>
        [...tasks.values()].every((task) => isSettled(task, this.agents)),
      ) && this.agents.every((agent) => agent.tasks.size === 0)
    );
  }
}
