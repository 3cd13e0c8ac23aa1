/** A role by its full path, with what matters for sharing. Roles stand in order of submission. */
export interface NaiveRole {
  readonly path: string;
  readonly weight: number;
  readonly limit: readonly number[] | undefined;
  readonly guarantee: readonly number[] | undefined;
  grants: number;
}

/** A framework in a role; quantities are pairs of thousandths, cpus and mem. */
export interface NaiveClient {
  /** Number, in order of submission. */
  readonly name: number;
  readonly role: string;
  readonly revocable: boolean;
  readonly gpu: boolean;
  readonly ready: boolean;
  readonly least: readonly number[] | undefined;
  readonly priority: number;
  /** What it still wants, where it says so. */
  demand: number[] | undefined;
  used: number[];
  /** The part of `used` that quotas count. */
  charged: number[];
  grants: number;
}

/** An agent with what is left of it. */
export interface NaiveAgent {
  readonly name: number;
  readonly fenced: boolean;
  readonly total: readonly number[];
  free: number[];
  revocable: number[];
  reserved: { readonly role: string; quantity: number[] }[];
  readonly filteredBy: readonly number[];
}

/** All there is to decide over. A reference changes it as it gives. */
export interface NaiveCluster {
  readonly roles: NaiveRole[];
  readonly clients: NaiveClient[];
  readonly agents: NaiveAgent[];
  readonly least: readonly number[] | undefined;
}

/** One grant and all that it holds. */
export type NaiveDecision = [agent: number, client: number, quantity: number[]];

/** What a client may have of an agent: in all, and of unreserved resources. */
export interface Portion {
  readonly all: number[];
  readonly free: number[];
}

/** What a policy adds to the rules that hold for all. */
export interface NaivePolicy {
  /** Who is served next of those that can be, given all that was decided so far. */
  readonly pick: (
    cluster: NaiveCluster,
    agent: NaiveAgent,
    canServe: (client: NaiveClient) => boolean,
  ) => NaiveClient | undefined;
  /** Narrows the unreserved part of what a client may have. */
  readonly cut?: (cluster: NaiveCluster, client: NaiveClient, free: number[]) => number[];
  /** Told about every grant, after it was made. */
  readonly gave?: (client: NaiveClient, portion: Portion) => void;
}

/**
 * Gives the agents out in this order, by the words of C8, C11, C13, C19, C20, E5, E9 and nothing
 * clever: everything is worked out anew for each grant. `pick` says who is next.
 */
export function naiveRound(
  cluster: NaiveCluster,
  order: readonly number[],
  policy: NaivePolicy,
): NaiveDecision[] {
  const decisions: NaiveDecision[] = [];
  for (const name of order) {
    const agent = cluster.agents[name] as NaiveAgent;
    const served = new Set<number>();
    const portionOf = (client: NaiveClient) => {
      const { all, free } = portion(cluster, agent, client, policy.cut);
      return { all, free };
    };
    for (;;) {
      const client = policy.pick(cluster, agent, (candidate) => {
        if (served.has(candidate.name) || !mayMeet(agent, candidate)) return false;
        return worthIt(portionOf(candidate).all, candidate.least ?? cluster.least);
      });
      if (client === undefined) break;
      served.add(client.name);
      const given = portionOf(client);
      give(cluster, agent, client, given);
      if (client.revocable) agent.revocable = [0, 0];
      policy.gave?.(client, given);
      decisions.push([name, client.name, given.all]);
    }
  }
  return decisions;
}

/** May this pair meet at all (C8, C11, C19)? */
export function mayMeet(agent: NaiveAgent, client: NaiveClient): boolean {
  if (!client.ready || agent.filteredBy.includes(client.name)) return false;
  return client.gpu || !agent.fenced;
}

/** What the client may have of what is left: limits, reservations, revocable part (E5, E9, C20). */
export function portion(
  cluster: NaiveCluster,
  agent: NaiveAgent,
  client: NaiveClient,
  cut: NaivePolicy["cut"],
): Portion {
  let free = agent.free;
  for (const role of cluster.roles) {
    if (role.limit === undefined || !isWithin(client.role, role.path)) continue;
    const consumed = chargedBelow(cluster, role.path);
    const limit = role.limit;
    free = free.map((n, kind) => least(n, (limit[kind] as number) - (consumed[kind] as number)));
  }
  if (cut !== undefined) free = cut(cluster, client, free);
  const visible = agent.reserved.filter(({ role }) => isWithin(client.role, role));
  const revocable = client.revocable ? agent.revocable : [0, 0];
  const all = visible.reduce((sum, { quantity }) => plus(sum, quantity), plus(free, revocable));
  return { all, free };
}

/** Moves a portion from the agent to the client; the revocable part stays for the caller. */
export function give(
  cluster: NaiveCluster,
  agent: NaiveAgent,
  client: NaiveClient,
  { all, free }: Portion,
): void {
  agent.free = agent.free.map((n, kind) => n - (free[kind] as number));
  for (const reservation of agent.reserved) {
    if (isWithin(client.role, reservation.role)) reservation.quantity = [0, 0];
  }
  client.used = plus(client.used, all);
  client.charged = plus(client.charged, free);
  client.grants += 1;
  for (const role of cluster.roles) if (isWithin(client.role, role.path)) role.grants += 1;
}

/** What competes with its siblings: a role, the own clients of an inner role, or a client. */
export interface NaiveNode {
  readonly role: NaiveRole | undefined;
  readonly client: NaiveClient | undefined;
  /** The role that the siblings are in; "" for the root. */
  readonly parent: string;
  readonly weight: number;
  readonly used: readonly number[];
  readonly grants: number;
  /** By name for roles, by submission for clients. */
  readonly name: string;
  /** By submission for both. */
  readonly order: number;
  /** Ready clients below, in the order in which they are served. */
  readonly clients: NaiveClient[];
}

/** Ready clients at and below a role in the order that the comparison of siblings makes. */
export function treeOrder(
  cluster: NaiveCluster,
  compare: (a: NaiveNode, b: NaiveNode) => number,
  path = "",
): NaiveClient[] {
  const own = cluster.clients
    .filter((client) => client.role === path && client.ready)
    .map((client) => nodeOfClient(client, path))
    .sort(compare)
    .flatMap(({ clients }) => clients);
  const nodes = childrenOf(cluster, path).map((role) => ({
    role,
    client: undefined,
    parent: path,
    weight: role.weight,
    used: usedBelow(cluster, role.path),
    grants: role.grants,
    name: role.path,
    order: cluster.roles.indexOf(role),
    clients: treeOrder(cluster, compare, role.path),
  }));
  if (nodes.length === 0) return own;
  if (own.length > 0) nodes.push(nodeOfOwn(own, path) as (typeof nodes)[number]);
  return nodes.sort(compare).flatMap(({ clients }) => clients);
}

/** Roles right below a role with ready clients at or below them. */
export function childrenOf(cluster: NaiveCluster, path: string): NaiveRole[] {
  return cluster.roles.filter(
    (role) =>
      parentOf(role.path) === path &&
      cluster.clients.some((client) => client.ready && isWithin(client.role, role.path)),
  );
}

function nodeOfClient(client: NaiveClient, parent: string): NaiveNode {
  const { used, grants, name } = client;
  const named = { name: String(name).padStart(9, "0"), order: name };
  return { role: undefined, client, parent, weight: 1, used, grants, ...named, clients: [client] };
}

function nodeOfOwn(clients: NaiveClient[], parent: string): NaiveNode {
  const used = clients.map((client) => client.used).reduce(plus);
  const grants = clients.reduce((sum, client) => sum + client.grants, 0);
  const named = { name: "", order: -1 };
  return { role: undefined, client: undefined, parent, weight: 1, used, grants, ...named, clients };
}

/** All that agents have, reserved or not. */
export function totalOf(cluster: NaiveCluster): number[] {
  return cluster.agents.map((agent) => [...agent.total]).reduce(plus, [0, 0]);
}

/** Dominant share, over all kinds that there are or over one. */
export function shareOf(cluster: NaiveCluster, used: readonly number[], only?: number): number {
  const parts = totalOf(cluster).map((total, kind) => {
    if (total === 0 || (only !== undefined && only !== kind)) return 0;
    return (used[kind] as number) / total;
  });
  return Math.max(...parts);
}

/** What clients at and below a role use. */
export function usedBelow(cluster: NaiveCluster, path: string): number[] {
  const below = cluster.clients.filter((client) => isWithin(client.role, path));
  return below.map((client) => client.used).reduce(plus, [0, 0]);
}

/** Quota consumption: unreserved use of the subtree, and all that is reserved for it (E9). */
export function chargedBelow(cluster: NaiveCluster, path: string): number[] {
  const below = cluster.clients.filter((client) => isWithin(client.role, path));
  const used = below.map((client) => client.charged).reduce(plus, [0, 0]);
  return plus(used, reservedAtStart(cluster, path));
}

/** Reservations never change in these clusters, only whether they are free. */
const reservedTotals = new WeakMap<NaiveCluster, { role: string; quantity: number[] }[]>();

function reservedAtStart(cluster: NaiveCluster, path: string): number[] {
  let totals = reservedTotals.get(cluster);
  if (totals === undefined) {
    totals = cluster.agents.flatMap((agent) => agent.reserved.map((one) => ({ ...one })));
    reservedTotals.set(cluster, totals);
  }
  const below = totals.filter(({ role }) => isWithin(role, path));
  return below.map(({ quantity }) => quantity).reduce(plus, [0, 0]);
}

/** Is it more than nothing, and enough (C13)? */
export function worthIt(quantity: readonly number[], least: readonly number[] | undefined) {
  if (quantity.every((n) => n === 0)) return false;
  return least === undefined || quantity.every((n, kind) => n >= (least[kind] as number));
}

/** The smaller of the two, but not below zero. */
export const least = (n: number, most: number) => Math.min(n, Math.max(0, most));
/** Is the role this one or below it? */
export const isWithin = (role: string, path: string) =>
  role === path || role.startsWith(`${path}/`) || path === "";
/** The path of the role above. */
export const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
/** The sum of two quantities. */
export const plus = (a: number[], b: readonly number[]) =>
  a.map((n, kind) => n + (b[kind] as number));
