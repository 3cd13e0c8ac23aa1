import fc from "fast-check";
import { expect, test } from "vitest";
import { naiveDrf } from "../allocation/references/drf.ts";
import { instancesOf } from "../allocation/support/cluster.ts";
import { clusters, decide, naive, real } from "./clusters.ts";

test("DRF decides as the naive reference does, in both languages (E2–E5, E8, E9)", () => {
  const policies = instancesOf("drf");
  let decisions = 0;
  fc.assert(
    fc.property(clusters, (drawn) => {
      const built = real(drawn, { policies });
      const order = Array.from(built.tables.candidates);
      const given = decide(built);
      expect(given).toEqual(naiveDrf(naive(drawn), order));
      decisions += given.length;
    }),
    { numRuns: 1_000 },
  );
  // Clusters in which nobody is given anything would prove nothing.
  expect(decisions).toBeGreaterThan(1_000);
}, 300_000);
