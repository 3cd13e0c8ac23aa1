import { describe, expect, test } from "vitest";
import { meaningOf, type Tree, type Value } from "./references/classad.ts";
import { printedValue } from "./references/classad-text.ts";
import { CondorCluster, condor, RankReader } from "./support/condor.ts";

// Compiled before the first test, which has a time limit.
const instances = condor();
const reader = new RankReader();

const string = (text: string): Value => ({
  is: "string",
  value: Buffer.from(text, "utf8").toString("latin1"),
});
const leaf = (value: Value): Tree => ({ kind: "value", value });

/** Members that share lengths, letters and case, and one beyond ASCII. */
const MEMBERS = ["a", "B", "ab", "aB", "ba", "host-1", "host-2", "HOST-3", "é", "x".repeat(300)];
const ITEMS: readonly Value[] = [
  { is: "undefined" },
  { is: "error" },
  { is: "boolean", value: true },
  { is: "integer", value: 3n },
  { is: "real", value: 1.5 },
  ...["", "A", "host-3", "host-11", "b", "É", "c", "x".repeat(301), "a,B", ...MEMBERS].map(string),
];

/** Holds what expressions evaluate to against the reference. */
function compare(trees: readonly (readonly [text: string, tree: Tree])[]): void {
  const cluster = new CondorCluster(instances);
  cluster.machine("host", {}, 4, 2);
  for (const [n, [rank]] of trees.entries()) {
    cluster.framework(`f${n}`, "role", { "condor.rank": rank });
  }
  const values = reader.read(cluster.tables).map(([mine]) => printedValue(mine));
  const wanted = trees.map(([, tree]) => printedValue(meaningOf(tree, { my: {}, target: {} })));
  expect(trees.map(([text], n) => `${text} is ${values[n]}`)).toEqual(
    trees.map(([text], n) => `${text} is ${wanted[n]}`),
  );
}

describe("a question whether a string is one of many", () => {
  test.each(["member", "identicalMember"])("%s means what the reference says", (name) => {
    const members = MEMBERS.map(string);
    compare(
      ITEMS.map((item) => [
        `${name}(${printedValue(item)}, {${members.map(printedValue).join(", ")}})`,
        { kind: "listing", name, first: leaf(item), members: members.map(leaf) },
      ]),
    );
  });

  test.each(["stringListMember", "stringListIMember"])("%s means that", (name) => {
    const lists = [
      [", ", MEMBERS.join(",, ")],
      [";,", "a;b,host-1;host-3;;ab"],
      ["", "a,B"],
    ] as const;
    compare(
      lists.flatMap(([parting, list]) =>
        ITEMS.map((item) => {
          const args = [item, string(list), string(parting)];
          const tree = { kind: "function" as const, name, args: args.map(leaf) };
          return [`${name}(${args.map(printedValue).join(", ")})`, tree] as const;
        }),
      ),
    );
  });

  test.each(["==", "=?="])("%s of one attribute, again and again, means that", (operator) => {
    const cluster = new CondorCluster(instances);
    const items: Record<string, string | number> = { text: "HOST-3", part: "host", number: 1_500 };
    cluster.machine("host", items, 4, 2);
    const names = ["text", "part", "number", "nowhere"];
    const target: Record<string, Value> = {
      text: string("HOST-3"),
      part: string("host"),
      number: { is: "real", value: 1.5 },
    };
    for (const name of names) {
      const chain = MEMBERS.map((one) => `TARGET.${name} ${operator} ${printedValue(string(one))}`);
      cluster.framework(name, "role", { "condor.rank": chain.join(" || ") });
    }
    const wanted = names.map((name) => {
      const each = MEMBERS.map((one): Tree => {
        const operands = [leaf(target[name] ?? { is: "undefined" }), leaf(string(one))];
        return { kind: "operator", operator, operands };
      });
      const all = each.reduce((a, b) => ({ kind: "operator", operator: "||", operands: [a, b] }));
      return printedValue(meaningOf(all, { my: {}, target: {} }));
    });
    expect(reader.read(cluster.tables).map(([mine]) => printedValue(mine))).toEqual(wanted);
  });
});
