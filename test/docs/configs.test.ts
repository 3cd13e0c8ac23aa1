import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { agentAdmission } from "../../agent/main.ts";
import { builtInPlugins } from "../../cli/built-in-plugins.ts";
import type { PluginManifest } from "../../contract/plugin-manifest.ts";
import { configKinds } from "../../kernel/host/config.ts";
import { checkConfigFile } from "../../kernel/host/config-check.ts";
import { parseConfig } from "../../kernel/host/config-file.ts";
import { isObject } from "../../kernel/host/config-rules.ts";
import { masterAdmission } from "../../kernel/main.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { readTree } from "../tidy/source.ts";

/** A config that a page shows. */
interface Example {
  readonly page: string;
  readonly text: string;
}

/** Names of the fields of each kind of config. */
const kinds = Object.values(configKinds).map(
  ({ fields }) => new Set(fields.map(({ path }) => path[0])),
);

/** True for what could be a config: all its fields are of one kind of config. */
function isConfig(value: unknown): boolean {
  if (!isObject(value) || Object.keys(value).length === 0) return false;
  return kinds.some((names) => Object.keys(value).every((name) => names.has(name)));
}

/** Blocks of code of a page that hold JSON or YAML, fenced or indented. */
function blocksOf(text: string): string[] {
  const fenced = [...text.matchAll(/^```(?:json|jsonc|yaml)\n([\s\S]*?)^```/gm)];
  const indented = [...text.matchAll(/(?<=\n\n)((?: {4}.*\n)+)/g)];
  return [...fenced, ...indented].map((match) => match[1] ?? "");
}

/** The configs of a page. */
function examplesOf({ path, text }: { readonly path: string; readonly text: string }): Example[] {
  return blocksOf(text).flatMap((block) => {
    const { value } = parseConfig("block", block);
    return isConfig(value) ? [{ page: path, text: block }] : [];
  });
}

const examples = readTree()
  .filter(({ path }) => path.endsWith(".md"))
  .flatMap(examplesOf);

/** What stands where an example names a plugin of its reader's. */
const readersOwn: Readonly<Record<string, Pick<PluginManifest, "kind" | "offers">>> = {
  "docs/configuration.md": { kind: "coordinator", offers: ["coordinator"] },
  "docs/authoring/isolator.md": { kind: "isolator", offers: ["isolator"] },
  "docs/authoring/transport.md": { kind: "transport", offers: ["transport"] },
  "templates/coordinator/README.md": { kind: "coordinator", offers: ["coordinator"] },
  "templates/isolator/README.md": { kind: "isolator", offers: ["isolator"] },
};

/** Writes the plugins that an example names by a path, so that there is something to be found. */
function writePlugins(folder: string, { page, text }: Example): string {
  return text.replace(/(?<=\bplugin"?: ?"?)\.?\/[^"\s]+/g, (path) => {
    const name = `p${path.replace(/[\W_]+/g, "-")}`.toLowerCase();
    const manifest = { name, version: "1.0.0", contract: "1", entry: "./index.js" };
    const config = { type: "object", additionalProperties: true };
    mkdirSync(join(folder, name), { recursive: true });
    const whole = { ...manifest, ...readersOwn[page], config };
    writeFileSync(join(folder, name, "plugin.json"), JSON.stringify(whole));
    writeFileSync(join(folder, name, "index.js"), "");
    return `./${name}`;
  });
}

describe("configs that pages show", () => {
  test("are found", () => {
    const pages = new Set(examples.map(({ page }) => page));
    for (const page of [...Object.keys(readersOwn), "docs/isolation.md", "docs/docker.md"]) {
      expect(pages, page).toContain(page);
    }
  });

  test.each(examples)("pass the check, and have what a start needs: $page", (example) => {
    const folder = temporaryFolder("tepui-docs-");
    const file = join(folder, "example");
    writeFileSync(file, writePlugins(folder, example));
    const plugins = { builtIn: builtInPlugins(), master: masterAdmission, agent: agentAdmission };
    const problems = checkConfigFile(file, { plugins });
    expect(problems.map((one) => one.describe())).toEqual([]);
  });
});
