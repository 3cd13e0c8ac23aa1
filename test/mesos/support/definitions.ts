import type { MessageDef } from "../../../plugins/transports/mesos-v1-http/definitions/define.ts";
import {
  AgentCall,
  AgentResponse,
  ExecutorCall,
  ExecutorEvent,
  MasterCall,
  MasterEvent,
  MasterResponse,
  SchedulerCall,
  SchedulerEvent,
} from "../../../plugins/transports/mesos-v1-http/definitions/envelopes.ts";

export type {
  Field,
  MessageDef,
} from "../../../plugins/transports/mesos-v1-http/definitions/define.ts";

/** The messages that everything else hangs on. */
export const roots: readonly MessageDef[] = [
  SchedulerCall,
  SchedulerEvent,
  ExecutorCall,
  ExecutorEvent,
  MasterCall,
  MasterResponse,
  MasterEvent,
  AgentCall,
  AgentResponse,
];
