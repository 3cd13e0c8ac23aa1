function relation(holds: boolean, why: string): void {
  if (!holds) throw new Error(`limits contradict each other: ${why}`);
}

/**
 * Every bound that master, agents and frameworks share. Numbers of this kind live here and nowhere
 * else; the relations between them are checked when the module loads.
 */
export const limits = {
  /** Largest frame on the wire, in bytes. */
  frameBytesMax: 16 << 20,
  /** Deepest nesting of a frame. */
  frameDepthMax: 32,
  /** Most events that wait for the loop of one process. */
  inboxEventsMax: 262_144,
  /** Most events that the loop takes before it looks at timers and allocation again. */
  tickEventsMax: 2_048,
  /** Bytes that may wait for one peer before it is cut off as a slow reader. */
  peerBufferBytesMax: 64 << 20,
  /** Agents, clients (framework × role) and roles that the tables may grow to. */
  agentsMax: 100_000,
  clientsMax: 10_000,
  rolesMax: 10_000,
  /** Tasks in one ACCEPT, over all its operations. */
  tasksPerAcceptMax: 10_000,
  /** Offers named by one call. */
  offersPerCallMax: 10_000,
  /** Roles that one framework may hold. */
  rolesPerFrameworkMax: 1_000,
  /** Bytes of `data` in one framework or executor message. */
  messageDataBytesMax: 4 << 20,
  /** Environment, command line and labels of one task, in bytes as encoded. */
  taskBytesMax: 1 << 20,
  /** Offers in one OFFERS event, so that it stays below the smallest limit of known clients. */
  offersPerEventMax: 500,
  /** Operators that may listen to events (H2). */
  eventSubscribersMax: 1_000,
  /** Bytes of one `/files/read` answer (v1-wire 8.5: sixteen pages). */
  fileReadBytesMax: 64 << 10,
} as const;

relation(limits.frameBytesMax >= limits.taskBytesMax * 2, "a launch of one task must fit a frame");
relation(limits.frameBytesMax >= limits.messageDataBytesMax * 2, "a message must fit a frame");
relation(
  limits.peerBufferBytesMax >= limits.frameBytesMax * 2,
  "one frame may not cut off a peer that reads",
);
relation(limits.inboxEventsMax >= limits.tickEventsMax, "one tick must fit the inbox");
