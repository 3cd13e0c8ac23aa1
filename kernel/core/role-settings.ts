import type { RoleName } from "../../contract/ids.ts";
import { vectorOf } from "./books.ts";
import { dropRole, holdRole } from "./roles.ts";
import type { ClusterState, Role, RoleQuota } from "./state.ts";
import { KINDS } from "./tables/shape.ts";

/** The role, with a reference of its own for a setting; none if it has that setting already. */
function settle(state: ClusterState, name: RoleName, isNew: boolean): Role | undefined {
  return isNew ? holdRole(state, name) : state.roles.get(name);
}

/** Puts a weight in force (E7). The weight 1 is remembered, too: an operator has set it. */
export function applyWeight(state: ClusterState, name: RoleName, weight: number): void {
  const role = settle(state, name, !state.roleSettings.weights.has(name));
  if (role === undefined) return;
  state.roleSettings.weights.add(name);
  state.registry.weights.set(name, weight);
  state.tables.setRoleWeight(role.row, weight);
}

/** Puts a quota in force; one with neither guarantee nor limit removes the role's (E8, E9). */
export function applyQuota(state: ClusterState, quota: RoleQuota): void {
  const { tables, registry, roleSettings } = state;
  const name = quota.role;
  if (quota.guarantee === undefined && quota.limit === undefined) {
    registry.quotas.delete(name);
    const role = state.roles.get(name);
    if (role === undefined || !roleSettings.quotas.delete(name)) return;
    tables.setRoleQuota(role.row, undefined, undefined);
    dropRole(state, role);
    return;
  }
  const role = settle(state, name, !roleSettings.quotas.has(name));
  if (role === undefined) return;
  roleSettings.quotas.add(name);
  registry.quotas.set(name, quota);
  const guarantee = quota.guarantee && vectorOf(tables, quota.guarantee);
  tables.setRoleQuota(role.row, guarantee, quota.limit && limitVector(state, quota));
}

function limitVector(state: ClusterState, { limit = {} }: RoleQuota): Float64Array {
  const vector = new Float64Array(KINDS).fill(Number.POSITIVE_INFINITY);
  for (const [name, amount] of Object.entries(limit)) {
    const kind = state.tables.kindOf(name);
    if (kind !== undefined) vector[kind] = amount;
  }
  return vector;
}
