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
  /** Roles that one framework may hold. */
  rolesPerFrameworkMax: 1_000,
  /** Offers in one OFFERS event, so that it stays below the smallest limit of known clients. */
  offersPerEventMax: 500,
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

relation(limits.inboxEventsMax >= limits.tickEventsMax, "one tick must fit the inbox");
