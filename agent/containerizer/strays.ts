import type { Clock } from "../../contract/ports/clock.ts";
import type { Logger } from "../../contract/ports/log.ts";
import { isLive, listPids, type ProcStat, readEnvironment, readStat } from "./proc.ts";
import { containerOfMark } from "./sessions.ts";
import { markIn, signalProcess } from "./tree.ts";

/** Between two looks at processes that were killed because nobody knows of them. */
const STRAYS_MS = 20;

/** What the kernel does not let go within this, it may never: an agent must start beside it. */
const GIVE_UP_MS = 10_000;

/**
 * Kills what an earlier agent left and nobody knows of; resolves when none of it is left, or what
 * is left cannot be killed.
 */
export async function endStrays(
  parts: { readonly sandboxRoot: string; readonly clock: Clock; readonly log: Logger },
  known: ReadonlySet<string>,
): Promise<void> {
  const endMs = parts.clock.monotonicMs() + GIVE_UP_MS;
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
