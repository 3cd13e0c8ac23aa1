import type { PolicySpec } from "./supervisor.ts";
import type { WasmPolicy } from "./wasm-policy.ts";

/** A policy, and its instance while that is of use. */
export interface Kept {
  readonly spec: PolicySpec;
  readonly instance: WasmPolicy | undefined;
}

/**
 * What is kept for a rollback once another policy is live: the one that ran. Of a policy in
 * quarantine that is the one before it, unless it is just that one which takes over. `live` has the
 * instance that runs, whosever it is.
 */
export function keptBeside(
  next: PolicySpec,
  live: Kept | undefined,
  previous: Kept | undefined,
  inQuarantine: boolean,
): Kept | undefined {
  if (live === undefined) return previous;
  if (!inQuarantine) return live;
  if (previous === undefined || previous.spec === next) {
    return { spec: live.spec, instance: undefined };
  }
  return { spec: previous.spec, instance: live.instance };
}
