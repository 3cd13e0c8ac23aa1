import { expect, test } from "vitest";
import { Random } from "../../conformance/random.ts";
import type { Effect } from "../../kernel/core/effect.ts";
import { invariants } from "../../kernel/core/invariants.ts";
import { restoreCluster } from "../../kernel/core/snapshot/restore.ts";
import { takeSnapshot } from "../../kernel/core/snapshot/take.ts";
import { step } from "../../kernel/core/step.ts";
import { frozen } from "../support/frozen.ts";
import { Simulation } from "../support/simulation.ts";

const seeds = Number(process.env["SEEDS"] ?? 20);
const first = Number(process.env["SEED"] ?? 1);
const TURNS = 400;

/** Runs a cluster in which much goes wrong; returns everything that its master did, in order. */
function effectsOf(
  seed: number,
  between: (simulation: Simulation, turn: number) => void,
): string[] {
  const told: string[] = [];
  const simulation = new Simulation(new Random(seed));
  simulation.step = (state, input, nowMs, out: Effect[]) => {
    // Whoever keeps inputs to write them down later relies on their not being changed.
    step(state, frozen(input), nowMs, out);
    told.push(`${input.type} ${JSON.stringify(out)}`);
  };
  try {
    for (let turn = 0; turn < TURNS; turn++) {
      simulation.disturb();
      between(simulation, turn);
    }
    simulation.converge();
  } catch (thrown) {
    throw new Error(`SEED=${seed} SEEDS=1`, { cause: thrown });
  }
  return told;
}

test("a cluster that goes on from a snapshot does what it would have done without", () => {
  let length = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const plain = effectsOf(seed, () => {});
    const chance = new Random(seed);
    const restored = effectsOf(seed, (simulation) => {
      if (!chance.chance(0.1)) return;
      const { state } = simulation;
      simulation.state = restoreCluster(state.options, takeSnapshot(state));
      invariants(simulation.state);
    });
    expect(restored, `SEED=${seed} SEEDS=1`).toEqual(plain);
    length += plain.length;
  }
  expect(length).toBeGreaterThan(seeds * TURNS);
}, 120_000);

test("a snapshot stays what it was while its cluster goes on", () => {
  for (let seed = first; seed < first + seeds; seed++) {
    let taken: { readonly snapshot: unknown; readonly copy: unknown } | undefined;
    effectsOf(seed, ({ state }, turn) => {
      if (turn % 100 === 99 && taken !== undefined) {
        expect(taken.snapshot, `SEED=${seed} SEEDS=1`).toEqual(taken.copy);
      }
      if (turn % 100 !== 0) return;
      // Frozen, too: a leaf that both share and that a step changes in place throws there.
      const snapshot = frozen(takeSnapshot(state));
      taken = { snapshot, copy: structuredClone(snapshot) };
    });
  }
}, 120_000);
