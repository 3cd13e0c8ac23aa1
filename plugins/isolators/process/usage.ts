import { readdirSync, readFileSync } from "node:fs";
import type { Usage } from "../../../contract/ports/isolator.ts";

/** Linux reports times to user space in hundredths of a second on every architecture. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;

interface Line {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly user: number;
  readonly system: number;
  readonly threads: number;
  readonly pages: number;
}

function readLine(pid: number): Line | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const at = (index: number): number => fields[index] ?? 0;
    return {
      pid,
      parent: at(1),
      session: at(3),
      // Children that have ended and were waited for count to those who waited.
      user: at(11) + at(13),
      system: at(12) + at(14),
      threads: at(17),
      pages: at(21),
    };
  } catch {
    return undefined;
  }
}

/** What the session of a process and its descendants use now. */
export function usageOf(pid: number, timeMs: number): Usage {
  const lines = new Map<number, Line>();
  for (const name of readdirSync("/proc")) {
    const line = /^\d+$/.test(name) ? readLine(Number(name)) : undefined;
    if (line !== undefined) lines.set(line.pid, line);
  }
  const isMember = (line: Line, depth = 0): boolean => {
    if (line.pid === pid || line.session === pid) return true;
    const parent = lines.get(line.parent);
    return parent !== undefined && depth < 256 && isMember(parent, depth + 1);
  };
  const members = [...lines.values()].filter((line) => isMember(line));
  const sum = (of: (line: Line) => number): number =>
    members.reduce((total, line) => total + of(line), 0);
  return {
    timeMs,
    processes: members.length,
    threads: sum(({ threads }) => threads),
    cpusUserSeconds: sum(({ user }) => user) / TICKS_PER_SECOND,
    cpusSystemSeconds: sum(({ system }) => system) / TICKS_PER_SECOND,
    memRssBytes: sum(({ pages }) => pages) * PAGE_BYTES,
  };
}
