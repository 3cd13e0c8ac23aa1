import fc from "fast-check";
import { describe, expect, test } from "vitest";
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
  ["fair", [-1], (c, o) => naiveFair(c, o, -1)],
  ["fair", [1], (c, o) => naiveFair(c, o, 1)],
  ["capacity", [0, 0], (c, o) => naiveCapacity(c, o, { userLimit: 0, fairQueues: false })],
  ["capacity", [0.5, 1], (c, o) => naiveCapacity(c, o, { userLimit: 0.5, fairQueues: true })],
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
    roles: drawn.roles.map((role) => ({ ...role, limit: undefined })),
    clients: drawn.clients.map((client) => ({ ...client, demand: undefined })),
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
      expect(decisions).toBeGreaterThan(100);
    },
    300_000,
  );

  test("leaves nothing that DRF could give, where nobody is limited or has enough", () => {
    const instances = instancesOf("quincy");
    const drf = instancesOf("drf");
    fc.assert(
      fc.property(clusters, (drawn) => {
        const built = real(noDemand(drawn), { policies: instances });
        built.allocate();
        built.tables.touchAll();
        const input = { round: 9, seed: 1, nowMs: 0, stepsMax: 0xffffffff };
        // Guarantees hold nothing back here, so that DRF offers all that it may.
        for (const path of ["a", "e", "g", "h"]) {
          built.tables.setRoleQuota(built.role(path), undefined, undefined);
        }
        expect(drf(built.tables).allocate(built.tables, input).count).toBe(0);
      }),
      { numRuns: 400 },
    );
  }, 300_000);
});
