import fc from "fast-check";
import type {
  Field,
  MessageDef,
} from "../../plugins/transports/mesos-v1-http/definitions/define.ts";

const text = fc.string({ unit: "grapheme", maxLength: 12 });
const scalars = {
  str: text,
  bytes: fc.uint8Array({ maxLength: 40 }),
  bool: fc.boolean(),
  dbl: fc.double({ noNaN: true }).map((value) => (value === 0 ? 0 : value)),
  i32: fc.integer(),
  u32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  i64: fc.maxSafeInteger(),
  u64: fc.maxSafeNat(),
} as const;

/** Any message of a definition: every field may be there, and required ones are. */
export function arbitraryMessage(def: MessageDef, depth = 0): fc.Arbitrary<object> {
  const required: Record<string, fc.Arbitrary<unknown>> = {};
  const optional: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of def.fields) {
    if (field.label === "required") required[field.name] = arbitraryField(field, depth);
    // Nothing optional far down, so that messages end.
    else if (depth < 3 && !field.isOneOf) optional[field.name] = arbitraryField(field, depth);
  }
  const plain = fc
    .tuple(fc.record(required), fc.record(optional, { requiredKeys: [] }))
    .map(([must, may]) => ({ ...must, ...may }));
  if (def.oneOf.length === 0 || depth > 3) return plain;
  const choice = fc.oneof(
    ...def.oneOf.map((field) =>
      arbitraryField(field, depth).map((value) => ({ [field.name]: value })),
    ),
  );
  return fc.tuple(plain, choice).map(([rest, chosen]) => ({ ...rest, ...chosen }));
}

function arbitraryField(field: Field, depth: number): fc.Arbitrary<unknown> {
  const one: fc.Arbitrary<unknown> =
    field.message !== undefined
      ? arbitraryMessage(field.message, depth + 1)
      : field.enumeration !== undefined
        ? fc.constantFrom(...field.enumeration.numbers.keys())
        : (scalars[field.scalar ?? "str"] as fc.Arbitrary<unknown>);
  if (field.label === "repeated") return fc.array(one, { minLength: 1, maxLength: 3 });
  if (field.label === "map") {
    return fc
      .array(fc.tuple(text, one as fc.Arbitrary<unknown>), { minLength: 1, maxLength: 3 })
      .map((entries) => Object.fromEntries(entries));
  }
  return one;
}
