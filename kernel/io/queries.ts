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

/** The operator methods that only read, over the cluster's state. */
export function queriesOf(state: ClusterState): OperatorQueries {
  return {
    cluster: () => clusterView(state),
    agents: (params) => agentsView(state, params),
    frameworks: (params) => frameworksView(state, params),
    tasks: (params) => tasksView(state, params),
    offers: (params) => offersView(state, params),
    maintenance: () => maintenanceView(state),
    roles: () => rolesView(state),
  };
}
