// The messages that everything else hangs on, under names that can stand side by side.

export { Call as AgentCall } from "./agent-call.ts";
export { Response as AgentResponse } from "./agent-response.ts";
export { Call as ExecutorCall, Event as ExecutorEvent } from "./executor.ts";
export { Call as MasterCall } from "./master-call.ts";
export { Event as MasterEvent } from "./master-event.ts";
export { Response as MasterResponse } from "./master-response.ts";
export { Call as SchedulerCall, Event as SchedulerEvent } from "./scheduler.ts";
