import { errors } from "../../../contract/errors.ts";
import type { AgentId } from "../../../contract/ids.ts";
import { vectorOf } from "../books.ts";
import type { Effect } from "../effect.ts";
import { noteAgentId } from "../ids.ts";
import { type RegistryEntry, readRegistry } from "../registry.ts";
import { applyQuota, applyWeight } from "../role-settings.ts";
import type { ClusterState } from "../state.ts";
import { giveUp } from "./agent-lost.ts";

/** The registry was read: the cluster begins to answer (B26, G7, E17). */
export function stepRecovered(
  state: ClusterState,
  entries: readonly RegistryEntry[],
  nowMs: number,
): void {
  if (state.recovered) return;
  state.recovered = true;
  const { options, registry, tables, timers, recovering, allocation } = state;
  readRegistry(registry, entries);
  for (const ids of [registry.admitted, registry.unreachable, registry.gone]) {
    for (const id of ids.keys()) noteAgentId(state, id);
  }
  for (const [id, info] of registry.admitted) recovering.set(id, info);
  for (const [role, weight] of registry.weights) applyWeight(state, role, weight);
  for (const quota of registry.quotas.values()) applyQuota(state, quota);
  tables.setDefaultMinAllocatable(options.minAllocatable.map((each) => vectorOf(tables, each)));
  if (recovering.size > 0) {
    timers.set(nowMs + options.agentReregisterTimeoutMs, "recovery");
    if (registry.quotas.size > 0) {
      allocation.pausedUntilMs = nowMs + options.allocatorRecoveryTimeoutMs;
      allocation.agentsAwaited = Math.ceil(recovering.size * options.allocatorAgentRecoveryFactor);
      timers.set(allocation.pausedUntilMs, "allocation-recovery");
    }
  }
  timers.set(nowMs + options.allocationIntervalMs, "batch");
  timers.set(nowMs + options.registryGcIntervalMs, "registry-gc");
}

/** The time for agents to come back to a new master is over (B26). */
export function recoveryEnded(state: ClusterState, nowMs: number, out: Effect[]): void {
  const missing: AgentId[] = [...state.recovering.keys()];
  const known = Math.max(1, state.registry.admitted.size);
  if (missing.length / known > state.options.recoveryAgentRemovalLimit) {
    const { code, message } = errors.AGENTS_MISSING(missing.length, known);
    out.push({ type: "abort", code, message });
    return;
  }
  for (const id of missing) giveUp(state, id, nowMs, out);
}
