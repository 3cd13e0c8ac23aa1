import { expect, test } from "vitest";
import { deadFindings } from "./dead-files.ts";
import { listing, readTree } from "./source.ts";

function dead(files: Record<string, string>): string[] {
  const tree = Object.entries(files).map(([path, text]) => ({ path, text }));
  return deadFindings(tree).map(({ path }) => path);
}

test("every file is imported by something or starts on its own", () => {
  expect(listing(deadFindings(readTree()))).toBe("");
});

test("what is reached from an entry lives, at any distance, also by import() and new URL", () => {
  expect(
    dead({
      "kernel/main.ts": 'import "./a.ts"; new URL("./worker.js", import.meta.url);',
      "kernel/a.ts": 'await import("./b.ts");',
      "kernel/b.ts": "",
      "kernel/worker.ts": "",
      "plugins/isolators/x/plugin.json": '{ "entry": "./index.js" }',
      "plugins/isolators/x/index.ts": "",
      "package.json": '{ "bin": "./dist/tool/go.js" }',
      "tool/go.ts": "",
      "test/a.test.ts": 'import "./support/c.ts";',
      "test/support/c.ts": "",
    }),
  ).toEqual([]);
});

test("files that nothing reaches are dead, also when they import each other", () => {
  expect(
    dead({
      "kernel/main.ts": "",
      "kernel/a.ts": 'import "./b.ts";',
      "kernel/b.ts": 'import "./a.ts";',
      "plugins/isolators/x/index.ts": "",
      "test/support/c.ts": "",
      "assembly/policies/d.ts": "",
    }),
  ).toEqual(["kernel/a.ts", "kernel/b.ts", "plugins/isolators/x/index.ts", "test/support/c.ts"]);
});
