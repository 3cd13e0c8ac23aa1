import type { AgentId, RoleName } from "../../contract/ids.ts";
import type { AgentInfo, DrainInfo } from "../../contract/schema/agent.ts";
import type { Effect } from "./effect.ts";
import type {
  Away,
  ClusterState,
  Maintenance,
  PendingWrite,
  RegistryMirror,
  RoleQuota,
} from "./state.ts";

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
/** Agents that were given up. */
export const unreachableEntry = (id: AgentId, away: Away | undefined): RegistryEntry => ({
  key: `unreachable/${id}`,
  value: away,
});
/** Agents that must never come back. */
export const goneEntry = (id: AgentId, away: Away | undefined): RegistryEntry => ({
  key: `gone/${id}`,
  value: away,
});
/** Weights that an operator set (E7). */
export const weightEntry = (role: RoleName, weight: number): RegistryEntry => ({
  key: `weights/${role}`,
  value: weight,
});
/** Whether an entry is the weight of a role. */
export const isWeight = ({ key }: RegistryEntry): boolean => key.startsWith("weights/");
/** Quotas that an operator set (E8, E9). */
export const quotaEntry = (quota: RoleQuota): RegistryEntry => ({
  key: `quotas/${quota.role}`,
  value:
    quota.guarantee === undefined && quota.limit === undefined
      ? undefined
      : { guarantee: quota.guarantee, limit: quota.limit },
});

/** Agents that an operator took out of the offers (I6). */
export const deactivatedEntry = (id: AgentId, deactivated: boolean): RegistryEntry => ({
  key: `deactivated/${id}`,
  value: deactivated ? true : undefined,
});
/** Agents that are being emptied, or are empty (I5). */
export const drainEntry = (id: AgentId, drain: DrainInfo | undefined): RegistryEntry => ({
  key: `drains/${id}`,
  value: drain,
});
/** The schedule of maintenance with the machines that are down, as one whole (I1, I2). */
export const maintenanceEntry = (maintenance: Maintenance): RegistryEntry => ({
  key: "maintenance/schedule",
  value: maintenance,
});

/** Drops what operators wanted of an agent that is forgotten; the entries to write for that. */
export function forgetService(
  { deactivated, drains }: RegistryMirror,
  id: AgentId,
): RegistryEntry[] {
  const entries: RegistryEntry[] = [];
  if (deactivated.delete(id)) entries.push(deactivatedEntry(id, false));
  if (drains.delete(id)) entries.push(drainEntry(id, undefined));
  return entries;
}

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
        mirror.unreachable.set(name as AgentId, awayIn(value));
        break;
      case "gone":
        mirror.gone.set(name as AgentId, awayIn(value));
        break;
      case "deactivated":
        mirror.deactivated.add(name as AgentId);
        break;
      case "drains":
        mirror.drains.set(name as AgentId, value as DrainInfo);
        break;
      case "maintenance":
        mirror.maintenance = value as Maintenance;
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

/** Earlier versions wrote the time alone. */
function awayIn(value: unknown): Away {
  return typeof value === "number" ? { sinceMs: value } : (value as Away);
}
