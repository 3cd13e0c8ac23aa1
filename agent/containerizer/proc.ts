import { readdirSync, readFileSync } from "node:fs";
import type { ProcessIdentity } from "../../contract/ports/isolator.ts";

/** What of /proc/PID/stat identifies a process and places it in the tree. */
export interface ProcStat {
  readonly pid: number;
  /** One letter: R running, S sleeping, T stopped, Z zombie, X dead, … */
  readonly state: string;
  readonly parent: number;
  readonly session: number;
  /** Clock ticks since boot (field 22). */
  readonly startTicks: number;
}

/** The stat of a process, or `undefined` when there is none of this number. */
export function readStat(pid: number): ProcStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The name stands in parentheses and may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return {
    pid,
    state: fields[0] ?? "X",
    parent: Number(fields[1]),
    session: Number(fields[3]),
    startTicks: Number(fields[19]),
  };
}

/** True for a process that can still run something; zombies cannot. */
export function isLive(stat: ProcStat | undefined): stat is ProcStat {
  return stat !== undefined && stat.state !== "Z" && stat.state !== "X";
}

/** True while this is still the process that was started, not a later one with its number. */
export function isAlive(identity: ProcessIdentity): boolean {
  const stat = readStat(identity.pid);
  return isLive(stat) && stat.startTicks === identity.startTicks;
}

/** Numbers of all processes that exist now. */
export function listPids(): number[] {
  const pids: number[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (Number.isInteger(pid)) pids.push(pid);
  }
  return pids;
}

/**
 * The environment a process was started with, each entry ended by NUL; `undefined` when it is gone
 * or belongs to somebody else.
 */
export function readEnvironment(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return undefined;
  }
}

/** The random number that the host got at its last boot; pids and start times are of this boot. */
export function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "unknown";
  }
}
