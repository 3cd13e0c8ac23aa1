import fc from "fast-check";
import { expect, test } from "vitest";
import { CONTRACT_VERSION, speaksContract } from "../../contract/contract-version.ts";
import { type Ordered, startOrder } from "../../kernel/host/order.ts";

/**
 * Random plugins without circles: each may require only ports offered by ones earlier in a hidden
 * order.
 */
const acyclic: fc.Arbitrary<Ordered[]> = fc
  .array(
    fc.tuple(fc.array(fc.nat(), { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 2 }), fc.nat(3)),
    {
      maxLength: 20,
    },
  )
  .map((rows) =>
    rows.map(([requires, optional, shared], at) => {
      const earlier = (picks: number[]) =>
        at === 0 ? [] : picks.map((pick) => `port-${pick % at}`);
      const offers = [`port-${at}`, ...(shared === 0 && at % 2 === 1 ? ["shared"] : [])];
      return { name: `p${at}`, requires: earlier(requires), optional: earlier(optional), offers };
    }),
  )
  .chain((plugins) => fc.shuffledSubarray(plugins, { minLength: plugins.length }));

test("any plugins without circles start after everything they require, each once", () => {
  fc.assert(
    fc.property(acyclic, (plugins) => {
      const order = startOrder(plugins);
      expect(new Set(order)).toEqual(new Set(plugins));
      expect(order).toHaveLength(plugins.length);
      const started = new Set<string>();
      for (const plugin of order) {
        for (const port of [...plugin.requires, ...plugin.optional])
          expect(started).toContain(port);
        for (const port of plugin.offers) started.add(port);
      }
    }),
  );
});

test("plugins that do not depend on each other start in the order of the config file", () => {
  const names = ["c", "a", "b"];
  const plugins = names.map((name) => ({ name, requires: [], optional: [], offers: [name] }));
  expect(startOrder(plugins).map(({ name }) => name)).toEqual(names);
});

test("whoever requires a shared port starts after all who offer it", () => {
  const plugin = (name: string, requires: string[], offers: string[]) => ({
    name,
    requires,
    optional: [],
    offers,
  });
  const order = startOrder([
    plugin("user", ["t"], ["x"]),
    plugin("t1", [], ["t"]),
    plugin("t2", [], ["t"]),
  ]);
  expect(order.map(({ name }) => name)).toEqual(["t1", "t2", "user"]);
});

test("a range of contract versions names a major and the least minor of it", () => {
  const rows: [range: string, version: string, speaks: boolean][] = [
    ["1", "1.0", true],
    ["1", "1.7", true],
    ["1", "2.0", false],
    ["1.2", "1.1", false],
    ["1.2", "1.2", true],
    ["1.2", "2.2", false],
    ["1 || 2", "2.0", true],
    ["1.5 || 2.1", "2.0", false],
    ["10", "1.0", false],
  ];
  for (const [range, version, speaks] of rows)
    expect(speaksContract(range, version), `${range} ${version}`).toBe(speaks);
  expect(speaksContract("1")).toBe(CONTRACT_VERSION.startsWith("1."));
});
