import {
  childrenOf,
  least,
  type NaiveClient,
  type NaiveCluster,
  type NaiveDecision,
  type NaiveNode,
  type NaivePolicy,
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

/** Queues without capacity come after all others; see `NO_CAPACITY` of the policy. */
const NO_CAPACITY = 2 ** 200;

/** Queues by the part of their capacity that they use; within one, the oldest framework first. */
export class NaiveQueues {
  readonly #cluster: NaiveCluster;
  readonly #parameters: CapacityParameters;
  readonly #turns: Turns;
  readonly #kinds: readonly number[];

  constructor(cluster: NaiveCluster, parameters: CapacityParameters) {
    this.#cluster = cluster;
    this.#parameters = parameters;
    this.#turns = new Turns(cluster, parameters.slowStart ?? false);
    const totals = totalOf(cluster);
    this.#kinds = [0, 1].filter((kind) => (totals[kind] as number) > 0);
  }

  /** Gives out these agents. */
  round(order: readonly number[]): NaiveDecision[] {
    return naiveRound(this.#cluster, order, this.policy);
  }

  /** The rules for who is next, and for how much. */
  get policy(): NaivePolicy {
    return {
      pick: (_, __, canServe) => treeOrder(this.#cluster, this.#compare).find(canServe),
      gave: (client) => this.#turns.note(client),
      cut: (_, client, free) => this.#cut(client, free),
    };
  }

  /** The greatest part of its capacity that a queue uses, over the kinds. */
  part(path: string, used: readonly number[], weight: number): number {
    const has = capacityOf(this.#cluster, path);
    if (this.#kinds.some((kind) => !((has[kind] as number) > 0))) {
      return NO_CAPACITY * (1 + shareOf(this.#cluster, used) / weight);
    }
    const parts = this.#kinds.map((kind) => (used[kind] as number) / (has[kind] as number));
    return Math.max(0, ...parts);
  }

  readonly #compare = (a: NaiveNode, b: NaiveNode): number => {
    const name = a.name < b.name ? -1 : 1;
    if (a.client !== undefined && b.client !== undefined) {
      if (!this.#parameters.fairQueues) {
        return this.#turns.of(a.client) - this.#turns.of(b.client) || name;
      }
      return shareOf(this.#cluster, a.used) - shareOf(this.#cluster, b.used) || name;
    }
    const [partA, partB] = [a, b].map((node) =>
      this.part(node.role?.path ?? `${node.parent}/.`, node.used, node.weight),
    ) as [number, number];
    return partA - partB || name;
  };

  #cut(client: NaiveClient, free: number[]): number[] {
    const { userLimit } = this.#parameters;
    if (userLimit === 0) return free;
    const capacity = capacityOf(this.#cluster, homeOf(this.#cluster, client));
    const room = capacity.map((n, kind) => {
      if (!this.#kinds.includes(kind)) return Number.POSITIVE_INFINITY;
      return Math.floor(userLimit * n) - (client.used[kind] as number);
    });
    if (room.some((n) => n <= 0)) return [0, 0];
    return free.map((n, kind) => least(n, room[kind] as number));
  }
}

/** One round of it. */
export function naiveCapacity(
  cluster: NaiveCluster,
  order: readonly number[],
  parameters: CapacityParameters,
): NaiveDecision[] {
  return new NaiveQueues(cluster, parameters).round(order);
}

/** The queue of a client: its role, or the virtual one of an inner role's own clients. */
export function homeOf(cluster: NaiveCluster, client: NaiveClient): string {
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
