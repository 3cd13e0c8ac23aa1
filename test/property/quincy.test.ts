import fc from "fast-check";
import { expect, test } from "vitest";
import { costOf, leastCost, type QuincyCluster } from "../allocation/references/quincy.ts";
import { Quincy, quincyCluster, stateData, stateRack } from "../allocation/support/quincy.ts";
import { naive, real } from "./clusters.ts";
import { apply, type Drawn, dataOf, instance, type State } from "./quincy-clusters.ts";

/** The cluster as the reference knows it. */
const costed = (of: Drawn, state: State): QuincyCluster => ({
  cluster: naive(state.drawn),
  racks: of.racks.slice(0, of.drawn.agents.length),
  data: state.data,
  waitedSeconds: 0,
  costs: of.costs,
});

test("decisions cost as little as any can, in every round, by an independent solver", () => {
  let rounds = 0;
  let given = 0;
  let idle = 0;
  fc.assert(
    fc.property(instance, (of) => {
      const { tables } = real(of.drawn, {});
      let state: State = { drawn: of.drawn, data: of.data.map(dataOf) };
      for (const [agent, rack] of of.racks.entries()) {
        if (agent < of.drawn.agents.length) stateRack(tables, agent, rack);
      }
      for (const client of of.drawn.clients.keys()) stateData(tables, client, state.data[client]);
      const quincy = new Quincy(tables, { costs: of.costs });
      for (const changes of [[], ...of.rounds]) {
        for (const one of changes) state = apply(tables, state, one);
        tables.touchAgent(0);
        let decided = quincy.round(0, of.stepsMax);
        for (let more = 0; decided.more && more < 200; more++) {
          decided = quincy.round(0, of.stepsMax);
        }
        expect(decided.more).toBe(false);
        const cluster = costed(of, state);
        expect(costOf(cluster, decided.pairs)).toBe(leastCost(cluster));
        rounds += 1;
        given += decided.count;
        idle += of.drawn.agents.length - decided.count;
      }
    }),
    { numRuns: 500 },
  );
  expect(rounds).toBeGreaterThan(1_000);
  expect(given).toBeGreaterThan(1_000);
  expect(idle).toBeGreaterThan(1_000);
}, 600_000);

test("decisions cost as little as any can in clusters in which ways are longer", () => {
  const agents = 40;
  const clients = 10;
  const longer = fc.record({
    data: fc.array(
      fc.record({
        total: fc.integer({ min: 10, max: 40 }),
        onAgent: fc.uniqueArray(fc.tuple(fc.nat(agents - 1), fc.nat(40)), {
          minLength: 4,
          maxLength: 8,
          selector: ([agent]) => agent,
        }),
        inRack: fc.constant([]),
      }),
      { minLength: clients, maxLength: clients },
    ),
    filters: fc.array(fc.tuple(fc.nat(clients - 1), fc.nat(agents - 1)), { maxLength: 100 }),
    weights: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: clients, maxLength: clients }),
    share: fc.integer({ min: 10, max: 100 }),
  });
  fc.assert(
    fc.property(longer, ({ data: stated, filters, weights, share }) => {
      const costs = { rackTransfer: 1, coreTransfer: 2, wait: 10, waitSecond: 0, share };
      const { cluster, tables, quincy } = quincyCluster(
        agents,
        stated.map((one) => dataOf(one)),
        { costs },
      );
      for (const [client, agent] of filters) tables.setFiltered(client, agent, true);
      for (const [n, weight] of weights.entries()) {
        tables.setRoleWeight(cluster.role(`role${n}`), weight);
      }
      const of: QuincyCluster = {
        cluster: {
          least: undefined,
          roles: weights.map((weight, n) => ({
            path: `role${n}`,
            weight,
            limit: undefined,
            guarantee: undefined,
            grants: 0,
          })),
          clients: stated.map((_, name) => ({
            name,
            role: `role${name}`,
            revocable: false,
            gpu: false,
            ready: true,
            least: undefined,
            priority: 0,
            demand: undefined,
            used: [0, 0],
            charged: [0, 0],
            grants: 0,
          })),
          agents: Array.from({ length: agents }, (_, name) => ({
            name,
            fenced: false,
            total: [4_000, 4_000],
            free: [4_000, 4_000],
            revocable: [0, 0],
            reserved: [],
            filteredBy: filters.flatMap(([client, agent]) => (agent === name ? [client] : [])),
          })),
        },
        racks: Array.from({ length: agents }, (_, n) => `r${n % 2}`),
        data: stated.map((one) => dataOf(one)),
        waitedSeconds: 0,
        costs,
      };
      expect(costOf(of, quincy.round().pairs)).toBe(leastCost(of));
    }),
    { numRuns: 60 },
  );
}, 300_000);
