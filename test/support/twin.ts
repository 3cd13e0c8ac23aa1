import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import type { Effect } from "../../kernel/core/effect.ts";
import type { ClusterInput } from "../../kernel/core/event.ts";
import { restoreCluster } from "../../kernel/core/snapshot/restore.ts";
import { takeSnapshot } from "../../kernel/core/snapshot/take.ts";
import type { ClusterState } from "../../kernel/core/state.ts";
import { step } from "../../kernel/core/step.ts";
import { frozen } from "./frozen.ts";

/**
 * Steps a cluster, and beside it one that was restored from a snapshot of it: both must say the
 * same and be the same afterwards. Input and snapshot are frozen, for a step may change neither.
 */
export function stepWithTwin(
  state: ClusterState,
  input: ClusterInput,
  nowMs: number,
  out: Effect[],
): void {
  const before = out.length;
  const twin = restoreCluster(state.options, frozen(takeSnapshot(state)));
  const told: Effect[] = [];
  step(twin, frozen(input), nowMs, told);
  step(state, input, nowMs, out);
  same(`effects of ${input.type}`, told, out.slice(before));
  same(`the cluster after ${input.type}`, takeSnapshot(twin), takeSnapshot(state));
}

/** Compares fast, and explains slowly only when there is something to explain. */
function same(what: string, restored: unknown, real: unknown): void {
  if (isDeepStrictEqual(restored, real)) return;
  expect(restored, `${what}, restored from a snapshot`).toEqual(real);
}
