import type { AgentId, TaskId } from "../contract/ids.ts";
import type { Resource } from "../contract/schema/resource.ts";
import type { TaskInfo } from "../contract/schema/task.ts";

/** A task to launch, in plain strings; the offer says on which agent it runs. */
export interface TaskRequest extends Partial<Omit<TaskInfo, "taskId" | "agentId" | "resources">> {
  /** Unique among the live tasks of the framework. */
  readonly taskId: string;
  readonly resources: readonly Resource[];
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
