import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  fileFindings,
  functionFindings,
  functionsOf,
  lineFindings,
  type Ratchet,
  tightened,
} from "./size.ts";
import { listing, readTree } from "./source.ts";

const tree = readTree();
const ratchetFile = new URL("./ratchet.json", import.meta.url);
// `UPDATE_RATCHET=1 npx vitest run test/tidy` accepts what is there; the diff is for a reviewer.
if (process.env["UPDATE_RATCHET"] === "1") {
  writeFileSync(ratchetFile, `${JSON.stringify(tightened(tree), undefined, 2)}\n`);
}
const ratchet: Ratchet = JSON.parse(readFileSync(ratchetFile, "utf8"));
const none: Ratchet = { files: {}, functions: {} };

test("no line is over 100 columns", () => {
  expect(listing(lineFindings(tree))).toBe("");
});

test("no file is over 300 lines, except those that were accepted, which may only shrink", () => {
  expect(listing(fileFindings(tree, ratchet))).toBe("");
});

test("no function is over 60 lines, except those that were accepted, which may only shrink", () => {
  expect(listing(functionFindings(tree, ratchet))).toBe("");
});

test("a wide line is found where it is; an address may be wide", () => {
  const wide = "x".repeat(101);
  const text = `${"é".repeat(100)}\n${wide}\n// https://example.org/${wide}\n`;
  expect(lineFindings([{ path: "a.ts", text }])).toMatchObject([{ path: "a.ts", line: 2 }]);
});

test("a long file needs the ratchet, may not grow past it, and never passes 500 lines", () => {
  const file = (lines: number) => [{ path: "a.ts", text: "x\n".repeat(lines) }];
  const accepted: Ratchet = { files: { "a.ts": 400 }, functions: {} };
  expect(fileFindings(file(300), none)).toEqual([]);
  expect(fileFindings(file(301), none)).toHaveLength(1);
  expect(fileFindings(file(400), accepted)).toEqual([]);
  expect(fileFindings(file(401), accepted)).toHaveLength(1);
  expect(fileFindings(file(501), { files: { "a.ts": 900 }, functions: {} })).toHaveLength(1);
  expect(tightened(file(301)).files).toEqual({ "a.ts": 301 });
});

test("functions of every form are measured, and blocks are not", () => {
  const text = `
export function one<T>(a: { b: T }, c = (d: T) => d): T | undefined {
  if (a) {
    for (const e of f()) { g(e); }
  }
}
class C {
  async #two(a: number): Promise<void> {
    while (a) {}
  }
}
const three = (a: string): string => {
  switch (a) { default: return a; }
};
const four = { five: 5 };
`;
  expect(functionsOf(text).map(({ name, lines }) => `${name} ${lines}`)).toEqual([
    "one 5",
    "#two 3",
    "three 3",
  ]);
});

test("a long function needs the ratchet, and tests are free", () => {
  const text = `function long() {\n${"  x();\n".repeat(59)}}\n`;
  const accepted: Ratchet = { files: {}, functions: { "a.ts long": 61 } };
  expect(functionFindings([{ path: "a.ts", text }], none)).toHaveLength(1);
  expect(functionFindings([{ path: "a.ts", text }], accepted)).toEqual([]);
  expect(functionFindings([{ path: "a.test.ts", text }], none)).toEqual([]);
  expect(tightened([{ path: "a.ts", text }]).functions).toEqual({ "a.ts long": 61 });
});
