import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compileJsonSchema, schemaProblem } from "../../contract/check.ts";
import { port } from "../../contract/ports/plugin.ts";
import { configKinds } from "../../kernel/host/config.ts";
import {
  configurationPage,
  manifestSchemaText,
  withManifestTables,
} from "../../kernel/host/config-docs.ts";
import { startHost } from "../../kernel/host/host.ts";
import { placesIn, pluginFolder, writePlugin } from "./support/plugins.ts";

const root = new URL("../../", import.meta.url);

/**
 * Compares a committed file with what it is made from; `npm run docs` or UPDATE_GOLDEN=1 rewrites
 * it.
 */
function expectFile(name: string, make: (now: string) => string): void {
  const file = new URL(name, root);
  const update = process.env["UPDATE_GOLDEN"] === "1";
  let now = "";
  try {
    now = readFileSync(file, "utf8");
  } catch (thrown) {
    if (!update) throw thrown;
  }
  const made = make(now);
  if (update) writeFileSync(file, made);
  else expect(now, `${name} is out of date; run \`npm run docs\``).toBe(made);
}

test("docs/configuration.md says what the schemas say", () => {
  expectFile("docs/configuration.md", configurationPage);
});

test("plugin-manifest.schema.json is the schema that manifests are checked with", () => {
  expectFile("plugin-manifest.schema.json", manifestSchemaText);
  const { $schema: _, ...schema } = JSON.parse(manifestSchemaText());
  expect(schemaProblem(schema)).toBeUndefined();
  const validator = compileJsonSchema(schema, "published manifest schema");
  const good = {
    name: "@acme/drf",
    version: "1.2.3-rc.1",
    kind: "allocator",
    contract: "1 || 2.1",
    entry: "build/policy.wasm",
    offers: ["allocator"],
  };
  expect(validator.check(good).ok).toBe(true);
  expect(validator.check({ ...good, entry: "../policy.wasm" }).ok).toBe(false);
});

test("docs/plugins.md lists every field of the manifest", () => {
  expectFile("docs/plugins.md", withManifestTables);
});

test("every setting has a description, and every optional one says what holds without it", () => {
  for (const { fields, name } of Object.values(configKinds)) {
    expect(fields.length, name).toBeGreaterThan(10);
    for (const field of fields) {
      const key = `${name} ${field.path.join(".")}`;
      expect(field.description.length, key).toBeGreaterThan(10);
      expect(field.words, key).not.toContain("something else");
    }
    const variables = fields.map(({ variable }) => variable);
    expect(new Set(variables).size, name).toBe(variables.length);
  }
});

test("the example plugin of docs/plugins.md runs as it stands there", async () => {
  const page = readFileSync(new URL("docs/plugins.md", root), "utf8");
  const [manifest, code] = ["json", "js"].map(
    (language) => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? "",
  );
  const folder = pluginFolder();
  const plugin = writePlugin(folder, "greeter", {
    manifest: JSON.parse(manifest ?? ""),
    entry: code ?? "",
  });
  const host = await startHost([{ plugin, config: { every: "1mins" } }], placesIn(folder));
  const greeting = host.get(port<{ greet(name: string): string }>("greeting"));
  expect(greeting.greet("Tepui")).toBe("hello, Tepui");
  expect(await host.stop()).toEqual([]);
});
