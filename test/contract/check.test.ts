import { Type } from "typebox";
import { expect, test } from "vitest";
import { compile, problemLine, schemaProblem } from "../../contract/check.ts";
import { BytesSchema } from "../../contract/schema/basics.ts";

const Port = Type.Integer({ minimum: 0, maximum: 65535, default: 5050 });
const Level = Type.Union([Type.Literal("info"), Type.Literal("warn")]);
const Shop = Type.Object({
  agents: Type.Array(Type.Object({ port: Port })),
  level: Type.Optional(Level),
  pair: Type.Optional(Type.Tuple([Type.String(), Type.Number({ minimum: 1 })])),
  shares: Type.Optional(Type.Record(Type.String(), Type.Number())),
  both: Type.Optional(
    Type.Intersect([Type.Object({ left: Type.String() }), Type.Object({ right: Type.String() })]),
  ),
  entry: Type.Optional(
    Type.Union([Type.String({ minLength: 1 }), Type.Object({ name: Type.String() })]),
  ),
});
const shop = compile(Shop, "shop");
const Call = Type.Union([
  Type.Object({ type: Type.Literal("accept"), offers: Type.Integer() }),
  Type.Object({ type: Type.Literal("decline"), seconds: Type.Optional(Type.Number()) }),
]);
const call = compile(Call, "call", "wire");

function lines(value: unknown, validator: typeof shop | typeof call = shop): string[] {
  const checked = validator.check(value);
  return checked.ok ? [] : checked.problems.map(problemLine);
}

test("a problem says where it is, what would be right and what was found", () => {
  const rows: [object, string][] = [
    [
      { agents: [{ port: "x" }] },
      '/agents/0/port: must be a whole number between 0 and 65535, got "x"',
    ],
    [
      { agents: [{ port: 70000 }] },
      "/agents/0/port: must be a whole number between 0 and 65535, got 70000",
    ],
    [
      { agents: [{ port: 1.5 }] },
      "/agents/0/port: must be a whole number between 0 and 65535, got 1.5",
    ],
    [{ agents: {} }, "/agents: must be a list of objects, got an object"],
    [{}, '/: must have the field "agents" (a list of objects)'],
    [{ agents: [{ prt: 1 }] }, '/agents/0/prt: there is no field "prt" here; did you mean "port"?'],
    [
      { agents: [], level: "wran" },
      '/level: must be "info" or "warn", got "wran"; did you mean "warn"?',
    ],
    [{ agents: [], pair: ["a", 0] }, "/pair/1: must be a number of at least 1, got 0"],
    [{ agents: [], pair: ["a"] }, "/pair: must have at least 2 entries"],
    [{ agents: [], shares: { "a/b": "x" } }, '/shares/a~1b: must be a number, got "x"'],
    [
      { agents: [], both: { left: "", right: "", up: 1 } },
      '/both/up: there is no field "up" here; known fields: left, right',
    ],
    [{ agents: [], entry: "" }, '/entry: must be text that is not empty or an object, got ""'],
    [{ agents: [], entry: { name: 3 } }, "/entry/name: must be text, got 3"],
  ];
  for (const [value, line] of rows) expect(lines(value)).toEqual([line]);
});

test("mode strict lists every problem", () => {
  expect(lines({ agents: [{ port: -1 }, { port: true }], level: 3, extra: 1 })).toHaveLength(4);
});

test("mode strict fills defaults into a copy and leaves the given value alone", () => {
  const given = { agents: [{}] };
  expect(shop.check(given)).toEqual({ ok: true, value: { agents: [{ port: 5050 }] } });
  expect(given).toEqual({ agents: [{}] });
});

test("mode wire tolerates unknown fields, and stops at the first problem", () => {
  expect(call.check({ type: "accept", offers: 1, later: true }).ok).toBe(true);
  expect(lines({ type: "accept", offers: "1" }, call)).toEqual([
    '/offers: must be a whole number, got "1"',
  ]);
  expect(lines({ type: "acept" }, call)).toEqual([
    '/type: must be "accept" or "decline", got "acept"; did you mean "accept"?',
  ]);
  for (const nonsense of [null, undefined, 3, "x", [], {}, { type: 7 }]) {
    expect(lines(nonsense, call)).toHaveLength(1);
    expect(call.is(nonsense)).toBe(false);
  }
});

test("NaN and infinite numbers are not numbers", () => {
  expect(call.is({ type: "decline", seconds: 1 })).toBe(true);
  expect(call.is({ type: "decline", seconds: Number.NaN })).toBe(false);
  expect(call.is({ type: "decline", seconds: Number.POSITIVE_INFINITY })).toBe(false);
});

test("a huge wrong value is cut in the message", () => {
  const [line] = lines({ agents: [{ port: "x".repeat(100_000) }] });
  expect(line?.length).toBeLessThan(150);
});

test("a JSON Schema from outside is refused with its reason when it is not one", () => {
  expect(schemaProblem({ type: "object", properties: { a: { type: "number" } } })).toBeUndefined();
  expect(schemaProblem({ type: "strang" })).toContain("type");
  expect(schemaProblem({ type: "number", minimun: 1 })).toContain("minimun");
  expect(schemaProblem("x")).toContain("must be an object");
  expect(schemaProblem({ $ref: "#/$defs/nowhere" })).toContain("nowhere");
});

test("bytes are a Uint8Array, and nothing else passes for them", () => {
  const check = compile(Type.Object({ data: BytesSchema }), "message", "wire");
  expect(check.is({ data: new Uint8Array([1, 2]) })).toBe(true);
  const refused = check.check({ data: "AQI=" });
  expect(refused).toMatchObject({
    ok: false,
    problems: [{ path: "/data", message: 'must be bytes, got "AQI="' }],
  });
});
