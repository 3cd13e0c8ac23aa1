import type { Usage } from "../../../contract/ports/isolator.ts";
import type { HostConfig, Stats } from "./engine-types.ts";

const NANOSECONDS = 1e9;
/** More than this is how cgroup v1 says that there is no limit. */
const NO_LIMIT_BYTES = 2 ** 60;

/** A field for every value that is known. */
function known(fields: Record<string, number | undefined>): Partial<Usage> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function seconds(nanoseconds: number | undefined): number | undefined {
  return nanoseconds === undefined ? undefined : nanoseconds / NANOSECONDS;
}

/** When the figures were true; an engine with much to do answers long after it has read them. */
function readMs(stats: Stats): number | undefined {
  const atMs = Date.parse(stats.read ?? "");
  return atMs > 0 ? atMs : undefined;
}

/**
 * Figures of the engine in our terms; cgroup v1 and v2 call the same things by other names.
 * `askedMs` is their time where the engine tells none.
 */
export function usageOf(stats: Stats, limits: HostConfig, askedMs: number): Usage {
  const { cpu_stats: cpu = {}, memory_stats: memory = {} } = stats;
  const { stats: detail = {}, limit, usage } = memory;
  const blocks = stats.blkio_stats?.io_service_bytes_recursive ?? undefined;
  const bytes = (op: string): number | undefined =>
    blocks
      ?.filter((block) => block.op.toLowerCase() === op)
      .reduce((sum, { value }) => sum + value, 0);
  const { CpuQuota = 0, CpuPeriod = 0 } = limits;
  return {
    timeMs: readMs(stats) ?? askedMs,
    ...known({
      processes: stats.pids_stats?.current,
      cpusUserSeconds: seconds(cpu.cpu_usage?.usage_in_usermode),
      cpusSystemSeconds: seconds(cpu.cpu_usage?.usage_in_kernelmode),
      cpusThrottledSeconds: seconds(cpu.throttling_data?.throttled_time),
      cpusLimit: CpuQuota > 0 && CpuPeriod > 0 ? CpuQuota / CpuPeriod : undefined,
      memTotalBytes: usage,
      memRssBytes: detail["total_rss"] ?? detail["rss"] ?? detail["anon"],
      memCacheBytes: detail["total_cache"] ?? detail["cache"] ?? detail["file"],
      memLimitBytes: limit !== undefined && limit < NO_LIMIT_BYTES ? limit : undefined,
      ioReadBytes: bytes("read"),
      ioWrittenBytes: bytes("write"),
    }),
  };
}
