import { expect, test } from "vitest";
import { importFindings } from "./imports.ts";
import { listing, readTree } from "./source.ts";

const packages = { runtime: ["ws", "ajv"], development: ["vitest"] };

function messages(path: string, text: string): string[] {
  return importFindings([{ path, text }], packages).map((finding) => finding.message);
}

test("imports follow the arrows of ARCHITECTURE.md", () => {
  const tree = readTree();
  const { dependencies, devDependencies } = JSON.parse(
    tree.find(({ path }) => path === "package.json")?.text ?? "",
  );
  const findings = importFindings(tree, {
    runtime: Object.keys(dependencies),
    development: Object.keys(devDependencies),
  });
  expect(listing(findings)).toBe("");
});

test.each([
  ["contract/a.ts", "../wire/b.ts"],
  ["contract/a.ts", "node:fs"],
  ["contract/a.ts", "ws"],
  ["wire/a.ts", "../kernel/host/b.ts"],
  ["kernel/host/a.ts", "../core/b.ts"],
  ["kernel/core/a.ts", "node:crypto"],
  ["kernel/core/a.ts", "ajv"],
  ["kernel/core/a.ts", "../allocation/b.ts"],
  ["kernel/core/steps/a.ts", "../../host/b.ts"],
  ["kernel/allocation/a.ts", "../io/b.ts"],
  ["kernel/io/a.ts", "../main.ts"],
  ["kernel/main.ts", "../agent/core/b.ts"],
  ["kernel/main.ts", "../plugins/transports/memory/index.ts"],
  ["agent/io/a.ts", "../../kernel/core/b.ts"],
  ["agent/io/a.ts", "../containerizer/b.ts"],
  ["plugins/isolators/a/index.ts", "../b/index.ts"],
  ["plugins/isolators/a/index.ts", "../../../kernel/host/b.ts"],
  ["sdk/a.ts", "../kernel/host/b.ts"],
  ["frameworks/batch/a.ts", "../../wire/b.ts"],
  ["cli/a.ts", "../kernel/main.ts"],
  ["cli/a.ts", "../simulation/simulate.ts"],
  ["simulation/a.ts", "../agent/core/b.ts"],
  ["kernel/io/a.ts", "../../conformance/random.ts"],
  ["examples/a.ts", "../kernel/main.ts"],
  ["cli/a.ts", "../bench/main.ts"],
  ["sdk/a.ts", "vitest"],
  ["sdk/a.ts", "left-pad"],
  ["sdk/a.ts", "fs"],
  ["sdk/a.ts", "./b.js"],
  ["sdk/a.ts", "./b"],
  ["assembly/policies/a.ts", "../../contract/limits"],
  ["assembly/policies/a.ts", "ajv"],
  ["attic/a.ts", "./b.ts"],
])("%s may not import %s", (path, target) => {
  expect(messages(path, `import { x } from "${target}";`)).toHaveLength(1);
  expect(messages(path, `import type { X } from "${target}";`)).toHaveLength(1);
});

test.each([
  ["contract/a.ts", "./b.ts"],
  ["contract/a.ts", "ajv"],
  ["kernel/io/a.ts", "../core/b.ts"],
  ["kernel/main.ts", "./io/b.ts"],
  ["agent/io/a.ts", "../../kernel/host/b.ts"],
  ["plugins/isolators/a/x/y.ts", "../index.ts"],
  ["plugins/isolators/a/index.ts", "../../../wire/b.ts"],
  ["test/a.ts", "vitest"],
  ["assembly/policies/a.ts", "../shared/b"],
])("%s may import %s", (path, target) => {
  expect(messages(path, `import { x } from "${target}";`)).toEqual([]);
});

test("the command line loads a master, an agent or a simulation lazily, and nothing else that way", () => {
  expect(messages("cli/a.ts", 'await import("../kernel/main.ts");')).toEqual([]);
  expect(messages("cli/a.ts", 'await import("../simulation/simulate.ts");')).toEqual([]);
  expect(messages("cli/a.ts", 'await import("../kernel/io/inbox.ts");')).toHaveLength(1);
});
