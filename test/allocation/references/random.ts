import {
  childrenOf,
  isWithin,
  mayMeet,
  type NaiveAgent,
  type NaiveClient,
  type NaiveCluster,
  type NaiveDecision,
  naiveRound,
  parentOf,
} from "./cluster.ts";

/**
 * Weighted lots. A first draw is from all; if it hits someone who cannot have all of the agent,
 * those that can use it draw among themselves, each taking the lead by its part of the sum so far.
 */
export function naiveRandom(
  cluster: NaiveCluster,
  order: readonly number[],
  round: number,
  seed: number,
): NaiveDecision[] {
  const draw = generator(round, seed);
  const ready = cluster.clients.filter((client) => client.ready);
  const chances = new Map(ready.map((client) => [client, chanceOf(cluster, client)]));
  const visited = new Set<NaiveAgent>();
  const drawn = (): NaiveClient | undefined => {
    const lot = draw() * [...chances.values()].reduce((sum, chance) => sum + chance, 0);
    let sum = 0;
    return ready.find((client) => {
      sum += chances.get(client) as number;
      return sum > lot;
    });
  };
  return naiveRound(cluster, order, {
    pick: (_, agent, canServe) => {
      const something = [...agent.free, ...agent.revocable].some((n) => n > 0);
      const fresh = !visited.has(agent) && agent.reserved.length === 0;
      visited.add(agent);
      if (fresh && something && ready.length > 0) {
        const client = drawn();
        if (client !== undefined && takesAll(cluster, agent, client) && canServe(client)) {
          return client;
        }
      }
      let leader: NaiveClient | undefined;
      let sum = 0;
      for (const client of ready.filter(canServe)) {
        const chance = chances.get(client) as number;
        sum += chance;
        if (draw() * sum < chance) leader = client;
      }
      return leader;
    },
  });
}

function takesAll(cluster: NaiveCluster, agent: NaiveAgent, client: NaiveClient): boolean {
  const limited = cluster.roles.some(
    ({ path, limit }) => limit !== undefined && isWithin(client.role, path),
  );
  const revocable = agent.revocable.some((n) => n > 0);
  return mayMeet(agent, client) && !limited && (client.revocable || !revocable);
}

/** The product, over the way to the root, of a node's part of the weights of its siblings. */
export function chanceOf(cluster: NaiveCluster, client: NaiveClient): number {
  const ownOf = (path: string) =>
    cluster.clients.filter(({ ready, role }) => ready && role === path).length;
  const children = childrenOf(cluster, client.role).length > 0;
  let chance = 1 / ownOf(client.role);
  if (children) chance *= 1 / weightBelow(cluster, client.role);
  for (let path = client.role; path !== ""; path = parentOf(path)) {
    const weight = cluster.roles.find((role) => role.path === path)?.weight ?? 1;
    chance *= weight / weightBelow(cluster, parentOf(path));
  }
  return chance;
}

function weightBelow(cluster: NaiveCluster, path: string): number {
  const children = childrenOf(cluster, path).reduce((sum, { weight }) => sum + weight, 0);
  const own = cluster.clients.some(({ ready, role }) => ready && role === path);
  return children + (own ? 1 : 0);
}

/** Uniform numbers in [0, 1) from seed and round (mulberry32 over their mix). */
function generator(round: number, seed: number): () => number {
  let state = 0;
  for (const word of [seed, seed / 2 ** 32, round, round / 2 ** 32]) {
    state = Math.imul(state ^ word, 0x9e3779b1);
    state = Math.imul(state ^ (state >>> 15), 0x85ebca6b);
    state ^= state >>> 13;
  }
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
