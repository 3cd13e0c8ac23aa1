import fc from "fast-check";
import { expect, test } from "vitest";
import { meaningOf } from "../../plugins/allocators/condor/language/evaluate.ts";
import { parse } from "../../plugins/allocators/condor/language/parser.ts";
import type { Literal } from "../../plugins/allocators/condor/language/syntax.ts";
import { meaningOf as referenceOf, type Value } from "../allocation/references/classad.ts";
import { printed } from "../allocation/references/classad-text.ts";
import { bytesOf, trees, values } from "./expressions.ts";

const NAMES = ["a", "b", "nowhere"];

function spelledOut(literal: Literal): Value {
  switch (literal.type) {
    case "integer":
      return { is: "integer", value: BigInt(literal.value) };
    case "real":
      return { is: "real", value: literal.value + 0 };
    case "string":
      return { is: "string", value: bytesOf(literal.value) };
    case "boolean":
      return { is: "boolean", value: literal.value };
    default:
      return { is: literal.type };
  }
}

function literalOf(value: Value): Literal {
  switch (value.is) {
    case "integer":
      return { type: "integer", value: Number(value.value) };
    case "string":
      return { type: "string", value: Buffer.from(value.value, "latin1").toString("utf8") };
    case "real":
      return { type: "real", value: value.value };
    case "boolean":
      return { type: "boolean", value: value.value };
    default:
      return { type: value.is };
  }
}

test("what explanations evaluate is what the reference says, as far as they know", () => {
  let compared = 0;
  const ad = fc.record({ a: values, b: values }, { requiredKeys: [] });
  fc.assert(
    fc.property(trees(NAMES), ad, ad, (tree, my, target) => {
      const own: Readonly<Record<string, Value | undefined>> = my;
      const others: Readonly<Record<string, Value | undefined>> = target;
      const meaning = meaningOf(parse(printed(tree)), ({ scope, name }) => {
        const value =
          scope === "my"
            ? own[name]
            : scope === "target"
              ? others[name]
              : (own[name] ?? others[name]);
        return literalOf(value ?? { is: "undefined" });
      });
      if (meaning === undefined) return;
      compared += 1;
      const wanted = referenceOf(tree, { my, target } as Parameters<typeof referenceOf>[1]);
      const value = wanted.is === "real" ? { ...wanted, value: wanted.value + 0 } : wanted;
      expect(spelledOut(meaning), printed(tree)).toEqual(value);
    }),
    { numRuns: 3_000 },
  );
  expect(compared).toBeGreaterThan(1_000);
});
