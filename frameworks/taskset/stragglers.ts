import type { Attempt } from "./model.ts";

/** When a running attempt counts as slow. */
export interface StragglerRules {
  /** Part of the items that must have finished, so that there is something to compare with. */
  readonly finishedShare: number;
  /** Slow is this many times the median time of those that finished. */
  readonly factor: number;
  /** No attempt is slow before this. */
  readonly leastMs: number;
}

/** Times and shares as MapReduce systems commonly have them. */
export const stragglerRules: StragglerRules = { finishedShare: 0.5, factor: 2, leastMs: 4_000 };

/** The middle of the values; 0 of none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/**
 * Keys of the items whose only attempt is slow beside those that have finished: worth a second
 * attempt elsewhere (speculative execution, Dean and Ghemawat 2004, "backup tasks").
 */
export function stragglers(
  live: readonly Attempt[],
  finishedMs: readonly number[],
  items: number,
  nowMs: number,
  rules: StragglerRules = stragglerRules,
): readonly string[] {
  if (items === 0 || finishedMs.length < items * rules.finishedShare) return [];
  const slowMs = Math.max(rules.leastMs, rules.factor * median(finishedMs));
  const perKey = new Map<string, number>();
  for (const { key } of live) perKey.set(key, (perKey.get(key) ?? 0) + 1);
  return live
    .filter(({ key, launchedMs }) => perKey.get(key) === 1 && nowMs - launchedMs > slowMs)
    .map(({ key }) => key);
}
