import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type {
  AgentFacts,
  ClientFacts,
  StatementView,
} from "../../contract/ports/policy-companion.ts";
import { companion } from "../../plugins/allocators/quincy/companion.ts";
import { programOf } from "./support/quincy-program.ts";

const framework = (...values: string[]) => ({
  name: "f",
  user: "u",
  roles: [],
  labels: values.map((value) => ({ key: "quincy.data", value })),
});
const client = (...values: string[]): ClientFacts => ({
  framework: framework(...values),
  role: "r",
});
const agent = (hostname: string, rack?: string, zone?: string): AgentFacts => ({
  hostname,
  ...(rack === undefined ? {} : { attributes: [{ name: "rack", text: rack }] }),
  ...(zone === undefined ? {} : { domain: { region: "eu", zone } }),
});

function view(
  clients: readonly (ClientFacts | undefined)[],
  agents: readonly (AgentFacts | undefined)[],
  more: Partial<StatementView> = {},
): StatementView {
  return {
    clients,
    agents,
    changedClients: undefined,
    changedAgents: undefined,
    kindNames: [],
    numberOf: () => 0,
    renumbered: 0,
    bytesMax: 1 << 20,
    ...more,
  };
}

const compile = (of: StatementView, config: unknown = {}) =>
  companion(config).compiler().compile(of);

describe("a statement about data", () => {
  const check = (...values: string[]) => companion({}).checkFramework?.(framework(...values));

  test.each([
    "3GB at hostname=n1",
    " 10GB in all;  6GB at rack=r1 ;3072MB at hostname=n 7",
    "1.5GB at disk=ssd=fast",
  ])("is good: %s", (value) => {
    expect(check(value)).toBeUndefined();
  });

  test.each([
    ["", 1, '"" is not a number with a unit'],
    ["3GB at hostname=n1;", 20, '"" is not a number with a unit'],
    ["3GB at hostname=n1; 4XB at rack=r", 22, '"XB" is not a unit'],
    ["3GB near rack=r1", 5, '"near rack=r1" is neither'],
    ["3GB at =r1", 5, '"at =r1" is neither'],
    ["3GB at rack=", 5, '"at rack=" is neither'],
    ["3 GB at rack=r1", 2, '"3" has no unit'],
    ["0.3B in all", 1, "not a whole number of bytes"],
  ])("is refused where it is wrong: %s", (value, column, message) => {
    expect(check("1GB in all", value)).toMatchObject({
      where: "labels/quincy.data",
      column,
      message: expect.stringContaining(message),
      hint: expect.stringContaining("6GB at rack=r1"),
    });
  });

  test("has at most 1,000 parts, over all labels", () => {
    const parts = (count: number) =>
      Array.from({ length: count }, () => "1GB at rack=r1").join(";");
    expect(check(parts(400), parts(600))).toBeUndefined();
    expect(check(parts(400), parts(601))).toMatchObject({
      where: "labels/quincy.data",
      column: 600 * 15 + 1,
      message: "the framework states more than 1000 parts",
      hint: expect.stringContaining("at most 1000 parts"),
    });
  });

  test("of a megabyte of nonsense is refused, in time that grows with its length alone", () => {
    expect(check(`1GB at ${" =".repeat(500_000)}`)).toBeDefined();
    expect(check(`${" ".repeat(1_000_000)}x`)).toBeDefined();
  });
});

describe("the program of statements", () => {
  test("is empty where nobody states anything, or nothing that is valid", () => {
    expect(compile(view([client(), undefined], [agent("n1", "r1")]))).toHaveLength(0);
    expect(compile(view([client("nonsense")], [agent("n1", "r1")]))).toHaveLength(0);
  });

  test("says what each client has where, and what is on an agent is in its rack", () => {
    const clients = [
      client("10GB in all; 3GB at hostname=n2; 2GB at rack=r1"),
      undefined,
      client("1GB at hostname=n1", "2GB at rack=r2"),
    ];
    const agents = [agent("n1", "r1"), agent("n2", "r2"), undefined, agent("n3"), agent("n4", "x")];
    expect(compile(view(clients, agents))).toEqual(
      programOf({
        stated: [1, 0, 2],
        totals: [10_240, 2_048],
        rackOf: [1, 2],
        racks: [
          [
            { statement: 1, rackMib: 2_048 },
            { statement: 2, rackMib: 1_024 },
          ],
          [
            { statement: 1, rackMib: 3_072 },
            { statement: 2, rackMib: 2_048 },
          ],
        ],
        agents: [
          [{ statement: 2, mib: 1_024, rackMib: 1_024 }],
          [{ statement: 1, mib: 3_072, rackMib: 3_072 }],
        ],
      }),
    );
  });

  test("finds agents by any attribute, and racks by the one that it is told", () => {
    const clients = [client("4GB in all; 1GB at zone=z1; 2GB at rack=r1")];
    const agents = [agent("n1", "r1", "z1"), agent("n2", "r1", "z2")];
    const program = compile(view(clients, agents), { rackAttribute: "zone" });
    expect(program).toEqual(
      programOf({
        stated: [1],
        totals: [4_096],
        rackOf: [1, 2],
        racks: [[{ statement: 1, rackMib: 2_048 }], [{ statement: 1, rackMib: 2_048 }]],
        agents: [
          [{ statement: 1, mib: 2_048, rackMib: 2_048 }],
          [{ statement: 1, mib: 2_048, rackMib: 2_048 }],
        ],
      }),
    );
  });

  test("has what a framework states once, however many roles it has", () => {
    let reads = 0;
    const label = {
      key: "quincy.data",
      get value() {
        reads += 1;
        return "9GB in all; 1GB at zone=z1; 1GB at rack=r1; 2GB at zone=z1";
      },
    };
    const of = { name: "f", user: "u", roles: [], labels: [label] };
    const clients = Array.from({ length: 1_000 }, (_, n) => ({ framework: of, role: `r${n}` }));
    const agents = Array.from({ length: 500 }, (_, n) => ({ ...agent(`n${n}`, "r1", "z1") }));
    const one = companion({});
    expect(one.checkFramework?.(of)).toBeUndefined();
    const program = one.compiler().compile(view(clients, agents));
    expect(program).toEqual(
      programOf({
        stated: clients.map(() => 1),
        totals: [9_216],
        rackOf: agents.map(() => 1),
        racks: [[{ statement: 1, rackMib: 2_048 }]],
        agents: agents.map(() => [{ statement: 1, mib: 2_048, rackMib: 2_048 }]),
      }),
    );
    expect(reads).toBe(1);
  });

  test("has no racks without agents", () => {
    const clients = [client("1GB at rack=r1; 1GB at rack=r2")];
    expect(compile(view(clients, [agent("n1", "r2")]))).toEqual(
      programOf({
        stated: [1],
        totals: [1_024],
        rackOf: [1],
        racks: [[{ statement: 1, rackMib: 1_024 }]],
        agents: [],
      }),
    );
  });

  test("leaves out what finds no room", () => {
    const agents = Array.from({ length: 100 }, (_, n) => agent(`n${n}`, undefined, "z1"));
    const bytesMax = 1_500;
    const bytes = compile(view([client("1GB at zone=z1")], agents, { bytesMax }));
    expect(bytes.length).toBeLessThanOrEqual(bytesMax);
    expect(bytes.length).toBeGreaterThan(bytesMax - 12);
  });

  test("is the same, whatever came before", () => {
    const place = fc.constantFrom("hostname=n0", "hostname=n1", "rack=r0", "rack=r1", "zone=z0");
    const anyClient = fc.option(
      fc
        .array(place, { maxLength: 3 })
        .map((places) => client(...places.map((at, n) => `${n + 1}GB at ${at}`))),
      { nil: undefined },
    );
    const anyAgent = fc.option(
      fc
        .tuple(fc.constantFrom("n0", "n1", "n2"), fc.constantFrom(undefined, "r0", "r1"))
        .map(([host, rack]) => agent(host, rack, "z0")),
      { nil: undefined },
    );
    const edit = fc.oneof(
      fc.record({ row: fc.nat(3), client: anyClient }),
      fc.record({ row: fc.nat(3), agent: anyAgent }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(edit, { maxLength: 4 }), { maxLength: 6 }), (steps) => {
        const compiler = companion({}).compiler();
        const clients: (ClientFacts | undefined)[] = [];
        const agents: (AgentFacts | undefined)[] = [];
        compiler.compile(view(clients, agents));
        for (const edits of steps) {
          const changedClients: number[] = [];
          const changedAgents: number[] = [];
          for (const one of edits) {
            const list = "client" in one ? clients : agents;
            while (list.length <= one.row) list.push(undefined);
            if ("client" in one) clients[one.row] = one.client;
            else agents[one.row] = one.agent;
            ("client" in one ? changedClients : changedAgents).push(one.row);
          }
          const program = compiler.compile(
            view(clients, agents, { changedClients, changedAgents }),
          );
          expect(program).toEqual(compile(view(clients, agents)));
        }
      }),
      { numRuns: 500 },
    );
  });
});
