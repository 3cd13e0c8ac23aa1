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

/** Whoever asks about many containers asks within this time, and gets all from one look. */
const FRESH_MS = 100;

/**
 * The processes of this host, by whom they belong to: a process, and the leader of a session, own
 * themselves, the session, and all that descends from these. Looking is what costs, so one look
 * serves all who ask at about the same time.
 */
export class ProcessTable {
  #lookedMs = Number.NEGATIVE_INFINITY;
  #members: ReadonlyMap<number, readonly Line[]> = new Map();

  /** What the session of a process and its descendants use now. */
  usageOf(pid: number, nowMs: number): Usage {
    const age = nowMs - this.#lookedMs;
    // One that is not known may have begun after the look.
    if (age < 0 || age >= FRESH_MS || !this.#members.has(pid)) {
      this.#members = lookAround();
      this.#lookedMs = nowMs;
    }
    return sumOf(this.#members.get(pid) ?? [], this.#lookedMs);
  }
}

function lookAround(): ReadonlyMap<number, readonly Line[]> {
  const lines = new Map<number, Line>();
  for (const name of readdirSync("/proc")) {
    const line = /^\d+$/.test(name) ? readLine(Number(name)) : undefined;
    if (line !== undefined) lines.set(line.pid, line);
  }
  const members = new Map<number, Line[]>();
  for (const line of lines.values()) {
    for (const owner of ownersOf(line, lines)) {
      const owned = members.get(owner);
      if (owned === undefined) members.set(owner, [line]);
      else owned.push(line);
    }
  }
  return members;
}

function ownersOf(line: Line, lines: ReadonlyMap<number, Line>): ReadonlySet<number> {
  const owners = new Set<number>();
  let at: Line | undefined = line;
  // What is read while it changes may lead round in circles.
  for (let depth = 0; at !== undefined && depth < 256; depth++) {
    owners.add(at.pid).add(at.session);
    at = lines.get(at.parent);
  }
  return owners;
}

function sumOf(members: readonly Line[], timeMs: number): Usage {
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
