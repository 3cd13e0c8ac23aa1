import { type NaiveClient, type NaiveCluster, type NaiveDecision, naiveRound } from "./cluster.ts";
import { Turns } from "./turns.ts";

/** Knobs of the policy. */
export interface FifoParameters {
  readonly backFill: boolean;
  readonly priorities: boolean;
  readonly slowStart?: boolean;
}

/** First in, first out: whoever came first has all, until it has what it asked for. */
export function naiveFifo(
  cluster: NaiveCluster,
  order: readonly number[],
  { backFill, priorities, slowStart = false }: FifoParameters,
): NaiveDecision[] {
  const turns = new Turns(cluster, backFill && slowStart);
  const line = (): NaiveClient[] =>
    cluster.clients
      .filter(({ ready, demand }) => ready && (demand === undefined || demand.some((n) => n > 0)))
      .sort(
        (a, b) =>
          turns.of(a) - turns.of(b) ||
          (priorities ? b.priority - a.priority : 0) ||
          a.name - b.name,
      );
  return naiveRound(cluster, order, {
    pick: (_, __, canServe) => (backFill ? line() : line().slice(0, 1)).find(canServe),
    gave: (client, { all }) => {
      turns.note(client);
      client.demand = client.demand?.map((n, kind) => n - (all[kind] as number));
    },
  });
}
