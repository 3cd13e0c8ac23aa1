import { expect, test } from "vitest";
import { bannedFindings } from "./banned.ts";
import { listing, readTree } from "./source.ts";

function count(path: string, text: string): number {
  return bannedFindings([{ path, text }]).length;
}

test("nothing is written that the house forbids", () => {
  expect(listing(bannedFindings(readTree()))).toBe("");
});

// Words in two halves: the rules for text of any kind would find them in this file too.
const work = ["", "work", "x"].join("/");
const home = ["", "root", "x"].join("/");
const later = ["TO", "DO"].join("");

test.each([
  ["sdk/a.ts", "console.log(1)"],
  ["sdk/a.ts", "eval('1')"],
  ["sdk/a.ts", "new Function('1')"],
  ["kernel/core/a.ts", "const now = Date.now()"],
  ["kernel/core/a.ts", "performance.now()"],
  ["agent/core/a.ts", "Math.random()"],
  ["agent/core/a.ts", "setTimeout(f, 1)"],
  ["agent/core/a.ts", "process.env"],
  ["agent/core/a.ts", "async () => 1"],
  ["agent/core/a.ts", "let a: Promise<void>"],
  ["sdk/a.ts", 'export * from "./b.ts"'],
  ["sdk/a.ts", "export default 1"],
  ["sdk/a.ts", `// ${later}: later`],
  ["sdk/a.ts", `/* ${["XX", "X"].join("")} */`],
  ["sdk/a.ts", "// @ts-ignore\n"],
  ["test/a.test.ts", "test.only('a')"],
  ["test/a.test.ts", "describe.concurrent.skip('a')"],
  ["test/a.test.ts", "test.skipIf(true)('a')"],
  ["test/a.test.ts", "expect(a).toBeTruthy()"],
  ["sdk/a.ts", `open("${work}")`],
  ["docs/a.md", `cd ${home}`],
  [".ci/run", `npm ci --registry https://${["npm", "registry"].join("-")}.example`],
])("%s: %s is found once", (path, text) => {
  expect(count(path, text)).toBe(1);
});

test.each([
  ["cli/output.ts", "console.log(1)"],
  ["sdk/a.ts", "// console.log(1) is not for us"],
  ["sdk/a.ts", 'const text = "console.log(1)"'],
  ["kernel/io/a.ts", "setTimeout(f, Date.now())"],
  ["kernel/core/a.ts", "state.processes.size + updated.at"],
  ["kernel/core/a.ts", "// No Promise is made here."],
  ["test/support/require.ts", "describe.skip('a')"],
  ["sdk/a.ts", `mkdtemp("a-${"X".repeat(6)}")`],
  ["sdk/a.ts", "export { a } from './b.ts'"],
  ["sdk/a.ts", ["frameworks", "work", "a b", "root", "c"].join("/")],
  ["sdk/a.ts", "registry.weights.get(role)"],
])("%s: %s is let through", (path, text) => {
  expect(count(path, text)).toBe(0);
});

test("a finding says the line and what to write instead", () => {
  expect(listing(bannedFindings([{ path: "sdk/a.ts", text: "\nconsole.log(1)" }]))).toMatch(
    /^sdk\/a\.ts:2 has "console\.": use the logger/,
  );
});
