import type { TaskStatus } from "../../sdk/index.ts";
import type { Ending } from "./endings.ts";
import { attemptOf, completed, type Entry, entryOf, outcomeOf } from "./entry.ts";
import { inOrder, isPreferred, Load, meetsRequirements, Room } from "./fit.ts";
import {
  type Answer,
  type Attempt,
  type Change,
  type OfferView,
  type Outcome,
  type TaskSetCounts,
  type TaskSetRules,
  taskSetRules,
  type WorkItem,
} from "./model.ts";
import { Tally } from "./tally.ts";

/** Offers that nothing waits for are refused this long; a revive takes it back (C7, C11). */
const REFUSE_IDLE_MS = 3_600_000;
/** Offers that something would take once its patience has ended are refused this long. */
const REFUSE_PATIENT_MS = 1_000;
/** After so many items that do not fit, the rest of a queue is not tried on an offer. */
const MISFITS_MAX = 256;

/**
 * Decides what to launch where, and what the end of a task means, for `batch` and `mapreduce`, with
 * neither I/O nor clock. Finished items may be reopened when what they left behind is lost.
 */
export class TaskSet {
  readonly #rules: TaskSetRules;
  readonly #entries = new Map<string, Entry>();
  readonly #pending = new Set<string>();
  /** Would be pending, but wait for something that is not an offer. */
  readonly #held = new Set<string>();
  readonly #attempts = new Map<string, Attempt>();
  /** Attempts that were given up for lost and may live: one that turns up again is killed. */
  readonly #strays = new Set<string>();
  /** By attempt: ended by a master's word alone, which may not know how. */
  readonly #hearsay = new Map<string, Entry>();
  readonly #tally = new Tally();
  #open = 0;
  #hasWishes = false;
  #isCancelled = false;

  constructor(rules: Partial<TaskSetRules> = {}) {
    this.#rules = { ...taskSetRules, ...rules };
  }

  /** Whether every item has an outcome. */
  get isDone(): boolean {
    return this.#open === 0;
  }

  /** Whether an offer would be used. */
  get wantsOffers(): boolean {
    if (this.#isCancelled) return false;
    return this.#pending.size > 0 && this.#attempts.size < this.#rules.concurrency;
  }

  /** Attempts that are launched and have not ended. */
  get live(): readonly Attempt[] {
    return [...this.#attempts.values()];
  }

  /** One of them, by its task id. */
  liveAttempt(taskId: string): Attempt | undefined {
    return this.#attempts.get(taskId);
  }

  get counts(): TaskSetCounts {
    const items = this.#entries.size;
    return {
      ...this.#tally,
      items,
      pending: this.#pending.size + this.#held.size,
      live: this.#attempts.size,
      failed: items - this.#open - this.#tally.finished - this.#tally.killed,
    };
  }

  /** The outcome of an item, once it has one. */
  outcomeOf(key: string): Outcome | undefined {
    return this.#entries.get(key)?.outcome;
  }

  /** Adds an item; its key must be new. */
  add(item: WorkItem, nowMs: number): void {
    this.#entries.set(item.key, entryOf(item, nowMs));
    this.#pending.add(item.key);
    this.#hasWishes ||= item.prefers !== undefined;
    this.#open++;
  }

  /** Runs an item again, because what it left behind is gone. Answers false if it was open. */
  reopen(key: string, nowMs: number): boolean {
    const entry = this.#entries.get(key);
    if (entry?.outcome === undefined) return false;
    this.#tally.end(entry.outcome, -1);
    const agentId = entry.outcome.attempt?.place.agentId;
    if (agentId !== undefined) entry.avoid.add(agentId);
    entry.outcome = undefined;
    this.#open++;
    this.#tally.reruns++;
    this.#wait(entry, nowMs);
    return true;
  }

  /** How often an item was launched. */
  attemptsOf(key: string): number {
    return this.#entries.get(key)?.attempts ?? 0;
  }

  /** Lets a second attempt of a slow item wait for an offer of another agent. */
  speculate(key: string, nowMs: number): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.outcome !== undefined) return false;
    if (entry.isPending || entry.live.size !== 1) return false;
    this.#wait(entry, nowMs);
    entry.isSpeculative = true;
    return true;
  }

  /** Takes waiting items out of the queue until `release`, because what they need is not there. */
  hold(keys: Iterable<string>): void {
    for (const key of keys) if (this.#pending.delete(key)) this.#held.add(key);
  }

  /** Puts held items back in the queue. */
  release(nowMs: number): void {
    for (const key of this.#held) {
      (this.#entries.get(key) as Entry).pendingMs = nowMs;
      this.#pending.add(key);
    }
    this.#held.clear();
  }

  /**
   * Answers offers: as many attempts as fit, in the order in which items wait. `bytesOf` measures
   * the task of an attempt: what one call cannot carry is for the next offer, which comes at once.
   */
  plan<Offer extends OfferView>(
    offers: readonly Offer[],
    nowMs: number,
    bytesOf: (attempt: Attempt) => number = () => 0,
  ): Answer<Offer>[] {
    return offers.map((offer) => {
      if (!this.wantsOffers) return { offer, attempts: [], refuseMs: REFUSE_IDLE_MS };
      return this.#answer(offer, nowMs, bytesOf);
    });
  }

  /** Takes a status update and says what follows from it; repeated ends change nothing. */
  update(status: TaskStatus, nowMs: number): Change {
    const attempt = this.#attempts.get(status.taskId);
    const ending = this.#rules.endingOf(status);
    if (attempt === undefined) return this.#late(status, ending);
    attempt.state = status.state;
    if (ending === undefined) {
      if (status.state === "TASK_RUNNING") attempt.runningMs ??= nowMs;
      return { kill: [] };
    }
    this.#attempts.delete(attempt.taskId);
    const entry = this.#entries.get(attempt.key) as Entry;
    entry.live.delete(attempt.taskId);
    if (ending === "lost") this.#strays.add(attempt.taskId);
    if (entry.outcome !== undefined) return { kill: [] };
    if (ending === "finished" || (ending === "final" && attempt.killedMs === undefined)) {
      return this.#decide(entry, attempt, status, nowMs);
    }
    return this.#tryAgain(entry, attempt, ending === "lost" ? "lost" : "failed", status, nowMs);
  }

  /** Notes that the kill of an attempt was asked for. */
  killing(taskId: string, nowMs: number): void {
    const attempt = this.#attempts.get(taskId);
    if (attempt !== undefined) attempt.killedMs ??= nowMs;
  }

  /** Launches nothing more and gives up what waits; answers the attempts that must be killed. */
  cancel(nowMs: number): readonly string[] {
    this.#isCancelled = true;
    this.release(nowMs);
    for (const key of [...this.#pending]) {
      const entry = this.#entries.get(key) as Entry;
      this.#unwait(entry);
      if (entry.live.size > 0 || entry.outcome !== undefined) continue;
      this.#end(entry, { key, state: "TASK_KILLED", attempts: entry.attempts, endedMs: nowMs });
    }
    return [...this.#attempts.keys()];
  }

  /** An attempt that counts no more: one that is back is killed, of an end the agent says how. */
  #late(status: TaskStatus, ending: Ending | undefined): Change {
    const { taskId } = status;
    const entry = this.#hearsay.get(taskId);
    if (entry !== undefined) entry.outcome = completed(entry, status);
    if (ending !== undefined && ending !== "lost") this.#strays.delete(taskId);
    return { kill: this.#strays.has(taskId) && ending === undefined ? [taskId] : [] };
  }

  #answer<Offer extends OfferView>(
    offer: Offer,
    nowMs: number,
    bytesOf: (attempt: Attempt) => number,
  ): Answer<Offer> {
    const itemOf = (key: string): WorkItem => (this.#entries.get(key) as Entry).item;
    const room = new Room(offer.resources);
    const load = new Load();
    const attempts: Attempt[] = [];
    let isPatient = false;
    let misfits = 0;
    for (const key of inOrder(offer, this.#pending, itemOf, this.#hasWishes)) {
      if (this.#attempts.size >= this.#rules.concurrency) break;
      const entry = this.#entries.get(key) as Entry;
      const verdict = this.#verdict(entry, offer, nowMs);
      if (verdict === "wait") isPatient = true;
      if (verdict !== "take") continue;
      if (!room.take(entry.item.resources)) {
        if (++misfits > MISFITS_MAX) break;
        continue;
      }
      const attempt = attemptOf(entry, offer, this.#entries, nowMs);
      if (!load.take(bytesOf(attempt))) return { offer, attempts, refuseMs: 0 };
      attempts.push(attempt);
      this.#launch(entry, attempt);
    }
    return { offer, attempts, refuseMs: this.#refuseMs(attempts.length > 0, isPatient) };
  }

  #verdict(entry: Entry, offer: OfferView, nowMs: number): "take" | "wait" | "never" {
    if (!meetsRequirements(offer, entry.item)) return "never";
    for (const taskId of entry.live) {
      if (this.#attempts.get(taskId)?.place.agentId === offer.agentId) return "never";
    }
    const isOutOfPatience = nowMs - entry.pendingMs >= this.#rules.patienceMs;
    if (isOutOfPatience) return "take";
    if (entry.avoid.has(offer.agentId)) return "wait";
    return isPreferred(offer, entry.item) === false ? "wait" : "take";
  }

  #refuseMs(isUsed: boolean, isPatient: boolean): number | undefined {
    if (!this.wantsOffers) return REFUSE_IDLE_MS;
    return isPatient && !isUsed ? REFUSE_PATIENT_MS : undefined;
  }

  #launch(entry: Entry, attempt: Attempt): void {
    entry.attempts = attempt.number;
    this.#tally.launch(attempt);
    this.#attempts.set(attempt.taskId, attempt);
    entry.live.add(attempt.taskId);
    this.#unwait(entry);
  }

  #tryAgain(
    entry: Entry,
    attempt: Attempt,
    why: "failed" | "lost",
    status: TaskStatus,
    nowMs: number,
  ): Change {
    entry.avoid.add(attempt.place.agentId);
    // The other attempt of a slow item goes on: it may still finish.
    if (entry.live.size > 0 && !this.#isCancelled) return { kill: [] };
    const isSpent =
      why === "lost" ? ++entry.losses > this.#rules.reruns : ++entry.failures > this.#rules.retries;
    if (isSpent || this.#isCancelled) return this.#decide(entry, attempt, status, nowMs);
    this.#tally[why === "lost" ? "reruns" : "retries"]++;
    entry.isSpeculative = false;
    this.#wait(entry, nowMs);
    return { retried: why, kill: [] };
  }

  #decide(entry: Entry, attempt: Attempt, status: TaskStatus, nowMs: number): Change {
    const outcome = outcomeOf(entry, attempt, status, nowMs);
    if (status.uuid === undefined) this.#hearsay.set(attempt.taskId, entry);
    this.#unwait(entry);
    this.#end(entry, outcome);
    return { outcome, kill: [...entry.live] };
  }

  #end(entry: Entry, outcome: Outcome): void {
    entry.outcome = outcome;
    this.#open--;
    this.#tally.end(outcome, 1);
  }

  #wait(entry: Entry, nowMs: number): void {
    if (entry.isPending) return;
    entry.isPending = true;
    entry.pendingMs = nowMs;
    this.#pending.add(entry.item.key);
  }

  #unwait(entry: Entry): void {
    entry.isPending = false;
    entry.isSpeculative = false;
    this.#pending.delete(entry.item.key);
    this.#held.delete(entry.item.key);
  }
}
