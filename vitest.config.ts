import { defineConfig } from "vitest/config";
import { LongFirst } from "./test/support/long-first.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/seed.ts"],
    // Native addons (uWebSockets.js, LMDB) are loaded once a process, so each file gets its own.
    pool: "forks",
    // End-to-end tests start processes of their own: more workers than this starve them of cores.
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    // Wide of what a machine at ten times its load needs; `until` gives up earlier, and says more.
    testTimeout: 90_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
    // A rejected promise nobody awaited is a bug of ours, never noise.
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
