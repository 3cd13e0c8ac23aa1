import {
  chargedBelow,
  give,
  isWithin,
  mayMeet,
  type NaiveClient,
  type NaiveCluster,
  type NaiveDecision,
  type NaiveNode,
  type NaiveRole,
  naiveRound,
  plus,
  portion,
  shareOf,
  treeOrder,
  worthIt,
} from "./cluster.ts";

/**
 * Hierarchical DRF by the words of E2, E3, E5, E8, E9 and nothing clever: for each grant the whole
 * tree is sorted anew from sums over all clients, and the first client that can be given something
 * gets it. Roles below their guarantee come first, and what they lack is held back.
 */
export function naiveDrf(cluster: NaiveCluster, order: readonly number[]): NaiveDecision[] {
  const lacking = new Map(
    cluster.roles
      .filter(({ path, guarantee }) => guarantee !== undefined && !path.includes("/"))
      .map((role) => [role, lackOf(cluster, role)]),
  );
  const required = () => [...lacking.values()].reduce(plus, [0, 0]);
  const free = cluster.agents.map((agent) => agent.free).reduce(plus, [0, 0]);
  const surplus = free.map((n, kind) => Math.max(0, n - (required()[kind] as number)));
  const held = required().some((n) => n > 0);
  const decisions: NaiveDecision[] = [];
  for (const name of held ? order : []) {
    while (serveLacking(cluster, name, lacking, surplus, decisions));
  }
  const rest = naiveRound(cluster, order, {
    pick: (_, __, canServe) => byDominantShare(cluster).find(canServe),
    cut: (_, __, quantity) =>
      held ? quantity.map((n, kind) => Math.min(n, surplus[kind] as number)) : quantity,
    gave: (_, given) => {
      for (const kind of surplus.keys()) surplus[kind] = take(surplus, given.free, kind);
    },
  });
  return [...decisions, ...rest];
}

/** Stage one: one grant of an agent towards a guarantee; false when there is none to make. */
function serveLacking(
  cluster: NaiveCluster,
  name: number,
  lacking: ReadonlyMap<NaiveRole, number[]>,
  surplus: number[],
  decisions: NaiveDecision[],
): boolean {
  const agent = cluster.agents[name];
  if (agent === undefined) return false;
  const lackFor = (client: NaiveClient) =>
    [...lacking].find(([role]) => isWithin(client.role, role.path))?.[1] ?? [0, 0];
  const portionOf = (client: NaiveClient) => {
    const lack = lackFor(client);
    const none = { ...client, revocable: false };
    return portion(cluster, agent, none, (_, __, free) =>
      free.map((n, kind) => {
        const lacks = lack[kind] as number;
        return Math.min(n, lacks > 0 ? lacks : (surplus[kind] as number));
      }),
    );
  };
  const client = byDominantShare(cluster).find((one) => {
    if (!mayMeet(agent, one)) return false;
    const { all, free } = portionOf(one);
    const helps = lackFor(one).some((lacks, kind) => lacks > 0 && (free[kind] as number) > 0);
    return helps && worthIt(all, one.least ?? cluster.least);
  });
  if (client === undefined) return false;
  const given = portionOf(client);
  const lack = lackFor(client);
  for (const kind of lack.keys()) {
    const part = (lack[kind] as number) > 0 ? lack : surplus;
    part[kind] = take(part, given.free, kind);
  }
  give(cluster, agent, client, given);
  decisions.push([name, client.name, given.all]);
  return true;
}

const take = (from: readonly number[], amount: readonly number[], kind: number) =>
  (from[kind] as number) - (amount[kind] as number);

function lackOf(cluster: NaiveCluster, { path, guarantee = [] }: NaiveRole): number[] {
  const consumed = chargedBelow(cluster, path);
  return guarantee.map((n, kind) => Math.max(0, n - (consumed[kind] as number)));
}

/** Ready clients in the order of E2: the lowest dominant share over weight first. */
export function byDominantShare(cluster: NaiveCluster): NaiveClient[] {
  const share = (node: NaiveNode) => shareOf(cluster, node.used) / node.weight;
  return treeOrder(
    cluster,
    (a, b) => share(a) - share(b) || a.grants - b.grants || (a.name < b.name ? -1 : 1),
  );
}
