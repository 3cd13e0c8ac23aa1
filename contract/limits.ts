import { wireLimits } from "./limits/wire.ts";

function relation(holds: boolean, why: string): void {
  if (!holds) throw new Error(`limits contradict each other: ${why}`);
}

/**
 * The bounds that master, agents and frameworks share, beside those of the wire, which are in
 * `limits/wire.ts`. The relations between them are checked when the module loads.
 */
export const limits = {
  /** Most events, and most bytes of them on the wire, that wait for the loop of one process. */
  inboxEventsMax: 262_144,
  inboxBytesMax: 64 << 20,
  /** Most events that the loop takes before it looks at timers and allocation again. */
  tickEventsMax: 2_048,
  /** Effects after which it takes no more events: what is to be sent waits in memory until then. */
  tickEffectsMax: 65_536,
  /** Agents, clients (framework × role) and roles that the tables may grow to. */
  agentsMax: 100_000,
  clientsMax: 10_000,
  rolesMax: 10_000,
  /** Tasks in one ACCEPT, over all its operations. */
  tasksPerAcceptMax: 10_000,
  /** Offers named by one call. */
  offersPerCallMax: 10_000,
  /** What a framework says of itself, its offer constraints included, in bytes on the wire. */
  frameworkBytesMax: 256 << 10,
  /** One task with its command, data, labels and executor, in bytes on the wire. */
  taskBytesMax: 1 << 20,
  /** Tasks in one order to an agent, and a task group with its executor, in bytes on the wire. */
  launchBytesMax: 2 << 20,
  /** One reservation, volume or other operation on resources, in bytes on the wire. */
  operationBytesMax: 64 << 10,
  /** Data of one message between a framework and its executor, in bytes. */
  messageBytesMax: 1 << 20,
  /** Messages, and their bytes, that wait on an agent for an executor that is cut off. */
  executorMessagesMax: 64,
  executorMessagesBytesMax: 2 << 20,
  /** One status of a task, its data included, in bytes on the wire. */
  statusBytesMax: 1 << 20,
  /** Updates of one task, and their bytes, that an agent keeps until they are acknowledged. */
  pendingUpdatesMax: 64,
  pendingUpdatesBytesMax: 4 << 20,
  /** Updates of one task, and their bytes, that wait on an agent for room among those. */
  waitingUpdatesMax: 512,
  waitingUpdatesBytesMax: 4 << 20,
  /** What is told of a task that an agent brings back: as many of its newest statuses as fit. */
  recordStatusesBytesMax: 512 << 10,
  /** All that an agent brings back when it registers again, in bytes on the wire. */
  reregisterBytesMax: 32 << 20,
  /** What of that may tell of operations, but for their names. */
  reregisterOperationsBytesMax: 4 << 20,
  /** Entries of a list in one answer to an operator, in bytes on the wire. */
  pageBytesMax: 2 << 20,
  /** Weights of roles: within this, shares by weight can be told apart and compared. */
  weightMin: 0.001,
  weightMax: 1_000_000,
  /** Roles that one framework may hold. */
  rolesPerFrameworkMax: 1_000,
  /** Offers in one OFFERS event, so that it stays below the smallest limit of known clients. */
  offersPerEventMax: 500,
  /** Characters, and instructions of the program, of a regular expression in a constraint (C14). */
  constraintRegexCharsMax: 4_096,
  constraintRegexProgramMax: 100,
  /** Operations with feedback that a framework may leave unacknowledged (C18). */
  operationsPerFrameworkMax: 10_000,
  /** Operators that may listen to events (H2). */
  eventSubscribersMax: 1_000,
  /** Policies that a master may have loaded, and shadow runs at once. */
  policiesMax: 32,
  shadowsMax: 4,
  /** Bytes of the entry of a policy that an operator sends: it goes into the registry, too. */
  policySentBytesMax: 256 << 10,
  /** Bytes of one `/files/read` answer (v1-wire 8.5: sixteen pages). */
  fileReadBytesMax: 64 << 10,
} as const;

const { frameBytesMax } = wireLimits;
/** Names, ids and headers around what is bounded. */
const around = 64 << 10;
relation(
  limits.launchBytesMax + limits.frameworkBytesMax + around <= frameBytesMax,
  "tasks and their framework must fit one order",
);
relation(limits.taskBytesMax <= limits.launchBytesMax, "a task must fit an order");
relation(limits.messageBytesMax + around <= frameBytesMax, "a message must fit a frame");
relation(limits.statusBytesMax + around <= frameBytesMax, "a status must fit an update");
relation(
  limits.taskBytesMax + limits.recordStatusesBytesMax <= limits.launchBytesMax,
  "the record of a task must fit a part of what an agent brings back",
);
relation(2 * limits.pageBytesMax <= frameBytesMax, "a page must fit a frame");
relation(limits.inboxBytesMax >= 8 * frameBytesMax, "a few full frames must fit the inbox");
relation(limits.inboxEventsMax >= limits.tickEventsMax, "one tick must fit the inbox");
