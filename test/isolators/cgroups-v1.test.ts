import { expect, test } from "vitest";
import { describeWith } from "../support/require.ts";
import { CgroupBench, pause, specOf } from "./cgroups/bench.ts";
import { cgroupRules } from "./cgroups/rules.ts";

describeWith("cgroup-v1", "cgroups on this machine's v1 hierarchies", () => {
  for (const rule of cgroupRules.filter(({ only }) => only !== "v2")) {
    test(rule.name, { timeout: 60_000 }, async () => {
      const bench = new CgroupBench("v1");
      try {
        await rule.run(bench);
      } finally {
        await bench.close();
      }
    });
  }

  test("without a freezer, and with all the host has, a kill ends a task that keeps forking", async () => {
    for (const [version, given] of [
      ["v1", { controllers: ["cpu", "memory", "pids"] }],
      ["auto", {}],
    ] as const) {
      const bench = new CgroupBench(version);
      try {
        const isolator = bench.open({ ...given, pidsMax: 50 });
        const spec = specOf("forking", { cpus: 1, mem: 64 });
        await bench.run(isolator, spec, "while :; do setsid sleep 1000 & done");
        await pause(200);
        expect(await isolator.kill?.(spec.id)).toBe(true);
        expect((await isolator.usage?.(spec.id))?.processes).toBe(0);
        await isolator.cleanup(spec.id);
        expect(bench.containerDirs(spec.id)).toEqual([]);
      } finally {
        await bench.close();
      }
    }
  });
});
