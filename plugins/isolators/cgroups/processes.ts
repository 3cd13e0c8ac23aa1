import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import type { Demand } from "./demand.ts";

/** Score at which the kernel prefers a process above all others when the host runs out. */
const SCORE_MAX = 1000;

/** Start time of a process in ticks since boot, which with its pid identifies it. */
export function startTicksOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may hold spaces and parentheses of its own.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return undefined;
  }
}

/**
 * oom_score_adj of a container that may use more memory than it requested (D20): the less of the
 * host it requested, the sooner it goes when the host runs out. `undefined`: leave it alone.
 */
export function burstableScore(demand: Demand, hostBytes = totalmem()): number | undefined {
  const { memBytes, memLimitBytes } = demand;
  if (memLimitBytes === undefined || memLimitBytes <= memBytes) return undefined;
  return Math.max(1, SCORE_MAX - Math.ceil((SCORE_MAX * memBytes) / hostBytes));
}
