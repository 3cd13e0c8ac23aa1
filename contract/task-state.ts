/** Every state a task can be in (D1). UNKNOWN is only ever an answer to reconciliation. */
export const taskStates = [
  "TASK_STAGING",
  "TASK_STARTING",
  "TASK_RUNNING",
  "TASK_KILLING",
  "TASK_UNREACHABLE",
  "TASK_FINISHED",
  "TASK_FAILED",
  "TASK_KILLED",
  "TASK_ERROR",
  "TASK_LOST",
  "TASK_DROPPED",
  "TASK_GONE",
  "TASK_GONE_BY_OPERATOR",
  "TASK_UNKNOWN",
] as const;

/** See `taskStates`. */
export type TaskState = (typeof taskStates)[number];

const ends = [
  "TASK_FINISHED",
  "TASK_FAILED",
  "TASK_KILLED",
  "TASK_ERROR",
  "TASK_LOST",
  "TASK_DROPPED",
  "TASK_GONE",
  "TASK_GONE_BY_OPERATOR",
] as const satisfies readonly TaskState[];
const terminal: ReadonlySet<TaskState> = new Set<TaskState>(ends);

/** True for a state that a task never leaves, once it is in the master's books (D9). */
export function isTerminal(state: TaskState): boolean {
  return terminal.has(state);
}

const losses: ReadonlySet<TaskState> = new Set<TaskState>([
  "TASK_LOST",
  "TASK_DROPPED",
  "TASK_GONE",
  "TASK_GONE_BY_OPERATOR",
  "TASK_UNREACHABLE",
  "TASK_UNKNOWN",
]);

/**
 * True for a state that says where a task was lost, and nothing of the task itself: what it was to
 * do is to be done elsewhere, by a task with another id. UNREACHABLE is one of them and not
 * terminal: the agent may come back, and the task with it (B25).
 */
export function isLost(state: TaskState): boolean {
  return losses.has(state);
}

/**
 * Which state may follow which, in the master's books. A terminal state is never left (D9);
 * UNREACHABLE is left for whatever the agent reports when it comes back (B25). A state may repeat:
 * health and check results re-send RUNNING (D18).
 */
export const nextStates: Readonly<Record<TaskState, readonly TaskState[]>> = {
  TASK_STAGING: [
    "TASK_STAGING",
    "TASK_STARTING",
    "TASK_RUNNING",
    "TASK_KILLING",
    "TASK_UNREACHABLE",
    ...ends,
  ],
  TASK_STARTING: ["TASK_STARTING", "TASK_RUNNING", "TASK_KILLING", "TASK_UNREACHABLE", ...ends],
  TASK_RUNNING: ["TASK_RUNNING", "TASK_STARTING", "TASK_KILLING", "TASK_UNREACHABLE", ...ends],
  TASK_KILLING: ["TASK_KILLING", "TASK_RUNNING", "TASK_UNREACHABLE", ...ends],
  TASK_UNREACHABLE: [
    "TASK_STAGING",
    "TASK_STARTING",
    "TASK_RUNNING",
    "TASK_KILLING",
    "TASK_UNREACHABLE",
    ...ends,
  ],
  TASK_FINISHED: [],
  TASK_FAILED: [],
  TASK_KILLED: [],
  TASK_ERROR: [],
  TASK_LOST: [],
  TASK_DROPPED: [],
  TASK_GONE: [],
  TASK_GONE_BY_OPERATOR: [],
  TASK_UNKNOWN: [],
};

/** True when `to` may follow `from`. */
export function canMove(from: TaskState, to: TaskState): boolean {
  return nextStates[from].includes(to);
}

/** Who made a status update (6.9). */
export type TaskStatusSource = "SOURCE_MASTER" | "SOURCE_AGENT" | "SOURCE_EXECUTOR";

/** Why a task is in its state (section N); names are those of Mesos. */
export const taskReasons = [
  "REASON_COMMAND_EXECUTOR_FAILED",
  "REASON_CONTAINER_LAUNCH_FAILED",
  "REASON_CONTAINER_LIMITATION",
  "REASON_CONTAINER_LIMITATION_DISK",
  "REASON_CONTAINER_LIMITATION_MEMORY",
  "REASON_CONTAINER_PREEMPTED",
  "REASON_CONTAINER_UPDATE_FAILED",
  "REASON_MAX_COMPLETION_TIME_REACHED",
  "REASON_EXECUTOR_REGISTRATION_TIMEOUT",
  "REASON_EXECUTOR_REREGISTRATION_TIMEOUT",
  "REASON_EXECUTOR_TERMINATED",
  "REASON_EXECUTOR_UNREGISTERED",
  "REASON_FRAMEWORK_REMOVED",
  "REASON_GC_ERROR",
  "REASON_INVALID_FRAMEWORKID",
  "REASON_INVALID_OFFERS",
  "REASON_IO_SWITCHBOARD_EXITED",
  "REASON_MASTER_DISCONNECTED",
  "REASON_RECONCILIATION",
  "REASON_RESOURCES_UNKNOWN",
  "REASON_AGENT_DISCONNECTED",
  "REASON_AGENT_DRAINING",
  "REASON_AGENT_REMOVED",
  "REASON_AGENT_REMOVED_BY_OPERATOR",
  "REASON_AGENT_REREGISTERED",
  "REASON_AGENT_RESTARTED",
  "REASON_AGENT_UNKNOWN",
  "REASON_TASK_KILLED_DURING_LAUNCH",
  "REASON_TASK_CHECK_STATUS_UPDATED",
  "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED",
  "REASON_TASK_GROUP_INVALID",
  "REASON_TASK_GROUP_UNAUTHORIZED",
  "REASON_TASK_INVALID",
  "REASON_TASK_UNAUTHORIZED",
  "REASON_TASK_UNKNOWN",
] as const;

/** See `taskReasons`. */
export type TaskReason = (typeof taskReasons)[number];
