import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { naiveCapacity } from "../allocation/references/capacity.ts";
import type { NaiveCluster, NaiveDecision } from "../allocation/references/cluster.ts";
import { naiveCondor } from "../allocation/references/condor.ts";
import { naiveFair } from "../allocation/references/fair.ts";
import { naiveFifo } from "../allocation/references/fifo.ts";
import { naiveRandom } from "../allocation/references/random.ts";
import { instancesOf } from "../allocation/support/cluster.ts";
import { clusters, decide, naive, real } from "./clusters.ts";

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
