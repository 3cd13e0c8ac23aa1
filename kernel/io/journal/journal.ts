import { join } from "node:path";
import { reasonOf } from "../../../contract/errors.ts";
import type { ClusterEvent } from "../../../contract/operator-api.ts";
import type { Clock, Timer } from "../../../contract/ports/clock.ts";
import type { Logger } from "../../../contract/ports/log.ts";
import type { Metrics } from "../../../contract/ports/metrics.ts";
import type { PolicyEvent } from "../../allocation/history.ts";
import type { ClusterInput } from "../../core/event.ts";
import type { ClusterSnapshot } from "../../core/snapshot.ts";
import type { Disk } from "./disk.ts";
import { cutTornTail, segmentsAmong } from "./folder.ts";
import { JournalMetrics } from "./metrics.ts";
import {
  type InstanceStart,
  JOURNAL_FORMAT,
  type RoundRecord,
  type SegmentHeader,
} from "./records.ts";
import { Segment } from "./segment.ts";
import { JournalWriter, WRITE_EVERY_MS } from "./writer.ts";

/** Turns that wait to be written, before the master goes on without its journal. */
export const WAITING_BYTES_MAX = 256 << 20;
/** Time between a failure and the next attempt. */
export const RETRY_MS = 60_000;

/** What a journal is made of. */
export interface JournalParts {
  readonly disk: Disk;
  readonly folder: string;
  /** Bytes of turns after which a segment is full, and how many segments are kept. */
  readonly segmentBytes: number;
  readonly segmentsMax: number;
  /** See `WRITE_EVERY_MS`. */
  readonly writeEveryMs?: number;
  /** Whether the modules of policies are written down, too. */
  readonly carriesPolicies: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** What every segment says about its master. */
  readonly about: Omit<
    SegmentHeader,
    "format" | "segment" | "createdMs" | "turn" | "round" | "hasSnapshot" | "missesFrom"
  >;
  /** The state between two turns, and the number of the last round. */
  snapshot(): { readonly state: ClusterSnapshot; readonly round: number };
  /**
   * Has the live policy begin anew with the next round, as it does when tables grow: what it
   * remembers outside of its private state is in no snapshot, and must not decide.
   */
  renewPolicy(): void;
  /** Tells listeners that the journal went off or on. */
  tell(event: ClusterEvent): void;
}

/**
 * Writes down everything that a decision depended on, before anything of a turn leaves the master:
 * what a turn does to the world is held until its record is durable, while the loop turns on. One
 * sync serves all turns that came meanwhile. Whatever goes wrong with the disk, the master goes on:
 * then the journal is off, says so, and begins anew later, with a snapshot.
 */
export class Journal {
  readonly #parts: JournalParts;
  readonly #metrics: JournalMetrics;
  readonly #writer: JournalWriter;
  /** The segment that turns go into; none while the journal is off. */
  #segment: Segment | undefined;
  #nextSegment = 1;
  #turns = 0;
  #retry: Timer | undefined;
  /** See `SegmentHeader.missesFrom`; until that is on disk. */
  #missesFrom: number | undefined;
  /** What is to be said once the disk has taken something. */
  #announcement: "began" | "on again" | undefined;
  #closed = false;

  constructor(parts: JournalParts) {
    const { disk, folder, clock, writeEveryMs = WRITE_EVERY_MS } = parts;
    this.#parts = parts;
    this.#metrics = new JournalMetrics(parts.metrics);
    this.#writer = new JournalWriter({
      disk,
      folder,
      clock,
      writeEveryMs,
      onWritten: (bytes, tookMs) => {
        this.#metrics.written(bytes, tookMs);
        this.#announce();
      },
      onComplete: (segment) => this.#forgetOldest(segment),
      onFailed: (cause) => this.#turnOff(reasonOf(cause)),
    });
  }

  /** False while the disk does not take it. */
  get isOn(): boolean {
    return this.#segment !== undefined;
  }

  /** Begins, before the first turn. */
  async open(): Promise<void> {
    try {
      await this.#goOn();
      this.#announcement = "began";
      this.#begin(false);
    } catch (thrown) {
      this.#turnOff(reasonOf(thrown));
    }
  }

  /** An input that is stepped in this turn. */
  input(input: Exclude<ClusterInput, { type: "offers-decided" }>): void {
    this.#segment?.turns.input(input);
  }

  /** A round that ran in this turn. */
  round(round: Omit<RoundRecord, "type">): void {
    this.#segment?.turns.round({ type: "round", ...round });
  }

  /** An instance of a policy begins. */
  instance({ bytes, ...instance }: InstanceStart): void {
    const segment = this.#segment;
    if (segment === undefined) return;
    const { name, digest, restored } = instance;
    let opening = restored.reduce((sum, state) => sum + state.bytes.length, 0);
    if (this.#parts.carriesPolicies && !segment.policies.has(digest)) {
      segment.policies.add(digest);
      segment.turns.add({ type: "policy", name, digest, bytes });
      opening += bytes.length;
    }
    segment.instanceBegins(opening);
    segment.turns.add({ type: "instance", ...instance });
  }

  /** The instance that runs has other parameters. */
  parameters(params: readonly number[]): void {
    this.#segment?.turns.add({ type: "parameters", params });
  }

  /** The next round looks at all agents. */
  touchedAll(): void {
    this.#segment?.turns.add({ type: "touch-all" });
  }

  /** The instance that runs, or is about to begin, evaluates this program. */
  program(bytes: Uint8Array): void {
    const segment = this.#segment;
    if (segment === undefined || segment.program === bytes) return;
    segment.evaluates(bytes);
    segment.turns.add({ type: "program", bytes });
  }

  /** Something happened to a policy. */
  policyChanged(event: PolicyEvent): void {
    this.#segment?.turns.add({ type: "policy-changed", event });
  }

  /**
   * Ends a turn. `release` lets out what it does to the world: when its record is durable, or at
   * once when there is no journal to wait for. Turns are released in their order.
   */
  commit(nowMs: number, release: () => void): void {
    const segment = this.#segment;
    if (segment === undefined || (segment.turns.isEmpty && this.#writer.isIdle)) {
      release();
      return;
    }
    const bytes = ended(segment, nowMs);
    this.#writer.add({ segment, bytes, release });
    if (bytes === 0) return;
    this.#turns += 1;
    const { waitingBytes } = this.#writer;
    if (waitingBytes > WAITING_BYTES_MAX) {
      this.#turnOff(`${waitingBytes} bytes wait for the disk`);
      return;
    }
    const isFull = segment.fillingBytes + waitingBytes >= this.#parts.segmentBytes;
    if (isFull && !segment.isIncomplete) this.#begin(true);
  }

  /** Writes what waits and closes; turns after this are not recorded. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    await this.#writer.settled();
    this.#segment = undefined;
    await this.#writer.close();
  }

  /**
   * Writes what waits, and the turn that broke off, before it returns: for a master that ends by a
   * mistake of its own, so that its journal leads there.
   */
  closeNow(nowMs: number): void {
    const segment = this.#segment;
    this.#closed = true;
    this.#retry?.cancel();
    this.#segment = undefined;
    if (segment === undefined) return;
    try {
      this.#writer.writeNow(segment, ended(segment, nowMs));
    } catch (thrown) {
      this.#parts.log.error({ err: thrown }, "the journal misses its last turn");
    }
  }

  /** Makes the next turn the first of a new segment. */
  #begin(hasSnapshot: boolean): void {
    const { about, clock } = this.#parts;
    const began = clock.monotonicMs();
    const snapshot = hasSnapshot ? this.#parts.snapshot() : undefined;
    const header: SegmentHeader = {
      ...about,
      format: JOURNAL_FORMAT,
      segment: this.#nextSegment++,
      createdMs: clock.nowMs(),
      turn: this.#turns,
      round: snapshot?.round ?? 0,
      hasSnapshot,
      ...(this.#missesFrom === undefined ? {} : { missesFrom: this.#missesFrom }),
    };
    this.#segment = new Segment(header, snapshot?.state);
    this.#writer.begin(this.#segment);
    if (!hasSnapshot) return;
    this.#parts.renewPolicy();
    this.#metrics.snapshotTaken(clock.monotonicMs() - began);
  }

  /** Once a segment stands alone, those beyond the bound can go. */
  async #forgetOldest({ header }: Segment): Promise<void> {
    const { disk, folder, segmentsMax, log } = this.#parts;
    try {
      const older = segmentsAmong(await disk.list(folder)).filter(
        ({ number }) => number < header.segment,
      );
      const surplus = Math.max(0, older.length + 1 - segmentsMax);
      for (const { name } of older.slice(0, surplus)) await disk.remove(join(folder, name));
    } catch (thrown) {
      log.warn({ err: thrown, folder }, "an old segment of the journal cannot be removed");
    }
  }

  #turnOff(reason: string): void {
    const { clock, log, folder } = this.#parts;
    this.#segment = undefined;
    const left = this.#writer.abandon();
    this.#missesFrom ??= this.#turns - left.filter(({ bytes }) => bytes > 0).length;
    if (!this.#closed) {
      log.error({ folder, reason, retryMs: RETRY_MS }, `the journal is off: ${reason}`);
      this.#metrics.isOn(false);
      this.#metrics.failed();
      this.#parts.tell({ kind: "journal-off", timeMs: clock.nowMs(), message: reason });
      this.#retry = clock.after(RETRY_MS, () => void this.#tryAgain());
    }
    for (const { release } of left) release();
  }

  async #tryAgain(): Promise<void> {
    try {
      await this.#goOn();
      if (this.#closed) return;
      this.#announcement = "on again";
      this.#begin(true);
    } catch (thrown) {
      this.#turnOff(reasonOf(thrown));
    }
  }

  /** Cuts off what is torn; numbers go on from the newest segment that there is. */
  async #goOn(): Promise<void> {
    const { disk, folder, log } = this.#parts;
    const torn = await cutTornTail(disk, folder);
    if (torn !== undefined) log.warn(torn, "the end of the last journal was torn and is cut off");
    const newest = segmentsAmong(await disk.list(folder)).at(-1)?.number ?? 0;
    this.#nextSegment = newest + 1;
  }

  #announce(): void {
    const said = this.#announcement;
    if (said === undefined) return;
    const { clock, log, folder } = this.#parts;
    this.#announcement = undefined;
    this.#missesFrom = undefined;
    this.#metrics.isOn(true);
    if (said === "began") {
      log.info({ folder, segment: this.#nextSegment - 1 }, "the journal is on");
      return;
    }
    log.warn({ folder }, "the journal is on again; it does not have what happened meanwhile");
    this.#parts.tell({ kind: "journal-on", timeMs: clock.nowMs() });
  }
}

/** Bytes of the turn that ends; 0 when nothing happened in it. */
function ended({ turns }: Segment, nowMs: number): number {
  return turns.isEmpty ? 0 : turns.end(nowMs);
}
