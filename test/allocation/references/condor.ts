import {
  give,
  isWithin,
  mayMeet,
  type NaiveAgent,
  type NaiveClient,
  type NaiveCluster,
  type NaiveDecision,
  plus,
  portion,
  worthIt,
} from "./cluster.ts";
import { byDominantShare } from "./drf.ts";

/** What a pair thinks of each other, given what the client may have of the agent. */
export interface Opinion {
  /** Both sides' requirements are met. */
  readonly matches: boolean;
  /** How the client ranks the agent, and the other way round. */
  readonly ranks: readonly [agent: number, client: number];
}

/** How opinions come about; amounts are cpus and mem in thousandths. */
export type Opinions = (
  client: NaiveClient,
  agent: NaiveAgent,
  amounts: readonly number[],
) => Opinion;

const indifferent: Opinions = () => ({ matches: true, ranks: [0, 0] });

/**
 * Matchmaking in the order of fair share: again and again the client with the lowest dominant share
 * is given the agent that it ranks highest, of those that match; whoever finds none is out. Ranks
 * are those from before the round, requirements must hold then and for what is given.
 */
export function naiveCondor(
  cluster: NaiveCluster,
  order: readonly number[],
  opinions: Opinions = indifferent,
): NaiveDecision[] {
  const decisions: NaiveDecision[] = [];
  const queues = new Map(
    cluster.clients.map((client) => [client, queueOf(cluster, order, client, opinions)]),
  );
  const out = new Set<NaiveClient>();
  for (;;) {
    const client = byDominantShare(cluster).find((one) => !out.has(one));
    if (client === undefined) return decisions;
    const agent = nextOf(queues.get(client) ?? [], cluster, client, opinions);
    if (agent === undefined) {
      out.add(client);
      continue;
    }
    const given = portion(cluster, agent, client, undefined);
    give(cluster, agent, client, given);
    if (client.revocable) agent.revocable = [0, 0];
    decisions.push([agent.name, client.name, given.all]);
  }
}

/** The agents that match a client before the round, best first. */
function queueOf(
  cluster: NaiveCluster,
  order: readonly number[],
  client: NaiveClient,
  opinions: Opinions,
): NaiveAgent[] {
  return order
    .map((name) => cluster.agents[name] as NaiveAgent)
    .map((agent) => ({ agent, ...opinions(client, agent, atStart(agent, client)) }))
    .filter(({ matches }) => matches)
    .sort((a, b) => b.ranks[0] - a.ranks[0] || b.ranks[1] - a.ranks[1])
    .map(({ agent }) => agent);
}

function atStart(agent: NaiveAgent, client: NaiveClient): number[] {
  const visible = agent.reserved.filter(({ role }) => isWithin(client.role, role));
  const amounts = visible.reduce((sum, { quantity }) => plus(sum, quantity), agent.free);
  return client.revocable ? plus(amounts, agent.revocable) : amounts;
}

/** Takes agents off the queue up to the first that the client can be given. */
function nextOf(
  queue: NaiveAgent[],
  cluster: NaiveCluster,
  client: NaiveClient,
  opinions: Opinions,
): NaiveAgent | undefined {
  for (let agent = queue.shift(); agent !== undefined; agent = queue.shift()) {
    if (!mayMeet(agent, client)) continue;
    const { all } = portion(cluster, agent, client, undefined);
    if (!worthIt(all, client.least ?? cluster.least)) continue;
    if (opinions(client, agent, all).matches) return agent;
  }
  return undefined;
}
