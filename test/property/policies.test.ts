import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DecisionRows } from "../../kernel/allocation/policy.ts";
import { DecisionFlag } from "../../kernel/allocation/slots.ts";
import { AgentFlag, KINDS, ROOT_ROLE, RoleFlag } from "../../kernel/core/tables/shape.ts";
import type { AllocationTables } from "../../kernel/core/tables.ts";
import { naiveCapacity } from "../allocation/references/capacity.ts";
import type { NaiveCluster, NaiveDecision } from "../allocation/references/cluster.ts";
import { naiveCondor } from "../allocation/references/condor.ts";
import { naiveFair } from "../allocation/references/fair.ts";
import { naiveFifo } from "../allocation/references/fifo.ts";
import { naiveRandom } from "../allocation/references/random.ts";
import { instancesOf } from "../allocation/support/cluster.ts";
import { clusters, type Drawn, decide, naive, real } from "./clusters.ts";

type Reference = (cluster: NaiveCluster, order: readonly number[]) => NaiveDecision[];

const policies: readonly [name: string, params: readonly number[], reference: Reference][] = [
  ["fifo", [1, 0], (c, o) => naiveFifo(c, o, { backFill: true, priorities: false })],
  ["fifo", [0, 1], (c, o) => naiveFifo(c, o, { backFill: false, priorities: true })],
  [
    "fifo",
    [1, 1, 1],
    (c, o) => naiveFifo(c, o, { backFill: true, priorities: true, slowStart: true }),
  ],
  ["fair", [-1], (c, o) => naiveFair(c, o, -1)],
  ["fair", [1], (c, o) => naiveFair(c, o, 1)],
  ["capacity", [0, 0], (c, o) => naiveCapacity(c, o, { userLimit: 0, fairQueues: false })],
  ["capacity", [0.5, 1], (c, o) => naiveCapacity(c, o, { userLimit: 0.5, fairQueues: true })],
  [
    "capacity",
    [0, 0, 1],
    (c, o) => naiveCapacity(c, o, { userLimit: 0, fairQueues: false, slowStart: true }),
  ],
  ["condor", [], (c, o) => naiveCondor(c, o)],
  ["random", [], (c, o) => naiveRandom(c, o, 1, 1)],
];

// Every round is verified: pairs that may not meet, filters, limits and oversubscription would be
// faults. What the reference adds is that nobody else should have been given it.
describe("a policy decides as its reference does, and within what may be given", () => {
  test.each(policies)(
    "%s %j",
    (name, params, reference) => {
      const instances = instancesOf(name, params);
      let decisions = 0;
      fc.assert(
        fc.property(clusters, (drawn) => {
          const built = real(drawn, { policies: instances });
          const order = Array.from(built.tables.candidates);
          const given = decide(built);
          expect(given).toEqual(reference(naive(drawn), order));
          decisions += given.length;
        }),
        { numRuns: 400 },
      );
      expect(decisions).toBeGreaterThan(200);
    },
    300_000,
  );
});

// What it decides is compared with the least cost in quincy.test.ts. Here are the rules that hold
// beside cost: whatever is given passes the verifier, and nothing is left over for no reason.
describe("quincy stays within what may be given, and gives all of it", () => {
  const noDemand = (drawn: Drawn): Drawn => ({
    ...drawn,
    clients: drawn.clients.map((client) => ({ ...client, demand: undefined })),
  });
  const noQuota = (drawn: Drawn): Drawn => ({
    ...drawn,
    roles: drawn.roles.map((role) => ({ ...role, limit: undefined, guarantee: undefined })),
  });

  test.each([1, 3, 8])(
    "with %i slots an agent",
    (slots) => {
      const instances = instancesOf("quincy", [slots]);
      let decisions = 0;
      fc.assert(
        fc.property(clusters, (drawn) => {
          const built = real(drawn, { policies: instances });
          for (let round = 0; round < 3; round++) {
            built.tables.touchAll();
            decisions += built.allocate().length;
          }
        }),
        { numRuns: 400 },
      );
      expect(decisions).toBeGreaterThan(40);
    },
    300_000,
  );

  test("leaves nothing that DRF could give, where nobody is limited or has enough", () => {
    const instances = instancesOf("quincy");
    const drf = instancesOf("drf");
    fc.assert(
      fc.property(clusters, (drawn) => {
        const built = real(noQuota(noDemand(drawn)), { policies: instances });
        built.allocate();
        built.tables.touchAll();
        const input = { round: 9, seed: 1, nowMs: 0, stepsMax: 0xffffffff };
        expect(drf(built.tables).allocate(built.tables, input).count).toBe(0);
      }),
      { numRuns: 400 },
    );
  }, 300_000);

  test("meets guarantees as DRF does, and holds back what they lack still (E8)", () => {
    const instances = instancesOf("quincy");
    const drf = instancesOf("drf");
    const input = { round: 1, seed: 1, nowMs: 0, stepsMax: 0xffffffff };
    let met = 0;
    let heldBack = 0;
    fc.assert(
      fc.property(clusters, (drawn) => {
        const built = real(noDemand(drawn), { policies: instances });
        const { tables } = built;
        const expected = guaranteed(drf(tables).allocate(tables, input));
        expect(guaranteed(instances(tables).allocate(tables, input))).toEqual(expected);
        met += expected.length;
        const before = { free: freeIn(tables), lacks: lackingIn(tables) };
        built.allocate();
        const lacks = lackingIn(tables);
        for (const [kind, free] of freeIn(tables).entries()) {
          if ((before.free[kind] as number) < (before.lacks[kind] as number)) continue;
          expect(free).toBeGreaterThanOrEqual(lacks[kind] as number);
          if (free > 0 && lacks[kind] === free) heldBack += 1;
        }
      }),
      { numRuns: 1_000 },
    );
    expect(met).toBeGreaterThan(10);
    expect(heldBack).toBeGreaterThan(10);
  }, 300_000);
});

/** The rows that meet guarantees: only these leave what is revocable out. */
function guaranteed({ count, agents, clients, flags, amounts }: DecisionRows) {
  const rows = Array.from({ length: count }, (_, row) => row);
  return rows
    .filter((row) => flags[row] === DecisionFlag.RESERVED)
    .map((row) => ({
      agent: agents[row],
      client: clients[row],
      amounts: [...amounts.subarray(row * KINDS, (row + 1) * KINDS)],
    }));
}

/** What is free on agents that may be offered, by kind. */
function freeIn({ agents }: AllocationTables): number[] {
  const rows = Array.from({ length: agents.pool.end }, (_, row) => row);
  const ready = rows.filter((row) => isReady(agents.flags[row] as number));
  return sums(ready.map((row) => agents.free.subarray(row * KINDS, (row + 1) * KINDS)));
}

function isReady(flags: number): boolean {
  const wanted = AgentFlag.PRESENT | AgentFlag.ACTIVE;
  return (flags & (wanted | AgentFlag.DRAINING)) === wanted;
}

/** What top-level roles lack to their guarantees, by kind. */
function lackingIn({ roles }: AllocationTables): number[] {
  const rows = Array.from({ length: roles.pool.end }, (_, row) => row).slice(1);
  const held = rows.filter((row) => {
    const isGuaranteed = ((roles.flags[row] as number) & RoleFlag.GUARANTEED) !== 0;
    return isGuaranteed && roles.parent[row] === ROOT_ROLE;
  });
  return sums(
    held.map((row) =>
      Array.from({ length: KINDS }, (_, kind) => {
        const [guarantee, consumed] = [roles.guarantee, roles.consumed].map(
          (column) => column[row * KINDS + kind] as number,
        );
        return Math.max(0, (guarantee as number) - (consumed as number));
      }),
    ),
  );
}

function sums(vectors: readonly ArrayLike<number>[]): number[] {
  return Array.from({ length: KINDS }, (_, kind) =>
    vectors.reduce((sum, vector) => sum + (vector[kind] as number), 0),
  );
}
