import { wireLimits } from "./limits/wire.ts";

function relation(holds: boolean, why: string): void {
  if (!holds) throw new Error(`limits contradict each other: ${why}`);
}

/**
 * The bounds that master, agents and frameworks share, beside those of the wire, which are in
 * `limits/wire.ts`. The relations between them are checked when the module loads.
 */
export const limits = {
  /** Most events that wait for the loop of one process. */
  inboxEventsMax: 262_144,
  /** Most events that the loop takes before it looks at timers and allocation again. */
  tickEventsMax: 2_048,
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
  /** One status of a task, its data included, in bytes on the wire. */
  statusBytesMax: 1 << 20,
  /** Roles that one framework may hold. */
  rolesPerFrameworkMax: 1_000,
  /** Offers in one OFFERS event, so that it stays below the smallest limit of known clients. */
  offersPerEventMax: 500,
  /** Characters, and instructions of the program, of a regular expression in a constraint (C14). */
  constraintRegexCharsMax: 4_096,
  constraintRegexProgramMax: 100,
  /** Operators that may listen to events (H2). */
  eventSubscribersMax: 1_000,
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
relation(limits.inboxEventsMax >= limits.tickEventsMax, "one tick must fit the inbox");
