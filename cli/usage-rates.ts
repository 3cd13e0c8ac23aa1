import type { ContainerUsage } from "../sdk/index.ts";

/** What a container used over the time between two looks. */
export interface UsageRow {
  readonly taskIds: readonly string[];
  readonly frameworkId: string;
  readonly containerId: string;
  readonly agent: string;
  /** Of one core: 150 is one and a half; absent at the first look. */
  readonly cpuPercent?: number;
  /** In cores. */
  readonly cpusLimit?: number;
  readonly memBytes?: number;
  readonly memLimitBytes?: number;
  readonly processes?: number;
  readonly threads?: number;
}

/** Turns looks at how much was used so far into how much is used. */
export class UsageRates {
  #before: ReadonlyMap<string, ContainerUsage> = new Map();

  /** Rows of one look, by task; each look is compared with the one before. */
  look(containers: readonly { readonly agent: string; readonly usage: ContainerUsage }[]) {
    const before = this.#before;
    this.#before = new Map(containers.map(({ usage }) => [usage.containerId, usage]));
    const rows = containers.map(({ agent, usage }): UsageRow => {
      const { taskIds, frameworkId, containerId } = usage;
      const { cpusLimit, memLimitBytes, processes, threads } = usage;
      const figures = {
        cpuPercent: percent(before.get(containerId), usage),
        cpusLimit,
        memBytes: usage.memRssBytes ?? usage.memTotalBytes,
        ...{ memLimitBytes, processes, threads },
      };
      return { taskIds, frameworkId, containerId, agent, ...known(figures) };
    });
    const key = ({ taskIds, containerId }: UsageRow): string => taskIds[0] ?? containerId;
    return rows.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }
}

function known<T extends object>(values: T): { [Name in keyof T]?: NonNullable<T[Name]> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof T]?: NonNullable<T[Name]> };
}

function cpuSeconds({ cpusUserSeconds, cpusSystemSeconds }: ContainerUsage): number | undefined {
  if (cpusUserSeconds === undefined && cpusSystemSeconds === undefined) return undefined;
  return (cpusUserSeconds ?? 0) + (cpusSystemSeconds ?? 0);
}

function percent(before: ContainerUsage | undefined, now: ContainerUsage): number | undefined {
  const [from, to] = [before && cpuSeconds(before), cpuSeconds(now)];
  const spanMs = (now.timeMs ?? 0) - (before?.timeMs ?? 0);
  if (from === undefined || to === undefined || spanMs <= 0) return undefined;
  // Processes that ended without being waited for take their time with them.
  return Math.round(Math.max(0, ((to - from) / spanMs) * 1e5) * 10) / 10;
}
