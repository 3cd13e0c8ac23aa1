import type { RoleName } from "../../contract/ids.ts";
import { assert } from "./assert.ts";
import type { ClusterState, Role } from "./state.ts";
import { ROOT_ROLE } from "./tables/shape.ts";

/**
 * The role of that name, with all roles above it, made if it is new; `undefined` when the tables
 * have no room. A new role that nobody then refers to has to be given back with `releaseRole`.
 */
export function ensureRole(state: ClusterState, name: RoleName): Role | undefined {
  const known = state.roles.get(name);
  if (known !== undefined) return known;
  const cut = name.lastIndexOf("/");
  const parent = cut < 0 ? undefined : ensureRole(state, name.slice(0, cut) as RoleName);
  if (cut >= 0 && parent === undefined) return undefined;
  const row = state.tables.addRole(parent?.row ?? ROOT_ROLE, name);
  if (row === undefined) {
    if (parent !== undefined) releaseRole(state, parent);
    return undefined;
  }
  if (parent !== undefined) parent.references += 1;
  const role: Role = { name, row, parent, clients: new Set(), references: 0 };
  state.roles.set(name, role);
  return role;
}

/** Forgets a role, and those above it, as far as nothing refers to them any more (E18). */
export function releaseRole(state: ClusterState, role: Role): void {
  if (role.references > 0 || role.clients.size > 0) return;
  assert(state.roles.get(role.name) === role, `role ${role.name} is released twice`);
  state.roles.delete(role.name);
  state.tables.removeRole(role.row);
  if (role.parent === undefined) return;
  role.parent.references -= 1;
  releaseRole(state, role.parent);
}

/** One more reason for a role to be there. */
export function holdRole(state: ClusterState, name: RoleName): Role | undefined {
  const role = ensureRole(state, name);
  if (role !== undefined) role.references += 1;
  return role;
}

/** One reason less. */
export function dropRole(state: ClusterState, role: Role): void {
  assert(role.references > 0, `role ${role.name} has nothing that refers to it`);
  role.references -= 1;
  releaseRole(state, role);
}
