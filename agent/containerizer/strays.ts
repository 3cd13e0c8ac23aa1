import type { Clock } from "../../contract/ports/clock.ts";
import type { ContainerCheckpoint } from "../../contract/ports/isolator.ts";
import type { Logger } from "../../contract/ports/log.ts";
import { rootOf } from "./container.ts";
import { isLive, listPids, type ProcStat, readEnvironment, readStat } from "./proc.ts";
import { containerOfMark } from "./sessions.ts";
import type { Sweeper } from "./sweeper.ts";
import { markIn, signalProcess, type TreeRoot } from "./tree.ts";

/** Between two looks at processes that were killed because nobody knows of them. */
const STRAYS_MS = 20;

/** What the kernel does not let go within this, it may never: an agent must start beside it. */
const GIVE_UP_MS = 10_000;

/** What strays are ended with. */
interface StrayParts {
  readonly sandboxRoot: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sweeper: Sweeper;
}

/**
 * Kills the containers that an earlier agent left in `forsaken`, and whatever else it left that
 * nobody knows of; resolves when none of it is left, or what is left cannot be killed.
 */
export async function endStrays(
  parts: StrayParts,
  known: ReadonlySet<string>,
  forsaken: readonly ContainerCheckpoint[],
): Promise<void> {
  const endMs = parts.clock.monotonicMs() + GIVE_UP_MS;
  if (forsaken.length > 0) await sweep(parts, forsaken.map(rootOf));
  for (;;) {
    const found = strays(parts.sandboxRoot, known);
    if (found.length === 0) return;
    const pids = found.map(({ pid }) => pid);
    if (parts.clock.monotonicMs() > endMs) {
      parts.log.error({ pids }, "cannot kill what nobody knows of; it stays");
      return;
    }
    for (const stray of found) signalProcess(stray, "SIGKILL");
    parts.log.warn({ pids }, "killed what nobody knows of");
    await new Promise<void>((resolve) => parts.clock.after(STRAYS_MS, resolve));
  }
}

/** Also finds what has no trace of its container in its environment, by where that one began. */
async function sweep({ sweeper, clock }: StrayParts, roots: readonly TreeRoot[]): Promise<void> {
  await new Promise<void>((resolve) => {
    const late = clock.after(GIVE_UP_MS, resolve);
    void Promise.all(roots.map((root) => sweeper.end(root))).then(() => {
      late.cancel();
      resolve();
    });
  });
}

/**
 * Live processes of containers that nobody knows of: those that carry a mark, work in a sandbox
 * below `sandboxRoot`, and belong to none of the containers in `known`.
 */
function strays(sandboxRoot: string, known: ReadonlySet<string>): ProcStat[] {
  const found: ProcStat[] = [];
  for (const pid of listPids()) {
    const environment = readEnvironment(pid);
    const container = markIn(environment);
    if (container === undefined || known.has(container)) continue;
    // Sessions end with their agent; in an engine's container they do not see the sandbox's place.
    const isSession = known.has(containerOfMark(container));
    // This is the sandbox as the host sees it, also of a container with a root of its own.
    const isHere = `\0${environment}`.includes(`\0MESOS_DIRECTORY=${sandboxRoot}/`);
    if (!isSession && !isHere) continue;
    const stat = readStat(pid);
    if (isLive(stat)) found.push(stat);
  }
  return found;
}
