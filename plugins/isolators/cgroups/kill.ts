import type { Clock } from "../../../contract/ports/clock.ts";
import { type CgroupDir, withDescendants } from "./cgroup-dir.ts";
import type { ContainerGroups } from "./container-groups.ts";
import { canFreeze, isFrozen, setFrozen } from "./controllers/freezer.ts";

/** First pause between two looks; it doubles up to `PAUSE_MAX_MS`. */
const PAUSE_MIN_MS = 1;
const PAUSE_MAX_MS = 50;
/** How long to wait until everything is frozen before killing what runs. */
const FREEZE_MS = 2_000;

/** Sends SIGKILL; in tests something else. */
export type SendKill = (pid: number) => void;

/** Sends SIGKILL to a process that a cgroup has just listed. */
export const sendKill: SendKill = (pid) => {
  if (pid <= 1) return; // 0 would be our own process group, 1 everything.
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
};

/** Resolves after a pause. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}

/**
 * Asks again and again, with growing pauses, until `look` answers true.
 * @returns false when the time was up first.
 */
export async function until(
  clock: Clock,
  timeoutMs: number,
  look: () => boolean,
): Promise<boolean> {
  const endMs = clock.monotonicMs() + timeoutMs;
  let pauseMs = PAUSE_MIN_MS;
  while (!look()) {
    if (clock.monotonicMs() >= endMs) return false;
    await pause(clock, pauseMs);
    pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 2);
  }
  return true;
}

/**
 * Kills every process of a container, whatever session or parent it has given itself (F76).
 * Best first: `cgroup.kill`, which the kernel does at once; else freezing, so that nobody can fork
 * while the others die and no pid can change its owner; else again and again until none is left.
 * @returns true when none is left, false when some survived `timeoutMs`.
 */
export async function killAll(
  groups: ContainerGroups,
  clock: Clock,
  timeoutMs: number,
  send: SendKill = sendKill,
): Promise<boolean> {
  if (groups.pids().length === 0) return true;
  for (const { dir } of groups.existing()) {
    if (dir.has("cgroup.kill")) dir.write("cgroup.kill", "1");
  }
  const isGone = (): boolean => groups.pids().length === 0;
  // Killed tasks leave their cgroup within milliseconds; who is there after that was never asked.
  const wasAsked = groups.existing().some(({ dir }) => dir.has("cgroup.kill"));
  if (wasAsked && (await until(clock, Math.min(timeoutMs, 200), isGone))) return true;
  const freezable = groups.existing().find(({ dir }) => canFreeze(dir))?.dir;
  if (freezable !== undefined) await killFrozen(freezable, clock, send);
  return await until(clock, timeoutMs, () => {
    for (const pid of groups.pids()) send(pid);
    return isGone();
  });
}

/** Freezes, kills and lets go: everybody dies at the instant of letting go. */
async function killFrozen(dir: CgroupDir, clock: Clock, send: SendKill): Promise<void> {
  try {
    setFrozen(dir, true);
    await until(clock, FREEZE_MS, () => {
      if (isFrozen(dir)) return true;
      // v1 may give up half-way when tasks are being made meanwhile; asking again goes on.
      setFrozen(dir, true);
      return false;
    });
    for (const group of withDescendants(dir)) for (const pid of group.pids()) send(pid);
  } finally {
    if (dir.exists()) setFrozen(dir, false);
  }
}
