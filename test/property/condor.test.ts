import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Ads, meaningOf, type Tree, type Value } from "../allocation/references/classad.ts";
import { printed } from "../allocation/references/classad-text.ts";
import type { NaiveAgent, NaiveClient } from "../allocation/references/cluster.ts";
import { naiveCondor, type Opinions } from "../allocation/references/condor.ts";
import { agentFacts, condor, describeAgent, factsOf } from "../allocation/support/condor.ts";
import { clusters, type Drawn, decide, naive, real } from "./clusters.ts";
import { trees } from "./expressions.ts";

// Compiled before the first test, which has a time limit.
const policies = condor();

const NAMES = ["rack", "size", "team", "cpus", "mem", "total_cpus", "hostname", "role"];

const name = (scope: "MY." | "TARGET." | "", of: string): Tree => ({
  kind: "name",
  scope,
  name: of,
});
const number = (value: number): Tree => ({
  kind: "value",
  value: { is: "integer", value: BigInt(value) },
});
const text = (value: string): Tree => ({ kind: "value", value: { is: "string", value } });
const apply = (operator: string, ...operands: Tree[]): Tree => ({
  kind: "operator",
  operator,
  operands,
});

/** Requirements that some agents meet and some do not, by attributes and by amounts. */
const wishes = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      apply("==", name("TARGET.", "rack"), text("R1")),
      apply("!=", name("", "rack"), text("r2")),
      apply(">=", name("TARGET.", "cpus"), number(3)),
      apply("<", name("", "mem"), number(4)),
      apply("&&", apply(">", name("", "size"), number(1)), apply(">", name("", "cpus"), number(1))),
      apply(
        "||",
        apply("==", name("", "rack"), text("r1")),
        apply(">", name("", "mem"), number(2)),
      ),
      apply("==", name("TARGET.", "team"), name("MY.", "team")),
      apply("?:", name("TARGET.", "size"), number(1)),
    ),
  },
  { weight: 1, arbitrary: trees(NAMES) },
);

const ranks = fc.oneof(
  { weight: 2, arbitrary: fc.constant(undefined) },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      name("", "cpus"),
      apply("-", name("", "mem")),
      name("", "size"),
      apply("==", name("", "rack"), text("r1")),
      apply("+", name("TARGET.", "cpus"), name("TARGET.", "total_cpus")),
    ),
  },
  { weight: 1, arbitrary: trees(NAMES) },
);

/** What the agents think of frameworks. */
const conditions = fc.oneof(
  { weight: 9, arbitrary: fc.constant(undefined) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      apply("==", name("TARGET.", "team"), text("red")),
      apply("==", name("", "team"), text("blue")),
      apply("=!=", name("TARGET.", "team"), text("red")),
      apply(">=", name("MY.", "cpus"), number(2)),
      apply("!=", name("", "role"), text("a")),
    ),
  },
  { weight: 1, arbitrary: trees(NAMES) },
);

interface Statements {
  readonly requirements?: Tree | undefined;
  readonly rank?: Tree | undefined;
}

const attributes = fc.record(
  { rack: fc.constantFrom("r1", "r2"), size: fc.nat(3), team: fc.constantFrom("blue", "red") },
  { requiredKeys: [] },
);
const labels = fc.record({ team: fc.constantFrom("red", "blue") }, { requiredKeys: [] });

const drawnStatements = fc.record({
  clients: fc.array(fc.record({ requirements: wishes, rank: ranks, labels }), {
    minLength: 6,
    maxLength: 6,
  }),
  agents: fc.array(fc.record({ requirements: conditions, rank: ranks, attributes }), {
    minLength: 8,
    maxLength: 8,
  }),
});

type DrawnStatements = typeof drawnStatements extends fc.Arbitrary<infer T> ? T : never;

const statedIn = ({ requirements, rank }: Statements): Record<string, string> => ({
  ...(requirements === undefined ? {} : { "condor.requirements": printed(requirements) }),
  ...(rank === undefined ? {} : { "condor.rank": printed(rank) }),
});

const string = (value: string): Value => ({ is: "string", value });
const amount = (value: number): Value => ({ is: "real", value });

/** Both ads of a pair, with what the client may have of the agent. */
function adsOf(
  drawn: DrawnStatements,
  client: NaiveClient,
  agent: NaiveAgent,
  amounts: readonly number[],
): { client: Record<string, Value>; agent: Record<string, Value> } {
  const { team } = (drawn.clients[client.name] as DrawnStatements["clients"][number]).labels;
  const { rack, size, team: own } = drawn.agents[agent.name]?.attributes ?? {};
  return {
    client: {
      ...{ name: string(`f${client.name}`), user: string(`f${client.name}-user`) },
      role: string(client.role),
      ...(team === undefined ? {} : { team: string(team) }),
    },
    agent: {
      cpus: amount((amounts[0] as number) / 1000),
      mem: amount((amounts[1] as number) / 1000),
      total_cpus: amount((agent.total[0] as number) / 1000),
      hostname: string(`h${agent.name}`),
      ...(rack === undefined ? {} : { rack: string(rack) }),
      ...(size === undefined ? {} : { size: amount(size) }),
      ...(own === undefined ? {} : { team: string(own) }),
    },
  };
}

const isTrue = (tree: Tree | undefined, ads: Ads): boolean => {
  if (tree === undefined) return true;
  const value = meaningOf(tree, ads);
  if (value.is === "boolean") return value.value;
  return (value.is === "integer" || value.is === "real") && Number(value.value) !== 0;
};

const rankOf = (tree: Tree | undefined, ads: Ads): number => {
  const value = tree === undefined ? undefined : meaningOf(tree, ads);
  return value !== undefined && "value" in value && value.is !== "string" ? Number(value.value) : 0;
};

function opinionsOf(drawn: DrawnStatements): Opinions {
  return (client, agent, amounts) => {
    const { client: mine, agent: theirs } = adsOf(drawn, client, agent, amounts);
    const wish = drawn.clients[client.name] as Statements;
    const condition = drawn.agents[agent.name] as Statements;
    const ofClient = { my: mine, target: theirs };
    const ofAgent = { my: theirs, target: mine };
    return {
      matches: isTrue(wish.requirements, ofClient) && isTrue(condition.requirements, ofAgent),
      ranks: [rankOf(wish.rank, ofClient), rankOf(condition.rank, ofAgent)],
    };
  };
}

/** The cluster in tables, with what everybody states. */
function stating(drawn: Drawn, statements: DrawnStatements) {
  const built = real(drawn, { policies });
  for (const [n, { role }] of drawn.clients.entries()) {
    const { labels: own, ...stated } = statements.clients[n] as DrawnStatements["clients"][number];
    const { team } = own;
    const all = { ...statedIn(stated), ...(team === undefined ? {} : { team }) };
    built.tables.describeClient(n, factsOf(`f${n}`, role, all));
  }
  for (const n of drawn.agents.keys()) {
    const { attributes: own, ...stated } = statements.agents[
      n
    ] as DrawnStatements["agents"][number];
    const { rack, size, team } = own;
    const list = {
      ...(rack === undefined ? {} : { rack }),
      ...(size === undefined ? {} : { size: size * 1000 }),
      ...(team === undefined ? {} : { team }),
    };
    describeAgent(built.tables, n, agentFacts(`h${n}`, { ...statedIn(stated), ...list }));
  }
  return built;
}

describe("a match", () => {
  test("is made as the reference makes it, whatever both sides state", () => {
    let [decisions, changed] = [0, 0];
    fc.assert(
      fc.property(clusters, drawnStatements, (drawn, statements) => {
        const built = stating(drawn, statements);
        const order = Array.from(built.tables.candidates);
        const given = decide(built);
        expect(given).toEqual(naiveCondor(naive(drawn), order, opinionsOf(statements)));
        decisions += given.length;
        const indifferent = naiveCondor(naive(drawn), order);
        if (JSON.stringify(given) !== JSON.stringify(indifferent)) changed += 1;
      }),
      { numRuns: 1_000 },
    );
    // Clusters in which nobody is given anything, or statements matter nothing, prove nothing.
    expect(decisions).toBeGreaterThan(500);
    expect(changed).toBeGreaterThan(200);
  }, 600_000);
});
