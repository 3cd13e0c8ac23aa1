import { Type as Original } from "typebox";
import { expect, test } from "vitest";
import { Type } from "../../contract/typebox.ts";

/** One schema with every builder in it, each with and without what may be left out. */
function everything(B: typeof Type) {
  const name = B.String({ minLength: 1, description: "a name" });
  const shared = B.Object({ begin: B.Readonly(B.Integer({ minimum: 0 })) });
  return B.Object(
    {
      name,
      plain: B.String(),
      maybe: B.Optional(name),
      never: B.Readonly(B.Optional(B.Boolean())),
      other: B.Optional(B.Readonly(B.Boolean({ default: true }))),
      amount: B.Number({ maximum: 5 }),
      bare: B.Number(),
      whole: B.Integer(),
      words: B.Literal("a", { title: "A" }),
      one: B.Literal(1),
      truth: B.Literal(true),
      list: B.Array(shared, { maxItems: 3 }),
      frozen: B.Immutable(B.Array(name)),
      either: B.Union([B.Literal("RW"), B.Literal("RO")]),
      described: B.Union([name, B.Number()], { description: "either" }),
      choice: B.Enum(["x", "y"], { default: "x" }),
      bareChoice: B.Enum(["x", "y"]),
      map: B.Record(B.String(), B.Unknown()),
      pattern: B.Record(B.String({ pattern: "^\\d+$" }), B.Integer(), { default: {} }),
      own: B.Unsafe<number>({ type: "string", unit: "bytes" }),
      ownMaybe: B.Optional(B.Unsafe<number>({ const: 7 })),
      anything: B.Unknown({ description: "whatever" }),
      empty: B.Object({}, { additionalProperties: true }),
      allMaybe: B.Optional(B.Object({ a: B.Optional(B.String()) })),
    },
    { title: "everything" },
  );
}

test("every builder makes the schema, key for key, that typebox makes", () => {
  const original = everything(Original as unknown as typeof Type);
  // As text, because the order of the keys is what a person reads in a schema that is published.
  expect(JSON.stringify(everything(Type), null, 1)).toBe(JSON.stringify(original, null, 1));
});

test("a schema marked as optional keeps the very properties that it had", () => {
  const inner = Type.Object({ a: Type.String() });
  expect(Type.Optional(inner).properties).toBe(inner.properties);
  expect(Type.Optional(inner)).not.toBe(inner);
});
