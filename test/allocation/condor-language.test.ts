import { describe, expect, test } from "vitest";
import { companion } from "../../plugins/allocators/condor/companion.ts";
import { parse } from "../../plugins/allocators/condor/language/parser.ts";
import { meaningOf, type Tree, type Value } from "./references/classad.ts";
import { printedValue } from "./references/classad-text.ts";
import { CondorCluster, condor, factsOf, RankReader } from "./support/condor.ts";

// Compiled before the first test, which has a time limit.
const instances = condor();
const reader = new RankReader();

/** What expressions of a framework evaluate to, over an agent with these attributes. */
function evaluated(
  expressions: readonly string[],
  attributes: Readonly<Record<string, string | number>> = {},
): string[] {
  const cluster = new CondorCluster(instances);
  cluster.machine("host", attributes, 4, 2);
  for (const [n, rank] of expressions.entries()) {
    cluster.framework(`f${n}`, "role", { "condor.rank": rank, team: "red" });
  }
  return reader.read(cluster.tables).map(([mine]) => printedValue(mine));
}

const T = "true";
const F = "false";
const U = "undefined";
const E = "error";

describe("conditions have three values, and errors", () => {
  const rows: [left: string, and: string[], or: string[]][] = [
    [T, [T, F, U, E], [T, T, T, T]],
    [F, [F, F, F, F], [T, F, U, E]],
    [U, [U, F, U, E], [T, U, U, E]],
    [E, [E, E, E, E], [E, E, E, E]],
  ];
  test.each(rows)("%s && and || with true, false, undefined, error on the right", (l, and, or) => {
    expect(evaluated([T, F, U, E].map((r) => `${l} && ${r}`))).toEqual(and);
    expect(evaluated([T, F, U, E].map((r) => `${l} || ${r}`))).toEqual(or);
  });

  test("! turns true and false around and leaves the others", () => {
    expect(evaluated([T, F, U, E, "0", "0.5", '"x"'].map((one) => `!${one}`))).toEqual([
      ...[F, T, U, E, T, F, E],
    ]);
  });

  test("a choice without a condition has the value of what should have been one", () => {
    const tests = [T, F, U, E, "2", "0.0", '"x"'];
    expect(evaluated(tests.map((one) => `${one} ? 1 : 2`))).toEqual([
      ...["1", "2", U, E, "1", "2", E],
    ]);
    expect(evaluated(tests.map((one) => `${one} ?: 2`))).toEqual([
      ...[T, F, "2", E, "2", "0.0", '"x"'],
    ]);
  });

  test("identity is never undefined, comparison is as soon as one side is", () => {
    expect(evaluated([`${U} =?= ${U}`, `${E} =?= ${E}`, `${U} =?= ${E}`])).toEqual([T, T, F]);
    expect(evaluated([`${U} == ${U}`, `1 < ${U}`, `${U} == ${E}`])).toEqual([U, U, E]);
    expect(evaluated(['"a" == "A"', '"a" =?= "A"', "1 == 1.0", "1 =?= 1.0"])).toEqual([T, F, T, F]);
    expect(evaluated(["1 is 1", "1 isnt 1", '1 == "1"', "true == 1"])).toEqual([T, F, E, T]);
  });
});

/** Every kind of value, and those at which rules change. */
const VALUES: readonly Value[] = [
  { is: "undefined" },
  { is: "error" },
  { is: "boolean", value: true },
  { is: "boolean", value: false },
  ...[0n, 1n, -2n, 3n, 9007199254740991n].map((value) => ({ is: "integer", value }) as const),
  ...[0, 1, 0.5, 1.5, -2.5, 1e300].map((value) => ({ is: "real", value }) as const),
  ...["", "a", "A", "ab", "b", "a,b"].map((value) => ({ is: "string", value }) as const),
];

const leaf = (value: Value): Tree => ({ kind: "value", value });

/** Holds what expressions evaluate to against the reference. */
function compare(trees: readonly (readonly [text: string, tree: Tree])[]): void {
  const ads = { my: {}, target: {} };
  const wanted = trees.map(([text, tree]) => `${text} is ${printedValue(meaningOf(tree, ads))}`);
  const values = evaluated(trees.map(([text]) => text));
  expect(trees.map(([text], n) => `${text} is ${values[n]?.replace("(-0.0)", "0.0")}`)).toEqual(
    wanted.map((line) => line.replace("(-0.0)", "0.0")),
  );
}

describe("everything means what the reference says", () => {
  const operators = ["+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "=?=", "=!="];
  test.each([...operators, "&&", "||", "?:"])("%s over every pair of values", (operator) => {
    compare(
      VALUES.flatMap((a) =>
        VALUES.map((b) => {
          const text = `${printedValue(a)} ${operator} ${printedValue(b)}`;
          return [text, { kind: "operator", operator, operands: [leaf(a), leaf(b)] }] as const;
        }),
      ),
    );
  });

  const ones = [
    ...["isUndefined", "isError", "isString", "isInteger", "isReal", "isBoolean", "int", "real"],
    ...["floor", "ceiling", "round", "min", "max", "strcat", "toUpper", "toLower", "size"],
  ];
  const twos = [
    ...["min", "max", "strcat", "strcmp", "stricmp", "substr", "stringListMember"],
    "stringListIMember",
  ];
  test.each([...ones.map((name) => [name, 1] as const), ...twos.map((name) => [name, 2] as const)])(
    "%s of %i arguments",
    (name, count) => {
      const lists = count === 1 ? VALUES.map((a) => [a]) : pairs();
      compare(
        lists.map((list) => {
          const text = `${name}(${list.map(printedValue).join(", ")})`;
          return [text, { kind: "function", name, args: list.map(leaf) }] as const;
        }),
      );
    },
  );

  test.each(["member", "identicalMember"])("%s of every value in a list", (name) => {
    compare(
      VALUES.map((a) => {
        const members = VALUES.filter(({ is }) => is !== "undefined").map(leaf);
        const list = VALUES.filter(({ is }) => is !== "undefined").map(printedValue);
        const text = `${name}(${printedValue(a)}, {${list.join(", ")}})`;
        return [text, { kind: "listing", name, first: leaf(a), members }] as const;
      }),
    );
  });
});

function pairs(): Value[][] {
  return VALUES.flatMap((a) => VALUES.map((b) => [a, b]));
}

describe("names", () => {
  const attributes = { rack: "r1", team: "blue", speed: 2_500, "my-attr": "x" };
  test("are looked up in the ad of their scope, or in both, whatever their case", () => {
    expect(evaluated(["TARGET.rack", "target.RACK", "MY.rack", "rack"], attributes)).toEqual([
      ...['"r1"', '"r1"', U, '"r1"'],
    ]);
    expect(evaluated(["MY.team", "TARGET.team", "team"], attributes)).toEqual([
      ...['"red"', '"blue"', '"red"'],
    ]);
  });

  test("stand for amounts, as reals in whole units, and for all that the agent has", () => {
    expect(evaluated(["cpus", "TARGET.mem", "MY.cpus", "total_cpus", "speed"], attributes)).toEqual(
      ["4.0", "2.0", U, "4.0", "2.5"],
    );
  });

  test("that are no words stand in single quotes", () => {
    expect(evaluated(["TARGET.'my-attr'", "'my-attr' == \"X\"", "'true'"], attributes)).toEqual([
      ...['"x"', T, U],
    ]);
  });

  test("say who a framework is before what its labels claim", () => {
    const labels = { user: "root", name: "other", "condor.user": '"root"', "condor.vip": "true" };
    const cluster = new CondorCluster(instances);
    const rank = 'strcat(TARGET.user, "/", TARGET.name, "/", TARGET.role)';
    cluster.machine("host", { "condor.rank": rank });
    cluster.framework("f", "dev", labels);
    expect(reader.read(cluster.tables)[0]?.[1]).toEqual({ is: "string", value: "f-user/f/dev" });
  });
});

describe("a text is refused with the column at which it goes wrong", () => {
  const cases: [text: string, column: number, message: string][] = [
    ["", 1, "it is empty"],
    ["1 +", 4, "expected a value, found the end"],
    ["(1 + 2", 7, 'expected ")" for the "(" at column 1, found the end'],
    ["rack = 3", 6, '"=" means nothing here'],
    ['rack == "r1', 9, 'the " that begins here is not closed'],
    ["a && & b", 6, '"&" means nothing here'],
    ["TARGET. == 3", 9, 'expected the name of an attribute, found "=="'],
    ["other.rack", 1, "the scopes are MY and TARGET"],
    ["rack rack", 6, 'expected an operator or the end, found "rack"'],
    ["1 ? 2", 6, 'expected ":" after "?", found the end'],
    ["flor(1.5)", 1, "there is no function flor"],
    ["floor(1, 2)", 1, "floor has 1 arguments, not 2"],
    ["substr(rack)", 1, "substr has 2 to 3 arguments, not 1"],
    ["member(rack, rack)", 14, 'expected "{" for the list of member, found "rack"'],
    ["rack == {1}", 9, "a list cannot stand here"],
    ['"a\\qb"', 3, '"\\q" is no escape'],
    ["99999999999999999", 1, "the number 99999999999999999 is too large"],
    ["x == 1e999", 6, "the number 1e999 is too large"],
    [`${"(".repeat(70)}1${")".repeat(70)}`, 65, "it nests deeper than 64"],
    [`${"!".repeat(70)}1`, 64, "it nests deeper than 64"],
    [`${"x+".repeat(1_030)}1`, 2_049, "it has 2061 characters, over 2048"],
  ];
  test.each(cases)("%j", (text, column, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ column, message }));
  });

  test("and a hint where one is known", () => {
    expect(() => parse("flor(1.5)")).toThrow(expect.objectContaining({ hint: "is it floor?" }));
    expect(() => parse("a = 1")).toThrow(
      expect.objectContaining({ hint: 'comparison is "==", identity "=?="' }),
    );
  });
});

describe("a companion refuses", () => {
  const check = (labels: Record<string, string>) =>
    companion({}).checkFramework?.(factsOf("f", "role", labels).framework);

  test("frameworks by label and column, and takes those that state nothing wrong", () => {
    expect(check({})).toBe(undefined);
    expect(check({ rack: "(", "condor.requirements": "TARGET.rack == MY.rack" })).toBe(undefined);
    expect(check({ "condor.requirements": "cpus >" })).toMatchObject({
      where: "labels/condor.requirements",
      column: 7,
    });
    expect(check({ "Condor.Rank": "cpus cpus" })).toMatchObject({
      where: "labels/Condor.Rank",
      column: 6,
    });
    expect(check({ "condor.size": "1 + 1" })).toMatchObject({ where: "labels/condor.size" });
    expect(check({ "condor.rank": "1", "Condor.Rank": "2" })).toMatchObject({
      where: "labels/Condor.Rank",
      message: "it is stated twice",
    });
  });

  test("what would compile to too much", () => {
    const labels = {
      long: "x".repeat(1_000),
      "condor.requirements": Array(50).fill("MY.long == rack").join(" && "),
    };
    expect(check(labels)?.message).toContain("over 32768 bytes");
  });

  test("agents by attribute and column", () => {
    const checkAgent = companion({}).checkAgent;
    const attributes = (name: string, text: string) => [{ name, text }];
    expect(checkAgent?.({ hostname: "h" })).toBe(undefined);
    const bad = {
      hostname: "h",
      attributes: attributes("condor.requirements", 'TARGET.user == "'),
    };
    expect(checkAgent?.(bad)).toMatchObject({
      where: "attributes/condor.requirements",
      column: 16,
    });
    const number = { hostname: "h", attributes: [{ name: "condor.rank", scalar: 3 }] };
    expect(checkAgent?.(number)).toMatchObject({ message: "it is not a text" });
  });

  test("a config with its field and column", () => {
    expect(() => companion({ agentRequirements: "TARGET.user ==" })).toThrow(
      "config/agentRequirements, column 15: expected a value, found the end",
    );
    expect(() => companion({ agentRank: "no(1)" })).toThrow("config/agentRank, column 1");
  });
});
