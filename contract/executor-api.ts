import { limits } from "./limits.ts";
import { AgentInfoSchema } from "./schema/agent.ts";
import {
  BytesSchema,
  ContainerIdSchema,
  ExecutorIdSchema,
  FrameworkIdSchema,
  TaskIdSchema,
  UpdateIdSchema,
} from "./schema/basics.ts";
import { KillPolicySchema } from "./schema/command.ts";
import { FrameworkInfoSchema } from "./schema/framework.ts";
import { message } from "./schema/message.ts";
import {
  ExecutorInfoSchema,
  TaskInfoSchema,
  type TaskStatus,
  TaskStatusSchema,
} from "./schema/task.ts";
import { encodedBytes, sizeProblem } from "./size.ts";
import { type Static, Type } from "./typebox.ts";

/** Calls from an executor to its agent, by `type` (v1-wire 7.3). */
export const executorCallSchemas = {
  subscribe: message("subscribe", {
    frameworkId: FrameworkIdSchema,
    executorId: ExecutorIdSchema,
    /** What it has launched and what it has reported without being acknowledged (7.5). */
    unacknowledgedTasks: Type.Array(TaskInfoSchema),
    unacknowledgedUpdates: Type.Array(TaskStatusSchema),
  }),
  /** `status.uuid` is minted by the executor; STAGING is refused (D1). */
  update: message("update", { status: TaskStatusSchema }),
  message: message("message", { data: BytesSchema }),
} as const;

/** A call from an executor, told apart by `type`. */
export type ExecutorCall = {
  [Name in keyof typeof executorCallSchemas]: Static<(typeof executorCallSchemas)[Name]>;
}[keyof typeof executorCallSchemas];

/**
 * Why an agent does not take a call: more than masters and frameworks are sent; `undefined` else.
 */
export function largeCallProblem(
  call: ExecutorCall,
): { code: string; message: string } | undefined {
  const { messageBytesMax, statusBytesMax } = limits;
  if (call.type === "message") {
    const message = sizeProblem("data", call.data.length, messageBytesMax);
    return message === undefined ? undefined : { code: "MESSAGE_TOO_LARGE", message };
  }
  if (call.type !== "update") return undefined;
  const large = sizeProblem("it", encodedBytes(call.status), statusBytesMax);
  if (large === undefined) return undefined;
  return { code: "UPDATE_INVALID", message: `an update of ${call.status.taskId}: ${large}` };
}

/**
 * A status that an executor brings with its subscription, at most as large as one may be. Of one
 * that is larger what it says of the task stays, and why the rest is missing: it was refused when
 * it came alone, and would come again with each subscription.
 */
export function fittingStatus(status: TaskStatus): TaskStatus {
  const large = sizeProblem("it", encodedBytes(status), limits.statusBytesMax);
  if (large === undefined) return status;
  const { taskId, state, uuid, timestampMs } = status;
  return {
    ...{ taskId, state, message: `The rest of the executor's update is left out: ${large}` },
    ...(uuid === undefined ? {} : { uuid }),
    ...(timestampMs === undefined ? {} : { timestampMs }),
  };
}

/** Events from an agent to one of its executors, by `type` (v1-wire 7.4). */
export const executorEventSchemas = {
  subscribed: message("subscribed", {
    executor: ExecutorInfoSchema,
    framework: FrameworkInfoSchema,
    agent: AgentInfoSchema,
    containerId: ContainerIdSchema,
  }),
  launch: message("launch", { task: TaskInfoSchema }),
  "launch-group": message("launch-group", { tasks: Type.Array(TaskInfoSchema) }),
  kill: message("kill", { taskId: TaskIdSchema, killPolicy: Type.Optional(KillPolicySchema) }),
  /** The agent has stored the update; the scheduler may not have seen it yet (7.5). */
  acknowledged: message("acknowledged", { taskId: TaskIdSchema, uuid: UpdateIdSchema }),
  message: message("message", { data: BytesSchema }),
  shutdown: message("shutdown", {}),
  error: message("error", { code: Type.String(), message: Type.String() }),
} as const;

/** An event for an executor, told apart by `type`. */
export type ExecutorEvent = {
  [Name in keyof typeof executorEventSchemas]: Static<(typeof executorEventSchemas)[Name]>;
}[keyof typeof executorEventSchemas];
