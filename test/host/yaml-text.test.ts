import { expect, test } from "vitest";
import { configKinds, readConfig } from "../../kernel/host/config.ts";
import { checkConfigFile } from "../../kernel/host/config-check.ts";
import { parseConfig } from "../../kernel/host/config-file.ts";
import { configFile, problemLines } from "./support/config-file.ts";

const LAST = "until then only what the last of them holds is checked";

test("a field that is given twice is named, and hides nothing else that is wrong", () => {
  const file = configFile("log: { level: loud }\n'hostname': a\n'hostname': b\n");
  expect(checkConfigFile(file).map(({ code, message }) => [code, message])).toEqual([
    ["CONFIG_DUPLICATE_KEY", '"hostname" is given twice'],
    ["CONFIG_BAD_VALUE", expect.stringContaining("/log/level")],
  ]);
});

test("of fields given twice all but the first are named, in the order of the file", () => {
  const file = configFile('cluster: a\n"cluster": { b: 1, b: 2 }\nhostname: h\ncluster: d\n');
  expect(problemLines(file, checkConfigFile(file))).toEqual([
    `2:1 CONFIG_DUPLICATE_KEY "cluster" is given twice; keep one of them; ${LAST}`,
    `2:20 CONFIG_DUPLICATE_KEY "b" is given twice; keep one of them; ${LAST}`,
    `4:1 CONFIG_DUPLICATE_KEY "cluster" is given twice; keep one of them; ${LAST}`,
  ]);
});

test("fifty thousand fields are read, and the wrong ones among them found, in seconds", () => {
  const names = Array.from({ length: 50_000 }, (_, index) => `"role${index}"`);
  const weights = names.map((name, at) => `  ${name}: ${at % 10_000 === 0 ? "x" : 1}`);
  const file = configFile(["weights:", ...weights, '  "role7": 1', ""].join("\n"));
  const lines = problemLines(file, checkConfigFile(file));
  expect(lines.filter((line) => line.includes("DUPLICATE"))).toEqual([
    `50002:3 CONFIG_DUPLICATE_KEY "role7" is given twice; keep one of them; ${LAST}`,
  ]);
  expect(lines.filter((line) => line.includes("BAD_VALUE"))).toHaveLength(5);
});

test("text that is nested beyond reason is one problem, at the place where it is too much", () => {
  const rows: [text: (levels: number) => string, place: RegExp][] = [
    [(levels) => `hostname: ${"[".repeat(levels)}`, /^1:7\d$/],
    [(levels) => "{".repeat(levels), /^1:6\d$/],
    [(levels) => "[".repeat(levels), /^1:6\d$/],
    [(levels) => '{"a":\n'.repeat(levels), /^6\d:\d$/],
    [(levels) => `${"- ".repeat(levels)}x`, /^1:1[23]\d$/],
    [(levels) => "? ".repeat(levels), /^1:1[23]\d$/],
  ];
  for (const [text, place] of rows) {
    for (const levels of [100, 1_000, 5_000, 100_000]) {
      const file = configFile(text(levels));
      const [line = "", ...others] = problemLines(file, checkConfigFile(file));
      expect(others, text(3)).toEqual([]);
      expect(line).toContain("CONFIG_SYNTAX it is nested more deeply");
      expect(line.split(" ")[0], text(3)).toMatch(place);
    }
  }
});

test("brackets that are left open are one problem at the end of the text, however many", () => {
  for (const open of ["{", "["]) {
    const file = configFile(`hostname: ${open.repeat(60)}`);
    expect(problemLines(file, checkConfigFile(file))).toEqual([
      expect.stringMatching(/^1:71 CONFIG_SYNTAX "[}\]]" is missing/),
    ]);
  }
});

test("a list of a variable or flag is read with the same care as a file", () => {
  const twice = "{ roleA: 1, roleA: 2 }";
  const bad = (weights: string): string | undefined =>
    readConfig(configKinds.master, { flags: { weights } }).problems[0]?.describe();
  expect(bad("{".repeat(50_000))).toMatch(/--weights: at character \d+: it is nested more deeply/);
  expect(bad(twice)).toMatch(/--weights: at character 12: "roleA" is given twice/);
  expect(bad("{ roleA: *b }")).toMatch(/--weights: at character 9: "\*b": YAML aliases/);
});

test("a plugin may have a config of many levels", () => {
  const config = `${"[".repeat(60)}${"]".repeat(60)}`;
  expect(parseConfig("c.yaml", `config: ${config}`).problems).toEqual([]);
});
