import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe } from "vitest";
import { policyPlugin } from "../../authoring/policy-plugin.ts";
import { allocatorRules } from "../../conformance/allocator/rules.ts";
import { readManifest } from "../../kernel/host/manifest.ts";
import { conform } from "./conform.ts";

// As they were built: a companion is JavaScript, and its module lies beside it.
const folder = fileURLToPath(new URL("../../dist/plugins/allocators/", import.meta.url));

const shipped = await Promise.all(
  readdirSync(folder).map((name) => {
    const place = join(folder, name);
    return policyPlugin(place, readManifest(place), {});
  }),
);

describe.each(shipped)("the policy $name", (plugin) => {
  conform(plugin.name, allocatorRules, { plugin, seed: 1, clusters: 4 });
});
