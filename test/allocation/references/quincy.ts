import { type Edge, minCostFlow } from "min-cost-flow";
import { mayMeet, type NaiveClient, type NaiveCluster, shareOf, worthIt } from "./cluster.ts";
import { chanceOf } from "./random.ts";

/** What a framework says about the data that a grant of its reads, in MB. */
export interface NaiveData {
  readonly total: number;
  /** By agent. */
  readonly onAgent: ReadonlyMap<number, number>;
  /** By rack. */
  readonly inRack: ReadonlyMap<string, number>;
}

/** A cluster with racks and data, and the costs of the policy. Agents are offered whole. */
export interface QuincyCluster {
  readonly cluster: NaiveCluster;
  /** Rack by agent. */
  readonly racks: readonly (string | undefined)[];
  /** Data by client. */
  readonly data: readonly (NaiveData | undefined)[];
  /** Whole seconds that clients have waited. */
  readonly waitedSeconds: number;
  readonly costs: NaiveCosts;
}

/** Parameters of the policy. */
export interface NaiveCosts {
  readonly rackTransfer: number;
  readonly coreTransfer: number;
  readonly wait: number;
  readonly waitSecond: number;
  readonly share: number;
}

/** What it costs to give an agent to a client: MB times the price of the switches they pass. */
export function transferCost(of: QuincyCluster, agent: number, client: number): number {
  const data = of.data[client];
  if (data === undefined) return 0;
  const { rackTransfer, coreTransfer } = of.costs;
  const here = Math.min(data.onAgent.get(agent) ?? 0, data.total);
  return (
    rackTransfer * (inRack(of, agent, data) - here) +
    coreTransfer * (data.total - inRack(of, agent, data))
  );
}

/** MB in the rack of an agent: what is said of the rack, or of any agent in it. */
function inRack({ racks }: QuincyCluster, agent: number, data: NaiveData): number {
  const rack = racks[agent];
  const mates = racks.flatMap((other, row) =>
    row === agent || (rack !== undefined && other === rack) ? [data.onAgent.get(row) ?? 0] : [],
  );
  const said = rack === undefined ? 0 : (data.inRack.get(rack) ?? 0);
  return Math.min(Math.max(said, ...mates), data.total);
}

/** What a client loses by not being given its n-th grant. */
export function claim(of: QuincyCluster, client: NaiveClient, nth: number): number {
  const { cluster, costs, data, waitedSeconds } = of;
  const grants = cluster.agents.length;
  const farthest =
    (data[client.name]?.total ?? 0) * Math.max(costs.coreTransfer, costs.rackTransfer);
  const wait = Math.min(
    costs.wait + costs.waitSecond * waitedSeconds,
    Math.max(costs.wait, farthest),
  );
  const fair = chanceOf(cluster, client) * grants;
  const held = shareOf(cluster, client.used) * grants;
  return wait + Math.floor((costs.share * fair) / (fair + held + nth));
}

/** Agents with something that is worth offering. */
function offered({ cluster }: QuincyCluster): number[] {
  return cluster.agents.flatMap(({ name, free }) =>
    free.some((n) => n > 0) &&
    cluster.clients.some(({ least }) => worthIt(free, least ?? cluster.least))
      ? [name]
      : [],
  );
}

function mayHave({ cluster }: QuincyCluster, agent: number, client: NaiveClient): boolean {
  const { free } = cluster.agents[agent] as NaiveCluster["agents"][number];
  const able = mayMeet(cluster.agents[agent] as NaiveCluster["agents"][number], client);
  return able && worthIt(free, client.least ?? cluster.least);
}

/**
 * What the decisions cost: the data that they move, and the claims that they leave open. Throws
 * where an agent went to someone who may not have it.
 */
export function costOf(
  of: QuincyCluster,
  decisions: readonly (readonly [agent: number, client: number])[],
): number {
  const grants = offered(of).length;
  const { clients } = of.cluster;
  let cost = 0;
  for (const [agent, client] of decisions) {
    if (!mayHave(of, agent, clients[client] as NaiveClient)) {
      throw new Error(`agent ${agent} may not go to client ${client}`);
    }
    cost += transferCost(of, agent, client);
  }
  for (const client of clients.filter(({ ready }) => ready)) {
    const given = decisions.filter(([, name]) => name === client.name).length;
    for (let nth = given + 1; nth <= grants; nth++) cost += claim(of, client, nth);
  }
  return cost;
}

/**
 * The least that any decisions can cost, by a solver that is not ours, on Quincy's network: units
 * of each client go to agents it prefers, to racks, to the cluster, or wait. Where a pair may not
 * meet, the agent cannot be reached through racks and cluster, and has an edge from each that may
 * have it.
 */
export function leastCost(of: QuincyCluster): number {
  const agents = offered(of);
  const edges: Edge<string>[] = [];
  const edge = (from: string, to: string, capacity: number, cost: number) => {
    if (capacity > 0) edges.push({ from, to, capacity, cost });
  };
  const ready = of.cluster.clients.filter((client) => client.ready);
  const open = new Set(agents.filter((agent) => ready.every((one) => mayHave(of, agent, one))));
  const racks = new Set(of.racks.filter((rack) => rack !== undefined));
  for (const agent of agents) {
    edge(`agent ${agent}`, "SINK", 1, 0);
    if (!open.has(agent)) continue;
    edge("cluster", `agent ${agent}`, 1, 0);
    if (of.racks[agent] !== undefined) edge(`rack ${of.racks[agent]}`, `agent ${agent}`, 1, 0);
  }
  for (const client of ready) {
    const from = `client ${client.name}`;
    const data = of.data[client.name];
    edge("SOURCE", from, agents.length, 0);
    edge(from, "cluster", agents.length, of.costs.coreTransfer * (data?.total ?? 0));
    for (const rack of racks) {
      const inside = agents.find((agent) => of.racks[agent] === rack);
      const far = inside === undefined ? 0 : costInRack(of, inside, client.name);
      if (inside !== undefined) edge(from, `rack ${rack}`, agents.length, far);
    }
    for (const agent of agents) {
      const prefers = data?.onAgent.has(agent) === true;
      if (!mayHave(of, agent, client) || (open.has(agent) && !prefers)) continue;
      edge(from, `agent ${agent}`, 1, transferCost(of, agent, client.name));
    }
    for (let nth = 1; nth <= agents.length; nth++) {
      edge(from, `${from} waits ${nth}`, 1, claim(of, client, nth));
      edge(`${from} waits ${nth}`, "SINK", 1, 0);
    }
  }
  if (edges.length === 0) return 0;
  return minCostFlow(edges).reduce((sum, { flow, cost }) => sum + flow * cost, 0);
}

/** The cost of an agent in the rack of this one, as if it had nothing itself. */
function costInRack(of: QuincyCluster, agent: number, client: number): number {
  const data = of.data[client];
  if (data === undefined) return 0;
  const near = inRack(of, agent, data);
  return of.costs.rackTransfer * near + of.costs.coreTransfer * (data.total - near);
}
