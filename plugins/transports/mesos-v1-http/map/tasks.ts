import type {
  ExecutorInfo,
  TaskInfo,
  TaskRecord,
  TaskStatus,
} from "../../../../contract/schema/task.ts";
import type { Message } from "../definitions/define.ts";
import type * as v1 from "../definitions/tasks.ts";
import {
  defined,
  each,
  known,
  labelsOf,
  labelsTo,
  maybe,
  msOf,
  nanosOf,
  unwrap,
  updateIdBytes,
  updateIdOf,
  wrap,
} from "./basics.ts";
import {
  checkFrom,
  checkStatusFrom,
  checkStatusTo,
  checkTo,
  commandFrom,
  commandTo,
  healthCheckFrom,
  healthCheckTo,
  killPolicyFrom,
  killPolicyTo,
} from "./commands.ts";
import {
  containerFrom,
  containerStatusFrom,
  containerStatusTo,
  containerTo,
} from "./containers.ts";
import { discoveryFrom, discoveryTo } from "./linux.ts";
import {
  allocatedTo,
  quantitiesFrom,
  quantitiesTo,
  type ResourceForm,
  resourceForm,
  resourceFrom,
  resourcesTo,
} from "./resources.ts";

type V1Executor = Message<typeof v1.ExecutorInfo>;
type V1Task = Message<typeof v1.TaskInfo>;
type V1Status = Message<typeof v1.TaskStatus>;
type V1TaskRecord = Message<typeof v1.Task>;

/** An executor of the contract. */
export function executorFrom(given: V1Executor): ExecutorInfo {
  return defined({
    executorId: unwrap<ExecutorInfo["executorId"]>(given.executor_id),
    type: known(given.type),
    frameworkId: maybe(given.framework_id, unwrap<NonNullable<ExecutorInfo["frameworkId"]>>),
    command: maybe(given.command, commandFrom),
    container: maybe(given.container, containerFrom),
    resources: each(given.resources, resourceFrom),
    name: given.name,
    source: given.source,
    data: given.data,
    discovery: maybe(given.discovery, discoveryFrom),
    shutdownGracePeriodMs: maybe(given.shutdown_grace_period, msOf),
    labels: labelsOf(given.labels),
  });
}

/** An executor of the API. */
export function executorTo(executor: ExecutorInfo, form: ResourceForm): V1Executor {
  return {
    type: executor.type,
    executor_id: wrap(executor.executorId),
    framework_id: wrap(executor.frameworkId),
    command: maybe(executor.command, commandTo),
    container: maybe(executor.container, containerTo),
    resources: maybe(executor.resources, (list) => resourcesTo(list, form)),
    name: executor.name,
    source: executor.source,
    data: executor.data,
    discovery: maybe(executor.discovery, discoveryTo),
    shutdown_grace_period: maybe(executor.shutdownGracePeriodMs, nanosOf),
    labels: labelsTo(executor.labels),
  };
}

/** A task to launch. */
export function taskFrom(given: V1Task): TaskInfo {
  return defined({
    name: given.name,
    taskId: unwrap<TaskInfo["taskId"]>(given.task_id),
    agentId: unwrap<TaskInfo["agentId"]>(given.agent_id),
    resources: (given.resources ?? []).map(resourceFrom),
    executor: maybe(given.executor, executorFrom),
    command: maybe(given.command, commandFrom),
    container: maybe(given.container, containerFrom),
    healthCheck: maybe(given.health_check, healthCheckFrom),
    check: maybe(given.check, checkFrom),
    killPolicy: maybe(given.kill_policy, killPolicyFrom),
    data: given.data,
    labels: labelsOf(given.labels),
    discovery: maybe(given.discovery, discoveryFrom),
    maxCompletionMs: maybe(given.max_completion_time, msOf),
    limits: quantitiesFrom(given.limits),
    ...allocatedTo(given.resources, given.executor?.resources),
  });
}

/** A task to launch, as an executor is told of it. */
export function taskTo(task: TaskInfo, form: ResourceForm): V1Task {
  return {
    name: task.name,
    task_id: wrap(task.taskId),
    agent_id: wrap(task.agentId),
    resources: resourcesTo(task.resources, form),
    executor: maybe(task.executor, (executor) => executorTo(executor, form)),
    command: maybe(task.command, commandTo),
    container: maybe(task.container, containerTo),
    health_check: maybe(task.healthCheck, healthCheckTo),
    check: maybe(task.check, checkTo),
    kill_policy: maybe(task.killPolicy, killPolicyTo),
    data: task.data,
    labels: labelsTo(task.labels),
    discovery: maybe(task.discovery, discoveryTo),
    max_completion_time: maybe(task.maxCompletionMs, nanosOf),
    limits: quantitiesTo(task.limits),
  };
}

/** The state of a task, from an executor. */
export function statusFrom(given: V1Status): TaskStatus {
  return defined({
    taskId: unwrap<TaskStatus["taskId"]>(given.task_id),
    state: given.state,
    message: given.message,
    source: given.source,
    reason: given.reason,
    data: given.data,
    agentId: maybe(given.agent_id, unwrap<NonNullable<TaskStatus["agentId"]>>),
    executorId: maybe(given.executor_id, unwrap<NonNullable<TaskStatus["executorId"]>>),
    timestampMs: maybe(given.timestamp, (seconds) => Math.round(seconds * 1000)),
    uuid: maybe(given.uuid, (bytes) => updateIdOf(bytes, "status.uuid")),
    healthy: given.healthy,
    checkStatus: maybe(given.check_status, checkStatusFrom),
    labels: labelsOf(given.labels),
    containerStatus: maybe(given.container_status, containerStatusFrom),
    unreachableTimeMs: maybe(given.unreachable_time, msOf),
    limitation: each(given.limitation?.resources, resourceFrom),
  });
}

/** The state of a task. One without a `uuid` has no such key: clients acknowledge by it (§6.9). */
export function statusTo(status: TaskStatus): V1Status {
  return {
    task_id: wrap(status.taskId),
    state: status.state,
    message: status.message,
    source: status.source,
    reason: status.reason,
    data: status.data,
    agent_id: wrap(status.agentId),
    executor_id: wrap(status.executorId),
    timestamp: maybe(status.timestampMs, (ms) => ms / 1000),
    uuid: maybe(status.uuid, updateIdBytes),
    healthy: status.healthy,
    check_status: maybe(status.checkStatus, checkStatusTo),
    labels: labelsTo(status.labels),
    container_status: maybe(status.containerStatus, containerStatusTo),
    unreachable_time: maybe(status.unreachableTimeMs, nanosOf),
    limitation: maybe(status.limitation, (list) => ({
      resources: resourcesTo(list, resourceForm()),
    })),
  };
}

/** A task as operators see it (§8.4). */
export function taskRecordTo(task: TaskRecord): V1TaskRecord {
  return {
    name: task.name,
    task_id: wrap(task.taskId),
    framework_id: wrap(task.frameworkId),
    executor_id: wrap(task.executorId),
    agent_id: wrap(task.agentId),
    state: task.state,
    resources: resourcesTo(task.resources, { isRefined: true, role: task.role }),
    statuses: task.statuses.map(({ data: _, ...status }) => statusTo(status)),
    status_update_state: task.statusUpdateState,
    status_update_uuid: maybe(task.statusUpdateUuid, updateIdBytes),
    labels: labelsTo(task.labels),
    discovery: maybe(task.discovery, discoveryTo),
    container: maybe(task.container, containerTo),
    health_check: maybe(task.healthCheck, healthCheckTo),
    kill_policy: maybe(task.killPolicy, killPolicyTo),
    user: task.user,
    limits: quantitiesTo(task.limits),
  };
}
