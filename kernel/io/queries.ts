import type { PolicySupervisor } from "../allocation/supervisor.ts";
import {
  type Asked,
  explainAgent,
  explainFramework,
  explainRole,
  explainTask,
} from "../core/explain.ts";
import type { ClusterState } from "../core/state.ts";
import {
  agentsView,
  clusterView,
  frameworksView,
  maintenanceView,
  offersView,
  rolesView,
  tasksView,
} from "../core/views.ts";
import type { OperatorQueries } from "./operators.ts";

/** Of the time and the policy, which the state does not know. */
export interface QuerySurroundings {
  readonly nowMs: () => number;
  readonly supervisor: Pick<PolicySupervisor, "live" | "params">;
}

/** The operator methods that only read, over the cluster's state. */
export function queriesOf(state: ClusterState, around: QuerySurroundings): OperatorQueries {
  const asked = (): Asked => askedOf(state, around);
  return {
    cluster: () => clusterView(state),
    agents: (params) => agentsView(state, params),
    frameworks: (params) => frameworksView(state, params),
    tasks: (params) => tasksView(state, params),
    offers: (params) => offersView(state, params),
    maintenance: () => maintenanceView(state),
    roles: () => rolesView(state),
    "explain-framework": (params) => explainFramework(state, params, asked()),
    "explain-agent": (params) => explainAgent(state, params, asked()),
    "explain-role": (params) => explainRole(state, params, asked()),
    "explain-task": (params) => explainTask(state, params, asked()),
  };
}

/** The policy that made the last offers; before the first round, the one that is meant to. */
function askedOf({ allocation }: ClusterState, { nowMs, supervisor }: QuerySurroundings): Asked {
  const { live } = supervisor;
  const before = { name: live?.name ?? "built-in", digest: live?.digest ?? "" };
  const policy = allocation.policy.name === "none" ? before : allocation.policy;
  // The one parameter of DRF: which kinds shares leave out (E4). The built-in policy has none.
  const [first = 0] = policy.name === "drf" ? supervisor.params : [];
  return { nowMs: nowMs(), policy, excludedKinds: first };
}
