import { constants } from "node:os";
import type { ProcessIdentity } from "../../contract/ports/isolator.ts";
import { isLive, listPids, type ProcStat, readEnvironment, readStat } from "./proc.ts";

/** Names the container in the environment of every process in it. */
export const CONTAINER_MARK = "TEPUI_CONTAINER_ID";

/**
 * Sends a signal to a process if it is still the one that is meant. The only place that signals:
 * a pid alone may have been given to another process since. Answers whether it was sent.
 */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  const stat = readStat(identity.pid);
  if (!isLive(stat) || stat.startTicks !== identity.startTicks) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** The name of a signal from its number: 9 is SIGKILL. */
export function signalName(number: number): string {
  for (const [name, value] of Object.entries(constants.signals)) {
    if (value === number) return name;
  }
  return `SIG${number}`;
}

/** What to look for: the container's id in the environment, and its first process. */
export interface TreeRoot {
  readonly id: string;
  readonly process?: ProcessIdentity;
}

/**
 * Which container each process belongs to. A process is a member when a parent, its session or its
 * environment says so: a daemon that forked twice and began a session of its own has lost its
 * parents, but not its environment. What was read of an environment is remembered by pid and start
 * time, since reading it again for every ended task would cost more than the task.
 */
export class ProcessTable {
  readonly #marks = new Map<number, { startTicks: number; container: string | undefined }>();

  /** Live members of the containers, oldest first, by container id; absent when there are none. */
  membersOf(roots: readonly TreeRoot[]): Map<string, ProcStat[]> {
    const stats = this.#snapshot();
    const wanted: ReadonlySet<string> = new Set(roots.map(({ id }) => id));
    const bySession = new Map<number, string>();
    for (const { id, process } of roots) {
      if (process === undefined) continue;
      const now = stats.get(process.pid);
      // A session outlives its leader, but a pid that was given anew leads another session.
      if (now === undefined || now.startTicks === process.startTicks) {
        bySession.set(process.pid, id);
      }
    }
    const found = new Map<number, string | undefined>();
    const containerOf = (stat: ProcStat, depth: number): string | undefined => {
      if (found.has(stat.pid)) return found.get(stat.pid);
      const root = bySession.get(stat.pid);
      const parent = stats.get(stat.parent);
      const own =
        root ??
        this.#markOf(stat, wanted) ??
        bySession.get(stat.session) ??
        (parent !== undefined && depth < 256 ? containerOf(parent, depth + 1) : undefined);
      found.set(stat.pid, own);
      return own;
    };
    const members = new Map<string, ProcStat[]>();
    const ordered = [...stats.values()].sort((a, b) => a.startTicks - b.startTicks);
    for (const stat of ordered) {
      const id = isLive(stat) ? containerOf(stat, 0) : undefined;
      if (id === undefined) continue;
      const list = members.get(id);
      if (list === undefined) members.set(id, [stat]);
      else list.push(stat);
    }
    return members;
  }

  #snapshot(): Map<number, ProcStat> {
    const stats = new Map<number, ProcStat>();
    for (const pid of listPids()) {
      const stat = readStat(pid);
      if (stat !== undefined) stats.set(pid, stat);
    }
    for (const pid of this.#marks.keys()) if (!stats.has(pid)) this.#marks.delete(pid);
    return stats;
  }

  #markOf(stat: ProcStat, wanted: ReadonlySet<string>): string | undefined {
    const known = this.#marks.get(stat.pid);
    if (known !== undefined && known.startTicks === stat.startTicks) {
      return known.container !== undefined && wanted.has(known.container)
        ? known.container
        : undefined;
    }
    const container = markIn(readEnvironment(stat.pid));
    this.#marks.set(stat.pid, { startTicks: stat.startTicks, container });
    return container !== undefined && wanted.has(container) ? container : undefined;
  }
}

/** The container that an environment is marked with. */
export function markIn(environment: string | undefined): string | undefined {
  if (environment === undefined) return undefined;
  const start = environment.startsWith(`${CONTAINER_MARK}=`)
    ? 0
    : environment.indexOf(`\0${CONTAINER_MARK}=`) + 1;
  if (start === 0 && !environment.startsWith(`${CONTAINER_MARK}=`)) return undefined;
  const from = start + CONTAINER_MARK.length + 1;
  const end = environment.indexOf("\0", from);
  return environment.slice(from, end === -1 ? undefined : end);
}
