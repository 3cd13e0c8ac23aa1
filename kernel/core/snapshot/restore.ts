import type { RoleName } from "../../../contract/ids.ts";
import { compileConstraints } from "../constraints.ts";
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
import type { ClusterOptions } from "../options.ts";
import type { ClusterSnapshot, Entities, Ref, SavedLists } from "../snapshot.ts";
import { type ClusterState, createCluster, executorKey, strayKey } from "../state.ts";
import { restoreTables } from "../tables/saved.ts";
import { copied, copiedEntries } from "./take.ts";

/** The lists with references in place of numbers. */
type Lists = { readonly [Kind in keyof Entities]: readonly Entities[Kind][] };

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

function member<T>(list: readonly T[], ref: Ref): T {
  const found = list[ref];
  if (found === undefined) throw new RangeError(`the snapshot refers to number ${ref} of nothing`);
  return found;
}

const pick = <T>(list: readonly T[], refs: readonly Ref[]): T[] =>
  refs.map((ref) => member(list, ref));

/** First everything with its own fields, then what it refers to: references go in circles. */
function restoreLists(saved: SavedLists): Lists {
  const blank = (list: readonly object[]): never[] => list.map((each) => ({ ...each }) as never);
  const lists: Lists = {
    roles: blank(saved.roles),
    clients: blank(saved.clients),
    frameworks: blank(saved.frameworks),
    agents: blank(saved.agents),
    executors: blank(saved.executors),
    // What a step changes in place is the snapshot's own no more.
    tasks: blank(saved.tasks.map((task) => ({ ...task, statuses: [...task.statuses] }))),
    offers: blank(saved.offers.map((offer) => ({ ...offer, wire: { ...offer.wire } }))),
    inverseOffers: blank(saved.inverseOffers),
  };
  weaveRoles(lists, saved);
  weaveHolders(lists, saved);
  weaveFrameworks(lists, saved);
  weaveAgents(lists, saved);
  return lists;
}

function weaveRoles({ roles, clients, frameworks }: Lists, saved: SavedLists): void {
  for (const [at, { parent, clients: members }] of saved.roles.entries()) {
    const role = member(roles, at) as Mutable<Role>;
    role.parent = parent === undefined ? undefined : member(roles, parent);
    role.clients = new Set(pick(clients, members));
  }
  for (const [at, { framework, role }] of saved.clients.entries()) {
    const client = member(clients, at) as Mutable<Client>;
    client.framework = member(frameworks, framework);
    client.role = member(roles, role);
  }
}

/** Tasks, executors and offers: what clients hold. */
function weaveHolders(lists: Lists, saved: SavedLists): void {
  const { clients, frameworks, agents } = lists;
  const held = [
    [lists.tasks, saved.tasks],
    [lists.executors, saved.executors],
    [lists.offers, saved.offers],
  ] as const;
  for (const [list, savedList] of held) {
    for (const [at, { framework, client }] of savedList.entries()) {
      const holder = (list as readonly Mutable<Task | Executor | Offer>[])[at];
      if (holder === undefined) continue;
      holder.framework = member(frameworks, framework);
      holder.client = member(clients, client);
    }
  }
  for (const [at, { agent }] of saved.offers.entries()) {
    (member(lists.offers, at) as Mutable<Offer>).agent = member(agents, agent);
  }
  for (const [at, { framework, agent }] of saved.inverseOffers.entries()) {
    const offer = member(lists.inverseOffers, at) as Mutable<InverseOffer>;
    offer.framework = member(frameworks, framework);
    offer.agent = member(agents, agent);
  }
}

function weaveFrameworks(lists: Lists, saved: SavedLists): void {
  const byId = (tasks: readonly Ref[]) =>
    new Map(pick(lists.tasks, tasks).map((task) => [task.id, task]));
  for (const [at, of] of saved.frameworks.entries()) {
    const framework = member(lists.frameworks, at) as Mutable<Framework>;
    const clients = pick(lists.clients, of.clients);
    framework.clients = new Map(clients.map((client) => [client.role.name, client]));
    framework.suppressed = new Set(of.suppressed);
    framework.offers = new Set(pick(lists.offers, of.offers));
    framework.tasks = byId(of.tasks);
    framework.unreachable = byId(of.unreachable);
    framework.completed = [];
    framework.tallies = new Map();
    framework.operations = copiedEntries(of.operations);
    framework.otherOperations = copiedEntries(of.otherOperations);
    framework.admits = admitsOf(framework);
    framework.agents = new Set(pick(lists.agents, of.agents));
  }
}

/** The tests of constraints that were found to be good when they came in. */
function admitsOf({ constraints }: Framework): Framework["admits"] {
  const compiled = compileConstraints(constraints, Object.keys(constraints ?? {}) as RoleName[]);
  if (compiled.problem === undefined) return compiled.tests;
  throw new RangeError(`the snapshot has bad constraints: ${compiled.problem}`);
}

function weaveAgents(lists: Lists, saved: SavedLists): void {
  for (const [at, of] of saved.agents.entries()) {
    const agent = member(lists.agents, at) as Mutable<Agent>;
    agent.offers = new Set(pick(lists.offers, of.offers));
    agent.tasks = new Set(pick(lists.tasks, of.tasks));
    const strays = pick(lists.tasks, of.strays ?? []);
    agent.strays = new Map(strays.map((stray) => [strayKey(stray.framework.id, stray.id), stray]));
    agent.executors = new Map(
      pick(lists.executors, of.executors).map((executor) => [
        executorKey(executor.framework.id, executor.info.executorId),
        executor,
      ]),
    );
    agent.known = new Map(
      of.known.map(([ref, version]) => [member(lists.frameworks, ref), version]),
    );
    agent.kills = new Map(of.kills.map(([ref, policy]) => [member(lists.tasks, ref), policy]));
    agent.reservedRoles = pick(lists.roles, of.reservedRoles);
    agent.inverse = new Map(
      of.inverse.map(([ref, state]) => {
        const asked =
          state.asked === undefined ? undefined : member(lists.inverseOffers, state.asked);
        return [member(lists.frameworks, ref), { ...state, asked }];
      }),
    );
  }
}

/**
 * A cluster that goes on from a snapshot as the one that was saved would have. The snapshot is left
 * as it is, and may be used again.
 * @throws RangeError when it refers to something that is not in it.
 */
export function restoreCluster(options: ClusterOptions, snapshot: ClusterSnapshot): ClusterState {
  const { indexes } = snapshot;
  const lists = restoreLists(snapshot.lists);
  const rows = <T>(list: readonly T[], refs: readonly Ref[]): (T | undefined)[] =>
    refs.map((ref) => (ref < 0 ? undefined : member(list, ref)));
  const state: ClusterState = {
    ...createCluster(options, snapshot.plain.startedMs),
    ...copied(snapshot.plain),
    roles: new Map(pick(lists.roles, indexes.roles).map((role) => [role.name, role])),
    frameworks: new Map(pick(lists.frameworks, indexes.frameworks).map((of) => [of.id, of])),
    agents: new Map(pick(lists.agents, indexes.agents).map((agent) => [agent.id, agent])),
    offers: new Map(pick(lists.offers, indexes.offers).map((offer) => [offer.id, offer])),
    inverseOffers: new Map(
      pick(lists.inverseOffers, indexes.inverseOffers).map((offer) => [offer.id, offer]),
    ),
    emptied: new Set(pick(lists.agents, indexes.emptied)),
    frameworkPeers: new Map(
      indexes.frameworkPeers.map(([peer, ref]) => [peer, member(lists.frameworks, ref)]),
    ),
    agentPeers: new Map(indexes.agentPeers.map(([peer, ref]) => [peer, member(lists.agents, ref)])),
    agentRows: rows(lists.agents, indexes.agentRows),
    clientRows: rows(lists.clients, indexes.clientRows),
    completedFrameworks: new Map(
      snapshot.completedFrameworks.map((of) => [of.id, { ...of, tasks: [] }]),
    ),
    tables: restoreTables(snapshot.tables),
  };
  for (const [ref, minimum] of indexes.minima) {
    const client = member(lists.clients, ref);
    const stated = client.framework.info.offerFilters?.[client.role.name]?.minAllocatable;
    const own = minimum ?? stated;
    if (own !== undefined) state.minima.set(client, own);
  }
  for (const [row, agent] of state.agentRows.entries()) {
    if (agent !== undefined) state.tables.agents.setFacts(row, agent.info);
  }
  for (const row of indexes.described) {
    const { framework, role } = state.clientRows[row] as Client;
    state.tables.clients.setFacts(row, { framework: framework.info, role: role.name });
  }
  state.frameworkNumbers.load(snapshot.frameworkNumbers);
  state.filters.load(snapshot.filters);
  state.timers.load(snapshot.timers);
  return state;
}
