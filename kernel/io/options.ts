import type { MasterConfig } from "../../contract/config/master.ts";
import { errors } from "../../contract/errors.ts";
import { parseQuantities } from "../../contract/resources/text.ts";
import type { MasterInfo } from "../../contract/schema/agent.ts";
import { type ClusterOptions, defaultOptions } from "../core/options.ts";

/**
 * The cluster's options from the master's config.
 * @throws CONFIG_BAD_VALUE where a config that was not checked by its schema is wrong
 */
export function clusterOptions(config: MasterConfig, master: MasterInfo): ClusterOptions {
  const text = config.minAllocatableResources;
  const quantities = text === "" ? { ok: true as const, value: [] } : parseQuantities(text);
  if (!quantities.ok) {
    throw errors.CONFIG_BAD_VALUE("minAllocatableResources", `"${text}": ${quantities.message}`);
  }
  return {
    ...defaultOptions,
    master,
    name: config.cluster,
    allocationIntervalMs: config.allocationInterval,
    freedResourcesDelayMs: config.freedResourcesDelay,
    offerTimeoutMs: config.offerTimeout,
    minAllocatable: quantities.value,
    backOffCyclesMax: config.hoardingBackOffCycles,
    filterGpuResources: config.filterGpuResources,
    agentPingTimeoutMs: config.agentPingTimeout,
    maxAgentPingTimeouts: config.maxAgentPingTimeouts,
    agentReregisterTimeoutMs: config.agentReregisterTimeout,
    maxCompletedFrameworks: config.history.maxCompletedFrameworks,
    maxCompletedTasksPerFramework: config.history.maxCompletedTasksPerFramework,
    maxUnreachableTasksPerFramework: config.history.maxUnreachableTasksPerFramework,
    registryGcIntervalMs: config.registryGcInterval,
    registryMaxAgentAgeMs: config.registryMaxAgentAge,
    registryMaxAgentCount: config.registryMaxAgentCount,
  };
}
