import fc from "fast-check";
import { expect, test } from "vitest";
import { NaiveQueues } from "../allocation/references/capacity.ts";
import type { NaiveClient, NaiveCluster } from "../allocation/references/cluster.ts";
import { plus } from "../allocation/references/cluster.ts";
import { type NaiveOffer, naiveReclaim } from "../allocation/references/reclaim.ts";
import { instancesOf } from "../allocation/support/cluster.ts";
import { clusters, type Drawn, decide, naive, real } from "./clusters.ts";

const NOW_MS = 100_000;
const AFTER_MS = 5_000;

const amount = fc.integer({ max: 3, min: 1 });
const offer = fc.record({
  agent: fc.nat(7),
  client: fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 3, 4, 5),
  ageMs: fc.constantFrom(0, AFTER_MS - 1, AFTER_MS, 20_000, 30_000),
  all: fc.tuple(amount, amount),
  /** The part that is reserved. */
  reserved: fc.constantFrom(0, 0, 0, 1),
});

/** Clusters in which much is offered and not answered, at most once a pair. */
const drawn = fc.tuple(
  clusters,
  fc.uniqueArray(offer, {
    maxLength: 20,
    minLength: 6,
    selector: ({ agent, client }) => agent * 6 + client,
  }),
);
type Offers = typeof drawn extends fc.Arbitrary<[unknown, infer T]> ? T : never;

const thousandths = (pair: readonly number[]) => pair.map((n) => n * 1_000);

/** The offers of what is there, the longest offered first, as a master lists them. */
function offersOf(cluster: Drawn, offers: Offers): NaiveOffer[] {
  return offers
    .filter(({ agent, client }) => agent < cluster.agents.length && client < cluster.clients.length)
    .sort((a, b) => b.ageMs - a.ageMs)
    .map(({ agent, client, ageMs, all, reserved }) => ({
      agent,
      client,
      sinceMs: NOW_MS - ageMs,
      all: thousandths(all),
      unreserved: thousandths(all.map((n) => Math.max(0, n - reserved))),
    }));
}

/** The drawn cluster with what is offered as part of its agents. */
function withOffers(cluster: Drawn, offers: readonly NaiveOffer[]): Drawn {
  const agents = cluster.agents.map((agent, n) => {
    const of = offers.filter((one) => one.agent === n).map(({ all }) => units(all));
    const [cpus = 0, mem = 0] = of.reduce((sum, one) => plus(sum, one), [0, 0]);
    // Little is free beside it, and what is reserved lies idle.
    const free: [number, number] = n === 0 ? agent.free : [0, 0];
    const used: [number, number] = [cpus, mem];
    return { ...agent, free, used, reserved: n < 2 ? agent.reserved : [], revocable: undefined };
  });
  const clients = cluster.clients.map((client, n) => {
    const used: [number, number] = n === 5 ? client.used : [0, 0];
    return { ...client, used, least: n === 4 ? client.least : undefined };
  });
  const roles = cluster.roles.map((role, n) => {
    return n % 3 === 0 ? role : { ...role, limit: undefined, guarantee: undefined };
  });
  return { roles, agents, clients, least: undefined };
}

function charge(cluster: NaiveCluster, offers: readonly NaiveOffer[]): NaiveCluster {
  for (const { client: at, all, unreserved } of offers) {
    const client = cluster.clients[at] as NaiveClient;
    client.used = plus(client.used, all);
    client.charged = plus(client.charged, unreserved);
  }
  return cluster;
}

const units = (quantity: readonly number[]) => quantity.map((n) => n / 1_000);

test.each([
  [0, false],
  [0.5, true],
])(
  "capacity takes back what its reference does, with a user limit of %f",
  (userLimit, fairQueues) => {
    const params = [userLimit, fairQueues ? 1 : 0, 0, 1, AFTER_MS];
    const instances = instancesOf("capacity", params);
    let takes = 0;
    let soonServed = 0;
    fc.assert(
      fc.property(drawn, ([cluster, ofAgents]) => {
        const offers = offersOf(cluster, ofAgents);
        const world = withOffers(cluster, offers);
        const built = real(world, { policies: instances });
        built.nowMs = NOW_MS;
        for (const { client, agent, all, sinceMs, unreserved } of offers) {
          built.offer(client, agent, units(all), sinceMs, units(unreserved));
        }
        const reference = charge(naive(world), offers);
        const queues = new NaiveQueues(reference, { userLimit, fairQueues });
        const order = Array.from(built.tables.candidates);
        // Whole units and back may leave a trace of a thousandth.
        const given = decide(built).map(([agent, client, quantity]) => {
          return [agent, client, quantity.map(Math.round)];
        });
        expect(given).toEqual(queues.round(order));
        const expected = naiveReclaim(reference, queues, offers, NOW_MS - AFTER_MS);
        expect(built.reclaimed).toEqual(expected.map(([agent, client]) => `${agent}>${client}`));
        takes += expected.length;
        if (expected.length === 1) {
          // What came back is not given to whoever lost it.
          const next = decide(built);
          const [[agent, victim]] = expected as [[number, number]];
          const first = next.find(([of]) => of === agent);
          if (first !== undefined) {
            expect(first[1]).not.toBe(victim);
            soonServed += 1;
          }
        }
      }),
      { numRuns: 1_000 },
    );
    expect(takes).toBeGreaterThan(100);
    expect(soonServed).toBeGreaterThan(50);
  },
  300_000,
);
