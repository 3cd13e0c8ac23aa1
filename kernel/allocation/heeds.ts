import type { WasmPlugin } from "../../contract/ports/plugin.ts";
import { builtInHeeds, type Heeds, type PolicyRef, unknownHeeds } from "../core/explain.ts";
import { ReferenceDrf } from "./reference-drf.ts";
import type { PolicySpec } from "./supervisor.ts";

const builtIn = new ReferenceDrf().name;

/** What a policy goes by, as its manifest and its config say. */
export function heedsOf({ manifest, config }: Pick<WasmPlugin, "manifest" | "config">): Heeds {
  const { dominantShares = false, guarantees } = manifest.heeds ?? {};
  const given = (config ?? {}) as Readonly<Record<string, unknown>>;
  const excluded = manifest.parameters?.find(({ name }) => name === "excludedKinds");
  const excludedKinds = Number(given["excludedKinds"] ?? excluded?.default ?? 0);
  return { dominantShares, excludedKinds, guarantees };
}

/** What a policy goes by that is built in or one of these; of others nothing is known. */
export function heedsAmong(specs: readonly PolicySpec[], { name, digest }: PolicyRef): Heeds {
  if (name === builtIn) return builtInHeeds;
  const found = specs.find(({ policy }) => policy.name === name && policy.digest === digest);
  return found?.heeds ?? unknownHeeds;
}
