import { rmdirSync, unlinkSync, utimesSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { reasonOf } from "../../contract/errors.ts";
import type { AgentId, ContainerId, ExecutorId, FrameworkId } from "../../contract/ids.ts";
import type { Clock, Timer } from "../../contract/ports/clock.ts";
import type { Logger } from "../../contract/ports/log.ts";
import type { Counter, Gauge, Metrics } from "../../contract/ports/metrics.ts";
import { removeTree } from "../../wire/index.ts";
import { lastChangeMs, mountPoints, names, quietly, targetOf, tidyUp } from "./run-folders.ts";
import type { RunNames, Sandboxes } from "./sandbox.ts";

/** A container that has ended, and whose sandbox is still there. */
export interface EndedRun extends RunNames {
  /** When it ended, in milliseconds since 1970: the newest change of its folder and its output. */
  readonly endedMs: number;
}

/** When sandboxes are removed; see the config fields of the same names (F6). */
export interface GcTimes {
  readonly gcDelayMs: number;
  readonly gcMinAgeMs: number;
  /** Part of the disk that is kept free, 0 to 1. */
  readonly gcDiskHeadroom: number;
}

/** What a garbage collector works with. */
export interface SandboxGcParts extends GcTimes {
  readonly sandboxes: Sandboxes;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly diskWatchIntervalMs: number;
  /** Whether a container is one of those that the agent runs, is about to run, or is ending. */
  isLive(id: ContainerId): boolean;
  /** Part of the disk that is in use, 0 to 1. */
  diskUsage(): Promise<number>;
}

/** Part of the disk below a folder that is in use, 0 to 1. */
export async function diskUsageOf(folder: string): Promise<number> {
  const { blocks, bfree } = await statfs(folder);
  return blocks === 0 ? 0 : (blocks - bfree) / blocks;
}

/**
 * How long after its end a sandbox is kept while so much of the disk is in use (F6). Some minutes
 * in any case, which Mesos does not grant: what others read there, such as the reduces of a
 * mapreduce, would go before their eyes on each machine whose disk is nearly full with something
 * else.
 */
export function keptMs({ gcDelayMs, gcMinAgeMs, gcDiskHeadroom }: GcTimes, usage: number): number {
  const scaledMs = gcDelayMs * Math.max(0, 1 - gcDiskHeadroom - usage);
  return Math.max(scaledMs, Math.min(gcMinAgeMs, gcDelayMs));
}

/**
 * Removes sandboxes some time after their end, sooner as the disk fills (F6). What is to be removed
 * when is written nowhere: it is read off the folders themselves, so it outlives the agent. Links
 * are removed and never followed, so a persistent volume is not touched; a sandbox in which
 * something is still mounted is left alone.
 */
export class SandboxGc {
  readonly #parts: SandboxGcParts;
  readonly #removed: Counter;
  readonly #used: Gauge;
  /** Oldest end first. */
  #ended = new Map<ContainerId, EndedRun>();
  #timer: Timer | undefined;
  #looking = false;
  #isFull = false;
  #succeeded = 0;
  #failed = 0;
  #keptMs: number;
  #stopped = false;

  constructor(parts: SandboxGcParts) {
    this.#parts = parts;
    this.#keptMs = parts.gcDelayMs;
    this.#removed = parts.metrics.counter({
      name: "sandboxes_removed_total",
      help: "Sandboxes that were removed because their time was over.",
    });
    this.#used = parts.metrics.gauge({
      name: "disk_used_ratio",
      help: "Part of the disk of the work directory that is in use, 0 to 1.",
    });
  }

  /** Finds what earlier agents left, then looks at it at once and in every interval. */
  async start(): Promise<void> {
    const found = await this.#find();
    const since = [...this.#ended.values()];
    const all = [...found.filter(({ id }) => !this.#ended.has(id)), ...since];
    all.sort((one, other) => one.endedMs - other.endedMs);
    this.#ended = new Map(all.map((run) => [run.id, run]));
    if (this.#stopped) return;
    const { clock, diskWatchIntervalMs } = this.#parts;
    this.#timer = clock.every(diskWatchIntervalMs, () => void this.look());
    await this.look();
  }

  /** Begins no further look. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** A container has ended: its time runs from now on. */
  ended(run: RunNames): void {
    const { clock, sandboxes } = this.#parts;
    const endedMs = clock.nowMs();
    const { id, agentId, frameworkId, executorId } = run;
    this.#ended.set(id, { id, agentId, frameworkId, executorId, endedMs });
    // The folder remembers it for the next agent. It may be gone, or never have been made.
    quietly(() => utimesSync(sandboxes.pathOf(run), endedMs / 1_000, endedMs / 1_000));
  }

  /** The newest ended runs of each framework, at most so many, oldest first. */
  completed(mostPerFramework: number): EndedRun[] {
    const counts = new Map<FrameworkId, number>();
    const newest: EndedRun[] = [];
    for (const run of [...this.#ended.values()].reverse()) {
      const count = (counts.get(run.frameworkId) ?? 0) + 1;
      if (count > mostPerFramework) continue;
      counts.set(run.frameworkId, count);
      newest.push(run);
    }
    return newest.reverse();
  }

  /** What was and will be removed, under Mesos' names (H8). */
  figures(): Record<string, number> {
    return {
      "gc/path_removals_pending": this.#ended.size,
      "gc/path_removals_succeeded": this.#succeeded,
      "gc/path_removals_failed": this.#failed,
      "slave/executor_directory_max_allowed_age_secs": this.#keptMs / 1_000,
    };
  }

  /** Removes what has been kept for long enough. One look at a time. */
  async look(): Promise<void> {
    if (this.#looking || this.#stopped) return;
    this.#looking = true;
    try {
      await this.#look();
    } catch (cause) {
      this.#parts.log.warn({ err: cause }, "sandboxes could not be looked at");
    } finally {
      this.#looking = false;
    }
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#parts;
    const usage = await this.#parts.diskUsage();
    this.#used.set(usage);
    this.#warn(usage);
    this.#keptMs = keptMs(this.#parts, usage);
    const untilMs = clock.nowMs() - this.#keptMs;
    const due = [...this.#ended.values()].filter(({ endedMs }) => endedMs <= untilMs);
    if (due.length === 0) return;
    const mounted = mountPoints();
    const gone: EndedRun[] = [];
    for (const run of due) {
      if (this.#stopped) break;
      if (await this.#remove(run, mounted)) gone.push(run);
    }
    await this.#unlinkTasks(gone);
    this.#removed.add(gone.length);
    log.info({ removed: gone.length, usage, kept: this.#ended.size }, "removed old sandboxes");
  }

  /** Says it once that the disk is fuller than it should be, and once that it is no more. */
  #warn(usage: number): void {
    const { gcDiskHeadroom, gcMinAgeMs, log } = this.#parts;
    const isFull = usage > 1 - gcDiskHeadroom;
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    const facts = { usage, gcDiskHeadroom, gcMinAgeMs };
    if (isFull) log.warn(facts, "the disk is nearly full: sandboxes are kept for gcMinAge only");
    else log.info(facts, "the disk has room again");
  }

  async #remove(run: EndedRun, mounted: readonly string[]): Promise<boolean> {
    const { sandboxes, log, isLive } = this.#parts;
    const path = sandboxes.pathOf(run);
    if (isLive(run.id)) return false;
    const mount = mounted.find((point) => point === path || point.startsWith(`${path}/`));
    if (mount !== undefined) {
      log.warn({ path, mount }, "a sandbox is kept: something is still mounted in it");
      return false;
    }
    try {
      await removeTree(path);
    } catch (cause) {
      this.#failed += 1;
      log.warn({ path, reason: reasonOf(cause) }, "a sandbox could not be removed; later again");
      return false;
    }
    this.#ended.delete(run.id);
    this.#succeeded += 1;
    tidyUp(path);
    return true;
  }

  /** Removes the links by which tasks are found, where they led to what is gone now. */
  async #unlinkTasks(gone: readonly EndedRun[]): Promise<void> {
    const { sandboxes } = this.#parts;
    const paths = new Set(gone.map((run) => sandboxes.pathOf(run)));
    for (const frameworkId of new Set(gone.map((run) => run.frameworkId))) {
      const folder = join(sandboxes.taskRoot, frameworkId);
      for (const task of await names(folder)) {
        // Read and removed in one go: a task of that name may start at any other moment.
        const link = join(folder, task);
        if (paths.has(targetOf(link) ?? "")) quietly(() => unlinkSync(link));
      }
      quietly(() => rmdirSync(folder));
    }
  }

  async #find(): Promise<EndedRun[]> {
    const { sandboxes, isLive } = this.#parts;
    const found: EndedRun[] = [];
    for (const agentId of (await names(sandboxes.root)) as AgentId[]) {
      const frameworks = join(sandboxes.root, agentId, "frameworks");
      for (const frameworkId of (await names(frameworks)) as FrameworkId[]) {
        const executors = join(frameworks, frameworkId, "executors");
        for (const executorId of (await names(executors)) as ExecutorId[]) {
          const runs = join(executors, executorId, "runs");
          for (const id of (await names(runs)) as ContainerId[]) {
            if (id === ("latest" as ContainerId) || isLive(id)) continue;
            const endedMs = await lastChangeMs(join(runs, id));
            if (endedMs !== undefined) {
              found.push({ id, agentId, frameworkId, executorId, endedMs });
            }
          }
        }
      }
    }
    return found;
  }
}
