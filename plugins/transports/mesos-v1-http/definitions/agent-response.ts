import { ContainerID, ExecutorID, FrameworkID, TimeInfo } from "./basics.ts";
import { AgentInfo, FrameworkInfo } from "./cluster.ts";
import { ContainerStatus } from "./containers.ts";
import { enumeration, type MessageDef, message, opt, rep, req } from "./define.ts";
import { Operation } from "./offers.ts";
import { DrainConfig, FileInfo, Flag, Metric, VersionInfo } from "./operators.ts";
import { Resource, ResourceProviderInfo, TaskResourceLimitation } from "./resources.ts";
import { ResourceStatistics } from "./statistics.ts";
import { ExecutorInfo, Task, TaskState, TaskStatusReason } from "./tasks.ts";

/** Enum `agent.Response.Type`. */
export const ResponseType = enumeration("agent.Response.Type", {
  UNKNOWN: 0,
  GET_HEALTH: 1,
  GET_FLAGS: 2,
  GET_VERSION: 3,
  GET_METRICS: 4,
  GET_LOGGING_LEVEL: 5,
  LIST_FILES: 6,
  READ_FILE: 7,
  GET_STATE: 8,
  GET_CONTAINERS: 9,
  GET_FRAMEWORKS: 10,
  GET_EXECUTORS: 11,
  GET_OPERATIONS: 17,
  GET_TASKS: 12,
  GET_AGENT: 14,
  GET_RESOURCE_PROVIDERS: 16,
  WAIT_NESTED_CONTAINER: 13,
  WAIT_CONTAINER: 15,
});

/** Message `agent.Response.GetHealth`. */
export const ResponseGetHealth = message("agent.Response.GetHealth", { healthy: req(1, "bool") });

/** Message `agent.Response.GetFlags`. */
export const ResponseGetFlags = message("agent.Response.GetFlags", { flags: rep(1, Flag) });

/** Message `agent.Response.GetVersion`. */
export const ResponseGetVersion = message("agent.Response.GetVersion", {
  version_info: req(1, VersionInfo),
});

/** Message `agent.Response.GetMetrics`. */
export const ResponseGetMetrics = message("agent.Response.GetMetrics", { metrics: rep(1, Metric) });

/** Message `agent.Response.GetLoggingLevel`. */
export const ResponseGetLoggingLevel = message("agent.Response.GetLoggingLevel", {
  level: req(1, "u32"),
});

/** Message `agent.Response.ListFiles`. */
export const ResponseListFiles = message("agent.Response.ListFiles", {
  file_infos: rep(1, FileInfo),
});

/** Message `agent.Response.ReadFile`. */
export const ResponseReadFile = message("agent.Response.ReadFile", {
  size: req(1, "u64"),
  data: req(2, "bytes"),
});

/** Message `agent.Response.GetTasks`. */
export const ResponseGetTasks = message("agent.Response.GetTasks", {
  pending_tasks: rep(1, Task),
  queued_tasks: rep(2, Task),
  launched_tasks: rep(3, Task),
  terminated_tasks: rep(4, Task),
  completed_tasks: rep(5, Task),
});

/** Message `agent.Response.GetExecutors.Executor`. */
export const ResponseGetExecutorsExecutor = message("agent.Response.GetExecutors.Executor", {
  executor_info: req(1, ExecutorInfo),
});

/** Message `agent.Response.GetExecutors`. */
export const ResponseGetExecutors = message("agent.Response.GetExecutors", {
  executors: rep(1, ResponseGetExecutorsExecutor),
  completed_executors: rep(2, ResponseGetExecutorsExecutor),
});

/** Message `agent.Response.GetFrameworks.Framework`. */
export const ResponseGetFrameworksFramework = message("agent.Response.GetFrameworks.Framework", {
  framework_info: req(1, FrameworkInfo),
});

/** Message `agent.Response.GetFrameworks`. */
export const ResponseGetFrameworks = message("agent.Response.GetFrameworks", {
  frameworks: rep(1, ResponseGetFrameworksFramework),
  completed_frameworks: rep(2, ResponseGetFrameworksFramework),
});

/** Message `agent.Response.GetState`. */
export const ResponseGetState = message("agent.Response.GetState", {
  get_tasks: opt(1, ResponseGetTasks),
  get_executors: opt(2, ResponseGetExecutors),
  get_frameworks: opt(3, ResponseGetFrameworks),
});

/** Message `agent.Response.GetContainers.Container`. */
export const ResponseGetContainersContainer = message("agent.Response.GetContainers.Container", {
  framework_id: opt(1, FrameworkID),
  executor_id: opt(2, ExecutorID),
  executor_name: opt(3, "str"),
  container_id: req(4, ContainerID),
  container_status: opt(5, ContainerStatus),
  resource_statistics: opt(6, ResourceStatistics),
});

/** Message `agent.Response.GetContainers`. */
export const ResponseGetContainers = message("agent.Response.GetContainers", {
  containers: rep(1, ResponseGetContainersContainer),
});

/** Message `agent.Response.GetOperations`. */
export const ResponseGetOperations = message("agent.Response.GetOperations", {
  operations: rep(1, Operation),
});

/** Message `agent.Response.GetAgent`. */
export const ResponseGetAgent = message("agent.Response.GetAgent", {
  agent_info: opt(1, AgentInfo),
  drain_config: opt(2, DrainConfig),
  estimated_drain_start_time: opt(3, TimeInfo),
});

/** Message `agent.Response.GetResourceProviders.ResourceProvider`. */
export const ResponseGetResourceProvidersResourceProvider = message(
  "agent.Response.GetResourceProviders.ResourceProvider",
  { resource_provider_info: req(1, ResourceProviderInfo), total_resources: rep(2, Resource) },
);

/** Message `agent.Response.GetResourceProviders`. */
export const ResponseGetResourceProviders = message("agent.Response.GetResourceProviders", {
  resource_providers: rep(1, ResponseGetResourceProvidersResourceProvider),
});

/** Message `agent.Response.WaitNestedContainer`. */
export const ResponseWaitNestedContainer = message("agent.Response.WaitNestedContainer", {
  exit_status: opt(1, "i32"),
  state: opt(2, TaskState),
  reason: opt(3, TaskStatusReason),
  limitation: opt(4, TaskResourceLimitation),
  message: opt(5, "str"),
});

/** Message `agent.Response.WaitContainer`. */
export const ResponseWaitContainer = message("agent.Response.WaitContainer", {
  exit_status: opt(1, "i32"),
  state: opt(2, TaskState),
  reason: opt(3, TaskStatusReason),
  limitation: opt(4, TaskResourceLimitation),
  message: opt(5, "str"),
});

const responseFields = {
  type: opt(1, ResponseType),
  get_health: opt(2, ResponseGetHealth),
  get_flags: opt(3, ResponseGetFlags),
  get_version: opt(4, ResponseGetVersion),
  get_metrics: opt(5, ResponseGetMetrics),
  get_logging_level: opt(6, ResponseGetLoggingLevel),
  list_files: opt(7, ResponseListFiles),
  read_file: opt(8, ResponseReadFile),
  get_state: opt(9, ResponseGetState),
  get_containers: opt(10, ResponseGetContainers),
  get_frameworks: opt(11, ResponseGetFrameworks),
  get_executors: opt(12, ResponseGetExecutors),
  get_operations: opt(18, ResponseGetOperations),
  get_tasks: opt(13, ResponseGetTasks),
  get_agent: opt(15, ResponseGetAgent),
  get_resource_providers: opt(17, ResponseGetResourceProviders),
  wait_nested_container: opt(14, ResponseWaitNestedContainer),
  wait_container: opt(16, ResponseWaitContainer),
};
/** Definition of `agent.Response`; an interface, so that declarations show its name alone. */
export interface ResponseDef extends MessageDef<typeof responseFields> {}
/** Message `agent.Response`. */
export const Response: ResponseDef = message("agent.Response", responseFields);
