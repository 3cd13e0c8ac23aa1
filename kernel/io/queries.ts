import type { ClusterState } from "../core/state.ts";
import {
  agentsView,
  clusterView,
  frameworksView,
  maintenanceView,
  offersView,
  operationsView,
  rolesView,
  tasksView,
} from "../core/views.ts";
import type { OperatorQueries } from "./operators.ts";
import type { Policies } from "./policies.ts";

/** The operator methods that the core does not serve: those that only read, and the policies'. */
export function queriesOf(state: ClusterState, policies: Policies): OperatorQueries {
  return {
    cluster: () => clusterView(state),
    agents: (params) => agentsView(state, params),
    frameworks: (params) => frameworksView(state, params),
    tasks: (params) => tasksView(state, params),
    offers: (params) => offersView(state, params),
    maintenance: () => maintenanceView(state),
    operations: (params) => operationsView(state, params),
    roles: () => rolesView(state),
    policies: () => policies.list(),
    "policy-history": () => policies.history(),
    "policy-diff": (params) => policies.diff(params),
    "load-policy": (params) => policies.load(params),
    "unload-policy": (params) => policies.unload(params),
    "shadow-policy": (params) => policies.shadow(params),
    "stop-shadow": (params) => policies.stopShadow(params),
    "promote-policy": (params) => policies.promote(params),
    "rollback-policy": () => policies.rollback(),
    "configure-policy": (params) => policies.configure(params),
  };
}
