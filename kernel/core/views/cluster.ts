import type { OperatorParams, OperatorResult, RoleView } from "../../../contract/operator-api.ts";
import { add, NOTHING, type Resources } from "../../../contract/resources.ts";
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
    if (agent.tasks.size + agent.executors.size > 0) used = add(used, usedOn(agent));
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
  return {
    master: state.options.master,
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

/** Roles by name, with what their frameworks hold and are offered (E18, E19). */
export function rolesView(state: ClusterState): OperatorResult<"roles"> {
  const roles = [...state.roles.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { roles: roles.map((role) => roleView(state, role)) };
}

function roleView({ tables, registry }: ClusterState, role: Role): RoleView {
  const allocated = tables.kindNames.flatMap((name, kind) => {
    const scalar = tables.roles.used[role.row * KINDS + kind] ?? 0;
    return scalar === 0 ? [] : [{ name, scalar }];
  });
  const view: RoleView = {
    role: role.name,
    weight: registry.weights.get(role.name) ?? 1,
    frameworks: [...role.clients].filter((c) => c.subscribed).map((c) => c.framework.id),
    allocated,
  };
  const quota = registry.quotas.get(role.name);
  if (quota?.guarantee !== undefined) view.guarantee = quota.guarantee;
  if (quota?.limit !== undefined) view.limit = quota.limit;
  return view;
}
