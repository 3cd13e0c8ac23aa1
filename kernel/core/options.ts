import type { MasterInfo } from "../../contract/schema/agent.ts";
import type { Quantities } from "../../contract/schema/framework.ts";

/** What a cluster is configured with; durations in milliseconds, defaults of features section L. */
export interface ClusterOptions {
  /** Who this master is; `master.id` starts every id that it mints (A7). */
  readonly master: MasterInfo;
  /** What the cluster is called, for people. */
  readonly name: string | undefined;
  /** Region of the master, for agents elsewhere (E16). */
  readonly region: string | undefined;
  /** Time between batches of allocation (C1). */
  readonly allocationIntervalMs: number;
  /** What tasks, executors and frameworks gave up is offered after this long, together. */
  readonly freedResourcesDelayMs: number;
  /** Offers that nobody answers are rescinded after this long; `undefined` for never (C4). */
  readonly offerTimeoutMs: number | undefined;
  /** What has to be left on an agent for an offer; any of these, empty for no minimum (C13). */
  readonly minAllocatable: readonly Quantities[];
  /**
   * Most cycles of allocation for which a client that keeps giving everything back at once is set
   * behind the others; 0 for never.
   */
  readonly backOffCyclesMax: number;
  /** Agents with gpus are only for frameworks that know about gpus (C19). */
  readonly filterGpuResources: boolean;
  /** Time between pings, and how many may go unanswered in a row (B22). */
  readonly agentPingTimeoutMs: number;
  readonly maxAgentPingTimeouts: number;
  /** How long agents have to come back after a disconnection or a change of master (B23, B26). */
  readonly agentReregisterTimeoutMs: number;
  /** At most `count` agents are given up per `perMs`; `undefined` for no limit (B27). */
  readonly agentRemovalRateLimit: { readonly count: number; readonly perMs: number } | undefined;
  /** Share of missing agents, 0 to 1, above which a new master stops instead (B26). */
  readonly recoveryAgentRemovalLimit: number;
  /** With quotas set, offers wait for this share of agents, or this long (E17). */
  readonly allocatorAgentRecoveryFactor: number;
  readonly allocatorRecoveryTimeoutMs: number;
  /** Sizes of what is remembered of the past (D23). */
  readonly maxCompletedFrameworks: number;
  readonly maxCompletedTasksPerFramework: number;
  readonly maxUnreachableTasksPerFramework: number;
  /** Unreachable and gone agents are forgotten by age and by number (B33). */
  readonly registryGcIntervalMs: number;
  readonly registryMaxAgentAgeMs: number;
  readonly registryMaxAgentCount: number;
}

/** The defaults; who the master is has none. */
export const defaultOptions: Omit<ClusterOptions, "master"> = {
  name: undefined,
  region: undefined,
  allocationIntervalMs: 1_000,
  freedResourcesDelayMs: 50,
  offerTimeoutMs: undefined,
  minAllocatable: [{ cpus: 10 }, { mem: 32_000 }],
  backOffCyclesMax: 32,
  filterGpuResources: true,
  agentPingTimeoutMs: 15_000,
  maxAgentPingTimeouts: 5,
  agentReregisterTimeoutMs: 600_000,
  agentRemovalRateLimit: undefined,
  recoveryAgentRemovalLimit: 1,
  allocatorAgentRecoveryFactor: 0.8,
  allocatorRecoveryTimeoutMs: 600_000,
  maxCompletedFrameworks: 50,
  maxCompletedTasksPerFramework: 1_000,
  maxUnreachableTasksPerFramework: 1_000,
  registryGcIntervalMs: 900_000,
  registryMaxAgentAgeMs: 1_209_600_000,
  registryMaxAgentCount: 102_400,
};
