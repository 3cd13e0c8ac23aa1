import type { AgentMessageOf } from "../../contract/agent-api.ts";
import type { TaskId } from "../../contract/ids.ts";
import { type Quantities, quantitiesOf } from "../../contract/resources.ts";
import { isTerminal } from "../../contract/task-state.ts";
import { AllocationRounds } from "../../kernel/allocation/round.ts";
import type { Supervised } from "../../kernel/allocation/supervisor.ts";
import type { Effect } from "../../kernel/core/effect.ts";
import type { ClusterInput } from "../../kernel/core/event.ts";
import type { Agent, Framework, Task } from "../../kernel/core/model.ts";
import { restoreCluster } from "../../kernel/core/snapshot/restore.ts";
import { type ClusterState, createCluster } from "../../kernel/core/state.ts";
import { prepareRound, step } from "../../kernel/core/step.ts";
import type { ReadSegment } from "../../kernel/io/journal/reader.ts";
import {
  decidedInput,
  type RoundRecord,
  type SegmentHeader,
  type Turn,
} from "../../kernel/io/journal/records.ts";
import { Gathered, keyOf, type TaskSight } from "./gathered.ts";

/** Decisions are stepped as they were recorded: none has to be made again. */
const NO_ROWS = {
  count: 0,
  agents: new Uint32Array(0),
  clients: new Uint32Array(0),
  flags: new Uint32Array(0),
  amounts: new Float64Array(0),
};

/** Whether a task holds its agent's resources as far as this master knows. */
const isLive = ({ state }: Task): boolean => !isTerminal(state);

/**
 * Goes through what one master wrote with the master's core, as its decisions say, and notes what
 * happens. What was gathered of the masters before goes on: their agents come back to this one,
 * with all that runs on them.
 */
export class Extraction {
  readonly gathered: Gathered;
  readonly state: ClusterState;
  /** Number of the next turn. */
  turn: number;
  readonly run: string;
  /** When the master before was heard of last; what ended since then ended unseen. */
  readonly #leftMs: number | undefined;
  readonly #effects: Effect[] = [];
  #hasBegun = false;
  /** Those that this master knows. */
  readonly #agents = new Set<string>();
  readonly #frameworks = new Set<string>();

  readonly #header: SegmentHeader;
  readonly #rounds: AllocationRounds;
  /** What came of the round that is gone through. */
  #outcome: Supervised | undefined;

  constructor({ header, snapshot }: ReadSegment, before?: Extraction) {
    const { options, startedMs } = header;
    this.#header = header;
    const decider = { allocate: () => this.#outcome as Supervised };
    this.#rounds = new AllocationRounds(decider, () => 0, undefined, header.round);
    this.state =
      snapshot === undefined
        ? createCluster(options, startedMs)
        : restoreCluster(options, snapshot);
    this.turn = header.turn;
    this.run = header.run;
    this.gathered = before?.gathered ?? new Gathered();
    this.#leftMs = before?.gathered.endMs;
    this.#hasBegun = before !== undefined;
  }

  apply({ nowMs, items }: Turn): void {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.gathered.begin(nowMs);
      this.#notePresence(nowMs);
    }
    for (const item of items) {
      if (item.type === "input") this.#input(item.input, nowMs);
      else if (item.type === "round") this.#round(item, nowMs);
      else if (item.type === "touch-all") this.state.tables.touchAll();
    }
    this.turn += 1;
    this.gathered.endMs = nowMs;
    this.#notePresence(nowMs);
    this.gathered.noteRules(this.state);
  }

  /** A round as it came out. What it did to the tables decides what becomes of the next ones. */
  #round(round: RoundRecord, nowMs: number): void {
    const { state } = this;
    prepareRound(state);
    const { seed, stepsMax } = this.#header;
    const { looked, more, lookAgain, instance } = round;
    const { name: policy, digest } = round.policy;
    const rows = { ...NO_ROWS, looked, more, lookAgain };
    this.#outcome = { rows, policy, digest, instance, fault: undefined };
    this.#rounds.run(state.tables, { seed, stepsMax, nowMs, expiries: state.filters });
    this.#input(decidedInput(round), nowMs);
  }

  #input(input: ClusterInput, nowMs: number): void {
    const { state } = this;
    // With its connection an agent may lose tasks, and on it nobody finds the agent any more.
    const closed = input.type === "agent-closed" ? state.agentPeers.get(input.peer) : undefined;
    step(state, input, nowMs, this.#effects);
    this.#effects.length = 0;
    if (closed !== undefined) this.#compare(closed, nowMs);
    else if (input.type === "framework-call" && input.call.type === "accept") {
      const framework = state.frameworkPeers.get(input.peer);
      if (framework === undefined) return;
      for (const operation of input.call.operations ?? []) {
        if (operation.type !== "LAUNCH" && operation.type !== "LAUNCH_GROUP") continue;
        for (const { taskId } of operation.tasks) this.#launched(framework, taskId, nowMs);
      }
    } else if (input.type === "agent-message" && input.message.type === "update") {
      this.#update(input.message, nowMs);
    } else if (input.type === "agent-message" && input.message.type === "reregister") {
      const agent = state.agentPeers.get(input.peer);
      if (agent !== undefined && this.#agents.has(agent.id)) this.#compare(agent, nowMs);
    }
  }

  #update({ frameworkId, status, latestState }: AgentMessageOf<"update">, nowMs: number): void {
    const { taskId, timestampMs } = status;
    if (isTerminal(latestState)) {
      this.gathered.ended(frameworkId, taskId, this.#endMs(timestampMs, nowMs));
    } else if (latestState === "TASK_RUNNING") this.gathered.running(frameworkId, taskId, nowMs);
  }

  /** When a task ended of whose end this master heard now: perhaps while there was no master. */
  #endMs(timestampMs: number | undefined, nowMs: number): number {
    if (this.#leftMs === undefined || timestampMs === undefined) return nowMs;
    return Math.min(nowMs, Math.max(this.#leftMs, timestampMs));
  }

  /** Tasks that are wrong are in no book. */
  #launched(framework: Framework, taskId: TaskId, nowMs: number): void {
    const task = framework.tasks.get(taskId);
    if (task === undefined || !isLive(task)) return;
    this.#noteFramework(framework, nowMs);
    this.gathered.launched(sightOf(task));
  }

  /** Who has come and gone since the last turn. */
  #notePresence(nowMs: number): void {
    const { agents, frameworks, recovering, recovered } = this.state;
    // A master that has not read its registry knows of nobody.
    if (!recovered) return;
    for (const framework of frameworks.values()) this.#noteFramework(framework, nowMs);
    for (const id of this.#frameworks) {
      if (frameworks.has(id as never)) continue;
      this.#frameworks.delete(id);
      this.gathered.frameworkLeft(id, nowMs);
    }
    for (const id of this.gathered.agentIds) {
      if (agents.has(id as never) || recovering.has(id as never)) continue;
      this.#agents.delete(id);
      this.gathered.agentLeft(id, nowMs);
    }
    for (const agent of agents.values()) {
      if (this.#agents.has(agent.id)) continue;
      this.#agents.add(agent.id);
      const resources: Quantities = quantitiesOf(agent.total);
      this.gathered.agentJoined(agent.id, resources, agent.info, nowMs);
      this.#compare(agent, nowMs);
    }
  }

  /** What this master knows to run on an agent, against what was seen to run there. */
  #compare(agent: Agent, nowMs: number): void {
    const live = new Set<string>();
    for (const task of agent.tasks) {
      const { framework, id, statuses } = task;
      if (isLive(task)) {
        live.add(keyOf(framework.id, id));
        this.#noteFramework(framework, nowMs);
        this.gathered.seen(sightOf(task));
      } else {
        const endMs = this.#endMs(statuses.at(-1)?.timestampMs, nowMs);
        this.gathered.ended(framework.id, id, endMs);
      }
    }
    this.gathered.onlyThese(agent.id, live, nowMs);
  }

  #noteFramework(framework: Framework, nowMs: number): void {
    if (this.#frameworks.has(framework.id)) return;
    this.#frameworks.add(framework.id);
    this.gathered.frameworkJoined(framework, nowMs);
  }
}

function sightOf({ id, framework, client, agentId, resources, launchedMs }: Task): TaskSight {
  const about = { frameworkId: framework.id, role: client.role.name };
  const quantities = quantitiesOf(resources);
  return { taskId: id, ...about, agentId, resources: quantities, launchedMs };
}
