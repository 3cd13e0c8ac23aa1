import type { WasmPlugin } from "../../contract/ports/plugin.ts";
import { admitPolicy } from "./admission.ts";
import { companionOf } from "./companion.ts";
import { heedsOf } from "./heeds.ts";
import type { PolicySpec } from "./supervisor.ts";

/** Wall-clock backstop of one call into a policy; the step budget is the real bound. */
export const POLICY_DEADLINE_MS = 1_000;

/** The backstop of a shadow run, which comes on top of what the live policy took. */
const SHADOW_DEADLINE_MS = 500;

/**
 * All that it takes to start instances of a plugin's policy.
 * @throws PolicyFault of the first group, or POLICY_COMPANION
 */
export function policySpec(plugin: WasmPlugin): PolicySpec {
  return withSettings(
    {
      policy: admitPolicy(plugin.name, plugin.bytes, plugin.digest),
      options: { deadlineMs: POLICY_DEADLINE_MS },
    },
    plugin,
  );
}

/**
 * The same policy with the settings of another config of its plugin. A companion is made for a
 * config, so it is another one, too.
 * @throws PolicyFault POLICY_COMPANION when it refuses the config
 */
export function withSettings(spec: PolicySpec, plugin: WasmPlugin): PolicySpec {
  const settings = { params: parametersOf(plugin), companion: companionOf(plugin) };
  return { ...spec, options: { ...spec.options, ...settings }, heeds: heedsOf(plugin) };
}

/** The same policy for a shadow run. */
export function forShadow(spec: PolicySpec): PolicySpec {
  return { ...spec, options: { ...spec.options, deadlineMs: SHADOW_DEADLINE_MS } };
}

/** Numbers for the parameters that a policy's manifest names, defaults filled in. */
export function parametersOf({ manifest, config }: Pick<WasmPlugin, "manifest" | "config">) {
  const given = (config ?? {}) as Readonly<Record<string, unknown>>;
  const values: number[] = [];
  for (const { name, index, default: fallback } of manifest.parameters ?? []) {
    const value = given[name];
    values[index] = typeof value === "number" ? value : Number(value ?? fallback);
  }
  return Array.from(values, (value) => value ?? 0);
}
