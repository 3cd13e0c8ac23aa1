import { AgentID, FrameworkID } from "./basics.ts";
import { FrameworkInfo } from "./cluster.ts";
import { enumeration, type MessageDef, message, opt, req } from "./define.ts";
import {
  ResponseGetAgentsAgent,
  ResponseGetFrameworksFramework,
  ResponseGetState,
} from "./master-response.ts";
import { Task, TaskState, TaskStatus } from "./tasks.ts";

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
/** Definition of `master.Event`, named so that declarations stay short. */
export interface EventDef extends MessageDef<typeof eventFields> {}
/** Message `master.Event`. */
export const Event: EventDef = message("master.Event", eventFields);
