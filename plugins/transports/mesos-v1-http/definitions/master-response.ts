import { AgentID, FrameworkID, TimeInfo } from "./basics.ts";
import { AgentInfo, AgentInfoCapability, FrameworkInfo, MasterInfo } from "./cluster.ts";
import { OfferConstraints } from "./constraints.ts";
import { enumeration, type MessageDef, message, old, opt, rep, req } from "./define.ts";
import { InverseOffer, Offer, Operation } from "./offers.ts";
import {
  ClusterStatus,
  DrainInfo,
  FileInfo,
  Flag,
  Metric,
  QuotaStatus,
  Role,
  Schedule,
  VersionInfo,
  WeightInfo,
} from "./operators.ts";
import { Resource, ResourceProviderInfo } from "./resources.ts";
import { ExecutorInfo, Task, TaskState, TaskStatus } from "./tasks.ts";

/** Enum `master.Response.Type`. */
export const ResponseType = enumeration("master.Response.Type", {
  UNKNOWN: 0,
  GET_HEALTH: 1,
  GET_FLAGS: 2,
  GET_VERSION: 3,
  GET_METRICS: 4,
  GET_LOGGING_LEVEL: 5,
  LIST_FILES: 6,
  READ_FILE: 7,
  GET_STATE: 8,
  GET_AGENTS: 9,
  GET_FRAMEWORKS: 10,
  GET_EXECUTORS: 11,
  GET_OPERATIONS: 19,
  GET_TASKS: 12,
  GET_ROLES: 13,
  GET_WEIGHTS: 14,
  GET_MASTER: 15,
  GET_MAINTENANCE_STATUS: 16,
  GET_MAINTENANCE_SCHEDULE: 17,
  GET_QUOTA: 18,
});

/** Message `master.Response.GetHealth`. */
export const ResponseGetHealth = message("master.Response.GetHealth", { healthy: req(1, "bool") });

/** Message `master.Response.GetFlags`. */
export const ResponseGetFlags = message("master.Response.GetFlags", { flags: rep(1, Flag) });

/** Message `master.Response.GetVersion`. */
export const ResponseGetVersion = message("master.Response.GetVersion", {
  version_info: req(1, VersionInfo),
});

/** Message `master.Response.GetMetrics`. */
export const ResponseGetMetrics = message("master.Response.GetMetrics", {
  metrics: rep(1, Metric),
});

/** Message `master.Response.GetLoggingLevel`. */
export const ResponseGetLoggingLevel = message("master.Response.GetLoggingLevel", {
  level: req(1, "u32"),
});

/** Message `master.Response.ListFiles`. */
export const ResponseListFiles = message("master.Response.ListFiles", {
  file_infos: rep(1, FileInfo),
});

/** Message `master.Response.ReadFile`. */
export const ResponseReadFile = message("master.Response.ReadFile", {
  size: req(1, "u64"),
  data: req(2, "bytes"),
});

/** Message `master.Response.GetTasks`. */
export const ResponseGetTasks = message("master.Response.GetTasks", {
  pending_tasks: old(rep(1, Task)),
  tasks: rep(2, Task),
  unreachable_tasks: rep(5, Task),
  completed_tasks: rep(3, Task),
  orphan_tasks: old(rep(4, Task)),
});

/** Message `master.Response.GetExecutors.Executor`. */
export const ResponseGetExecutorsExecutor = message("master.Response.GetExecutors.Executor", {
  executor_info: req(1, ExecutorInfo),
  agent_id: req(2, AgentID),
});

/** Message `master.Response.GetExecutors`. */
export const ResponseGetExecutors = message("master.Response.GetExecutors", {
  executors: rep(1, ResponseGetExecutorsExecutor),
  orphan_executors: old(rep(2, ResponseGetExecutorsExecutor)),
});

const responseGetFrameworksFrameworkFields = {
  framework_info: req(1, FrameworkInfo),
  active: req(2, "bool"),
  connected: req(3, "bool"),
  recovered: req(11, "bool"),
  registered_time: opt(4, TimeInfo),
  reregistered_time: opt(5, TimeInfo),
  unregistered_time: opt(6, TimeInfo),
  offers: rep(7, Offer),
  inverse_offers: rep(8, InverseOffer),
  allocated_resources: rep(9, Resource),
  offered_resources: rep(10, Resource),
  offer_constraints: opt(12, OfferConstraints),
};
/**
 * Definition of `master.Response.GetFrameworks.Framework`; an interface, so that declarations show
 * its name alone.
 */
export interface ResponseGetFrameworksFrameworkDef
  extends MessageDef<typeof responseGetFrameworksFrameworkFields> {}
/** Message `master.Response.GetFrameworks.Framework`. */
export const ResponseGetFrameworksFramework: ResponseGetFrameworksFrameworkDef = message(
  "master.Response.GetFrameworks.Framework",
  responseGetFrameworksFrameworkFields,
);

/** Message `master.Response.GetFrameworks`. */
export const ResponseGetFrameworks = message("master.Response.GetFrameworks", {
  frameworks: rep(1, ResponseGetFrameworksFramework),
  completed_frameworks: rep(2, ResponseGetFrameworksFramework),
  recovered_frameworks: old(rep(3, FrameworkInfo)),
});

/** Message `master.Response.GetAgents.Agent.ResourceProvider`. */
export const ResponseGetAgentsAgentResourceProvider = message(
  "master.Response.GetAgents.Agent.ResourceProvider",
  { resource_provider_info: req(1, ResourceProviderInfo), total_resources: rep(2, Resource) },
);

const responseGetAgentsAgentFields = {
  agent_info: req(1, AgentInfo),
  active: req(2, "bool"),
  deactivated: opt(12, "bool"),
  version: req(3, "str"),
  pid: opt(4, "str"),
  registered_time: opt(5, TimeInfo),
  reregistered_time: opt(6, TimeInfo),
  total_resources: rep(7, Resource),
  allocated_resources: rep(8, Resource),
  offered_resources: rep(9, Resource),
  capabilities: rep(10, AgentInfoCapability),
  resource_providers: rep(11, ResponseGetAgentsAgentResourceProvider),
  drain_info: opt(13, DrainInfo),
  estimated_drain_start_time: opt(14, TimeInfo),
};
/**
 * Definition of `master.Response.GetAgents.Agent`; an interface, so that declarations show its name
 * alone.
 */
export interface ResponseGetAgentsAgentDef
  extends MessageDef<typeof responseGetAgentsAgentFields> {}
/** Message `master.Response.GetAgents.Agent`. */
export const ResponseGetAgentsAgent: ResponseGetAgentsAgentDef = message(
  "master.Response.GetAgents.Agent",
  responseGetAgentsAgentFields,
);

/** Message `master.Response.GetAgents`. */
export const ResponseGetAgents = message("master.Response.GetAgents", {
  agents: rep(1, ResponseGetAgentsAgent),
  recovered_agents: rep(2, AgentInfo),
});

const responseGetStateFields = {
  get_tasks: opt(1, ResponseGetTasks),
  get_executors: opt(2, ResponseGetExecutors),
  get_frameworks: opt(3, ResponseGetFrameworks),
  get_agents: opt(4, ResponseGetAgents),
};
/**
 * Definition of `master.Response.GetState`; an interface, so that declarations show its name alone.
 */
export interface ResponseGetStateDef extends MessageDef<typeof responseGetStateFields> {}
/** Message `master.Response.GetState`. */
export const ResponseGetState: ResponseGetStateDef = message(
  "master.Response.GetState",
  responseGetStateFields,
);

/** Message `master.Response.GetOperations`. */
export const ResponseGetOperations = message("master.Response.GetOperations", {
  operations: rep(1, Operation),
});

/** Message `master.Response.GetRoles`. */
export const ResponseGetRoles = message("master.Response.GetRoles", { roles: rep(1, Role) });

/** Message `master.Response.GetWeights`. */
export const ResponseGetWeights = message("master.Response.GetWeights", {
  weight_infos: rep(1, WeightInfo),
});

/** Message `master.Response.GetMaster`. */
export const ResponseGetMaster = message("master.Response.GetMaster", {
  master_info: opt(1, MasterInfo),
  start_time: opt(2, "dbl"),
  elected_time: opt(3, "dbl"),
});

/** Message `master.Response.GetMaintenanceStatus`. */
export const ResponseGetMaintenanceStatus = message("master.Response.GetMaintenanceStatus", {
  status: req(1, ClusterStatus),
});

/** Message `master.Response.GetMaintenanceSchedule`. */
export const ResponseGetMaintenanceSchedule = message("master.Response.GetMaintenanceSchedule", {
  schedule: req(1, Schedule),
});

/** Message `master.Response.GetQuota`. */
export const ResponseGetQuota = message("master.Response.GetQuota", {
  status: req(1, QuotaStatus),
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
  get_agents: opt(10, ResponseGetAgents),
  get_frameworks: opt(11, ResponseGetFrameworks),
  get_executors: opt(12, ResponseGetExecutors),
  get_operations: opt(20, ResponseGetOperations),
  get_tasks: opt(13, ResponseGetTasks),
  get_roles: opt(14, ResponseGetRoles),
  get_weights: opt(15, ResponseGetWeights),
  get_master: opt(16, ResponseGetMaster),
  get_maintenance_status: opt(17, ResponseGetMaintenanceStatus),
  get_maintenance_schedule: opt(18, ResponseGetMaintenanceSchedule),
  get_quota: opt(19, ResponseGetQuota),
};
/** Definition of `master.Response`; an interface, so that declarations show its name alone. */
export interface ResponseDef extends MessageDef<typeof responseFields> {}
/** Message `master.Response`. */
export const Response: ResponseDef = message("master.Response", responseFields);

/** Enum `master.Event.Type`. */
export const EventType = enumeration("master.Event.Type", {
  UNKNOWN: 0,
  SUBSCRIBED: 1,
  TASK_ADDED: 2,
  TASK_UPDATED: 3,
  AGENT_ADDED: 4,
  AGENT_REMOVED: 5,
  FRAMEWORK_ADDED: 6,
  FRAMEWORK_UPDATED: 7,
  FRAMEWORK_REMOVED: 8,
  HEARTBEAT: 9,
});

/** Message `master.Event.Subscribed`. */
export const EventSubscribed = message("master.Event.Subscribed", {
  get_state: opt(1, ResponseGetState),
  heartbeat_interval_seconds: opt(2, "dbl"),
});

/** Message `master.Event.TaskAdded`. */
export const EventTaskAdded = message("master.Event.TaskAdded", { task: req(1, Task) });

/** Message `master.Event.TaskUpdated`. */
export const EventTaskUpdated = message("master.Event.TaskUpdated", {
  framework_id: req(1, FrameworkID),
  status: req(2, TaskStatus),
  state: req(3, TaskState),
});

/** Message `master.Event.AgentAdded`. */
export const EventAgentAdded = message("master.Event.AgentAdded", {
  agent: req(1, ResponseGetAgentsAgent),
});

/** Message `master.Event.AgentRemoved`. */
export const EventAgentRemoved = message("master.Event.AgentRemoved", {
  agent_id: req(1, AgentID),
});

/** Message `master.Event.FrameworkAdded`. */
export const EventFrameworkAdded = message("master.Event.FrameworkAdded", {
  framework: req(1, ResponseGetFrameworksFramework),
});

/** Message `master.Event.FrameworkUpdated`. */
export const EventFrameworkUpdated = message("master.Event.FrameworkUpdated", {
  framework: req(1, ResponseGetFrameworksFramework),
});

/** Message `master.Event.FrameworkRemoved`. */
export const EventFrameworkRemoved = message("master.Event.FrameworkRemoved", {
  framework_info: req(1, FrameworkInfo),
});

const eventFields = {
  type: opt(1, EventType),
  subscribed: opt(2, EventSubscribed),
  task_added: opt(3, EventTaskAdded),
  task_updated: opt(4, EventTaskUpdated),
  agent_added: opt(5, EventAgentAdded),
  agent_removed: opt(6, EventAgentRemoved),
  framework_added: opt(7, EventFrameworkAdded),
  framework_updated: opt(8, EventFrameworkUpdated),
  framework_removed: opt(9, EventFrameworkRemoved),
};
/** Definition of `master.Event`; an interface, so that declarations show its name alone. */
export interface EventDef extends MessageDef<typeof eventFields> {}
/** Message `master.Event`. */
export const Event: EventDef = message("master.Event", eventFields);
