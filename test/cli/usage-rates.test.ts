import { expect, test } from "vitest";
import { UsageRates } from "../../cli/usage-rates.ts";
import type { ContainerUsage } from "../../sdk/index.ts";

const usage = (containerId: string, timeMs: number, more: object): ContainerUsage =>
  ({
    ...{ frameworkId: "f", executorId: "e", containerId, taskIds: [`t-${containerId}`], timeMs },
    ...more,
  }) as unknown as ContainerUsage;
const seen = (...usages: readonly ContainerUsage[]) =>
  usages.map((one) => ({ agent: "a1", usage: one }));

test("cpu is what was used between two looks, in percent of a core", () => {
  const rates = new UsageRates();
  const first = { cpusUserSeconds: 10, cpusSystemSeconds: 5 };
  expect(rates.look(seen(usage("c", 1_000, first)))[0]).not.toHaveProperty("cpuPercent");
  const second = { cpusUserSeconds: 12, cpusSystemSeconds: 6 };
  expect(rates.look(seen(usage("c", 3_000, second)))[0]?.cpuPercent).toBe(150);
  expect(rates.look(seen(usage("c", 3_500, second)))[0]?.cpuPercent).toBe(0);
});

test("the sum of a container may shrink, and its use is never negative", () => {
  const rates = new UsageRates();
  rates.look(seen(usage("c", 1_000, { cpusUserSeconds: 9 })));
  expect(rates.look(seen(usage("c", 2_000, { cpusUserSeconds: 4 })))[0]?.cpuPercent).toBe(0);
});

test("what began in between, was not measured or was measured once has no percentage", () => {
  const rates = new UsageRates();
  rates.look(seen(usage("b", 1_000, { cpusUserSeconds: 1 }), usage("c", 1_000, {})));
  const same = usage("b", 1_000, { cpusUserSeconds: 1 });
  const rows = rates.look(
    seen(usage("d", 2_000, { cpusUserSeconds: 3 }), same, usage("c", 2_000, {})),
  );
  expect(rows.map(({ taskIds }) => taskIds[0])).toEqual(["t-b", "t-c", "t-d"]);
  for (const row of rows) expect(row).not.toHaveProperty("cpuPercent");
});

test("memory is what is resident, or all that is charged where only that is told", () => {
  const rates = new UsageRates();
  const both = usage("b", 1, { memRssBytes: 5, memTotalBytes: 9, memLimitBytes: 64, processes: 2 });
  const rows = rates.look(seen(both, usage("c", 1, { memTotalBytes: 9, threads: 3 })));
  expect(rows[0]).toMatchObject({ memBytes: 5, memLimitBytes: 64, processes: 2, agent: "a1" });
  expect(rows[1]).toMatchObject({ memBytes: 9, threads: 3 });
  expect(rows[1]).not.toHaveProperty("memLimitBytes");
});
