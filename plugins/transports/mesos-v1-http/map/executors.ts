import type { ExecutorCall, ExecutorEvent } from "../../../../contract/executor-api.ts";
import type { ExecutorId, FrameworkId } from "../../../../contract/ids.ts";
import type { Message } from "../definitions/define.ts";
import type { Call as CallDef, Event as EventDef } from "../definitions/executor.ts";
import { maybe, unwrap, updateIdBytes, wrap } from "./basics.ts";
import { agentTo, frameworkTo } from "./cluster.ts";
import { killPolicyTo } from "./commands.ts";
import type { ResourceForm } from "./resources.ts";
import { executorTo, statusFrom, taskFrom, taskTo } from "./tasks.ts";

/** A call of the executor API. */
export type V1ExecutorCall = Message<typeof CallDef>;
/** An event of the executor API. */
export type V1ExecutorEvent = Message<typeof EventDef>;

/**
 * Says what is wrong with an executor's call, or `undefined` (§7.2). Mesos refuses a SUBSCRIBE
 * without `subscribe`; the executors of mesos-framework send none, and are taken (§10.1).
 */
export function executorCallProblem(call: V1ExecutorCall): string | undefined {
  switch (call.type) {
    case undefined:
      return "Expecting 'type' to be present";
    case "MESSAGE":
      return call.message === undefined ? "Expecting 'message' to be present" : undefined;
    case "UPDATE":
      return updateProblem(call);
    default:
      return undefined;
  }
}

function updateProblem({ update, executor_id }: V1ExecutorCall): string | undefined {
  if (update === undefined) return "Expecting 'update' to be present";
  const { status } = update;
  if (status.uuid === undefined) return "Expecting 'uuid' to be present";
  if (status.uuid.length !== 16) return "'uuid' must be 16 bytes";
  if (status.executor_id !== undefined && status.executor_id.value !== executor_id.value) {
    return "ExecutorID in Call does not match ExecutorID in TaskStatus";
  }
  // Unset reads as the first value of the enum, which is the master.
  const source = status.source ?? "SOURCE_MASTER";
  if (source !== "SOURCE_EXECUTOR") {
    const received = `Received Call from executor with invalid source '${source}'`;
    return `${received}, expecting 'SOURCE_EXECUTOR'`;
  }
  if (status.state === "TASK_STAGING") return "Received TASK_STAGING from executor";
  return undefined;
}

/** Turns a call that has no problem into one of the contract; HEARTBEAT is none. */
export function mapExecutorCall(call: V1ExecutorCall): ExecutorCall | undefined {
  switch (call.type) {
    case "SUBSCRIBE":
      return {
        type: "subscribe",
        frameworkId: unwrap<FrameworkId>(call.framework_id),
        executorId: unwrap<ExecutorId>(call.executor_id),
        unacknowledgedTasks: (call.subscribe?.unacknowledged_tasks ?? []).map(taskFrom),
        unacknowledgedUpdates: (call.subscribe?.unacknowledged_updates ?? []).map(({ status }) =>
          statusFrom(status),
        ),
      };
    case "UPDATE":
      return maybe(call.update, ({ status }) => ({
        type: "update" as const,
        status: statusFrom(status),
      }));
    case "MESSAGE":
      return maybe(call.message, ({ data }) => ({ type: "message" as const, data }));
    default:
      return undefined;
  }
}

/** Turns an event for an executor into one of the API. */
export function mapExecutorEvent(event: ExecutorEvent, form: ResourceForm): V1ExecutorEvent {
  switch (event.type) {
    case "subscribed":
      return {
        type: "SUBSCRIBED",
        subscribed: {
          executor_info: executorTo(event.executor, form),
          framework_info: frameworkTo(event.framework),
          agent_info: agentTo(event.agent, form),
          container_id: wrap(event.containerId),
        },
      };
    case "launch":
      return { type: "LAUNCH", launch: { task: taskTo(event.task, form) } };
    case "launch-group":
      return {
        type: "LAUNCH_GROUP",
        launch_group: { task_group: { tasks: event.tasks.map((task) => taskTo(task, form)) } },
      };
    case "kill":
      return {
        type: "KILL",
        kill: { task_id: wrap(event.taskId), kill_policy: maybe(event.killPolicy, killPolicyTo) },
      };
    case "acknowledged":
      return {
        type: "ACKNOWLEDGED",
        acknowledged: { task_id: wrap(event.taskId), uuid: updateIdBytes(event.uuid) },
      };
    case "message":
      return { type: "MESSAGE", message: { data: event.data } };
    case "shutdown":
      return { type: "SHUTDOWN" };
    case "error":
      return { type: "ERROR", error: { message: event.message } };
  }
}
