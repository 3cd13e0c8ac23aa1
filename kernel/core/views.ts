// What operators may look at: read-only, worked out from the state when somebody asks.

export { maintenanceView } from "./steps/maintenance.ts";
export { agentsView, agentViewOf } from "./views/agents.ts";
export { clusterView, offersView, rolesView } from "./views/cluster.ts";
export { executorsOf } from "./views/executors.ts";
export { frameworksView, frameworkViewOf } from "./views/frameworks.ts";
export { metricsView, tallyMetrics } from "./views/metrics.ts";
export { operationsView } from "./views/operations.ts";
export { snapshotOf } from "./views/snapshot.ts";
export { endedTasks, liveTasks, tasksView, taskViewOf } from "./views/tasks.ts";
