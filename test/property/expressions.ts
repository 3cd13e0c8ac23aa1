import fc from "fast-check";
import type { Tree, Value } from "../allocation/references/classad.ts";

/** Bytes of a text, one character each. */
export const bytesOf = (text: string) => Buffer.from(text, "utf8").toString("latin1");

const texts = fc.constantFrom(
  ...["", "a", "A", "ab", "aB", "b", "r1", "R1", "x,y z", "é", 'q"\\', "Z"],
);

// Few and small, so that two of them are often equal.
const integers = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -3, max: 5 }) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 31, 2 ** 52, 2 ** 53 - 1, -(2 ** 53) + 1) },
);

const reals = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -6, max: 10 }).map((half) => half / 2) },
  { weight: 1, arbitrary: fc.constantFrom(1e300, 1e-300, 2 ** 53) },
  { weight: 1, arbitrary: fc.double({ min: -100, max: 100, noNaN: true }) },
);

const value = {
  boolean: fc.boolean().map((is): Value => ({ is: "boolean", value: is })),
  integer: integers.map((of): Value => ({ is: "integer", value: BigInt(of) })),
  real: reals.map((of): Value => ({ is: "real", value: of })),
  string: texts.map((of): Value => ({ is: "string", value: bytesOf(of) })),
  none: fc.constantFrom<Value>({ is: "undefined" }, { is: "error" }),
};

/** A literal of any type. */
export const values: fc.Arbitrary<Value> = fc.oneof(...Object.values(value));

const literal = (of: fc.Arbitrary<Value>) => of.map((one): Tree => ({ kind: "value", value: one }));

const COMPARING = ["<", "<=", ">", ">=", "==", "!=", "=?=", "=!="];
const ASKING = ["isUndefined", "isError", "isString", "isInteger", "isReal", "isBoolean"];

type Sort = "any" | "number" | "text" | "condition";
type Tie = (sort: Sort) => fc.Arbitrary<Tree>;

/** What expressions are made of, over what `tie` makes of each sort. */
function formsOver(tie: Tie) {
  /** Mostly of the sort that fits, sometimes of any. */
  const mostly = (sort: Sort): fc.Arbitrary<Tree> =>
    fc.oneof({ weight: 9, arbitrary: tie(sort) }, { weight: 1, arbitrary: tie("any") });
  const operator = (symbols: readonly string[], ...sorts: readonly Sort[]) =>
    fc.record({
      kind: fc.constant("operator" as const),
      operator: fc.constantFrom(...symbols),
      operands: fc.tuple(...sorts.map(mostly)),
    });
  const call = (called: readonly string[], ...sorts: readonly Sort[]) =>
    fc.record({
      kind: fc.constant("function" as const),
      name: fc.constantFrom(...called),
      args: fc.tuple(...sorts.map(mostly)),
    });
  const listing = (called: readonly string[], first: Sort | undefined, of: Sort) =>
    fc.record({
      kind: fc.constant("listing" as const),
      name: fc.constantFrom(...called),
      first: first === undefined ? fc.constant(undefined) : mostly(first),
      members: fc.array(mostly(of), { maxLength: 3 }),
    });
  const choice = (sort: Sort) =>
    fc.oneof(
      operator(["? :"], "condition", sort, sort),
      call(["ifThenElse"], "condition", sort, sort),
      operator(["?:"], sort, sort),
    );
  return { operator, call, listing, choice };
}

type Forms = ReturnType<typeof formsOver>;

function numberForms({ operator, call, listing, choice }: Forms): fc.Arbitrary<Tree>[] {
  return [
    operator(["+", "-", "*", "/", "%"], "number", "number"),
    operator(["-", "+"], "number"),
    call(["int", "real", "floor", "ceiling", "round"], "number"),
    fc.oneof(
      call(["min", "max"], "number", "number"),
      listing(["min", "max"], undefined, "number"),
    ),
    fc.oneof(call(["strcmp", "stricmp"], "text", "text"), call(["size"], "text")),
    choice("number"),
  ];
}

function textForms({ call, choice }: Forms): fc.Arbitrary<Tree>[] {
  return [
    call(["strcat"], "text", "text"),
    fc.oneof(call(["substr"], "text", "number"), call(["substr"], "text", "number", "number")),
    call(["toUpper", "toLower"], "text"),
    choice("text"),
  ];
}

function conditionForms({ operator, call, listing, choice }: Forms): fc.Arbitrary<Tree>[] {
  return [
    operator(["&&", "||"], "condition", "condition"),
    operator(["!"], "condition"),
    fc.oneof(operator(COMPARING, "number", "number"), operator(COMPARING, "text", "text")),
    call(ASKING, "any"),
    listing(["member", "identicalMember"], "number", "number"),
    fc.oneof(
      listing(["member", "identicalMember"], "text", "text"),
      call(["stringListMember", "stringListIMember"], "text", "text"),
      call(["stringListMember", "stringListIMember"], "text", "text", "text"),
    ),
    choice("condition"),
  ];
}

/**
 * Random expressions over these names, of any nesting, most of them over operands that fit. Names
 * may have MY or TARGET before them.
 */
export function trees(names: readonly string[]): fc.Arbitrary<Tree> {
  const name = fc.record({
    kind: fc.constant("name" as const),
    scope: fc.constantFrom("MY." as const, "TARGET." as const, "" as const),
    name: fc.constantFrom(...names, ...names.map((one) => one.toUpperCase())),
  });
  const of = (...branches: fc.Arbitrary<Tree>[]) =>
    fc.oneof({ depthSize: "small", withCrossShrink: true }, ...branches);
  return fc.letrec<Record<Sort, Tree>>((tie) => {
    const forms = formsOver(tie as Tie);
    return {
      any: of(literal(values), name, tie("number"), tie("text"), tie("condition")),
      number: of(
        fc.oneof(literal(value.integer), literal(value.real), name),
        ...numberForms(forms),
      ),
      text: of(fc.oneof(literal(value.string), name), ...textForms(forms)),
      condition: of(
        fc.oneof(literal(value.boolean), literal(value.none), name),
        ...conditionForms(forms),
      ),
    };
  }).any;
}
