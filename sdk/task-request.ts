import type { AgentId, TaskId } from "../contract/ids.ts";
import type { Resource } from "../contract/schema/resource.ts";
import type { TaskInfo, TaskStatus } from "../contract/schema/task.ts";

/** A task to launch, in plain strings; the offer says on which agent it runs. */
export interface TaskRequest extends Partial<Omit<TaskInfo, "taskId" | "agentId" | "resources">> {
  /** Unique among the live tasks of the framework. */
  readonly taskId: string;
  readonly resources: readonly Resource[];
}

/** What is told of a task that could not even be sent. */
export function droppedStatus({ taskId, agentId }: TaskInfo, nowMs: number): TaskStatus {
  return {
    taskId,
    agentId,
    state: "TASK_DROPPED",
    source: "SOURCE_MASTER",
    reason: "REASON_MASTER_DISCONNECTED",
    message: "there was no connection to a master to launch it with",
    timestampMs: nowMs,
  };
}

/** The task as it crosses the wire, on the agent of the offer. Its name defaults to its id. */
export function taskInfo(request: TaskRequest, agentId: AgentId): TaskInfo {
  return {
    ...request,
    name: request.name ?? request.taskId,
    taskId: request.taskId as TaskId,
    agentId,
    resources: [...request.resources],
  };
}
