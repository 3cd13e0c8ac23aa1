import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonProblem } from "../../kernel/host/json-problem.ts";

/** text → where it stops being JSON, and why */
const mistakes: readonly (readonly [string, string])[] = [
  ["", "1:1 expected a value, found the end"],
  ["{", "1:2 expected a name in double quotes, found the end"],
  ['{\n  "a": 1\n  "b": 2\n}', '3:3 expected "," or "}", found "\\""'],
  ['{\n  "a": 1,\n}', '3:1 expected a name in double quotes, found "}"'],
  ['{"a" 1}', '1:6 expected ":", found "1"'],
  ['{"a": }', '1:7 expected a value, found "}"'],
  ['{"a": tru}', '1:7 expected a value, found "t"'],
  ["[1, 2", '1:6 expected "," or "]", found the end'],
  ['{"a": "b\n"}', '1:7 expected text that ends in double quotes on its line, found "\\""'],
  ["{'a': 1}", '1:2 expected a name in double quotes, found "\'"'],
  ["{} {}", '1:4 expected the end of the file, found "{"'],
  ["{\n// no comments\n}", '2:1 expected a name in double quotes, found "/"'],
  ["01", '1:2 expected the end of the file, found "1"'],
];

test.each(mistakes)("%j: %s", (text, said) => {
  expect(() => JSON.parse(text)).toThrow();
  const problem = jsonProblem(text);
  expect(`${problem?.line}:${problem?.column} ${problem?.message}`).toBe(said);
});

test("nesting without end is a mistake, not a crash", () => {
  expect(jsonProblem("[".repeat(1_000_000))?.message).toContain("levels of nesting");
});

test("it agrees with the parser on what is JSON", () => {
  const isJson = (text: string): boolean => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  fc.assert(
    fc.property(fc.json(), fc.nat(), fc.string({ maxLength: 2 }), (text, at, noise) => {
      expect(jsonProblem(text)).toBeUndefined();
      const cut = at % (text.length + 1);
      const broken = text.slice(0, cut) + noise + text.slice(cut + 1);
      expect(jsonProblem(broken) === undefined).toBe(isJson(broken));
    }),
    { numRuns: 2_000 },
  );
});
