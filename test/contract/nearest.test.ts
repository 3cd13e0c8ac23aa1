import fc from "fast-check";
import { expect, test } from "vitest";
import { didYouMean, editDistance, nearest } from "../../contract/nearest.ts";

test("edits are insertions, deletions, replacements and swaps of neighbours", () => {
  const rows: [string, string, number][] = [
    ["", "", 0],
    ["abc", "abc", 0],
    ["abc", "", 3],
    ["abc", "abxc", 1],
    ["abcd", "abc", 1],
    ["abc", "abx", 1],
    ["abcd", "abdc", 1],
    ["timeout", "tiemout", 1],
    ["kitten", "sitting", 3],
  ];
  for (const [left, right, edits] of rows) expect(editDistance(left, right), left).toBe(edits);
});

test("edit distance is symmetric, and zero only between equal words", () => {
  const word = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(word, word, (left, right) => {
      expect(editDistance(left, right)).toBe(editDistance(right, left));
      expect(editDistance(left, right) === 0).toBe(left === right);
    }),
  );
});

test("the nearest name is found through typos, case and separators, and a far one is not", () => {
  const known = ["offerTimeout", "allocationInterval", "port"];
  expect(nearest("offer_timeout", known)).toBe("offerTimeout");
  expect(nearest("ofertimeout", known)).toBe("offerTimeout");
  expect(nearest("prot", known)).toBe("port");
  expect(nearest("weights", known)).toBeUndefined();
  expect(nearest("x", ["a"])).toBeUndefined();
  expect(nearest("x".repeat(10_000), known)).toBeUndefined();
  expect(didYouMean("prt", known)).toBe('did you mean "port"?');
});
