import { homeOf, type NaiveQueues } from "./capacity.ts";
import {
  childrenOf,
  give,
  isWithin,
  mayMeet,
  type NaiveAgent,
  type NaiveClient,
  type NaiveCluster,
  parentOf,
  plus,
  portion,
  usedBelow,
  worthIt,
} from "./cluster.ts";

/** Something that a client was offered of an agent and has not answered; one a pair at most. */
export interface NaiveOffer {
  readonly agent: number;
  readonly client: number;
  readonly sinceMs: number;
  readonly all: readonly number[];
  readonly unreserved: readonly number[];
}

/** An agent and the client that loses what it was offered there. */
export type NaiveTake = [agent: number, client: number];

/**
 * Takes back offers made before a time, the longest offered first in the list: always the newest of
 * the queue that is furthest beyond its capacity, if what is free by that would go to somebody on
 * whose side of the tree there is less than the capacity, and leaves no less than the capacity.
 */
export function naiveReclaim(
  cluster: NaiveCluster,
  queues: NaiveQueues,
  offers: readonly NaiveOffer[],
  bornBy: number,
): NaiveTake[] {
  const taken: NaiveTake[] = [];
  const part = (path: string) => partOf(cluster, queues, path);
  let open = offers.filter(({ client, sinceMs }) => {
    return sinceMs <= bornBy && cluster.clients[client]?.ready === true;
  });
  while (queuesOf(cluster).some((path) => hasSiblings(cluster, path) && part(path) < 1)) {
    const homes = queuesOf(cluster).filter((path) =>
      open.some(({ client }) => homeOf(cluster, cluster.clients[client] as NaiveClient) === path),
    );
    const most = Math.max(1, ...homes.map(part));
    const home = homes.find((path) => part(path) === most && most > 1);
    const offer = open.findLast(
      ({ client }) => homeOf(cluster, cluster.clients[client] as NaiveClient) === home,
    );
    if (offer === undefined || home === undefined) break;
    open = open.filter((one) => one !== offer);
    if (tryOut(cluster, queues, offer, home)) taken.push([offer.agent, offer.client]);
  }
  return taken;
}

function tryOut(
  cluster: NaiveCluster,
  queues: NaiveQueues,
  { agent: at, client, all, unreserved }: NaiveOffer,
  home: string,
): boolean {
  const victim = cluster.clients[client] as NaiveClient;
  const before = { used: victim.used, charged: victim.charged };
  victim.used = plus(victim.used, negative(all));
  victim.charged = plus(victim.charged, negative(unreserved));
  const agent: NaiveAgent = {
    ...(cluster.agents[at] as NaiveAgent),
    free: [...unreserved],
    revocable: [0, 0],
    reserved: [],
  };
  const { pick, cut, gave } = queues.policy;
  const portionOf = (one: NaiveClient) => portion(cluster, agent, one, cut);
  const next = pick(
    cluster,
    agent,
    (one) => mayMeet(agent, one) && worthIt(portionOf(one).all, one.least ?? cluster.least),
  );
  const part = (path: string) => partOf(cluster, queues, path);
  const [lacking, beyond] = next === undefined ? [] : branches(cluster, next, victim);
  const helps = lacking !== undefined && beyond !== undefined && part(lacking) < 1;
  if (next === undefined || !helps || part(beyond) < 1 || part(home) < 1) {
    Object.assign(victim, before);
    return false;
  }
  const given = portionOf(next);
  give(cluster, agent, next, given);
  gave?.(next, given);
  return true;
}

const negative = (quantity: readonly number[]) => quantity.map((n) => -n);

/** All queues with somebody to serve: roles, then the own clients of inner roles. */
function queuesOf(cluster: NaiveCluster): string[] {
  const paths = cluster.roles.map(({ path }) => path);
  const own = paths.map((path) => `${path}/.`);
  return [...paths, ...own].filter((path) => membersOf(cluster, parentOf(path)).includes(path));
}

/** The queues right below one, which share what is its own. */
function membersOf(cluster: NaiveCluster, path: string): string[] {
  const children = childrenOf(cluster, path).map((role) => role.path);
  const own = cluster.clients.some(({ ready, role }) => ready && role === path);
  return own && children.length > 0 ? [...children, `${path}/.`] : children;
}

const hasSiblings = (cluster: NaiveCluster, path: string) =>
  membersOf(cluster, parentOf(path)).length > 1;

function partOf(cluster: NaiveCluster, queues: NaiveQueues, path: string): number {
  const role = cluster.roles.find((one) => one.path === path);
  const own = cluster.clients.filter((one) => one.ready && `${one.role}/.` === path);
  const used = role ? usedBelow(cluster, path) : own.map((one) => one.used).reduce(plus, [0, 0]);
  return queues.part(path, used, role?.weight ?? 1);
}

/** Where the ways of two clients from the root part, the queue of each; none for one queue. */
function branches(cluster: NaiveCluster, a: NaiveClient, b: NaiveClient): string[] {
  const [wayA, wayB] = [a, b].map((client) => {
    const roles = cluster.roles.filter(({ path }) => isWithin(client.role, path));
    const way = roles.map(({ path }) => path).sort((x, y) => x.length - y.length);
    const home = homeOf(cluster, client);
    return home === client.role ? way : [...way, home];
  }) as [string[], string[]];
  const at = wayA.findIndex((path, level) => path !== wayB[level]);
  return at < 0 ? [] : [wayA[at] as string, wayB[at] as string];
}
