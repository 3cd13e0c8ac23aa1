import type {
  Agent,
  Client,
  Executor,
  Framework,
  InverseOffer,
  Offer,
  Role,
  Task,
} from "../model.ts";
import type {
  ClusterSnapshot,
  Ref,
  SavedAgent,
  SavedClient,
  SavedExecutor,
  SavedFramework,
  SavedIndexes,
  SavedInverseOffer,
  SavedLists,
  SavedOffer,
  SavedRole,
  SavedTask,
} from "../snapshot.ts";
import type { ClusterState } from "../state.ts";
import { saveTables } from "../tables/saved.ts";
import { withoutCommand } from "../tasks.ts";

/** Everything of one kind, in the order in which it was met; each is saved once. */
class Kind<Entity, Saved> {
  readonly saved: Saved[] = [];
  readonly #places = new Map<Entity, Ref>();
  readonly #met: Entity[] = [];
  readonly #save: (entity: Entity) => Saved;

  constructor(save: (entity: Entity) => Saved) {
    this.#save = save;
  }

  /** The place of an entity in the list, which it gets when it is first asked for. */
  readonly of = (entity: Entity): Ref => {
    const known = this.#places.get(entity);
    if (known !== undefined) return known;
    const place = this.#met.length;
    this.#places.set(entity, place);
    this.#met.push(entity);
    return place;
  };

  /** The places of several. */
  readonly all = (entities: Iterable<Entity>): Ref[] => Array.from(entities, this.of);

  /** Saves what was met and not saved yet; true when there was something. */
  catchUp(): boolean {
    const before = this.saved.length;
    while (this.saved.length < this.#met.length) {
      this.saved.push(this.#save(this.#met[this.saved.length] as Entity));
    }
    return this.saved.length > before;
  }
}

/**
 * Walks from one thing to the next without recursion: a cluster is one large knot, deeper than any
 * call stack.
 */
class Walk {
  readonly roles: Kind<Role, SavedRole> = new Kind((role) => ({
    ...role,
    parent: role.parent && this.roles.of(role.parent),
    clients: this.clients.all(role.clients),
  }));
  readonly clients: Kind<Client, SavedClient> = new Kind((client) => ({
    ...client,
    framework: this.frameworks.of(client.framework),
    role: this.roles.of(client.role),
  }));
  readonly frameworks: Kind<Framework, SavedFramework> = new Kind((framework) => {
    const { completed, admits, tallies, ...rest } = framework;
    return {
      ...rest,
      clients: this.clients.all(framework.clients.values()),
      suppressed: [...framework.suppressed],
      operations: copiedEntries(framework.operations),
      otherOperations: copiedEntries(framework.otherOperations),
      offers: this.offers.all(framework.offers),
      tasks: this.tasks.all(framework.tasks.values()),
      unreachable: this.tasks.all(framework.unreachable.values()),
      agents: this.agents.all(framework.agents),
    };
  });
  readonly agents: Kind<Agent, SavedAgent> = new Kind((agent) => ({
    ...agent,
    offers: this.offers.all(agent.offers),
    tasks: this.tasks.all(agent.tasks),
    strays: this.tasks.all(agent.strays.values()),
    executors: this.executors.all(agent.executors.values()),
    known: Array.from(agent.known, ([of, version]) => [this.frameworks.of(of), version] as const),
    kills: Array.from(agent.kills, ([of, policy]) => [this.tasks.of(of), policy] as const),
    reservedRoles: this.roles.all(agent.reservedRoles),
    inverse: Array.from(agent.inverse, ([of, state]) => {
      const asked = state.asked && this.inverseOffers.of(state.asked);
      return [this.frameworks.of(of), { ...state, asked }] as const;
    }),
  }));
  readonly executors: Kind<Executor, SavedExecutor> = new Kind((executor) => ({
    ...executor,
    framework: this.frameworks.of(executor.framework),
    client: this.clients.of(executor.client),
  }));
  readonly tasks: Kind<Task, SavedTask> = new Kind((task) => ({
    ...task,
    about: withoutCommand(task.about),
    statuses: [...task.statuses],
    framework: this.frameworks.of(task.framework),
    client: this.clients.of(task.client),
  }));
  readonly offers: Kind<Offer, SavedOffer> = new Kind((offer) => ({
    ...offer,
    // What a round gives to an offer that it has made already is added to it.
    wire: { ...offer.wire },
    framework: this.frameworks.of(offer.framework),
    client: this.clients.of(offer.client),
    agent: this.agents.of(offer.agent),
  }));
  readonly inverseOffers: Kind<InverseOffer, SavedInverseOffer> = new Kind((offer) => ({
    ...offer,
    framework: this.frameworks.of(offer.framework),
    agent: this.agents.of(offer.agent),
  }));

  /** Everything that can be reached from what was met. */
  finish(): SavedLists {
    const kinds = [
      this.roles,
      this.clients,
      this.frameworks,
      this.agents,
      this.executors,
      this.tasks,
      this.offers,
      this.inverseOffers,
    ];
    while (kinds.map((kind) => kind.catchUp()).includes(true));
    return {
      roles: this.roles.saved,
      clients: this.clients.saved,
      frameworks: this.frameworks.saved,
      agents: this.agents.saved,
      executors: this.executors.saved,
      tasks: this.tasks.saved,
      offers: this.offers.saved,
      inverseOffers: this.inverseOffers.saved,
    };
  }
}

function indexesOf(state: ClusterState, walk: Walk): SavedIndexes {
  const { roles, frameworks, agents, offers, clients } = walk;
  return {
    roles: roles.all(state.roles.values()),
    frameworks: frameworks.all(state.frameworks.values()),
    agents: agents.all(state.agents.values()),
    offers: offers.all(state.offers.values()),
    inverseOffers: walk.inverseOffers.all(state.inverseOffers.values()),
    emptied: agents.all(state.emptied),
    frameworkPeers: Array.from(state.frameworkPeers, ([peer, of]) => [peer, frameworks.of(of)]),
    agentPeers: Array.from(state.agentPeers, ([peer, agent]) => [peer, agents.of(agent)]),
    agentRows: state.agentRows.map((agent) => (agent === undefined ? -1 : agents.of(agent))),
    clientRows: state.clientRows.map((client) => (client === undefined ? -1 : clients.of(client))),
    described: state.clientRows.flatMap((client, row) =>
      client === undefined || state.tables.clients.facts[row] === undefined ? [] : row,
    ),
    minima: Array.from(state.minima, ([client, minimum]) => {
      const stated = client.framework.info.offerFilters?.[client.role.name]?.minAllocatable;
      return [clients.of(client), minimum === stated ? undefined : minimum];
    }),
  };
}

/**
 * A snapshot of the cluster; later steps do not change it. Costs a shallow copy of each agent, task
 * and offer, and of the columns.
 */
export function takeSnapshot(state: ClusterState): ClusterSnapshot {
  const {
    options: _options,
    frameworks: _frameworks,
    frameworkPeers: _frameworkPeers,
    completedFrameworks,
    agents: _agents,
    agentPeers: _agentPeers,
    agentRows: _agentRows,
    clientRows: _clientRows,
    offers: _offers,
    inverseOffers: _inverseOffers,
    emptied: _emptied,
    roles: _roles,
    tables,
    tallies: _tallies,
    filters,
    frameworkNumbers,
    minima: _minima,
    timers,
    ...plain
  } = state;
  const walk = new Walk();
  const indexes = indexesOf(state, walk);
  return {
    plain: copied(plain),
    lists: walk.finish(),
    indexes,
    completedFrameworks: Array.from(
      completedFrameworks.values(),
      ({ tasks: _tasks, ...rest }) => rest,
    ),
    frameworkNumbers: frameworkNumbers.save(),
    tables: saveTables(tables),
    filters: filters.save(),
    timers: timers.save(),
  };
}

/** A map whose values are copied, too, because steps change them in place. */
export function copiedEntries<Key, Value extends object>(
  map: ReadonlyMap<Key, Value>,
): Map<Key, Value> {
  return new Map(Array.from(map, ([key, value]) => [key, { ...value }]));
}

/** Copies objects and collections, not what collections hold: that is replaced, never changed. */
export function copied<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Map) return new Map(value) as T;
  if (value instanceof Set) return new Set(value) as T;
  if (Array.isArray(value)) return [...value] as T;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, copied(of)])) as T;
}
