import { ContainerID, ExecutorID, FrameworkID, TaskID } from "./basics.ts";
import { AgentInfo, FrameworkInfo } from "./cluster.ts";
import { KillPolicy } from "./commands.ts";
import { enumeration, type MessageDef, message, opt, rep, req } from "./define.ts";
import { ExecutorInfo, TaskGroupInfo, TaskInfo, TaskStatus } from "./tasks.ts";

/** Enum `executor.Call.Type`. */
export const CallType = enumeration("executor.Call.Type", {
  UNKNOWN: 0,
  SUBSCRIBE: 1,
  UPDATE: 2,
  MESSAGE: 3,
  HEARTBEAT: 4,
});

/** Message `executor.Call.Update`. */
export const CallUpdate = message("executor.Call.Update", { status: req(1, TaskStatus) });

/** Message `executor.Call.Subscribe`. */
export const CallSubscribe = message("executor.Call.Subscribe", {
  unacknowledged_tasks: rep(1, TaskInfo),
  unacknowledged_updates: rep(2, CallUpdate),
});

/** Message `executor.Call.Message`. */
export const CallMessage = message("executor.Call.Message", { data: req(2, "bytes") });

const callFields = {
  executor_id: req(1, ExecutorID),
  framework_id: req(2, FrameworkID),
  type: opt(3, CallType),
  subscribe: opt(4, CallSubscribe),
  update: opt(5, CallUpdate),
  message: opt(6, CallMessage),
};
/** Definition of `executor.Call`; an interface, so that declarations show its name alone. */
export interface CallDef extends MessageDef<typeof callFields> {}
/** Message `executor.Call`. */
export const Call: CallDef = message("executor.Call", callFields);

/** Enum `executor.Event.Type`. */
export const EventType = enumeration("executor.Event.Type", {
  UNKNOWN: 0,
  SUBSCRIBED: 1,
  LAUNCH: 2,
  LAUNCH_GROUP: 8,
  KILL: 3,
  ACKNOWLEDGED: 4,
  MESSAGE: 5,
  ERROR: 6,
  SHUTDOWN: 7,
  HEARTBEAT: 9,
});

/** Message `executor.Event.Subscribed`. */
export const EventSubscribed = message("executor.Event.Subscribed", {
  executor_info: req(1, ExecutorInfo),
  framework_info: req(2, FrameworkInfo),
  agent_info: req(3, AgentInfo),
  container_id: opt(4, ContainerID),
});

/** Message `executor.Event.Acknowledged`. */
export const EventAcknowledged = message("executor.Event.Acknowledged", {
  task_id: req(1, TaskID),
  uuid: req(2, "bytes"),
});

/** Message `executor.Event.Launch`. */
export const EventLaunch = message("executor.Event.Launch", { task: req(1, TaskInfo) });

/** Message `executor.Event.LaunchGroup`. */
export const EventLaunchGroup = message("executor.Event.LaunchGroup", {
  task_group: req(1, TaskGroupInfo),
});

/** Message `executor.Event.Kill`. */
export const EventKill = message("executor.Event.Kill", {
  task_id: req(1, TaskID),
  kill_policy: opt(2, KillPolicy),
});

/** Message `executor.Event.Message`. */
export const EventMessage = message("executor.Event.Message", { data: req(1, "bytes") });

/** Message `executor.Event.Error`. */
export const EventError = message("executor.Event.Error", { message: req(1, "str") });

const eventFields = {
  type: opt(1, EventType),
  subscribed: opt(2, EventSubscribed),
  acknowledged: opt(3, EventAcknowledged),
  launch: opt(4, EventLaunch),
  launch_group: opt(8, EventLaunchGroup),
  kill: opt(5, EventKill),
  message: opt(6, EventMessage),
  error: opt(7, EventError),
};
/** Definition of `executor.Event`; an interface, so that declarations show its name alone. */
export interface EventDef extends MessageDef<typeof eventFields> {}
/** Message `executor.Event`. */
export const Event: EventDef = message("executor.Event", eventFields);
