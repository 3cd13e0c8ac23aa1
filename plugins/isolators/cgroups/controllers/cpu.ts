import type { CgroupDir } from "../cgroup-dir.ts";
import type { CgroupsConfig } from "../config.ts";
import type { Demand } from "../demand.ts";
import { type Controller, known, probeFiles } from "./controller.ts";

const SHARES_PER_CPU = 1024;
const SHARES_PER_REVOCABLE_CPU = 10;
/** Least that the kernel takes. */
const SHARES_MIN = 2;
/** 100 is the weight of a cgroup nobody configured, as 1024 shares are on v1: one CPU's worth. */
const WEIGHT_PER_CPU = 100;
const WEIGHT_MAX = 10_000;
const PERIOD_US = 100_000;
/** Least quota that the kernel takes. */
const QUOTA_MIN_US = 1_000;

/** v1 weight of a container among others when the CPUs are busy (F51). */
export function sharesOf(demand: Demand): number {
  const firm = demand.cpusMilli - demand.revocableCpusMilli;
  const milliShares = firm * SHARES_PER_CPU + demand.revocableCpusMilli * SHARES_PER_REVOCABLE_CPU;
  return Math.max(SHARES_MIN, Math.floor(milliShares / 1000));
}

/** v2 weight in the same proportions as `sharesOf`. */
export function weightOf(demand: Demand): number {
  const weight = Math.round((sharesOf(demand) / SHARES_PER_CPU) * WEIGHT_PER_CPU);
  return Math.min(WEIGHT_MAX, Math.max(1, weight));
}

/**
 * Microseconds of CPU time in each period of 100 ms, or `undefined` for no ceiling. A limit of the
 * task's own (D20) goes before the request, which is a ceiling only with `enableCfs`.
 */
export function quotaUsOf(demand: Demand, config: CgroupsConfig): number | undefined {
  const milli = demand.cpusLimitMilli ?? (config.enableCfs ? demand.cpusMilli : Infinity);
  if (milli === Infinity) return undefined;
  return Math.max(QUOTA_MIN_US, Math.round((milli * PERIOD_US) / 1000));
}

const burstUsOf = (quotaUs: number, config: CgroupsConfig): number =>
  Math.floor(quotaUs * config.cpuBurst);

const seconds = (value: number | undefined, unitsPerSecond: number): number | undefined =>
  value === undefined ? undefined : value / unitsPerSecond;

function applyV1(group: CgroupDir, demand: Demand, config: CgroupsConfig): void {
  group.write("cpu.shares", `${sharesOf(demand)}`);
  if (!group.has("cpu.cfs_quota_us")) return;
  const quotaUs = quotaUsOf(demand, config);
  const hasBurst = group.has("cpu.cfs_burst_us");
  // A burst may not exceed the quota at any moment, so it goes before a change and returns after.
  if (hasBurst && group.number("cpu.cfs_burst_us") !== 0) group.write("cpu.cfs_burst_us", "0");
  group.write("cpu.cfs_period_us", `${PERIOD_US}`);
  group.write("cpu.cfs_quota_us", quotaUs === undefined ? "-1" : `${quotaUs}`);
  if (hasBurst && quotaUs !== undefined && config.cpuBurst > 0) {
    group.write("cpu.cfs_burst_us", `${burstUsOf(quotaUs, config)}`);
  }
}

/** CPU time by shares and quota, on v1. */
export const cpuV1: Controller = {
  name: "cpu",
  version: 1,
  kernelNames: ["cpu"],
  probe: (root, config) =>
    probeFiles(root, "cpu.shares", [
      { file: "cpu.cfs_quota_us", for: "ceilings of CPU time", when: config.enableCfs },
      { file: "cpu.cfs_burst_us", for: "bursts of CPU time", when: config.cpuBurst > 0 },
    ]),
  create: applyV1,
  update: applyV1,
  usage(group) {
    const quotaUs = group.number("cpu.cfs_quota_us");
    const isCapped = quotaUs !== undefined && quotaUs > 0;
    return known({
      cpusThrottledSeconds: seconds(group.table("cpu.stat").get("throttled_time"), 1e9),
      cpusLimit: isCapped ? quotaUs / (group.number("cpu.cfs_period_us") ?? PERIOD_US) : undefined,
    });
  },
};

/** Counts CPU time on v1, where that is a controller of its own, often on the hierarchy of cpu. */
export const cpuacctV1: Controller = {
  name: "cpu",
  version: 1,
  kernelNames: ["cpuacct"],
  probe: (root) => probeFiles(root, "cpuacct.usage"),
  usage(group) {
    const user = group.number("cpuacct.usage_user");
    if (user !== undefined) {
      return known({
        cpusUserSeconds: seconds(user, 1e9),
        cpusSystemSeconds: seconds(group.number("cpuacct.usage_sys"), 1e9),
      });
    }
    // Older kernels tell both parts only in ticks, of which Linux shows 100 a second everywhere.
    const ticks = group.table("cpuacct.stat");
    return known({
      cpusUserSeconds: seconds(ticks.get("user"), 100),
      cpusSystemSeconds: seconds(ticks.get("system"), 100),
    });
  },
};

function applyV2(group: CgroupDir, demand: Demand, config: CgroupsConfig): void {
  group.write("cpu.weight", `${weightOf(demand)}`);
  if (!group.has("cpu.max")) return;
  const quotaUs = quotaUsOf(demand, config);
  const hasBurst = group.has("cpu.max.burst");
  if (hasBurst && group.number("cpu.max.burst") !== 0) group.write("cpu.max.burst", "0");
  group.write("cpu.max", `${quotaUs ?? "max"} ${PERIOD_US}`);
  if (hasBurst && quotaUs !== undefined && config.cpuBurst > 0) {
    group.write("cpu.max.burst", `${burstUsOf(quotaUs, config)}`);
  }
}

/** CPU time by weight and ceiling, on v2. */
export const cpuV2: Controller = {
  name: "cpu",
  version: 2,
  kernelNames: ["cpu"],
  probe: (root, config) =>
    probeFiles(root, "cpu.weight", [
      { file: "cpu.max", for: "ceilings of CPU time", when: config.enableCfs },
      { file: "cpu.max.burst", for: "bursts of CPU time", when: config.cpuBurst > 0 },
    ]),
  create: applyV2,
  update: applyV2,
  usage(group) {
    const stat = group.table("cpu.stat");
    const [quota, period] = (group.read("cpu.max") ?? "max").split(" ").map(Number);
    const isCapped = quota !== undefined && period !== undefined && Number.isFinite(quota);
    return known({
      cpusUserSeconds: seconds(stat.get("user_usec"), 1e6),
      cpusSystemSeconds: seconds(stat.get("system_usec"), 1e6),
      cpusThrottledSeconds: seconds(stat.get("throttled_usec"), 1e6),
      cpusLimit: isCapped ? quota / period : undefined,
    });
  },
};
