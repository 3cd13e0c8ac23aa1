import type { Effect } from "./effect.ts";
import type { ClusterInput } from "./event.ts";
import type { ClusterState } from "./state.ts";

/** The cluster reacts to one thing that happened: changes `state`, appends what follows to `out`. */
export function step(state: ClusterState, input: ClusterInput, nowMs: number, out: Effect[]): void {
  void state;
  void input;
  void nowMs;
  void out;
}

/** Whether a round of allocation is wanted now (C1). */
export function isRoundDue(state: ClusterState): boolean {
  return state.allocation.wanted && state.tables.candidates.length > 0;
}

/**
 * Brings what the policies read up to date. Call it right before a round over `state.tables`; the
 * round's decisions are stepped as `offers-decided`, also when there are none.
 */
export function prepareRound(state: ClusterState): void {
  void state;
}
