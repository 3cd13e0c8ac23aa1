// What authors import as `tepui/conformance`: the rules of a port, for a test runner of theirs.

export { allocatorRules } from "./allocator/rules.ts";
export type { AllocatorSubject } from "./allocator/subject.ts";
export {
  type CoordinatorUnderTest,
  coordinatorRules,
  type MakeCoordinator,
} from "./coordinator.ts";
export { type IsolatorSubject, isolatorRules } from "./isolator/rules.ts";
export { Broken, type BrokenWhere, type Note, type Rule } from "./rule.ts";
export { type RunOptions, runRules, type Verdict } from "./run.ts";
export {
  type OpenRaw,
  openRawWebSocket,
  type RawEvents,
  type RawSocket,
} from "./transport/raw.ts";
export { transportRules } from "./transport/rules.ts";
export type { MakeTransport, TransportUnderTest } from "./transport/subject.ts";
