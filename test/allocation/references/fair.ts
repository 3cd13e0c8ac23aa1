import {
  type NaiveCluster,
  type NaiveDecision,
  type NaiveNode,
  naiveRound,
  shareOf,
  totalOf,
  treeOrder,
} from "./cluster.ts";

/**
 * Fair pools: below its minimum share comes before not below, the former by how much of the minimum
 * they have, the latter by use over weight, ties by age. `resource` is a kind, or -1 for the
 * dominant one.
 */
export function naiveFair(
  cluster: NaiveCluster,
  order: readonly number[],
  resource: number,
): NaiveDecision[] {
  const only = resource < 0 ? undefined : resource;
  const totals = totalOf(cluster);
  const satisfaction = (node: NaiveNode): number => {
    const ratios = (node.role?.guarantee ?? []).map((guarantee, kind) => {
      const counts = (totals[kind] as number) > 0 && (only === undefined || only === kind);
      return counts && guarantee > 0 ? (node.used[kind] as number) / guarantee : 1;
    });
    return Math.min(1, ...ratios);
  };
  const compare = (a: NaiveNode, b: NaiveNode): number => {
    const [ratioA, ratioB] = [satisfaction(a), satisfaction(b)];
    if (ratioA < 1 || ratioB < 1) return ratioA - ratioB || a.order - b.order;
    const [shareA, shareB] = [a, b].map((node) => shareOf(cluster, node.used, only) / node.weight);
    return (shareA as number) - (shareB as number) || a.order - b.order;
  };
  return naiveRound(cluster, order, {
    pick: (_, __, canServe) => treeOrder(cluster, compare).find(canServe),
  });
}
