import type { AgentId, TaskId } from "../../contract/ids.ts";
import type { TaskStatus } from "../../contract/schema/task.ts";
import type { TaskReason, TaskState } from "../../contract/task-state.ts";
import type { Effect } from "./effect.ts";
import type { ClusterState, Framework, Task } from "./state.ts";

/** Optional parts of a status of the master's own. */
interface Details {
  readonly reason?: TaskReason;
  readonly message?: string;
  readonly agentId?: AgentId | undefined;
  readonly unreachableTimeMs?: number | undefined;
}

/** A status that the master makes itself: no uuid, so nobody acknowledges it (D7). */
export function masterStatus(
  taskId: TaskId,
  state: TaskState,
  nowMs: number,
  details: Details,
): TaskStatus {
  const status: TaskStatus = { taskId, state, source: "SOURCE_MASTER", timestampMs: nowMs };
  if (details.reason !== undefined) status.reason = details.reason;
  if (details.message !== undefined) status.message = details.message;
  if (details.agentId !== undefined) status.agentId = details.agentId;
  if (details.unreachableTimeMs !== undefined) {
    status.unreachableTimeMs = details.unreachableTimeMs;
  }
  return status;
}

/** What frameworks that do not know about partitions are told instead (D2). */
export function forAwareness(framework: Framework, aware: TaskState): TaskState {
  return framework.partitionAware ? aware : "TASK_LOST";
}

/** Sends a status to a framework that is connected; others will reconcile (D14). */
export function sendStatus(framework: Framework, status: TaskStatus, out: Effect[]): void {
  if (framework.peer === undefined) return;
  out.push({ type: "send-framework", to: framework.peer, event: { type: "update", status } });
}

/** Remembers a status, one a state: a repeated RUNNING replaces the last (D18). */
export function recordStatus(task: Task, status: TaskStatus): void {
  // Data can be large and is the framework's own; it was sent on and is not kept.
  const kept = status.data === undefined ? status : withoutData(status);
  const { statuses } = task;
  const last = statuses.length - 1;
  if (last >= 0 && statuses[last]?.state === kept.state) statuses[last] = kept;
  else statuses.push(kept);
}

/** Adds what an agent has told, or would have told, of a task while this master did not hear it. */
export function recordMissed(task: Task, reported: readonly TaskStatus[]): void {
  const known = new Set(task.statuses.map(({ uuid }) => uuid));
  for (const status of reported) if (!known.has(status.uuid)) recordStatus(task, status);
}

function withoutData(status: TaskStatus): TaskStatus {
  const { data, ...rest } = status;
  return rest;
}

/** Tells listeners that a task's state is new (H2). */
export function publishUpdate(
  state: ClusterState,
  task: Task,
  status: TaskStatus,
  nowMs: number,
  out: Effect[],
): void {
  if (state.listeners === 0) return;
  out.push({
    type: "publish",
    event: {
      kind: "task-updated",
      timeMs: nowMs,
      frameworkId: task.framework.id,
      agentId: task.agentId,
      taskId: task.id,
      state: task.state,
      status,
      name: task.about.name,
    },
  });
}

/** State that was last told to the framework, which reconciliation answers with (D12). */
export function toldState(task: Task): TaskState {
  return task.updateState ?? task.state;
}
