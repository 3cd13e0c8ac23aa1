import { ContainerID, DurationInfo, ResourceProviderID } from "./basics.ts";
import { CommandInfo } from "./commands.ts";
import { ContainerInfo, Image, TTYInfo } from "./containers.ts";
import { enumeration, type MessageDef, map, message, old, opt, rep, req } from "./define.ts";
import { Resource, ResourceProviderInfo, ValueScalar } from "./resources.ts";

/** Enum `agent.Call.Type`. */
export const CallType = enumeration("agent.Call.Type", {
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
  GET_CONTAINERS: 10,
  GET_FRAMEWORKS: 11,
  GET_EXECUTORS: 12,
  GET_OPERATIONS: 31,
  GET_TASKS: 13,
  GET_AGENT: 20,
  GET_RESOURCE_PROVIDERS: 26,
  LAUNCH_NESTED_CONTAINER: 14,
  WAIT_NESTED_CONTAINER: 15,
  KILL_NESTED_CONTAINER: 16,
  REMOVE_NESTED_CONTAINER: 21,
  LAUNCH_NESTED_CONTAINER_SESSION: 17,
  ATTACH_CONTAINER_INPUT: 18,
  ATTACH_CONTAINER_OUTPUT: 19,
  LAUNCH_CONTAINER: 22,
  WAIT_CONTAINER: 23,
  KILL_CONTAINER: 24,
  REMOVE_CONTAINER: 25,
  ADD_RESOURCE_PROVIDER_CONFIG: 27,
  UPDATE_RESOURCE_PROVIDER_CONFIG: 28,
  REMOVE_RESOURCE_PROVIDER_CONFIG: 29,
  MARK_RESOURCE_PROVIDER_GONE: 32,
  PRUNE_IMAGES: 30,
});

/** Message `agent.Call.GetMetrics`. */
export const CallGetMetrics = message("agent.Call.GetMetrics", { timeout: opt(1, DurationInfo) });

/** Message `agent.Call.SetLoggingLevel`. */
export const CallSetLoggingLevel = message("agent.Call.SetLoggingLevel", {
  level: req(1, "u32"),
  duration: req(2, DurationInfo),
});

/** Message `agent.Call.ListFiles`. */
export const CallListFiles = message("agent.Call.ListFiles", { path: req(1, "str") });

/** Message `agent.Call.ReadFile`. */
export const CallReadFile = message("agent.Call.ReadFile", {
  path: req(1, "str"),
  offset: req(2, "u64"),
  length: opt(3, "u64"),
});

/** Message `agent.Call.GetContainers`. */
export const CallGetContainers = message("agent.Call.GetContainers", {
  show_nested: opt(1, "bool"),
  show_standalone: opt(2, "bool"),
});

/** Message `agent.Call.LaunchNestedContainer`. */
export const CallLaunchNestedContainer = message("agent.Call.LaunchNestedContainer", {
  container_id: req(1, ContainerID),
  command: opt(2, CommandInfo),
  container: opt(3, ContainerInfo),
});

/** Message `agent.Call.WaitNestedContainer`. */
export const CallWaitNestedContainer = message("agent.Call.WaitNestedContainer", {
  container_id: req(1, ContainerID),
});

/** Message `agent.Call.KillNestedContainer`. */
export const CallKillNestedContainer = message("agent.Call.KillNestedContainer", {
  container_id: req(1, ContainerID),
  signal: opt(2, "i32"),
});

/** Message `agent.Call.RemoveNestedContainer`. */
export const CallRemoveNestedContainer = message("agent.Call.RemoveNestedContainer", {
  container_id: req(1, ContainerID),
});

/** Message `agent.Call.LaunchNestedContainerSession`. */
export const CallLaunchNestedContainerSession = message("agent.Call.LaunchNestedContainerSession", {
  container_id: req(1, ContainerID),
  command: opt(2, CommandInfo),
  container: opt(3, ContainerInfo),
});

/** Enum `agent.Call.AttachContainerInput.Type`. */
export const CallAttachContainerInputType = enumeration("agent.Call.AttachContainerInput.Type", {
  UNKNOWN: 0,
  CONTAINER_ID: 1,
  PROCESS_IO: 2,
});

/** Enum `agent.ProcessIO.Type`. */
export const ProcessIOType = enumeration("agent.ProcessIO.Type", {
  UNKNOWN: 0,
  DATA: 1,
  CONTROL: 2,
});

/** Enum `agent.ProcessIO.Data.Type`. */
export const ProcessIODataType = enumeration("agent.ProcessIO.Data.Type", {
  UNKNOWN: 0,
  STDIN: 1,
  STDOUT: 2,
  STDERR: 3,
});

/** Message `agent.ProcessIO.Data`. */
export const ProcessIOData = message("agent.ProcessIO.Data", {
  type: opt(1, ProcessIODataType),
  data: opt(2, "bytes"),
});

/** Enum `agent.ProcessIO.Control.Type`. */
export const ProcessIOControlType = enumeration("agent.ProcessIO.Control.Type", {
  UNKNOWN: 0,
  TTY_INFO: 1,
  HEARTBEAT: 2,
});

/** Message `agent.ProcessIO.Control.Heartbeat`. */
export const ProcessIOControlHeartbeat = message("agent.ProcessIO.Control.Heartbeat", {
  interval: opt(1, DurationInfo),
});

/** Message `agent.ProcessIO.Control`. */
export const ProcessIOControl = message("agent.ProcessIO.Control", {
  type: opt(1, ProcessIOControlType),
  tty_info: opt(2, TTYInfo),
  heartbeat: opt(3, ProcessIOControlHeartbeat),
});

/** Message `agent.ProcessIO`. */
export const ProcessIO = message("agent.ProcessIO", {
  type: opt(1, ProcessIOType),
  data: opt(2, ProcessIOData),
  control: opt(3, ProcessIOControl),
});

/** Message `agent.Call.AttachContainerInput`. */
export const CallAttachContainerInput = message("agent.Call.AttachContainerInput", {
  type: opt(1, CallAttachContainerInputType),
  container_id: opt(2, ContainerID),
  process_io: opt(3, ProcessIO),
});

/** Message `agent.Call.AttachContainerOutput`. */
export const CallAttachContainerOutput = message("agent.Call.AttachContainerOutput", {
  container_id: req(1, ContainerID),
});

/** Message `agent.Call.LaunchContainer`. */
export const CallLaunchContainer = message("agent.Call.LaunchContainer", {
  container_id: req(1, ContainerID),
  command: opt(2, CommandInfo),
  resources: rep(3, Resource),
  container: opt(4, ContainerInfo),
  limits: map(5, ValueScalar),
});

/** Message `agent.Call.WaitContainer`. */
export const CallWaitContainer = message("agent.Call.WaitContainer", {
  container_id: req(1, ContainerID),
});

/** Message `agent.Call.KillContainer`. */
export const CallKillContainer = message("agent.Call.KillContainer", {
  container_id: req(1, ContainerID),
  signal: opt(2, "i32"),
});

/** Message `agent.Call.RemoveContainer`. */
export const CallRemoveContainer = message("agent.Call.RemoveContainer", {
  container_id: req(1, ContainerID),
});

/** Message `agent.Call.AddResourceProviderConfig`. */
export const CallAddResourceProviderConfig = message("agent.Call.AddResourceProviderConfig", {
  info: req(1, ResourceProviderInfo),
});

/** Message `agent.Call.UpdateResourceProviderConfig`. */
export const CallUpdateResourceProviderConfig = message("agent.Call.UpdateResourceProviderConfig", {
  info: req(1, ResourceProviderInfo),
});

/** Message `agent.Call.RemoveResourceProviderConfig`. */
export const CallRemoveResourceProviderConfig = message("agent.Call.RemoveResourceProviderConfig", {
  type: req(1, "str"),
  name: req(2, "str"),
});

/** Message `agent.Call.MarkResourceProviderGone`. */
export const CallMarkResourceProviderGone = message("agent.Call.MarkResourceProviderGone", {
  resource_provider_id: req(1, ResourceProviderID),
});

/** Message `agent.Call.PruneImages`. */
export const CallPruneImages = message("agent.Call.PruneImages", {
  excluded_images: rep(1, Image),
});

const callFields = {
  type: opt(1, CallType),
  get_metrics: opt(2, CallGetMetrics),
  set_logging_level: opt(3, CallSetLoggingLevel),
  list_files: opt(4, CallListFiles),
  read_file: opt(5, CallReadFile),
  get_containers: opt(20, CallGetContainers),
  launch_nested_container: old(opt(6, CallLaunchNestedContainer)),
  wait_nested_container: old(opt(7, CallWaitNestedContainer)),
  kill_nested_container: old(opt(8, CallKillNestedContainer)),
  remove_nested_container: old(opt(12, CallRemoveNestedContainer)),
  launch_nested_container_session: opt(9, CallLaunchNestedContainerSession),
  attach_container_input: opt(10, CallAttachContainerInput),
  attach_container_output: opt(11, CallAttachContainerOutput),
  launch_container: opt(13, CallLaunchContainer),
  wait_container: opt(14, CallWaitContainer),
  kill_container: opt(15, CallKillContainer),
  remove_container: opt(16, CallRemoveContainer),
  add_resource_provider_config: opt(17, CallAddResourceProviderConfig),
  update_resource_provider_config: opt(18, CallUpdateResourceProviderConfig),
  remove_resource_provider_config: opt(19, CallRemoveResourceProviderConfig),
  mark_resource_provider_gone: opt(22, CallMarkResourceProviderGone),
  prune_images: opt(21, CallPruneImages),
};
/** Definition of `agent.Call`; an interface, so that declarations show its name alone. */
export interface CallDef extends MessageDef<typeof callFields> {}
/** Message `agent.Call`. */
export const Call: CallDef = message("agent.Call", callFields);
