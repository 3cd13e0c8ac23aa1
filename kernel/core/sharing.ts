import { contains, type Resource, type Resources, shared } from "../../contract/resources.ts";
import { knownKind } from "./known-kind.ts";
import type { Agent, Client, ClusterState, Offer } from "./state.ts";
import { KINDS, ROOT_ROLE } from "./tables/shape.ts";
import { addVector } from "./tables/vectors.ts";

// Who uses a shared volume is not kept anywhere: it is looked up among those who hold something of
// its agent, which is seldom asked and cannot part from the books (E13).

const has = (resources: Resources, volume: Resource): boolean =>
  resources.some((each) => each.shared === true) && contains(resources, [volume]);

/** Clients whose tasks and executors use a volume of an agent, one for each of those. */
function usersOf(agent: Agent, volume: Resource): Client[] {
  const users: Client[] = [];
  for (const task of agent.tasks) {
    if (task.holds && has(task.resources, volume)) users.push(task.client);
  }
  for (const held of [agent.strays, agent.executors]) {
    for (const { resources, client } of held.values()) {
      if (has(resources, volume)) users.push(client);
    }
  }
  return users;
}

/** Offers that have one of these volumes in them. */
export function offersWith(agent: Agent, volumes: Resources): Offer[] {
  if (volumes.length === 0) return [];
  const offers = [...agent.offers];
  return offers.filter(({ wire }) => volumes.some((volume) => has(wire.resources, volume)));
}

/** Says which of the shared volumes in a list somebody uses, so that it must stay (E13, M13). */
export function usedVolume(agent: Agent, resources: Resources): string | undefined {
  const volume = shared(resources).find((each) => usersOf(agent, each).length > 0);
  return volume && `volume ${volume.disk?.persistence?.id} is in use`;
}

/**
 * Counts the shared volumes that a client holds once more, when the holder is in the books of the
 * agent, or once less, when it is there no more. A client that holds a volume several times has it
 * once, and so has every role, however many clients below it do.
 */
export function countShared(
  state: ClusterState,
  agent: Agent,
  client: Client,
  resources: Resources,
  sign: 1 | -1,
): void {
  const volumes = shared(resources);
  if (volumes.length === 0 || client.row < 0) return;
  for (const [at, volume] of volumes.entries()) {
    // One that is mounted twice is held once.
    if (has(volumes.slice(0, at), volume)) continue;
    const offers = offersWith(agent, [volume]).map((offer) => offer.client);
    const holders = [...usersOf(agent, volume), ...offers].filter(({ row }) => row >= 0);
    if (sign === 1) holders.splice(holders.indexOf(client), 1);
    if (holders.includes(client)) continue;
    const kind = knownKind(state.tables, volume.name);
    if (kind === undefined) continue;
    const vector = new Float64Array(KINDS);
    vector[kind] = volume.scalar ?? 0;
    const { clients, roles } = state.tables;
    addVector(clients.used, client.row, vector, sign);
    clients.useChanges.mark(client.row);
    // Reserved as it is, it never counts against quotas here.
    roles.addUp(roles.used, client.role.row, vector, sign, firstCommonRole(client, holders));
  }
}

/** Row of the lowest role above a client that is above one of the others, too. */
function firstCommonRole(client: Client, others: readonly Client[]): number | undefined {
  const taken = new Set<number>();
  for (const { role } of others) {
    for (let at: typeof role | undefined = role; at !== undefined; at = at.parent) {
      taken.add(at.row);
    }
  }
  for (let at: Client["role"] | undefined = client.role; at !== undefined; at = at.parent) {
    if (taken.has(at.row)) return at.row;
  }
  return others.length === 0 ? undefined : ROOT_ROLE;
}
