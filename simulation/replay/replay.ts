import { statSync } from "node:fs";
import { errors, TepuiError } from "../../contract/errors.ts";
import type { JournalFile } from "../../kernel/io/journal/folder.ts";
import {
  journalFiles,
  type ReadSegment,
  readSegment,
  type SegmentEnd,
} from "../../kernel/io/journal/reader.ts";
import { ReplayedCluster } from "./cluster.ts";
import { type FindModule, ReplayDecider } from "./decider.ts";
import type { Difference } from "./difference.ts";
import { type Gap, GapFinder } from "./gaps.ts";

/** How a journal is replayed. */
export interface ReplayOptions {
  /** The folder of a journal, or one of its files. */
  readonly path: string;
  /** Modules of policies that the journal does not carry. */
  readonly findModule: FindModule;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ReplayProgress) => void;
}

/** How far a replay has come. */
export interface ReplayProgress {
  readonly segments: number;
  readonly segmentsTotal: number;
  readonly rounds: number;
}

/** Segments that follow each other without a gap, replayed as one. */
export interface Stretch {
  /** Id of the master that wrote them, and its version. */
  readonly run: string;
  readonly software: string;
  readonly files: string[];
  turns: number;
  inputs: number;
  rounds: number;
  decisions: number;
  /** Rounds whose recorded outcome was taken, since it hung on the clock. */
  taken: number;
  /** Times of the first and the last turn. */
  fromMs: number;
  toMs: number;
}

/** What came of a replay. */
export interface ReplayReport {
  readonly stretches: readonly Stretch[];
  /** Segments that could not be replayed: what they begin with was not written to its end. */
  readonly skipped: readonly string[];
  /** Ends that a crash left torn, and damage. */
  readonly ends: readonly SegmentEnd[];
  /** What is missing between files. */
  readonly gaps: readonly Gap[];
  /** The first thing that was not reproduced; the replay stops there. */
  readonly difference: Difference | undefined;
}

/** Whether anything is not there that was written down once. */
export function isDamaged({ skipped, ends, gaps }: ReplayReport): boolean {
  const isGone = gaps.some(({ files, turns }) => files + turns > 0);
  return isGone || skipped.length > 0 || ends.some((end) => end.isDamaged);
}

/** Time that passes before others get their turn. */
const SLICE_MS = 50;

/** One replay on its way through the files. */
class Replay {
  readonly #options: ReplayOptions;
  readonly #total: number;
  readonly stretches: Stretch[] = [];
  readonly skipped: string[] = [];
  readonly ends: SegmentEnd[] = [];
  readonly gaps = new GapFinder();
  difference: Difference | undefined;
  #cluster: ReplayedCluster | undefined;
  #segments = 0;
  #pausedMs = performance.now();

  constructor(options: ReplayOptions, total: number) {
    this.#options = options;
    this.#total = total;
  }

  async segment(at: JournalFile): Promise<void> {
    this.#segments += 1;
    const segment = this.#read(at);
    this.gaps.pass(at, segment);
    if (segment === undefined) return;
    const { path: file } = at;
    if (segment.end !== undefined) this.ends.push(segment.end);
    if (!this.#enter(segment)) return;
    const cluster = this.#cluster as ReplayedCluster;
    const stretch = this.stretches.at(-1) as Stretch;
    stretch.files.push(file);
    for (const turns of segment.turns()) {
      for (const turn of turns) {
        if (stretch.turns === 0) stretch.fromMs = turn.nowMs;
        stretch.toMs = turn.nowMs;
        this.difference = cluster.apply(turn);
        Object.assign(stretch, cluster.counts);
        if (this.difference !== undefined) return;
        await this.#pause();
      }
    }
    // Behind damage there are turns that nobody knows.
    if (segment.end?.isDamaged) this.#cluster = undefined;
  }

  /** Reads one file; among others, one without a good header is told of, and passed over. */
  #read({ path: file, isNewest }: JournalFile): ReadSegment | undefined {
    let problem = "it has no header";
    try {
      const segment = readSegment(file, isNewest);
      if (segment !== undefined) return segment;
      // A crash leaves part of a header, of which the next master leaves nothing.
      if (isNewest) this.ends.push({ file, offset: 0, problem, isDamaged: false });
      if (isNewest || statSync(file).size === 0) return undefined;
    } catch (thrown) {
      const isDamage = thrown instanceof TepuiError && thrown.code === "JOURNAL_DAMAGED";
      if (!isDamage || this.#total === 1) throw thrown;
      problem = thrown.message;
    }
    this.skipped.push(file);
    this.ends.push({ file, offset: 0, problem, isDamaged: true });
    return undefined;
  }

  /** Goes on into a segment, or begins anew with it; false when it cannot be begun with. */
  #enter(segment: ReadSegment): boolean {
    if (this.#cluster?.isContinuedBy(segment)) {
      const nowMs = this.stretches.at(-1)?.toMs ?? 0;
      this.difference = this.#cluster.stateDifference(segment, nowMs);
      return this.difference === undefined;
    }
    this.#cluster = undefined;
    const { header, snapshot } = segment;
    if (header.hasSnapshot && snapshot === undefined) {
      this.skipped.push(segment.file);
      return false;
    }
    const { findModule } = this.#options;
    const decider = new ReplayDecider(findModule, errors.REPLAY_POLICY_MISSING);
    this.#cluster = new ReplayedCluster(segment, decider);
    const { run, software, createdMs } = header;
    const times = { fromMs: createdMs, toMs: createdMs };
    this.stretches.push({ run, software, files: [], ...this.#cluster.counts, ...times });
    return true;
  }

  async #pause(): Promise<void> {
    if (performance.now() - this.#pausedMs < SLICE_MS) return;
    const rounds = this.stretches.reduce((sum, stretch) => sum + stretch.rounds, 0);
    this.#options.onProgress({ segments: this.#segments, segmentsTotal: this.#total, rounds });
    await new Promise((resolve) => setImmediate(resolve));
    this.#pausedMs = performance.now();
    if (this.#options.signal.aborted) throw errors.CLI_INTERRUPTED("the replay is not done");
  }
}

/**
 * Replays a journal: steps everything that came in through the same core, has the same policies
 * decide again, and compares with what was decided. Stops at the first difference.
 * @throws TepuiError when there is no journal, no segment to begin with, or a policy is missing
 */
export async function replay(options: ReplayOptions): Promise<ReplayReport> {
  const files = journalFiles(options.path);
  const run = new Replay(options, files.length);
  for (const file of files) {
    await run.segment(file);
    if (run.difference !== undefined) break;
  }
  const { stretches, skipped, ends, difference } = run;
  if (stretches.length === 0) throw errors.JOURNAL_NO_BEGINNING(options.path);
  return { stretches, skipped, ends, gaps: run.gaps.found, difference };
}
