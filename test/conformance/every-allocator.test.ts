import { readdirSync, readFileSync } from "node:fs";
import { describe } from "vitest";
import { allocatorRules } from "../../conformance/allocator/rules.ts";
import type { PluginManifest } from "../../contract/ports/plugin.ts";
import { parametersOf } from "../../kernel/allocation/spec.ts";
import { compiled } from "../allocation/support/compile.ts";
import { conform } from "./conform.ts";

const folder = new URL("../../plugins/allocators/", import.meta.url);

describe.each(readdirSync(folder))("the policy", (name) => {
  const text = readFileSync(new URL(`${name}/plugin.json`, folder), "utf8");
  const manifest = JSON.parse(text) as PluginManifest;
  const bytes = compiled(`assembly/policies/${name}.ts`);
  const params = parametersOf({ manifest, config: {} });
  conform(name, allocatorRules, { manifest, bytes, params, seed: 1, clusters: 4 });
});
