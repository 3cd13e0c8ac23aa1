import {
  AgentID,
  DurationInfo,
  ExecutorID,
  FrameworkID,
  Labels,
  TaskID,
  TimeInfo,
} from "./basics.ts";
import { CheckInfo, CheckStatusInfo, CommandInfo, HealthCheck, KillPolicy } from "./commands.ts";
import { ContainerInfo, ContainerStatus, DiscoveryInfo } from "./containers.ts";
import { enumeration, type MessageDef, map, message, old, opt, rep, req } from "./define.ts";
import { Resource, TaskResourceLimitation, ValueScalar } from "./resources.ts";

/** Enum `ExecutorInfo.Type`. */
export const ExecutorInfoType = enumeration("ExecutorInfo.Type", {
  UNKNOWN: 0,
  DEFAULT: 1,
  CUSTOM: 2,
});

const executorInfoFields = {
  type: opt(15, ExecutorInfoType),
  executor_id: req(1, ExecutorID),
  framework_id: opt(8, FrameworkID),
  command: opt(7, CommandInfo),
  container: opt(11, ContainerInfo),
  resources: rep(5, Resource),
  name: opt(9, "str"),
  source: old(opt(10, "str")),
  data: opt(4, "bytes"),
  discovery: opt(12, DiscoveryInfo),
  shutdown_grace_period: opt(13, DurationInfo),
  labels: opt(14, Labels),
};
/** Definition of `ExecutorInfo`; an interface, so that declarations show its name alone. */
export interface ExecutorInfoDef extends MessageDef<typeof executorInfoFields> {}
/** Message `ExecutorInfo`. */
export const ExecutorInfo: ExecutorInfoDef = message("ExecutorInfo", executorInfoFields);

const taskInfoFields = {
  name: req(1, "str"),
  task_id: req(2, TaskID),
  agent_id: req(3, AgentID),
  resources: rep(4, Resource),
  executor: opt(5, ExecutorInfo),
  command: opt(7, CommandInfo),
  container: opt(9, ContainerInfo),
  health_check: opt(8, HealthCheck),
  check: opt(13, CheckInfo),
  kill_policy: opt(12, KillPolicy),
  data: opt(6, "bytes"),
  labels: opt(10, Labels),
  discovery: opt(11, DiscoveryInfo),
  max_completion_time: opt(14, DurationInfo),
  limits: map(15, ValueScalar),
};
/** Definition of `TaskInfo`; an interface, so that declarations show its name alone. */
export interface TaskInfoDef extends MessageDef<typeof taskInfoFields> {}
/** Message `TaskInfo`. */
export const TaskInfo: TaskInfoDef = message("TaskInfo", taskInfoFields);

/** Message `TaskGroupInfo`. */
export const TaskGroupInfo = message("TaskGroupInfo", { tasks: rep(1, TaskInfo) });

/** Enum `TaskState`. */
export const TaskState = enumeration("TaskState", {
  TASK_STAGING: 6,
  TASK_STARTING: 0,
  TASK_RUNNING: 1,
  TASK_KILLING: 8,
  TASK_FINISHED: 2,
  TASK_FAILED: 3,
  TASK_KILLED: 4,
  TASK_ERROR: 7,
  TASK_LOST: 5,
  TASK_DROPPED: 9,
  TASK_UNREACHABLE: 10,
  TASK_GONE: 11,
  TASK_GONE_BY_OPERATOR: 12,
  TASK_UNKNOWN: 13,
});

/** Enum `TaskStatus.Source`. */
export const TaskStatusSource = enumeration("TaskStatus.Source", {
  SOURCE_MASTER: 0,
  SOURCE_AGENT: 1,
  SOURCE_EXECUTOR: 2,
});

/** Enum `TaskStatus.Reason`. */
export const TaskStatusReason = enumeration("TaskStatus.Reason", {
  REASON_COMMAND_EXECUTOR_FAILED: 0,
  REASON_CONTAINER_LAUNCH_FAILED: 21,
  REASON_CONTAINER_LIMITATION: 19,
  REASON_CONTAINER_LIMITATION_DISK: 20,
  REASON_CONTAINER_LIMITATION_MEMORY: 8,
  REASON_CONTAINER_PREEMPTED: 17,
  REASON_CONTAINER_UPDATE_FAILED: 22,
  REASON_MAX_COMPLETION_TIME_REACHED: 33,
  REASON_EXECUTOR_REGISTRATION_TIMEOUT: 23,
  REASON_EXECUTOR_REREGISTRATION_TIMEOUT: 24,
  REASON_EXECUTOR_TERMINATED: 1,
  REASON_EXECUTOR_UNREGISTERED: 2,
  REASON_FRAMEWORK_REMOVED: 3,
  REASON_GC_ERROR: 4,
  REASON_INVALID_FRAMEWORKID: 5,
  REASON_INVALID_OFFERS: 6,
  REASON_IO_SWITCHBOARD_EXITED: 27,
  REASON_MASTER_DISCONNECTED: 7,
  REASON_RECONCILIATION: 9,
  REASON_RESOURCES_UNKNOWN: 18,
  REASON_AGENT_DISCONNECTED: 10,
  REASON_AGENT_DRAINING: 34,
  REASON_AGENT_REMOVED: 11,
  REASON_AGENT_REMOVED_BY_OPERATOR: 31,
  REASON_AGENT_REREGISTERED: 32,
  REASON_AGENT_RESTARTED: 12,
  REASON_AGENT_UNKNOWN: 13,
  REASON_TASK_KILLED_DURING_LAUNCH: 30,
  REASON_TASK_CHECK_STATUS_UPDATED: 28,
  REASON_TASK_HEALTH_CHECK_STATUS_UPDATED: 29,
  REASON_TASK_GROUP_INVALID: 25,
  REASON_TASK_GROUP_UNAUTHORIZED: 26,
  REASON_TASK_INVALID: 14,
  REASON_TASK_UNAUTHORIZED: 15,
  REASON_TASK_UNKNOWN: 16,
});

const taskStatusFields = {
  task_id: req(1, TaskID),
  state: req(2, TaskState),
  message: opt(4, "str"),
  source: opt(9, TaskStatusSource),
  reason: opt(10, TaskStatusReason),
  data: opt(3, "bytes"),
  agent_id: opt(5, AgentID),
  executor_id: opt(7, ExecutorID),
  timestamp: opt(6, "dbl"),
  uuid: opt(11, "bytes"),
  healthy: opt(8, "bool"),
  check_status: opt(15, CheckStatusInfo),
  labels: opt(12, Labels),
  container_status: opt(13, ContainerStatus),
  unreachable_time: opt(14, TimeInfo),
  limitation: opt(16, TaskResourceLimitation),
};
/** Definition of `TaskStatus`; an interface, so that declarations show its name alone. */
export interface TaskStatusDef extends MessageDef<typeof taskStatusFields> {}
/** Message `TaskStatus`. */
export const TaskStatus: TaskStatusDef = message("TaskStatus", taskStatusFields);

const taskFields = {
  name: req(1, "str"),
  task_id: req(2, TaskID),
  framework_id: req(3, FrameworkID),
  executor_id: opt(4, ExecutorID),
  agent_id: req(5, AgentID),
  state: req(6, TaskState),
  resources: rep(7, Resource),
  statuses: rep(8, TaskStatus),
  status_update_state: opt(9, TaskState),
  status_update_uuid: opt(10, "bytes"),
  labels: opt(11, Labels),
  discovery: opt(12, DiscoveryInfo),
  container: opt(13, ContainerInfo),
  health_check: opt(15, HealthCheck),
  kill_policy: opt(16, KillPolicy),
  user: opt(14, "str"),
  limits: map(17, ValueScalar),
};
/** Definition of `Task`; an interface, so that declarations show its name alone. */
export interface TaskDef extends MessageDef<typeof taskFields> {}
/** Message `Task`. */
export const Task: TaskDef = message("Task", taskFields);
