import { describe, expect, test } from "vitest";
import { generateDefaults, generateWorkload } from "../../simulation/workload/generate.ts";

describe("generated workloads", () => {
  test("are the same for a seed, and others for others", () => {
    const one = generateWorkload(generateDefaults);
    expect(generateWorkload({ ...generateDefaults })).toEqual(one);
    expect(generateWorkload({ ...generateDefaults, seed: 2 })).not.toEqual(one);
  });

  test.each(["lognormal", "pareto"] as const)(
    "have %s durations with a heavy tail",
    (durations) => {
      const options = { ...generateDefaults, durations, jobs: 4_000, durationMs: 10_000 };
      const lengths = generateWorkload(options)
        .jobs.map(({ durationMs }) => durationMs)
        .sort((a, b) => a - b);
      const median = lengths[2_000] ?? 0;
      expect(median).toBeGreaterThan(9_000);
      expect(median).toBeLessThan(11_000);
      const mean = lengths.reduce((sum, each) => sum + each, 0) / lengths.length;
      expect(mean / median).toBeGreaterThan(1.4);
      expect(lengths.at(-1)).toBeGreaterThan(median * 10);
    },
  );

  test.each([0.5, 1, 2])("load the agents by %d while jobs arrive", (load) => {
    const { agents, jobs } = generateWorkload({ ...generateDefaults, load });
    const spanMs = jobs.at(-1)?.arrivalMs ?? 0;
    const loads = ["cpus", "mem"].map((name) => {
      let work = 0;
      let room = 0;
      for (const job of jobs) work += job.tasks * job.durationMs * (job.resources[name] ?? 0);
      for (const { count, resources } of agents) room += count * (resources[name] ?? 0);
      return work / (room * spanMs);
    });
    expect(Math.max(...loads)).toBeCloseTo(load, 3);
  });
});
