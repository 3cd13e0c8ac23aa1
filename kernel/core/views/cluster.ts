import type { FrameworkId, RoleName } from "../../../contract/ids.ts";
import type { OperatorParams, OperatorResult, RoleView } from "../../../contract/operator-api.ts";
import type { OpenOffers } from "../../../contract/ports/cluster-view.ts";
import {
  add,
  identityKey,
  NOTHING,
  type Resource,
  type Resources,
  reservationRole,
  shared,
  unshared,
} from "../../../contract/resources.ts";
import { openInverseOffers } from "../inverse-offers.ts";
import type { ClusterState, Role } from "../state.ts";
import { KINDS } from "../tables/shape.ts";
import { offeredOn, usedOn } from "./agents.ts";
import { taskCounts } from "./frameworks.ts";
import { listed, pageOf } from "./page.ts";

/** The cluster at a glance. When this master was elected is for its edge to add. */
export function clusterView(state: ClusterState): OperatorResult<"cluster"> {
  const agents: Record<string, number> = { active: 0, disconnected: 0 };
  let total: Resources = NOTHING;
  let used: Resources = NOTHING;
  let offered: Resources = NOTHING;
  for (const agent of state.agents.values()) {
    const key = agent.peer === undefined ? "disconnected" : "active";
    agents[key] = (agents[key] ?? 0) + 1;
    total = add(total, agent.total);
    if (agent.tasks.size + agent.strays.size + agent.executors.size > 0)
      used = add(used, usedOn(agent));
    if (agent.offers.size > 0) offered = add(offered, offeredOn(agent));
  }
  agents["recovering"] = state.recovering.size;
  agents["unreachable"] = state.registry.unreachable.size;
  const frameworks: Record<string, number> = { active: 0, disconnected: 0, recovered: 0 };
  const tasks: Record<string, number> = {};
  for (const framework of state.frameworks.values()) {
    frameworks[framework.state] = (frameworks[framework.state] ?? 0) + 1;
    taskCounts(framework, tasks);
  }
  frameworks["completed"] = state.completedFrameworks.size;
  const { name, master } = state.options;
  return {
    ...(name === undefined ? {} : { name }),
    master,
    startedMs: state.startedMs,
    policy: state.allocation.policy,
    agents,
    frameworks,
    tasks,
    offers: state.offers.size,
    total: listed(total),
    used: listed(used),
    offered: listed(offered),
  };
}

/** Offers that wait for an answer, the oldest first. */
export function offersView(
  state: ClusterState,
  page: OperatorParams<"offers">,
): OperatorResult<"offers"> {
  const { views, more } = pageOf([...state.offers.values()], ({ wire }) => wire, page);
  return { offers: views, more };
}

/** The same for one framework, and what it is asked to give back. */
export function offersTo(state: ClusterState, id: FrameworkId): OpenOffers {
  const framework = state.frameworks.get(id);
  if (framework === undefined) return { offers: [], inverseOffers: [] };
  return {
    offers: Array.from(framework.offers, ({ wire }) => wire),
    inverseOffers: openInverseOffers(state, framework),
  };
}

/** Roles by name, with what their frameworks hold and are offered (E18, E19). */
export function rolesView(state: ClusterState): OperatorResult<"roles"> {
  const roles = [...state.roles.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const offered = new Sums();
  for (const { client, agent, wire } of state.offers.values()) {
    offered.addUp(client.role, unshared(wire.resources));
    for (const volume of shared(wire.resources)) {
      offered.addUp(client.role, [volume], `${agent.id} ${identityKey(volume)}`);
    }
  }
  const reserved = new Sums();
  for (const { total } of state.agents.values()) {
    for (const resource of total) {
      const role = state.roles.get(reservationRole(resource) as RoleName);
      if (role !== undefined) reserved.addUp(role, [resource]);
    }
  }
  return {
    roles: roles.map((role) => ({
      ...roleView(state, role),
      offered: offered.of(role),
      reserved: reserved.of(role),
    })),
  };
}

/**
 * Scalars by role and name; what a role has counts for those above it as well. What has a key
 * counts once for each of them (E13).
 */
class Sums {
  readonly #counted = new Set<string>();
  readonly #byRole = new Map<Role, Map<string, number>>();

  addUp(role: Role, resources: Resources, key?: string): void {
    for (let at: Role | undefined = role; at !== undefined; at = at.parent) {
      if (key !== undefined && this.#counted.has(`${at.name} ${key}`)) return;
      if (key !== undefined) this.#counted.add(`${at.name} ${key}`);
      const sums = this.#byRole.get(at) ?? new Map<string, number>();
      this.#byRole.set(at, sums);
      for (const { name, scalar } of resources) {
        if (scalar !== undefined) sums.set(name, (sums.get(name) ?? 0) + scalar);
      }
    }
  }

  of(role: Role): Resource[] {
    return Array.from(this.#byRole.get(role) ?? [], ([name, scalar]) => ({ name, scalar }));
  }
}

function roleView(
  { tables, registry }: ClusterState,
  role: Role,
): Omit<RoleView, "offered" | "reserved"> {
  const amounts = (column: Float64Array): Resource[] =>
    tables.kindNames.flatMap((name, kind) => {
      const scalar = column[role.row * KINDS + kind] ?? 0;
      return scalar === 0 ? [] : [{ name, scalar }];
    });
  const consumed = amounts(tables.roles.consumed).map(({ name, scalar }) => [name, scalar]);
  const view: Omit<RoleView, "offered" | "reserved"> = {
    role: role.name,
    weight: registry.weights.get(role.name) ?? 1,
    frameworks: [...role.clients].filter((c) => c.subscribed).map((c) => c.framework.id),
    allocated: amounts(tables.roles.used),
    consumed: Object.fromEntries(consumed),
  };
  const quota = registry.quotas.get(role.name);
  if (quota?.guarantee !== undefined) view.guarantee = quota.guarantee;
  if (quota?.limit !== undefined) view.limit = quota.limit;
  return view;
}
