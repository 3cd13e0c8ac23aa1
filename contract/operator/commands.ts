/**
 * Methods that change the cluster. Each passes through the master's core, and must not be asked
 * twice because an answer was lost.
 */
export const operatorCommands = [
  "kill-task",
  "teardown",
  "update-weights",
  "update-quota",
  "drain-agent",
  "deactivate-agent",
  "reactivate-agent",
  "mark-agent-gone",
  "update-maintenance",
  "start-maintenance",
  "stop-maintenance",
  "reserve-resources",
  "unreserve-resources",
  "create-volumes",
  "destroy-volumes",
  "grow-volume",
  "shrink-volume",
] as const;
/** See `operatorCommands`. */
export type OperatorCommandName = (typeof operatorCommands)[number];
