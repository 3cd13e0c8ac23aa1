import type { AgentId, RoleName } from "../../contract/ids.ts";
import type { AgentInfo } from "../../contract/schema/agent.ts";
import type { Effect } from "./effect.ts";
import type { ClusterState, PendingWrite, RegistryMirror, RoleQuota } from "./state.ts";

/** One line of the registry; `undefined` deletes. */
export interface RegistryEntry {
  readonly key: string;
  readonly value: unknown;
}

/** Agents that may come back to a new master, with their description. */
export const agentEntry = (id: AgentId, info: AgentInfo | undefined): RegistryEntry => ({
  key: `agents/${id}`,
  value: info,
});
/** Agents that were given up, with the time in ms since the epoch. */
export const unreachableEntry = (id: AgentId, sinceMs: number | undefined): RegistryEntry => ({
  key: `unreachable/${id}`,
  value: sinceMs,
});
/** Agents that must never come back. */
export const goneEntry = (id: AgentId, sinceMs: number | undefined): RegistryEntry => ({
  key: `gone/${id}`,
  value: sinceMs,
});
/** Weights that an operator set (E7). */
export const weightEntry = (role: RoleName, weight: number): RegistryEntry => ({
  key: `weights/${role}`,
  value: weight,
});
/** Quotas that an operator set (E8, E9). */
export const quotaEntry = (quota: RoleQuota): RegistryEntry => ({
  key: `quotas/${quota.role}`,
  value:
    quota.guarantee === undefined && quota.limit === undefined
      ? undefined
      : { guarantee: quota.guarantee, limit: quota.limit },
});

/** Asks for a write; what waits for it goes on when `registry-written` brings the token (G4). */
export function writeRegistry(
  state: ClusterState,
  entries: readonly RegistryEntry[],
  pending: PendingWrite,
  out: Effect[],
): void {
  const token = state.counters.write++;
  state.writes.set(token, pending);
  out.push({ type: "write-registry", token, entries });
}

/** Reads what was written once into the mirror. Keys of other areas are left alone. */
export function readRegistry(mirror: RegistryMirror, entries: readonly RegistryEntry[]): void {
  for (const { key, value } of entries) {
    const cut = key.indexOf("/");
    const name = key.slice(cut + 1);
    switch (key.slice(0, cut)) {
      case "agents":
        mirror.admitted.set(name as AgentId, value as AgentInfo);
        break;
      case "unreachable":
        mirror.unreachable.set(name as AgentId, value as number);
        break;
      case "gone":
        mirror.gone.set(name as AgentId, value as number);
        break;
      case "weights":
        mirror.weights.set(name as RoleName, value as number);
        break;
      case "quotas":
        mirror.quotas.set(name as RoleName, {
          guarantee: undefined,
          limit: undefined,
          ...(value as Partial<RoleQuota>),
          role: name as RoleName,
        });
        break;
    }
  }
}
