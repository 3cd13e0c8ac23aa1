import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Native addons (uWebSockets.js, LMDB) are loaded once a process, so each file gets its own.
    pool: "forks",
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
