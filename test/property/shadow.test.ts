import fc from "fast-check";
import { expect, test } from "vitest";
import { AllocationRounds, type RoundDecisions } from "../../kernel/allocation/round.ts";
import { Shadows } from "../../kernel/allocation/shadows.ts";
import { type PolicySpec, PolicySupervisor } from "../../kernel/allocation/supervisor.ts";
import { shipped } from "../allocation/support/compile.ts";
import { clusters, type Drawn, real } from "./clusters.ts";

const specOf = (name: string): PolicySpec => ({
  policy: shipped(name),
  options: { deadlineMs: 10_000 },
});
const ROUNDS = 3;
const specs = new Map(["drf", "fifo", "fair", "capacity"].map((name) => [name, specOf(name)]));

/** Rounds of a live policy, with a shadow beside it or without. */
function run(drawn: Drawn, live: string, shadow?: string) {
  const { tables } = real(drawn, {});
  const supervisor = new PolicySupervisor();
  const shadows = new Shadows(supervisor, () => 0);
  const rounds = new AllocationRounds(supervisor, () => 0, shadows);
  supervisor.promote(specs.get(live) as PolicySpec, tables, 0);
  if (shadow !== undefined) {
    const nameOf = (row: number) => ({ frameworkId: String(row), name: "", role: "" });
    shadows.start({ spec: specs.get(shadow) as PolicySpec, nameOf, nowMs: 0 }, tables, 0);
  }
  // Nothing is applied, so every round would be the same, had the first one left something behind.
  const decisions = Array.from({ length: ROUNDS }, () => {
    tables.touchAll();
    const decided = rounds.run(tables, { seed: 1, nowMs: 0, stepsMax: 1000 });
    return decided === undefined ? [] : listed(decided);
  });
  const diff = shadow === undefined ? undefined : shadows.report(shadow, tables.kindNames);
  return { decisions, diff };
}

function listed({ count, agents, clients, flags, amounts }: RoundDecisions): number[][] {
  return Array.from({ length: count }, (_, row) => [
    agents[row] as number,
    clients[row] as number,
    flags[row] as number,
    ...((flags[row] as number) === 1 ? [] : amounts.subarray(row * 8, row * 8 + 8)),
  ]);
}

const pairs = fc.shuffledSubarray([...specs.keys()], { minLength: 2, maxLength: 2 });

test("a shadow changes nothing, and the two sides of a comparison are what each decides when live", () => {
  let disagreeing = 0;
  fc.assert(
    fc.property(clusters, pairs, (drawn, [one = "", other = ""]) => {
      const alone = run(drawn, one);
      const observed = run(drawn, one, other);
      expect(observed.decisions).toEqual(alone.decisions);
      const mirrored = run(drawn, other, one);
      for (const kind of ["frameworks", "roles"] as const) {
        const sides = observed.diff?.[kind].map(({ live, shadow }) => [live, shadow]);
        expect(mirrored.diff?.[kind].map(({ live, shadow }) => [shadow, live])).toEqual(sides);
      }
      const { live, shadow, same } = observed.diff?.rows ?? { live: 0, shadow: 0, same: 0 };
      expect(live).toBe(alone.decisions.flat().length);
      expect(observed.diff?.disagreeing === 0).toBe(same === live && same === shadow);
      disagreeing += observed.diff?.disagreeing ?? 0;
    }),
    { numRuns: 300 },
  );
  expect(disagreeing).toBeGreaterThan(30 * ROUNDS);
}, 300_000);
