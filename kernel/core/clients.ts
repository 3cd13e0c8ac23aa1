import type { RoleName } from "../../contract/ids.ts";
import { flagClient } from "./books.ts";
import { describeClients } from "./describe.ts";
import { ensureRole, releaseRole } from "./roles.ts";
import type { Client, ClusterState, Framework } from "./state.ts";

/**
 * Makes the framework's clients follow its roles and flags. A role that it left stays a client for
 * as long as something is held there (B6). Roles for which the tables have no room get no offers.
 */
export function syncClients(state: ClusterState, framework: Framework): void {
  const wanted = new Set(framework.state === "recovered" ? [] : framework.info.roles);
  for (const role of wanted) clientOf(state, framework, role).subscribed = true;
  for (const client of [...framework.clients.values()]) {
    client.subscribed = wanted.has(client.role.name);
    // What the framework says of itself now is newer.
    client.requested = undefined;
    flagClient(state, client);
    if (!client.subscribed && client.row >= 0) state.filters.dropClient(client.row);
    dropIdleClient(state, client);
  }
  describeClients(state, framework);
}

/** The framework's client in a role, made if there is none. */
export function clientOf(state: ClusterState, framework: Framework, name: RoleName): Client {
  const known = framework.clients.get(name);
  if (known !== undefined) return known;
  const role = ensureRole(state, name) ?? roleWithoutRow(name);
  const row =
    role.row < 0
      ? undefined
      : state.tables.addClient({
          role: role.row,
          framework: framework.number,
          submitOrder: state.counters.submit++,
          flags: 1,
        });
  const client: Client = {
    framework,
    role,
    row: row ?? -1,
    subscribed: false,
    holders: 0,
    offeredCycle: 0,
    offeredMs: 0,
    usedCycle: 0,
    usedMs: 0,
    unusedTimes: 0,
    unusedCycle: 0,
    behindUntilCycle: 0,
    requested: undefined,
  };
  role.clients.add(client);
  framework.clients.set(name, client);
  if (row !== undefined) {
    while (state.clientRows.length <= row) state.clientRows.push(undefined);
    state.clientRows[row] = client;
    flagClient(state, client);
  }
  return client;
}

function roleWithoutRow(name: RoleName): Client["role"] {
  return { name, row: -1, parent: undefined, clients: new Set(), references: 0 };
}

/** Forgets a client in which its framework is no more and that holds nothing (B6). */
export function dropIdleClient(state: ClusterState, client: Client): void {
  const { framework, role, row } = client;
  if (client.subscribed || client.holders > 0 || !role.clients.has(client)) return;
  framework.clients.delete(role.name);
  role.clients.delete(client);
  if (row >= 0) {
    state.filters.dropClient(row);
    state.rounds.idle.delete(row);
    state.minima.delete(client);
    state.tables.removeClient(row);
    state.clientRows[row] = undefined;
  }
  if (role.row >= 0) releaseRole(state, role);
}
