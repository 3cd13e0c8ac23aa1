import { expect, test } from "vitest";
import { AgentConfigSchema } from "../../contract/config/agent.ts";
import { MasterConfigSchema } from "../../contract/config/master.ts";
import { isTest, isTypeScript, readTree } from "./source.ts";

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
}

/** Names of all settings below a schema, those of groups included. */
function settings({ properties = {} }: Shape): string[] {
  return Object.entries(properties).flatMap(([name, shape]) => [name, ...settings(shape)]);
}

const readers = readTree()
  .filter((file) => isTypeScript(file) && !isTest(file.path))
  .filter(({ path }) => /^(kernel|agent|cli)\//.test(path))
  .map(({ text }) => text)
  .join("\n");

test.each([
  ["master", MasterConfigSchema],
  ["agent", AgentConfigSchema],
] as const)("every setting of the %s is read by something", (_, schema) => {
  const names = settings(schema as Shape);
  expect(names.length).toBeGreaterThan(10);
  // As a property (`config.name`), or taken apart (`{ name }`, `{ name: other }`).
  const isRead = (name: string): boolean =>
    new RegExp(`\\.${name}\\b|[{,]\\s*${name}\\s*[,:}]`).test(readers);
  expect(names.filter((name) => !isRead(name))).toEqual([]);
});
