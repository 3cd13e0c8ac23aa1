import { expect, test } from "vitest";
import { quotaUsOf, sharesOf, weightOf } from "../../plugins/isolators/cgroups/controllers/cpu.ts";
import { bytesOfMem, type Demand, demandOf } from "../../plugins/isolators/cgroups/demand.ts";
import { burstableScore } from "../../plugins/isolators/cgroups/processes.ts";
import { configOf, specOf } from "./cgroups/bench.ts";

const MIB = 2 ** 20;

const demand = (parts: Partial<Demand>): Demand => ({
  cpusMilli: 0,
  revocableCpusMilli: 0,
  memBytes: 0,
  ...parts,
});

test.each([
  [{ cpusMilli: 1000 }, 1024, 100],
  [{ cpusMilli: 500 }, 512, 50],
  [{ cpusMilli: 1 }, 2, 1],
  [{ cpusMilli: 0 }, 2, 1],
  [{ cpusMilli: 2000, revocableCpusMilli: 2000 }, 20, 2],
  [{ cpusMilli: 2000, revocableCpusMilli: 1000 }, 1034, 101],
  [{ cpusMilli: 512_000 }, 524_288, 10_000],
])("%j weighs %d shares on v1 and %d on v2 (F51)", (parts, shares, weight) => {
  expect(sharesOf(demand(parts))).toBe(shares);
  expect(weightOf(demand(parts))).toBe(weight);
});

test.each([
  [{ cpusMilli: 500 }, true, 50_000],
  [{ cpusMilli: 1 }, true, 1000],
  [{ cpusMilli: 0 }, true, undefined],
  [{ cpusMilli: 500 }, false, undefined],
  [{ cpusMilli: 500, cpusLimitMilli: 2000 }, false, 200_000],
  [{ cpusMilli: 500, cpusLimitMilli: Infinity }, true, undefined],
])("%j with enableCfs %j has a quota of %j µs in 100 ms (F51, D20)", (parts, enableCfs, quota) => {
  expect(quotaUsOf(demand(parts), configOf({ enableCfs }))).toBe(quota);
});

test("a demand sums reservations, counts what is revocable, and keeps limits apart (D20)", () => {
  const spec = specOf("c1", { cpus: 1, mem: 64.5 }, { cpus: Infinity, mem: 128_000 });
  const revocable = { name: "cpus", scalar: 500, revocable: true } as const;
  expect(demandOf({ ...spec, resources: [...spec.resources, revocable] })).toEqual({
    cpusMilli: 1500,
    revocableCpusMilli: 500,
    cpusLimitMilli: Infinity,
    memBytes: 64.5 * MIB,
    memLimitBytes: 128 * MIB,
  });
  expect(bytesOfMem(1)).toBe(1049); // A thousandth of a MiB, rounded up.
});

test("the less of a host a burstable container requested, the sooner it goes (D20)", () => {
  const burst = { memLimitBytes: Infinity };
  expect(burstableScore(demand({ memBytes: 100, ...burst }), 1000)).toBe(900);
  expect(burstableScore(demand({ memBytes: 1000, ...burst }), 1000)).toBe(1);
  expect(burstableScore(demand({ memBytes: 100, memLimitBytes: 100 }), 1000)).toBeUndefined();
  expect(burstableScore(demand({ memBytes: 100 }), 1000)).toBeUndefined();
});
