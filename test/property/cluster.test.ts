import { expect, test } from "vitest";
import { Random } from "../../conformance/random.ts";
import { Simulation } from "../support/simulation.ts";
import { oneEnd } from "./properties.ts";

const seeds = Number(process.env["SEEDS"] ?? 30);
const first = Number(process.env["SEED"] ?? 1);

test("whatever goes wrong, books add up, no agent is oversubscribed, every task ends once", () => {
  let launched = 0;
  let shared = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    try {
      const simulation = new Simulation(new Random(seed));
      for (let turn = 0; turn < 900; turn++) simulation.disturb();
      simulation.converge();
      for (const { tasks } of simulation.frameworks) {
        for (const [id, { ends }] of tasks) oneEnd({ id, ends });
        launched += tasks.size;
      }
      shared += simulation.sharings;
    } catch (thrown) {
      throw new Error(`SEED=${seed} SEEDS=1`, { cause: thrown });
    }
  }
  // A simulation in which nothing happens proves nothing.
  expect(launched).toBeGreaterThan(seeds);
  expect(shared).toBeGreaterThan(0);
}, 120_000);
