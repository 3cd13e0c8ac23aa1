import { AgentID, DurationInfo, FrameworkID, MachineID } from "./basics.ts";
import { enumeration, type MessageDef, message, old, opt, rep, req } from "./define.ts";
import { Duration, QuotaConfig, QuotaRequest, Schedule, WeightInfo } from "./operators.ts";
import { Resource, ValueScalar } from "./resources.ts";

/** Enum `master.Call.Type`. */
export const CallType = enumeration("master.Call.Type", {
  UNKNOWN: 0,
  GET_HEALTH: 1,
  GET_FLAGS: 2,
  GET_VERSION: 3,
  GET_METRICS: 4,
  GET_LOGGING_LEVEL: 5,
  SET_LOGGING_LEVEL: 6,
  LIST_FILES: 7,
  READ_FILE: 8,
  GET_STATE: 9,
  GET_AGENTS: 10,
  GET_FRAMEWORKS: 11,
  GET_EXECUTORS: 12,
  GET_OPERATIONS: 33,
  GET_TASKS: 13,
  GET_ROLES: 14,
  GET_WEIGHTS: 15,
  UPDATE_WEIGHTS: 16,
  GET_MASTER: 17,
  SUBSCRIBE: 18,
  RESERVE_RESOURCES: 19,
  UNRESERVE_RESOURCES: 20,
  CREATE_VOLUMES: 21,
  DESTROY_VOLUMES: 22,
  GROW_VOLUME: 34,
  SHRINK_VOLUME: 35,
  GET_MAINTENANCE_STATUS: 23,
  GET_MAINTENANCE_SCHEDULE: 24,
  UPDATE_MAINTENANCE_SCHEDULE: 25,
  START_MAINTENANCE: 26,
  STOP_MAINTENANCE: 27,
  DRAIN_AGENT: 37,
  DEACTIVATE_AGENT: 38,
  REACTIVATE_AGENT: 39,
  GET_QUOTA: 28,
  UPDATE_QUOTA: 36,
  SET_QUOTA: 29,
  REMOVE_QUOTA: 30,
  TEARDOWN: 31,
  MARK_AGENT_GONE: 32,
});

/** Message `master.Call.GetMetrics`. */
export const CallGetMetrics = message("master.Call.GetMetrics", { timeout: opt(1, DurationInfo) });

/** Message `master.Call.SetLoggingLevel`. */
export const CallSetLoggingLevel = message("master.Call.SetLoggingLevel", {
  level: req(1, "u32"),
  duration: req(2, DurationInfo),
});

/** Message `master.Call.ListFiles`. */
export const CallListFiles = message("master.Call.ListFiles", { path: req(1, "str") });

/** Message `master.Call.ReadFile`. */
export const CallReadFile = message("master.Call.ReadFile", {
  path: req(1, "str"),
  offset: req(2, "u64"),
  length: opt(3, "u64"),
});

/** Message `master.Call.UpdateWeights`. */
export const CallUpdateWeights = message("master.Call.UpdateWeights", {
  weight_infos: rep(1, WeightInfo),
});

/** Message `master.Call.ReserveResources`. */
export const CallReserveResources = message("master.Call.ReserveResources", {
  agent_id: req(1, AgentID),
  source: rep(3, Resource),
  resources: rep(2, Resource),
});

/** Message `master.Call.UnreserveResources`. */
export const CallUnreserveResources = message("master.Call.UnreserveResources", {
  agent_id: req(1, AgentID),
  resources: rep(2, Resource),
});

/** Message `master.Call.CreateVolumes`. */
export const CallCreateVolumes = message("master.Call.CreateVolumes", {
  agent_id: req(1, AgentID),
  volumes: rep(2, Resource),
});

/** Message `master.Call.DestroyVolumes`. */
export const CallDestroyVolumes = message("master.Call.DestroyVolumes", {
  agent_id: req(1, AgentID),
  volumes: rep(2, Resource),
});

/** Message `master.Call.GrowVolume`. */
export const CallGrowVolume = message("master.Call.GrowVolume", {
  agent_id: opt(1, AgentID),
  volume: req(2, Resource),
  addition: req(3, Resource),
});

/** Message `master.Call.ShrinkVolume`. */
export const CallShrinkVolume = message("master.Call.ShrinkVolume", {
  agent_id: opt(1, AgentID),
  volume: req(2, Resource),
  subtract: req(3, ValueScalar),
});

/** Message `master.Call.UpdateMaintenanceSchedule`. */
export const CallUpdateMaintenanceSchedule = message("master.Call.UpdateMaintenanceSchedule", {
  schedule: req(1, Schedule),
});

/** Message `master.Call.StartMaintenance`. */
export const CallStartMaintenance = message("master.Call.StartMaintenance", {
  machines: rep(1, MachineID),
});

/** Message `master.Call.StopMaintenance`. */
export const CallStopMaintenance = message("master.Call.StopMaintenance", {
  machines: rep(1, MachineID),
});

/** Message `master.Call.DrainAgent`. */
export const CallDrainAgent = message("master.Call.DrainAgent", {
  agent_id: req(1, AgentID),
  max_grace_period: opt(2, Duration),
  mark_gone: opt(3, "bool", false),
});

/** Message `master.Call.DeactivateAgent`. */
export const CallDeactivateAgent = message("master.Call.DeactivateAgent", {
  agent_id: req(1, AgentID),
});

/** Message `master.Call.ReactivateAgent`. */
export const CallReactivateAgent = message("master.Call.ReactivateAgent", {
  agent_id: req(1, AgentID),
});

/** Message `master.Call.UpdateQuota`. */
export const CallUpdateQuota = message("master.Call.UpdateQuota", {
  force: opt(1, "bool"),
  quota_configs: rep(2, QuotaConfig),
});

/** Message `master.Call.Teardown`. */
export const CallTeardown = message("master.Call.Teardown", { framework_id: req(1, FrameworkID) });

/** Message `master.Call.MarkAgentGone`. */
export const CallMarkAgentGone = message("master.Call.MarkAgentGone", {
  agent_id: req(1, AgentID),
});

/** Message `master.Call.SetQuota`. */
export const CallSetQuota = message("master.Call.SetQuota", {
  quota_request: req(1, QuotaRequest),
});

/** Message `master.Call.RemoveQuota`. */
export const CallRemoveQuota = message("master.Call.RemoveQuota", { role: req(1, "str") });

const callFields = {
  type: opt(1, CallType),
  get_metrics: opt(2, CallGetMetrics),
  set_logging_level: opt(3, CallSetLoggingLevel),
  list_files: opt(4, CallListFiles),
  read_file: opt(5, CallReadFile),
  update_weights: opt(6, CallUpdateWeights),
  reserve_resources: opt(7, CallReserveResources),
  unreserve_resources: opt(8, CallUnreserveResources),
  create_volumes: opt(9, CallCreateVolumes),
  destroy_volumes: opt(10, CallDestroyVolumes),
  grow_volume: opt(18, CallGrowVolume),
  shrink_volume: opt(19, CallShrinkVolume),
  update_maintenance_schedule: opt(11, CallUpdateMaintenanceSchedule),
  start_maintenance: opt(12, CallStartMaintenance),
  stop_maintenance: opt(13, CallStopMaintenance),
  drain_agent: opt(21, CallDrainAgent),
  deactivate_agent: opt(22, CallDeactivateAgent),
  reactivate_agent: opt(23, CallReactivateAgent),
  update_quota: opt(20, CallUpdateQuota),
  teardown: opt(16, CallTeardown),
  mark_agent_gone: opt(17, CallMarkAgentGone),
  set_quota: old(opt(14, CallSetQuota)),
  remove_quota: old(opt(15, CallRemoveQuota)),
};
/** Definition of `master.Call`; an interface, so that declarations show its name alone. */
export interface CallDef extends MessageDef<typeof callFields> {}
/** Message `master.Call`. */
export const Call: CallDef = message("master.Call", callFields);
