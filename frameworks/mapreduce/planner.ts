import type { Resources, TaskStatus } from "../../sdk/index.ts";
import { commandEnd, type Ending, endingOf } from "../taskset/endings.ts";
import type { Answer, Attempt, Change, OfferView, Outcome, WorkItem } from "../taskset/model.ts";
import { TaskSet } from "../taskset/planner.ts";
import { type StragglerRules, stragglerRules, stragglers } from "../taskset/stragglers.ts";
import { mapKey, reduceKey } from "./map-outputs.ts";
import type { Split } from "./splits.ts";
import { EXIT_INPUT_LOST } from "./task-spec.ts";

/** How often what a task made may be lost, and is made again. */
const LOSSES_MAX = 5;

/** The shape of a job, as far as planning is concerned. */
export interface PlanShape {
  /** In front of all task ids. */
  readonly id: string;
  readonly splits: readonly Split[];
  readonly partitions: number;
  readonly mapResources: Resources;
  readonly reduceResources: Resources;
  /** Attribute that `near` of the splits is about. */
  readonly localityAttribute?: string;
  readonly retries: number;
  readonly patienceMs?: number;
  readonly stragglers?: StragglerRules | false;
}

/** What a task is about: the split that it maps, or the partition that it reduces. */
export type Part = { readonly map: number } | { readonly reduce: number };

/** What comes of outputs that a reduce could not get. */
export type InputsLost =
  /** So many maps run again. */
  | { readonly reopened: number }
  /** The map whose output was lost too often. */
  | { readonly spent: string };

/**
 * Decides the course of a mapreduce job: maps first, then reduces; maps run again when their output
 * is lost, and reduces wait for that; slow tasks get a second attempt. No I/O, no clock.
 */
export class MapReducePlan {
  readonly set: TaskSet;
  readonly #shape: PlanShape;
  readonly #maps: string[] = [];
  /** Counted, because each of many thousand maps asks for it several times. */
  #finishedMaps = 0;
  readonly #reduces: string[] = [];
  readonly #parts = new Map<string, Part>();
  /** Reduces whose result has been fetched. */
  readonly #collected = new Set<string>();
  /** How often what a task made was gone before it was used. */
  readonly #losses = new Map<string, number>();
  /** When the output of a map was made. */
  readonly #madeMs = new Map<string, number>();
  readonly #took: { map: number[]; reduce: number[] } = { map: [], reduce: [] };
  /** Reduces that wait until it is known which of their inputs are lost. */
  readonly #asking = new Set<string>();

  constructor(shape: PlanShape, nowMs: number) {
    this.#shape = shape;
    const { retries, patienceMs, localityAttribute: attribute } = shape;
    this.set = new TaskSet({
      retries,
      endingOf: endingOfTask,
      ...(patienceMs === undefined ? {} : { patienceMs }),
    });
    shape.splits.forEach((split, map) => {
      const prefers =
        attribute === undefined || split.near.length === 0
          ? {}
          : { prefers: { attribute, values: split.near } };
      const item = { key: mapKey(shape.id, map), resources: shape.mapResources, ...prefers };
      this.#add(item, this.#maps, { map }, nowMs);
    });
    for (let reduce = 0; reduce < shape.partitions; reduce++) {
      const item = { key: reduceKey(shape.id, reduce), resources: shape.reduceResources };
      this.#add(item, this.#reduces, { reduce }, nowMs);
    }
    this.#settle(nowMs);
  }

  /** Whether every result has been fetched. */
  get isDone(): boolean {
    return this.#collected.size === this.#reduces.length;
  }

  get mapsDone(): number {
    return this.#finishedMaps;
  }

  get reducesDone(): number {
    return this.#collected.size;
  }

  /** What a task of this key is about. */
  partOf(key: string): Part {
    return this.#parts.get(key) as Part;
  }

  /** The finished attempt of each map, by key; complete when a reduce may start. */
  mapAttempts(): ReadonlyMap<string, Attempt> {
    const attempts = new Map<string, Attempt>();
    for (const key of this.#maps) {
      const attempt = this.set.outcomeOf(key)?.attempt;
      if (attempt !== undefined && this.#isFinished(key)) attempts.set(key, attempt);
    }
    return attempts;
  }

  /** Finished attempts of maps and reduces. */
  finished(): readonly Attempt[] {
    return [...this.#maps, ...this.#reduces].flatMap((key) => {
      const attempt = this.set.outcomeOf(key)?.attempt;
      return attempt !== undefined && this.#isFinished(key) ? [attempt] : [];
    });
  }

  /** What a task of this key needs. */
  resourcesOf(key: string): Resources {
    return this.#kind(key) === "map" ? this.#shape.mapResources : this.#shape.reduceResources;
  }

  /** Answers offers. */
  plan<Offer extends OfferView>(offers: readonly Offer[], nowMs: number): Answer<Offer>[] {
    return this.set.plan(offers, nowMs);
  }

  /** Takes an update; `asks` is set for a reduce that could not get its inputs. */
  update(status: TaskStatus, nowMs: number): Change & { readonly asks?: Attempt } {
    const attempt = this.set.liveAttempt(status.taskId);
    const change = this.set.update(status, nowMs);
    if (change.outcome?.state === "TASK_FINISHED") this.#finished(change.outcome, nowMs);
    const asks = attempt !== undefined && change.retried === "lost" && isInputLost(status);
    if (asks) this.#asking.add(attempt.key);
    // Nothing waits for a map but the last one.
    const isMap = attempt !== undefined && this.#kind(attempt.key) === "map";
    if (!isMap || this.#finishedMaps === this.#maps.length) this.#settle(nowMs);
    return asks ? { ...change, asks: attempt } : change;
  }

  /**
   * Takes the maps whose output an attempt of a reduce could not get; none when it was a passing
   * trouble. Answers those that run again, or the one whose output was lost too often. What was
   * made since that attempt began is not what it could not get: all reduces miss the same outputs
   * when an agent is lost, and each of them tells it.
   */
  inputsLost(reduce: Attempt, mapKeys: readonly string[], nowMs: number): InputsLost {
    this.#asking.delete(reduce.key);
    const lost = mapKeys.filter(
      (key) => this.#isFinished(key) && (this.#madeMs.get(key) ?? nowMs) <= reduce.launchedMs,
    );
    const spent = lost.find((key) => !this.#mayRunAgain(key));
    if (spent !== undefined) return { spent };
    for (const key of lost) this.#reopenMap(key, nowMs);
    this.#settle(nowMs);
    return { reopened: lost.length };
  }

  /** An agent is gone, and with it what its maps left there; answers how many run again. */
  agentLost(agentId: string, nowMs: number): number {
    if (this.#reduces.every((key) => this.#isFinished(key))) return 0;
    let lost = 0;
    for (const [key, attempt] of this.mapAttempts()) {
      if (attempt.place.agentId === agentId && this.#reopenMap(key, nowMs)) lost++;
    }
    this.#settle(nowMs);
    return lost;
  }

  /** The result of a reduce has been fetched. */
  collected(key: string): void {
    this.#collected.add(key);
  }

  /**
   * The result of a reduce is gone: it runs again, and asks for its inputs as any other. Answers
   * false when it was lost too often.
   */
  resultLost(key: string, nowMs: number): boolean {
    if (!this.#mayRunAgain(key)) return false;
    this.set.reopen(key, nowMs);
    this.#settle(nowMs);
    return true;
  }

  /** Lets slow tasks have a second attempt; call it now and then. */
  speculate(nowMs: number): void {
    const rules = this.#shape.stragglers ?? stragglerRules;
    if (rules === false) return;
    for (const [kind, keys] of [
      ["map", this.#maps],
      ["reduce", this.#reduces],
    ] as const) {
      const live = this.set.live.filter(({ key }) => this.#kind(key) === kind);
      const slow = stragglers(live, this.#took[kind], keys.length, nowMs, rules);
      for (const key of slow) this.set.speculate(key, nowMs);
    }
    this.#settle(nowMs);
  }

  #add(item: WorkItem, keys: string[], part: Part, nowMs: number): void {
    keys.push(item.key);
    this.#parts.set(item.key, part);
    this.set.add(item, nowMs);
  }

  /** Counts a loss of what a task made, which is nobody's fault but must end somewhere. */
  #mayRunAgain(key: string): boolean {
    const losses = (this.#losses.get(key) ?? 0) + 1;
    this.#losses.set(key, losses);
    return losses <= LOSSES_MAX;
  }

  #finished({ key, attempt }: Outcome, nowMs: number): void {
    const kind = this.#kind(key);
    this.#took[kind].push(nowMs - (attempt?.launchedMs ?? nowMs));
    if (kind === "reduce") return;
    this.#finishedMaps++;
    this.#madeMs.set(key, nowMs);
  }

  #reopenMap(key: string, nowMs: number): boolean {
    const wasFinished = this.#isFinished(key);
    if (!this.set.reopen(key, nowMs)) return false;
    if (wasFinished) this.#finishedMaps--;
    return true;
  }

  #kind(key: string): "map" | "reduce" {
    return "map" in this.partOf(key) ? "map" : "reduce";
  }

  #isFinished(key: string): boolean {
    return this.set.outcomeOf(key)?.state === "TASK_FINISHED";
  }

  /** Reduces wait while a map is open: started too early, they would only fail to fetch. */
  #settle(nowMs: number): void {
    this.set.release(nowMs);
    const mapsAreDone = this.#finishedMaps === this.#maps.length;
    this.set.hold(mapsAreDone ? this.#asking : this.#reduces);
  }
}

/** A reduce without its inputs is not at fault, so it costs no retry. */
function endingOfTask(status: TaskStatus): Ending | undefined {
  return isInputLost(status) ? "lost" : endingOf(status);
}

function isInputLost(status: TaskStatus): boolean {
  return status.state === "TASK_FAILED" && commandEnd(status).exitCode === EXIT_INPUT_LOST;
}
