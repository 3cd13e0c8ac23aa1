// What operators may look at: read-only, worked out from the state when somebody asks.

export { maintenanceView } from "./steps/maintenance.ts";
export { agentsView } from "./views/agents.ts";
export { clusterView, offersView, rolesView } from "./views/cluster.ts";
export { frameworksView } from "./views/frameworks.ts";
export { operationsView } from "./views/operations.ts";
export { tasksView } from "./views/tasks.ts";
