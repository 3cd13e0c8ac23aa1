import type { Limitation } from "../../../../contract/ports/isolator.ts";
import type { CgroupDir } from "../cgroup-dir.ts";
import type { CgroupsConfig } from "../config.ts";
import type { Demand } from "../demand.ts";
import { type Controller, known, probeFiles } from "./controller.ts";

const MIB = 2 ** 20;
/** Less than this and even a shell cannot start (F52). */
const LIMIT_MIN_BYTES = 32 * MIB;
/** From here on, v1 means "no limit": the kernel prints the largest multiple of a page. */
const V1_UNLIMITED = 2 ** 62;

/** Bytes above which the kernel kills (F52, D20); `Infinity` when there is no such limit. */
export function hardLimitOf(demand: Demand): number {
  return Math.max(demand.memLimitBytes ?? demand.memBytes, LIMIT_MIN_BYTES);
}

/** Bytes that a container keeps when the host is short of memory. */
export function softLimitOf(demand: Demand): number {
  return Math.max(demand.memBytes, LIMIT_MIN_BYTES);
}

/** What the kernel says of the memory of a container that it killed in. */
export interface MemoryFigures {
  readonly limitBytes: number | undefined;
  readonly usedBytes: number | undefined;
  readonly peakBytes: number | undefined;
  readonly rssBytes: number | undefined;
  readonly cacheBytes: number | undefined;
  readonly swapBytes: number | undefined;
  /** Whom the kernel killed, in words. */
  readonly killed: string;
  /** False when the whole host had run out, and the container was within its limit. */
  readonly isOwnLimit: boolean;
}

const mib = (bytes: number | undefined): string =>
  bytes === undefined ? "unknown" : `${Math.round((bytes / MIB) * 10) / 10} MiB`;

/** Says it for people, figures included, and for programs: `mem` is the most that was in use. */
export function memoryLimitation(figures: MemoryFigures, demand?: Demand): Limitation {
  const { killed, usedBytes, peakBytes, limitBytes } = figures;
  const what = figures.isOwnLimit
    ? `memory limit of ${mib(limitBytes)} exceeded`
    : `the host ran out of memory (limit of the container: ${mib(limitBytes)})`;
  const requested = demand === undefined ? "" : `requested ${mib(demand.memBytes)}, `;
  const most = Math.max(peakBytes ?? 0, usedBytes ?? 0);
  return {
    reason: "REASON_CONTAINER_LIMITATION_MEMORY",
    message:
      `${what}: ${requested}in use now ${mib(usedBytes)} (rss ${mib(figures.rssBytes)}, ` +
      `cache ${mib(figures.cacheBytes)}, swap ${mib(figures.swapBytes)}), ` +
      `most in use ${mib(most || undefined)}; ` +
      `the kernel killed ${killed}`,
    resources: [{ name: "mem", scalar: Math.round((most / MIB) * 1000) }],
  };
}

const processesOf = (kills: number): string => (kills === 1 ? "1 process" : `${kills} processes`);

const finiteV1 = (bytes: number | undefined): number | undefined =>
  bytes === undefined || bytes >= V1_UNLIMITED ? undefined : bytes;

/** Order matters: memory with swap may never be below memory alone, at no moment. */
function setHardV1(group: CgroupDir, bytes: number, config: CgroupsConfig): void {
  const text = bytes === Infinity ? "-1" : `${bytes}`;
  const hasSwap = config.limitSwap && group.has("memory.memsw.limit_in_bytes");
  const isRaise = bytes > (group.number("memory.memsw.limit_in_bytes") ?? 0);
  if (hasSwap && isRaise) group.write("memory.memsw.limit_in_bytes", text);
  group.write("memory.limit_in_bytes", text);
  if (hasSwap && !isRaise) group.write("memory.memsw.limit_in_bytes", text);
}

/** Memory on v1: limit, soft limit, and the count of kills. */
export const memoryV1: Controller = {
  name: "memory",
  version: 1,
  kernelNames: ["memory"],
  probe(root, config) {
    const probe = probeFiles(root, "memory.limit_in_bytes", [
      { file: "memory.memsw.limit_in_bytes", for: "limits of swap", when: config.limitSwap },
    ]);
    if (probe.unusable !== undefined || root.table("memory.oom_control").has("oom_kill")) {
      return probe;
    }
    const silent = "reports of kills for lack of memory (this kernel does not count them)";
    return { lacking: [...probe.lacking, silent] };
  },
  prepareRoot(root) {
    // Without it, kernels before 5.11 do not count a container's own cgroups into its limit.
    if (root.number("memory.use_hierarchy") === 0) root.write("memory.use_hierarchy", "1");
  },
  create(group, demand, config) {
    group.write("memory.soft_limit_in_bytes", `${softLimitOf(demand)}`);
    // Prepared again by a restarted agent: what runs keeps what it has (F52).
    if (group.pids().length > 0) memoryV1.update?.(group, demand, config);
    else setHardV1(group, hardLimitOf(demand), config);
  },
  update(group, demand, config) {
    group.write("memory.soft_limit_in_bytes", `${softLimitOf(demand)}`);
    const hard = hardLimitOf(demand);
    if (hard > (group.number("memory.limit_in_bytes") ?? 0)) setHardV1(group, hard, config);
  },
  usage(group) {
    const stat = group.table("memory.stat");
    return known({
      memTotalBytes: group.number("memory.usage_in_bytes"),
      memLimitBytes: finiteV1(group.number("memory.limit_in_bytes")),
      memRssBytes: stat.get("total_rss"),
      memCacheBytes: stat.get("total_cache"),
      memSwapBytes: stat.get("total_swap"),
    });
  },
  limitHit(group, demand) {
    const kills = group.table("memory.oom_control").get("oom_kill") ?? 0;
    if (kills === 0) return undefined;
    const stat = group.table("memory.stat");
    const figures: MemoryFigures = {
      limitBytes: finiteV1(group.number("memory.limit_in_bytes")),
      usedBytes: group.number("memory.usage_in_bytes"),
      peakBytes: group.number("memory.max_usage_in_bytes"),
      rssBytes: stat.get("total_rss"),
      cacheBytes: stat.get("total_cache"),
      swapBytes: stat.get("total_swap"),
      killed: processesOf(kills),
      isOwnLimit:
        (group.number("memory.failcnt") ?? 0) > 0 ||
        (group.number("memory.memsw.failcnt") ?? 0) > 0,
    };
    return memoryLimitation(figures, demand);
  },
};

const bytesOrMax = (bytes: number): string => (bytes === Infinity ? "max" : `${bytes}`);

/** Memory on v2: memory.max, memory.low, and the events of the cgroup and all below it. */
export const memoryV2: Controller = {
  name: "memory",
  version: 2,
  kernelNames: ["memory"],
  probe: (root, config) =>
    probeFiles(root, "memory.max", [
      { file: "memory.swap.max", for: "limits of swap", when: config.limitSwap },
    ]),
  create(group, demand, config) {
    // One process gone at random is worse than none: the container dies as a whole.
    if (group.has("memory.oom.group")) group.write("memory.oom.group", "1");
    if (config.limitSwap && group.has("memory.swap.max")) group.write("memory.swap.max", "0");
    if (isPopulated(group)) {
      memoryV2.update?.(group, demand, config);
      return;
    }
    group.write("memory.low", `${softLimitOf(demand)}`);
    group.write("memory.max", bytesOrMax(hardLimitOf(demand)));
  },
  update(group, demand) {
    group.write("memory.low", `${softLimitOf(demand)}`);
    const now = group.number("memory.max") ?? Infinity;
    if (hardLimitOf(demand) > now) group.write("memory.max", bytesOrMax(hardLimitOf(demand)));
  },
  balance(root, demands) {
    // memory.low counts only as far as that of the cgroup above grants it.
    let sum = 0;
    for (const demand of demands) sum += softLimitOf(demand);
    if (root.has("memory.low")) root.write("memory.low", `${sum}`);
  },
  usage(group) {
    const stat = group.table("memory.stat");
    return known({
      memTotalBytes: group.number("memory.current"),
      memLimitBytes: group.number("memory.max"),
      memRssBytes: stat.get("anon"),
      memCacheBytes: stat.get("file"),
      memSwapBytes: group.number("memory.swap.current"),
    });
  },
  limitHit(group, demand) {
    const events = group.table("memory.events");
    const kills = events.get("oom_kill") ?? 0;
    if (kills === 0) return undefined;
    const stat = group.table("memory.stat");
    const figures: MemoryFigures = {
      limitBytes: group.number("memory.max"),
      usedBytes: group.number("memory.current"),
      peakBytes: group.number("memory.peak"),
      rssBytes: stat.get("anon"),
      cacheBytes: stat.get("file"),
      swapBytes: group.number("memory.swap.current"),
      // With oom.group the kernel counts the one it chose twice, so its count is not told.
      killed: group.number("memory.oom.group") === 1 ? "all its processes" : processesOf(kills),
      isOwnLimit: (events.get("oom") ?? 0) > 0,
    };
    return memoryLimitation(figures, demand);
  },
};

/** Whether processes are in a v2 cgroup or below it. */
function isPopulated(group: CgroupDir): boolean {
  return group.table("cgroup.events").get("populated") === 1;
}
