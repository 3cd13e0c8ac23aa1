import type { FrameworkId, RoleName } from "../contract/ids.ts";
import { quantitiesOf, type Resources } from "../contract/resources.ts";
import type {
  FrameworkCapability,
  FrameworkInfo,
  Quantities,
} from "../contract/schema/framework.ts";
import { ownUser } from "../wire/index.ts";

/** Tasks outlive a lost connection this long unless options say otherwise (B5). */
export const FAILOVER_TIMEOUT_DEFAULT_MS = 60_000;

/** What the library itself can deal with. */
const capabilitiesDefault: readonly FrameworkCapability[] = [
  "PARTITION_AWARE",
  "MULTI_ROLE",
  "RESERVATION_REFINEMENT",
  "TASK_KILLING_STATE",
];

/** Who a framework is, in plain strings; what is left out has a default. */
export interface FrameworkOptions {
  /** Shown to operators; need not be unique. */
  readonly name: string;
  /** The id to take up again after a restart of the framework (B2). */
  readonly id?: string;
  /**
   * Operating system user of the tasks; default the user of this process, by number if it has no
   * name.
   */
  readonly user?: string;
  /** Default `["*"]`. */
  readonly roles?: readonly string[];
  /**
   * How long the master keeps the tasks after the connection is lost. Default one minute, where
   * Mesos has 0: a master that restarts must not cost a framework its tasks.
   */
  readonly failoverTimeoutMs?: number;
  /** Whether tasks survive a restart of their agent. Default true, where Mesos has false. */
  readonly checkpoint?: boolean;
  /**
   * Default PARTITION_AWARE, MULTI_ROLE, RESERVATION_REFINEMENT, TASK_KILLING_STATE: tasks of
   * lost agents are reported as UNREACHABLE, DROPPED or GONE instead of LOST (D2).
   */
  readonly capabilities?: readonly FrameworkCapability[];
  readonly webuiUrl?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Smallest offers worth making, by role; an empty list means any (C13). */
  readonly minAllocatable?: Readonly<Record<string, readonly Quantities[]>>;
  /**
   * For policies that go by priorities: a whole number from -1,000,000 to 1,000,000, the higher the
   * sooner; default 0.
   */
  readonly priority?: number;
  /**
   * By role, for policies that go by demands: all that the framework wants to hold at a time, what
   * its tasks have included. A role without one wants whatever there is.
   */
  readonly demand?: Readonly<Record<string, Resources>>;
}

/** The framework's own record as it crosses the wire, with defaults filled in. */
export function frameworkInfo(options: FrameworkOptions): FrameworkInfo {
  const { labels, minAllocatable, priority, demand } = options;
  return {
    name: options.name,
    user: options.user ?? ownUser().name,
    roles: [...(options.roles ?? ["*"])] as RoleName[],
    failoverTimeoutMs: options.failoverTimeoutMs ?? FAILOVER_TIMEOUT_DEFAULT_MS,
    checkpoint: options.checkpoint ?? true,
    capabilities: [...(options.capabilities ?? capabilitiesDefault)],
    ...(options.id === undefined ? {} : { id: options.id as FrameworkId }),
    ...(options.webuiUrl === undefined ? {} : { webuiUrl: options.webuiUrl }),
    ...(labels === undefined
      ? {}
      : { labels: Object.entries(labels).map(([key, value]) => ({ key, value })) }),
    ...(minAllocatable === undefined
      ? {}
      : {
          offerFilters: Object.fromEntries(
            Object.entries(minAllocatable).map(([role, list]) => [
              role,
              { minAllocatable: [...list] },
            ]),
          ),
        }),
    ...(priority === undefined ? {} : { priority }),
    ...(demand === undefined
      ? {}
      : {
          demand: Object.fromEntries(
            Object.entries(demand).map(([role, wanted]) => [role, quantitiesOf(wanted)]),
          ),
        }),
  };
}
