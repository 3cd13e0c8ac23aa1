import type { WasmPlugin } from "../../contract/ports/plugin.ts";
import { type AdmittedPolicy, admitPolicy } from "../../kernel/allocation/admission.ts";
import { PolicyFault } from "../../kernel/allocation/faults.ts";
import { policySpec } from "../../kernel/allocation/spec.ts";
import { WasmPolicy } from "../../kernel/allocation/wasm-policy.ts";
import type { AllocationTables } from "../../kernel/core/tables.ts";
import { Broken, type BrokenWhere } from "../rule.ts";

/** An allocation policy under test. */
export interface AllocatorSubject {
  readonly plugin: WasmPlugin;
  /** Seed of the first cluster of each rule; each further cluster has the next. */
  readonly seed: number;
  /** Clusters of each rule that plays random ones. */
  readonly clusters: number;
}

/**
 * Wall clock of one call: wide of any healthy policy on any machine however busy, since a step
 * budget bounds them. It is there to end those that hang.
 */
export const CALL_DEADLINE_MS = 20_000;

/** The policy, admitted. @throws Broken with the code of the check that it fails */
export function admitted({ plugin }: AllocatorSubject): AdmittedPolicy {
  return faultless(() => admitPolicy(plugin.name, plugin.bytes, plugin.manifest.digest));
}

/** A fresh instance for these tables. @throws Broken when it does not start */
export function instanceFor(
  { plugin }: AllocatorSubject,
  tables: AllocationTables,
  where: BrokenWhere = {},
): WasmPolicy {
  return faultless(() => {
    const { policy, options } = policySpec(plugin);
    return new WasmPolicy(policy, tables, { ...options, deadlineMs: CALL_DEADLINE_MS });
  }, where);
}

/** Runs something of the policy; its faults break the rule that runs it. */
export function faultless<T>(act: () => T, where: BrokenWhere = {}): T {
  try {
    return act();
  } catch (thrown) {
    throw brokenBy(thrown, where);
  }
}

/** A fault of the policy as what breaks a rule; anything else as it is. */
export function brokenBy(thrown: unknown, where: BrokenWhere = {}): unknown {
  if (!(thrown instanceof PolicyFault)) return thrown;
  return new Broken(thrown.message, { code: thrown.code, ...where }, thrown);
}
