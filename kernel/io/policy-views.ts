import type { OperatorResult } from "../../contract/operator-api.ts";
import type { ClientTally, PolicyDiff, PolicyView } from "../../contract/schema/policy.ts";
import { parametersOf } from "../allocation/spec.ts";
import type { LoadedPolicy } from "./policy-shelf.ts";
import type { Rounds } from "./rounds.ts";

/** Frameworks in one answer unless more are asked for. */
const FRAMEWORKS_SHOWN = 1_000;

/** A loaded policy as operators see it. */
export function policyView({ plugin, source }: LoadedPolicy, rounds: Rounds): PolicyView {
  const { name, digest, manifest, config } = plugin;
  const { live, previous } = rounds.supervisor;
  const state = name === live?.name ? "live" : name === previous?.name ? "previous" : "loaded";
  const values = parametersOf(plugin);
  return {
    name,
    digest,
    version: manifest.version,
    ...(manifest.description === undefined ? {} : { description: manifest.description }),
    state,
    shadowed: rounds.shadows.isRunning(name),
    source: source.type,
    ...(source.type === "installed" ? { plugin: source.plugin } : {}),
    config: { ...(config as object | undefined) },
    parameters: (manifest.parameters ?? []).map(
      ({ name: parameter, index, default: fallback, min, max, description }) => ({
        name: parameter,
        value: values[index] ?? fallback,
        default: fallback,
        ...(min === undefined ? {} : { min }),
        ...(max === undefined ? {} : { max }),
        description,
      }),
    ),
  };
}

/** A comparison, the frameworks that differ most first, and no more of them than fit an answer. */
export function policyDiff(
  report: PolicyDiff,
  limit: number = FRAMEWORKS_SHOWN,
): OperatorResult<"policy-diff"> {
  const apart = ({ live, shadow }: ClientTally): number => Math.abs(live.share - shadow.share);
  const frameworks = [...report.frameworks].sort(
    (a, b) => apart(b) - apart(a) || (a.frameworkId < b.frameworkId ? -1 : 1),
  );
  return {
    diff: { ...report, frameworks: frameworks.slice(0, limit) },
    more: frameworks.length > limit,
  };
}
