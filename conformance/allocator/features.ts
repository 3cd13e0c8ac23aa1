/** What there may be in a random cluster beside agents and clients that come and go. */
export interface Features {
  /** Weights, and roles below roles. */
  readonly tree?: boolean;
  /** Clients decline agents, and filters expire. */
  readonly filters?: boolean;
  readonly limits?: boolean;
  readonly guarantees?: boolean;
  /** Agents with gpus, agents of another region, and the capabilities for them. */
  readonly fences?: boolean;
  readonly revocable?: boolean;
  /** Reservations, plain and refined. */
  readonly reservations?: boolean;
  /** Least quantities, the cluster's and the clients' own. */
  readonly minimums?: boolean;
  /** Clients suppress their offers and disconnect, agents drain and are deactivated. */
  readonly standing?: boolean;
  /** Demands, priorities, unavailability and attributes. */
  readonly hints?: boolean;
  /** Kinds beyond cpus and memory. */
  readonly kinds?: boolean;
}

/** Everything at once. */
export const ALL_FEATURES: Features = {
  tree: true,
  filters: true,
  limits: true,
  guarantees: true,
  fences: true,
  revocable: true,
  reservations: true,
  minimums: true,
  standing: true,
  hints: true,
  kinds: true,
};
