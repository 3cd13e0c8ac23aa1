import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe } from "vitest";
import { policyPlugin } from "../../authoring/policy-plugin.ts";
import { allocatorRules } from "../../conformance/allocator/rules.ts";
import { readManifest } from "../../kernel/host/manifest.ts";
import { conform, ruleNamed } from "./conform.ts";

// As they were built: a companion is JavaScript, and its module lies beside it.
const folder = fileURLToPath(new URL("../../dist/plugins/allocators/", import.meta.url));

const shipped = await Promise.all(
  readdirSync(folder).map((name) => {
    const place = join(folder, name);
    return policyPlugin(place, readManifest(place), {});
  }),
);

/** Rules that a policy does not keep, by how they begin. */
const otherwise: Readonly<Record<string, readonly string[]>> = {
  // It goes on from the flow of the round before, which is no part of its private state, so that a
  // fresh instance may settle for another one.
  quincy: ["a successor with its private state"],
};

describe.each(shipped)("the policy $name", (plugin) => {
  const left = (otherwise[plugin.name] ?? []).map((start) => ruleNamed(allocatorRules, start));
  const rules = allocatorRules.filter((rule) => !left.includes(rule));
  conform(plugin.name, rules, { plugin, seed: 1, clusters: 4 });
});
