import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startMasterProcess } from "./fleet/daemon-process.ts";
import { percentile } from "./fleet/fleet.ts";
import { runSwaps, type SwapLoad } from "./fleet/swaps.ts";
import type { BenchOptions, Row } from "./harness/bench.ts";
import { numberOf } from "./harness/settings.ts";

/** All policies that come with Tepui, by folder. */
function shippedPolicies(): string[] {
  return readdirSync(fileURLToPath(new URL("../plugins/allocators", import.meta.url))).sort();
}

/** What the benchmark takes on its command line. */
export const settings = {
  swaps: "how often the policy is swapped; 50",
  seconds: "the least time that all swaps take together; none",
};

/**
 * How long a master pauses when its policy is swapped, while 20 frameworks launch tasks on 200
 * agents.
 */
export async function run(options: BenchOptions): Promise<readonly Row[]> {
  const { quick } = options;
  const load: SwapLoad = {
    agents: quick ? 20 : 200,
    frameworks: quick ? 4 : 20,
    swaps: numberOf(options.settings, "swaps", quick ? 5 : 50),
    launchesPerSwap: 200,
    seconds: numberOf(options.settings, "seconds", 0),
    taskMs: 100,
  };
  const policies = shippedPolicies();
  const master = await startMasterProcess({ allocationInterval: "100ms", log: { level: "warn" } });
  try {
    const figures = await runSwaps(master, load, policies);
    if (figures.problems.length > 0) throw new Error(figures.problems.join("\n"));
    const sorted = [...figures.pausesMs].sort((a, b) => a - b);
    return [
      {
        agents: load.agents,
        frameworks: load.frameworks,
        policies: policies.length,
        swaps: sorted.length,
        seconds: Math.round(figures.seconds),
        launched: figures.launched,
        finished: figures.ends["TASK_FINISHED"] ?? 0,
        pauseP50Ms: Number(percentile(sorted, 0.5).toFixed(2)),
        pauseP95Ms: Number(percentile(sorted, 0.95).toFixed(2)),
        pauseMaxMs: Number((sorted.at(-1) ?? 0).toFixed(2)),
      },
    ];
  } finally {
    await master.stop();
  }
}
