import { expect, test } from "vitest";
import { idProblem, roleProblem } from "../../contract/ids.ts";

test.each([
  ["", "it is empty"],
  ["a/b", 'it has a "/" at position 1'],
  ["..", '".." names a directory'],
  ["x".repeat(256), "it is longer than 255 bytes"],
  ["é".repeat(128), "it is longer than 255 bytes"],
  ["x".repeat(255), undefined],
])("the id %j: %s (M1)", (id, problem) => {
  expect(idProblem(id)).toBe(problem);
});

test.each([
  ["*", undefined],
  ["a/b/c", undefined],
  ["a//b", "it has an empty component"],
  ["-a", 'it starts with "-"'],
  ["a/*", '"*" is only a role when it stands alone'],
  ["a\u0001", "it has a control character"],
  ["r".repeat(1_025), "it is longer than 1024 bytes"],
  ["r".repeat(1_024), undefined],
])("the role %j: %s (E6)", (role, problem) => {
  expect(roleProblem(role)).toBe(problem);
});
