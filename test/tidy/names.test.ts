import { expect, test } from "vitest";
import { docstringFindings, nameFindings } from "./names.ts";
import { listing, readTree } from "./source.ts";

const named = (path: string) => nameFindings([{ path, text: "" }]).length;
const undocumented = (text: string) => docstringFindings([{ path: "a.ts", text }]).length;

test("file names say their subject, in lower case with dashes", () => {
  expect(listing(nameFindings(readTree()))).toBe("");
});

test("every exported name has a docstring", () => {
  expect(listing(docstringFindings(readTree()))).toBe("");
});

test("names without a subject and names in other cases are found", () => {
  for (const path of ["sdk/utils.ts", "sdk/task-helpers.ts", "misc/a.ts", "kernel/manager.ts"]) {
    expect(named(path), path).toBe(1);
  }
  for (const path of ["sdk/TaskState.ts", "sdk/task_state.ts", "sdk/-a.ts"]) {
    expect(named(path), path).toBe(1);
  }
  for (const path of ["sdk/task-state.ts", "test/sdk/task-state.test.ts", "utils.md"]) {
    expect(named(path), path).toBe(0);
  }
});

test("an export needs a docstring of its own, right above it, that says something", () => {
  expect(undocumented("export const a = 1;")).toBe(1);
  expect(undocumented("// A remark.\nexport function a() {}")).toBe(1);
  expect(undocumented("/** */\nexport type A = 1;")).toBe(1);
  expect(undocumented("/** The file's own. */\n\nexport class A {}")).toBe(1);
  expect(undocumented("/** What a is. */\nconst b = 1;\nexport const a = 1;")).toBe(1);
  expect(undocumented("/** What a is. */\nexport const a = 1;\nexport const b = 1;")).toBe(1);
});

test("documented exports, overloads and re-exports pass", () => {
  expect(undocumented("/** What a is. */\nexport const a = 1;")).toBe(0);
  expect(undocumented("/**\n * What a is.\n */\nexport abstract class A {}")).toBe(0);
  const overload = "export function a(b: string): void;\nexport function a(b: number): void;";
  expect(undocumented(`/** What a is. */\n${overload}`)).toBe(0);
  expect(undocumented('export { a } from "./a.ts";')).toBe(0);
});
