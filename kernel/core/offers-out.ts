import type { Resources } from "../../contract/resources.ts";
import { sumsOf } from "./books.ts";
import type { Effect } from "./effect.ts";
import type { OfferDecision, Row } from "./event.ts";
import { rescindOffer } from "./offers.ts";
import type { Agent, ClusterState, Offer } from "./state.ts";
import { KINDS } from "./tables/shape.ts";

/** What is offered and not answered, as columns of the same length; one may be left out. */
export interface OfferColumns {
  readonly agent: Uint32Array;
  readonly client: Uint32Array;
  /** When the newest offer of the pair was made, ms since the epoch. */
  readonly sinceMs: Float64Array | undefined;
  /** Vectors: all of it, and the part that is neither reserved nor revocable. */
  readonly amounts: Float64Array | undefined;
  readonly unreserved: Float64Array | undefined;
}

/** Where those who may take offers back can look. */
export interface OffersOut {
  /** Grows with every offer that comes or goes. */
  readonly version: number;
  /** Writes a row for each agent and client, the longest offered first; gives their number. */
  list(into: OfferColumns): number;
  /** Whether this client has been offered something of this agent, and has not answered. */
  has(agent: Row, client: Row): boolean;
}

/** The offers of a cluster. Nothing of it has to be saved: it is worked out from the state. */
class OpenOffers implements OffersOut {
  readonly #state: ClusterState;
  /** Sums by the list that they are of, which is replaced when it changes. */
  readonly #sums = new WeakMap<Resources, ReturnType<typeof sumsOf>>();

  constructor(state: ClusterState) {
    this.#state = state;
  }

  get version(): number {
    const { counters, offers } = this.#state;
    // All that were made, and of those again the ones that are gone: neither ever falls.
    return 2 * counters.offer - offers.size;
  }

  has(agent: Row, client: Row): boolean {
    return heldBy(this.#state.agentRows[agent], client).length > 0;
  }

  list(into: OfferColumns): number {
    const rows = new Map<number, number>();
    let count = 0;
    for (const { agent, client, mintedMs, wire } of this.#state.offers.values()) {
      // Several offers to one client stand in one row, since they can only be taken back together.
      const pair = agent.row * this.#state.tables.sizes.clients + client.row;
      const known = agent.offers.size > 1 ? rows.get(pair) : undefined;
      if (known === undefined && count === into.agent.length) continue;
      const row = known ?? count++;
      if (agent.offers.size > 1) rows.set(pair, row);
      into.agent[row] = agent.row;
      into.client[row] = client.row;
      if (into.sinceMs) into.sinceMs[row] = mintedMs;
      const { all, open } = this.#sumsOf(wire.resources);
      put(into.amounts, row, all, known !== undefined);
      put(into.unreserved, row, open, known !== undefined);
    }
    return count;
  }

  #sumsOf(resources: Resources): ReturnType<typeof sumsOf> {
    const known = this.#sums.get(resources);
    if (known !== undefined) return known;
    const sums = sumsOf(this.#state.tables, resources);
    this.#sums.set(resources, sums);
    return sums;
  }
}

function put(to: Float64Array | undefined, row: number, from: Float64Array, adds: boolean): void {
  if (to === undefined) return;
  for (let kind = 0; kind < KINDS; kind++) {
    const at = row * KINDS + kind;
    to[at] = (adds ? (to[at] as number) : 0) + (from[kind] as number);
  }
}

const known = new WeakMap<ClusterState, OpenOffers>();

/** The offers of a cluster that nobody has answered; always the same object for one cluster. */
export function offersOut(state: ClusterState): OffersOut {
  const offers = known.get(state) ?? new OpenOffers(state);
  known.set(state, offers);
  return offers;
}

function heldBy(agent: Agent | undefined, client: Row): Offer[] {
  if (agent === undefined) return [];
  return [...agent.offers].filter((offer) => offer.client.row === client);
}

/**
 * Rescinds what the decisions of a round take back (C12), and gives the number of offers. It is no
 * fault of the framework's and counts for nothing against it.
 */
export function reclaimOffers(
  state: ClusterState,
  decisions: readonly OfferDecision[],
  out: Effect[],
): number {
  let count = 0;
  for (const { agentRow, clientRow, reclaim } of decisions) {
    if (reclaim !== true) continue;
    const offers = heldBy(state.agentRows[agentRow], clientRow);
    if (offers.length === 0) state.counts.decisionsDropped += 1;
    for (const offer of offers) rescindOffer(state, offer, out);
    count += offers.length;
  }
  state.counts.offersReclaimed += count;
  return count;
}
