import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startMasterProcess } from "../../bench/fleet/daemon-process.ts";
import { percentile } from "../../bench/fleet/fleet.ts";
import { runSwaps } from "../../bench/fleet/swaps.ts";

const SWAPS = 50;
const allocators = fileURLToPath(new URL("../../dist/plugins/allocators", import.meta.url));

/**
 * The least time of all swaps together, in seconds: 300 is the long version. Without it the number
 * of tasks alone sets the pace.
 */
const SECONDS = Number(process.env["TEPUI_SWAP_SECONDS"] ?? 0);

test(
  "fifty swaps through all policies lose nothing while frameworks launch",
  async () => {
    const policies = readdirSync(allocators).sort();
    expect(policies).toHaveLength(7);
    const master = await startMasterProcess({
      allocationInterval: "100ms",
      log: { level: "error" },
    });
    try {
      const load = {
        agents: 200,
        frameworks: 20,
        swaps: SWAPS,
        launchesPerSwap: 50,
        seconds: SECONDS,
        taskMs: 100,
      };
      const figures = await runSwaps(master, load, policies);
      // No filter gave way, nobody suppressed was offered anything, no agent held more than it has,
      // no task ended twice.
      expect(figures.problems).toEqual([]);
      expect(figures.unfinished).toEqual([]);
      expect(figures.launched).toBeGreaterThan(SWAPS * 50);
      expect(figures.ends).toEqual({ TASK_FINISHED: figures.launched });
      expect(figures.pausesMs).toHaveLength(SWAPS);
      // The median, which is what a swap takes: the longest is mostly a wait for a core, on a
      // machine that runs other tests beside this one. `npm run bench -- swap` tells it.
      const sorted = [...figures.pausesMs].sort((a, b) => a - b);
      expect(percentile(sorted, 0.5)).toBeLessThan(10);
      expect(Object.keys(figures.offersBy).sort()).toEqual(policies);
      expect(figures.history.filter(({ what }) => what === "promoted")).toHaveLength(SWAPS);
      expect(figures.history.filter(({ what }) => what === "fault")).toEqual([]);
    } finally {
      await master.stop();
    }
  },
  600_000 + SECONDS * 1_000,
);
