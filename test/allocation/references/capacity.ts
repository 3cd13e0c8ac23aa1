import {
  childrenOf,
  least,
  type NaiveClient,
  type NaiveCluster,
  type NaiveDecision,
  type NaiveNode,
  naiveRound,
  parentOf,
  shareOf,
  totalOf,
  treeOrder,
} from "./cluster.ts";
import { Turns } from "./turns.ts";

/** Knobs of the policy. */
export interface CapacityParameters {
  /** Part of its queue's capacity that one framework may have; 0 for no such limit. */
  readonly userLimit: number;
  readonly fairQueues: boolean;
  readonly slowStart?: boolean;
}

/** Queues by the part of their capacity that they use; within one, the oldest framework first. */
export function naiveCapacity(
  cluster: NaiveCluster,
  order: readonly number[],
  { userLimit, fairQueues, slowStart = false }: CapacityParameters,
): NaiveDecision[] {
  const turns = new Turns(cluster, slowStart);
  const totals = totalOf(cluster);
  const kinds = [0, 1].filter((kind) => (totals[kind] as number) > 0);
  const partUsed = (node: NaiveNode): [lacking: number, part: number] => {
    const has = capacityOf(cluster, node.role?.path ?? `${node.parent}/.`);
    if (kinds.some((kind) => !((has[kind] as number) > 0))) {
      return [1, shareOf(cluster, node.used) / node.weight];
    }
    const parts = kinds.map((kind) => (node.used[kind] as number) / (has[kind] as number));
    return [0, Math.max(0, ...parts)];
  };
  const compare = (a: NaiveNode, b: NaiveNode): number => {
    const name = a.name < b.name ? -1 : 1;
    if (a.client !== undefined && b.client !== undefined) {
      if (!fairQueues) return turns.of(a.client) - turns.of(b.client) || name;
      return shareOf(cluster, a.used) - shareOf(cluster, b.used) || name;
    }
    const [[lackingA, partA], [lackingB, partB]] = [partUsed(a), partUsed(b)];
    return lackingA - lackingB || partA - partB || name;
  };
  const cut = (_: NaiveCluster, client: NaiveClient, free: number[]): number[] => {
    if (userLimit === 0) return free;
    const capacity = capacityOf(cluster, homeOf(cluster, client));
    const room = capacity.map((n, kind) => {
      if (!kinds.includes(kind)) return Number.POSITIVE_INFINITY;
      return Math.floor(userLimit * n) - (client.used[kind] as number);
    });
    if (room.some((n) => n <= 0)) return [0, 0];
    return free.map((n, kind) => least(n, room[kind] as number));
  };
  return naiveRound(cluster, order, {
    pick: (_, __, canServe) => treeOrder(cluster, compare).find(canServe),
    gave: (client) => turns.note(client),
    cut,
  });
}

/** The queue of a client: its role, or the virtual one of an inner role's own clients. */
function homeOf(cluster: NaiveCluster, client: NaiveClient): string {
  return childrenOf(cluster, client.role).length > 0 ? `${client.role}/.` : client.role;
}

/** Guarantees, and where there are none a weighted part of what they leave of the queue above. */
function capacityOf(cluster: NaiveCluster, path: string): number[] {
  if (path === "") return totalOf(cluster);
  const parent = parentOf(path);
  const above = capacityOf(cluster, parent);
  const own = cluster.clients.some(({ ready, role }) => ready && role === parent);
  const siblings = [
    ...childrenOf(cluster, parent).map(({ guarantee, weight }) => ({ guarantee, weight })),
    ...(own ? [{ guarantee: undefined, weight: 1 }] : []),
  ];
  const role = cluster.roles.find((one) => one.path === path);
  return above.map((all, kind) => {
    const guaranteed = role?.guarantee?.[kind] ?? 0;
    if (guaranteed > 0) return guaranteed;
    const promised = siblings.reduce((sum, { guarantee }) => sum + (guarantee?.[kind] ?? 0), 0);
    const others = siblings.filter(({ guarantee }) => (guarantee?.[kind] ?? 0) === 0);
    const weights = others.reduce((sum, { weight }) => sum + weight, 0);
    return (Math.max(all - promised, 0) * (role?.weight ?? 1)) / weights;
  });
}
