import type { AgentId, ExecutorId, FrameworkId, TaskId } from "../contract/ids.ts";
import type { Resource } from "../contract/schema/resource.ts";
import type { ExecutorInfo, TaskInfo, TaskStatus } from "../contract/schema/task.ts";

/** A task to launch, in plain strings; the offer says on which agent it runs. */
export interface TaskRequest extends Partial<Omit<TaskInfo, "taskId" | "agentId" | "resources">> {
  /** Unique among the live tasks of the framework. */
  readonly taskId: string;
  readonly resources: readonly Resource[];
}

/** The executor of a task group. */
export interface ExecutorRequest extends Partial<Omit<ExecutorInfo, "executorId" | "resources">> {
  /** Groups that name the same one share it. */
  readonly executorId: string;
  /** What it takes beside its tasks; default is the least that a master accepts. */
  readonly resources?: readonly Resource[];
}

/** The least that an executor of groups takes (M6), and what it gets where nothing is said. */
export const executorLeast: readonly Resource[] = [
  { name: "cpus", scalar: 10 },
  { name: "mem", scalar: 32_000 },
  { name: "disk", scalar: 1 },
];

/** The executor as it crosses the wire: built in, unless it brings a command. */
export function executorInfo(request: ExecutorRequest, frameworkId: FrameworkId): ExecutorInfo {
  return {
    type: request.command === undefined ? "DEFAULT" : "CUSTOM",
    ...request,
    executorId: request.executorId as ExecutorId,
    frameworkId,
    resources: [...(request.resources ?? executorLeast)],
  };
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
    // Authors who do without types may leave them out; the master says what a task needs.
    resources: [...(request.resources ?? [])],
  };
}
