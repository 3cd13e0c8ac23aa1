import { errors } from "../../contract/errors.ts";
import type { AgentId, TaskId } from "../../contract/ids.ts";
import { type Quantities, quantitiesOf } from "../../contract/resources.ts";
import { isTerminal } from "../../contract/task-state.ts";
import { AllocationRounds } from "../../kernel/allocation/round.ts";
import type { Supervised } from "../../kernel/allocation/supervisor.ts";
import type { Effect } from "../../kernel/core/effect.ts";
import type { ClusterInput } from "../../kernel/core/event.ts";
import type { Agent, Framework } from "../../kernel/core/model.ts";
import { restoreCluster } from "../../kernel/core/snapshot/restore.ts";
import { type ClusterState, createCluster } from "../../kernel/core/state.ts";
import { prepareRound, step } from "../../kernel/core/step.ts";
import { journalFiles, type ReadSegment, readSegment } from "../../kernel/io/journal/reader.ts";
import {
  decidedInput,
  goesOnFrom,
  type RoundRecord,
  type SegmentHeader,
  type Turn,
} from "../../kernel/io/journal/records.ts";
import { type ArrivalRule, type Extracted, Gathered } from "./gathered.ts";
import type { Attributes } from "./model.ts";

/** Decisions are stepped as they were recorded: none has to be made again. */
const NO_ROWS = {
  count: 0,
  agents: new Uint32Array(0),
  clients: new Uint32Array(0),
  flags: new Uint32Array(0),
  amounts: new Float64Array(0),
};

/** Attributes of text; others cannot be asked for in a workload. */
function attributesOf({ info }: Agent): Attributes {
  const texts = (info.attributes ?? []).flatMap(({ name, text }) =>
    text === undefined ? [] : [[name, text] as const],
  );
  return Object.fromEntries(texts);
}

/** Goes through a journal with the master's core, as its decisions say, and notes what happens. */
class Extraction {
  readonly gathered = new Gathered();
  readonly state: ClusterState;
  /** Number of the next turn. */
  turn: number;
  readonly run: string;
  readonly #effects: Effect[] = [];
  #hasBegun = false;
  readonly #agents = new Map<AgentId, Agent>();
  readonly #frameworks = new Map<string, Framework>();

  readonly #header: SegmentHeader;
  readonly #rounds: AllocationRounds;
  /** What came of the round that is gone through. */
  #outcome: Supervised | undefined;

  constructor({ header, snapshot }: ReadSegment) {
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
  }

  /** What there is before the first turn. */
  #begin(nowMs: number): void {
    this.#hasBegun = true;
    this.gathered.begin(nowMs);
    this.#notePresence(nowMs);
    for (const framework of this.state.frameworks.values()) {
      for (const task of framework.tasks.values()) this.#launched(framework, task.id, nowMs);
    }
  }

  apply({ nowMs, items }: Turn): void {
    if (!this.#hasBegun) this.#begin(nowMs);
    for (const item of items) {
      if (item.type === "input") this.#input(item.input, nowMs);
      else if (item.type === "round") this.#round(item, nowMs);
      else if (item.type === "touch-all") this.state.tables.touchAll();
    }
    this.turn += 1;
    this.gathered.endMs = nowMs;
    this.#notePresence(nowMs);
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
    step(state, input, nowMs, this.#effects);
    this.#effects.length = 0;
    if (input.type === "framework-call" && input.call.type === "accept") {
      const framework = state.frameworkPeers.get(input.peer);
      if (framework === undefined) return;
      for (const operation of input.call.operations ?? []) {
        if (operation.type !== "LAUNCH" && operation.type !== "LAUNCH_GROUP") continue;
        for (const { taskId } of operation.tasks) this.#launched(framework, taskId, nowMs);
      }
    } else if (input.type === "agent-message" && input.message.type === "update") {
      const { frameworkId, status, latestState } = input.message;
      if (isTerminal(latestState)) this.gathered.ended(frameworkId, status.taskId, nowMs);
      else if (latestState === "TASK_RUNNING") {
        this.gathered.running(frameworkId, status.taskId, nowMs);
      }
    }
  }

  /** Tasks that are wrong are in no book. */
  #launched(framework: Framework, taskId: TaskId, nowMs: number): void {
    const task = framework.tasks.get(taskId);
    if (task === undefined || isTerminal(task.state)) return;
    this.#noteFramework(framework, nowMs);
    this.gathered.launched(framework.id, taskId, quantitiesOf(task.resources), nowMs);
  }

  /** Who has come and gone since the last turn. */
  #notePresence(nowMs: number): void {
    const { agents, frameworks } = this.state;
    for (const framework of frameworks.values()) this.#noteFramework(framework, nowMs);
    for (const id of this.#frameworks.keys()) {
      if (frameworks.has(id as never)) continue;
      this.#frameworks.delete(id);
      this.gathered.frameworkLeft(id, nowMs);
    }
    for (const agent of agents.values()) {
      if (this.#agents.has(agent.id)) continue;
      this.#agents.set(agent.id, agent);
      const resources: Quantities = quantitiesOf(agent.total);
      this.gathered.agentJoined(agent.id, resources, attributesOf(agent), nowMs);
    }
    for (const id of this.#agents.keys()) {
      if (agents.has(id)) continue;
      this.#agents.delete(id);
      this.gathered.agentLeft(id, nowMs);
    }
  }

  #noteFramework(framework: Framework, nowMs: number): void {
    if (this.#frameworks.has(framework.id)) return;
    this.#frameworks.set(framework.id, framework);
    this.gathered.frameworkJoined(framework, nowMs);
  }
}

/**
 * Takes a workload from a journal: who was there when, and which tasks ran for how long. Of a
 * journal with gaps it is the last part without one.
 * @throws TepuiError when there is no journal, or nothing in it to begin with
 */
export function extractWorkload(path: string, arrivals: ArrivalRule): Extracted {
  let extraction: Extraction | undefined;
  for (const { path: file, isNewest } of journalFiles(path)) {
    const segment = readSegment(file, isNewest);
    if (segment === undefined) continue;
    const { header, snapshot, end } = segment;
    if (extraction === undefined || !goesOnFrom(header, extraction)) {
      if (header.hasSnapshot && snapshot === undefined) continue;
      extraction = new Extraction(segment);
    }
    for (const turns of segment.turns()) for (const turn of turns) extraction?.apply(turn);
    if (end?.isDamaged) throw errors.JOURNAL_DAMAGED(end.file, end.offset, end.problem);
  }
  if (extraction === undefined) throw errors.JOURNAL_NO_BEGINNING(path);
  const { gathered, state } = extraction;
  return gathered.finish(arrivals, state);
}
