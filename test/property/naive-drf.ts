/** A role by its full path, with what matters for sharing. */
export interface NaiveRole {
  readonly path: string;
  readonly weight: number;
  readonly limit: readonly number[] | undefined;
  grants: number;
}

/** A framework in a role; quantities are pairs of thousandths, cpus and mem. */
export interface NaiveClient {
  readonly name: number;
  readonly role: string;
  readonly revocable: boolean;
  readonly gpu: boolean;
  readonly ready: boolean;
  readonly least: readonly number[] | undefined;
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

/** All there is to decide over. The oracle changes it as it gives. */
export interface NaiveCluster {
  readonly roles: NaiveRole[];
  readonly clients: NaiveClient[];
  readonly agents: NaiveAgent[];
  readonly least: readonly number[] | undefined;
}

/** One grant and all that it holds. */
export type NaiveDecision = [agent: number, client: number, quantity: number[]];

/**
 * Hierarchical DRF by the words of E2, E3, E5, E9 and nothing clever: for each grant the whole tree
 * is sorted anew from sums over all clients, and the first client that can be given something gets
 * it. The oracle of the property tests.
 */
export function naiveDrf(cluster: NaiveCluster, order: readonly number[]): NaiveDecision[] {
  const decisions: NaiveDecision[] = [];
  for (const name of order) {
    const agent = cluster.agents[name] as NaiveAgent;
    const served = new Set<number>();
    for (;;) {
      const client = sorted(cluster, "").find((candidate) => {
        if (served.has(candidate.name) || agent.filteredBy.includes(candidate.name)) return false;
        if (agent.fenced && !candidate.gpu) return false;
        return worthIt(portion(cluster, agent, candidate).all, candidate.least ?? cluster.least);
      });
      if (client === undefined) break;
      served.add(client.name);
      decisions.push([name, client.name, give(cluster, agent, client)]);
    }
  }
  return decisions;
}

/** Ready clients at and below a role in the order in which they are served. */
function sorted(cluster: NaiveCluster, path: string): NaiveClient[] {
  const own = cluster.clients
    .filter((client) => client.role === path && client.ready)
    .sort((a, b) => {
      const shares = share(cluster, a.used) - share(cluster, b.used);
      return shares || a.grants - b.grants || a.name - b.name;
    });
  const children = cluster.roles
    .filter((role) => parentOf(role.path) === path)
    .map((role) => ({
      name: role.path,
      share: share(cluster, sumBelow(cluster, role.path)) / role.weight,
      grants: role.grants,
      clients: sorted(cluster, role.path),
    }))
    .filter((child) => child.clients.length > 0);
  if (own.length > 0) {
    const used = own.map((client) => client.used).reduce(plus);
    const grants = own.reduce((sum, client) => sum + client.grants, 0);
    children.push({ name: "", share: share(cluster, used), grants, clients: own });
  }
  children.sort((a, b) => a.share - b.share || a.grants - b.grants || (a.name < b.name ? -1 : 1));
  return children.flatMap((child) => child.clients);
}

function portion(cluster: NaiveCluster, agent: NaiveAgent, client: NaiveClient) {
  let free = agent.free;
  for (const role of cluster.roles) {
    if (role.limit === undefined || !isWithin(client.role, role.path)) continue;
    const consumed = chargedBelow(cluster, role.path);
    const limit = role.limit;
    free = free.map((n, kind) =>
      Math.min(n, Math.max(0, (limit[kind] as number) - (consumed[kind] as number))),
    );
  }
  const visible = agent.reserved.filter(({ role }) => isWithin(client.role, role));
  const revocable = client.revocable ? agent.revocable : [0, 0];
  const all = visible.reduce((sum, { quantity }) => plus(sum, quantity), plus(free, revocable));
  return { all, free };
}

function give(cluster: NaiveCluster, agent: NaiveAgent, client: NaiveClient): number[] {
  const { all, free } = portion(cluster, agent, client);
  agent.free = agent.free.map((n, kind) => n - (free[kind] as number));
  if (client.revocable) agent.revocable = [0, 0];
  for (const reservation of agent.reserved) {
    if (isWithin(client.role, reservation.role)) reservation.quantity = [0, 0];
  }
  client.used = plus(client.used, all);
  client.charged = plus(client.charged, free);
  client.grants += 1;
  for (const role of cluster.roles) if (isWithin(client.role, role.path)) role.grants += 1;
  return all;
}

function share(cluster: NaiveCluster, used: readonly number[]): number {
  const totals = cluster.agents.map((agent) => agent.total).reduce(plus2, [0, 0]);
  const parts = totals.map((total, kind) => (total > 0 ? (used[kind] as number) / total : 0));
  return Math.max(...parts);
}

function sumBelow(cluster: NaiveCluster, path: string): number[] {
  const below = cluster.clients.filter((client) => isWithin(client.role, path));
  return below.map((client) => client.used).reduce(plus, [0, 0]);
}

/** Quota consumption: unreserved use of the subtree, and all that is reserved for it (E9). */
function chargedBelow(cluster: NaiveCluster, path: string): number[] {
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

function worthIt(quantity: readonly number[], least: readonly number[] | undefined): boolean {
  if (quantity.every((n) => n === 0)) return false;
  return least === undefined || quantity.every((n, kind) => n >= (least[kind] as number));
}

const isWithin = (role: string, path: string) => role === path || role.startsWith(`${path}/`);
const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
const plus = (a: number[], b: number[]) => a.map((n, kind) => n + (b[kind] as number));
const plus2 = (a: number[], b: readonly number[]) => a.map((n, kind) => n + (b[kind] as number));
