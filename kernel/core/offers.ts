import type { OfferId } from "../../contract/ids.ts";
import { limits } from "../../contract/limits.ts";
import {
  add,
  giveBack,
  NOTHING,
  type Resources,
  shared,
  subtract,
  unshared,
} from "../../contract/resources.ts";
import type { Offer as WireOffer } from "../../contract/schema/offer.ts";
import { assert } from "./assert.ts";
import { charge, discharge, giveFree, takeFree } from "./books.ts";
import { dropIdleClient } from "./clients.ts";
import type { Effect } from "./effect.ts";
import type { OfferDecision } from "./event.ts";
import { refusalMs } from "./filters.ts";
import { noteUnused } from "./hoarding.ts";
import { mintOfferId } from "./ids.ts";
import { partOf, type Sight, visibleTo } from "./pool.ts";
import {
  type Agent,
  type Client,
  type ClusterState,
  type Framework,
  type Offer,
  wantRound,
} from "./state.ts";
import { ClientFlag } from "./tables/shape.ts";
import { addOne } from "./tallies.ts";

/** What a client may see of an agent, from its flags in the tables. */
export function sightOf(state: ClusterState, client: Client): Sight {
  const flags = state.tables.clients.flags[client.row] ?? 0;
  return {
    revocable: (flags & ClientFlag.REVOCABLE) !== 0,
    shared: (flags & ClientFlag.SHARED) !== 0,
    refinement: (flags & ClientFlag.REFINEMENT) !== 0,
  };
}

/** What a client would be offered of an agent now: what its filters are compared with (C8). */
export function wouldBeOffer(state: ClusterState, agent: Agent, client: Client): Resources {
  return visibleTo(agent.free, client.role.name, sightOf(state, client));
}

/**
 * What a decision gives of what is visible, or `undefined` when it does not fit the agent. Shared
 * volumes go along with everything else, and are not given alone (E13).
 */
function given(
  state: ClusterState,
  agent: Agent,
  visible: Resources,
  decision: OfferDecision,
): Resources | undefined {
  if (decision.whole) return unshared(visible).length === 0 ? undefined : visible;
  const part = partOf(agent.free, decision.amounts ?? [], state.tables.kindNames);
  if (part === undefined) return undefined;
  const beside = visible.filter(
    (resource) =>
      (decision.revocable === true && resource.revocable === true) ||
      (decision.reserved === true &&
        resource.revocable !== true &&
        (resource.reservations?.length ?? 0) > 0),
  );
  const sum = add(part, unshared(beside));
  return sum.length === 0 ? undefined : add(sum, shared(visible));
}

/**
 * Turns the decisions of a round into offers (C2): one for each framework, role and agent, and one
 * OFFERS event for each framework. A decision that does not fit is counted and left out. So is one
 * that repeats what the client has refused (C8): its agent is looked at again without that pair.
 */
export function mintOffers(
  state: ClusterState,
  decisions: readonly OfferDecision[],
  policy: { readonly name: string; readonly digest: string },
  nowMs: number,
  out: Effect[],
): void {
  const byFramework = new Map<Framework, WireOffer[]>();
  const firstOffer = state.counters.offer;
  // What was free before this round of agents that it gives away in parts: what one client leaves
  // to the next is as little news as what a policy withholds.
  const cutFrom = new Map<Agent, Resources>();
  for (const decision of decisions) {
    const agent = state.agentRows[decision.agentRow];
    const client = state.clientRows[decision.clientRow];
    if (agent?.peer === undefined || agent.leaving || client?.framework.peer === undefined) {
      state.counts.decisionsDropped += 1;
      continue;
    }
    const visible = wouldBeOffer(state, agent, client);
    const resources = given(state, agent, visible, decision);
    if (resources === undefined) {
      state.counts.decisionsDropped += 1;
      continue;
    }
    const start = cutFrom.get(agent);
    const whole =
      start === undefined ? visible : visibleTo(start, client.role.name, sightOf(state, client));
    const others = resources === whole ? NOTHING : subtract(whole, resources);
    if (others.length > 0 && isRepeated(state, agent, client, resources, others)) continue;
    if (!decision.whole && start === undefined) cutFrom.set(agent, agent.free);
    const withheld = start === undefined ? others : subtract(visible, resources);
    takeFree(state, agent, resources);
    state.tables.countAllocation(client.row);
    const earlier = decision.whole ? undefined : sameRound(state, agent, client, firstOffer);
    if (earlier !== undefined) {
      const { wire } = earlier;
      // It has the shared volumes already.
      charge(state, agent, client, unshared(resources));
      wire.resources = giveBack(wire.resources, resources) as WireOffer["resources"];
      earlier.withheld = withheld;
      continue;
    }
    const { wire } = mint(state, { agent, client, resources, withheld, policy, nowMs });
    charge(state, agent, client, resources);
    const wires = byFramework.get(client.framework);
    if (wires === undefined) byFramework.set(client.framework, [wire]);
    else wires.push(wire);
  }
  for (const [framework, wires] of byFramework) sendOffers(framework, wires, out);
}

/**
 * Whether a client has refused what is left for it of an agent; if so, another round sees to what
 * others may have of it.
 */
function isRepeated(
  state: ClusterState,
  agent: Agent,
  client: Client,
  resources: Resources,
  withheld: Resources,
): boolean {
  if (!state.filters.repeats(client.row, agent.row, resources, withheld)) return false;
  state.tables.touchAgent(agent.row);
  wantRound(state);
  return true;
}

/** The offer that this round has made already for the same client on the same agent. */
function sameRound(
  state: ClusterState,
  agent: Agent,
  client: Client,
  firstOffer: number,
): Offer | undefined {
  const prefix = state.options.master.id.length + 2;
  for (const offer of agent.offers) {
    if (offer.client === client && Number(offer.id.slice(prefix)) >= firstOffer) return offer;
  }
  return undefined;
}

function mint(
  state: ClusterState,
  parts: {
    readonly agent: Agent;
    readonly client: Client;
    readonly resources: Resources;
    readonly withheld: Resources;
    readonly policy: { readonly name: string; readonly digest: string };
    readonly nowMs: number;
  },
): Offer {
  const { agent, client, withheld, nowMs } = parts;
  const { framework } = client;
  const { info } = agent;
  const id = mintOfferId(state);
  const wire: WireOffer = {
    id,
    frameworkId: framework.id,
    agentId: agent.id,
    role: client.role.name,
    hostname: info.hostname,
    ip: info.ip,
    port: info.port,
    resources: parts.resources as WireOffer["resources"],
    policy: parts.policy,
  };
  if (info.attributes !== undefined) wire.attributes = info.attributes;
  if (info.domain !== undefined) wire.domain = info.domain;
  if (agent.unavailability !== undefined) wire.unavailability = agent.unavailability;
  if (agent.executors.size > 0) {
    const own = [...agent.executors.values()].filter((each) => each.framework === framework);
    if (own.length > 0) wire.executorIds = own.map((each) => each.info.executorId);
  }
  const { cycle } = state.rounds;
  const offer: Offer = { id, framework, client, agent, wire, mintedMs: nowMs, withheld, cycle };
  client.offeredCycle = cycle;
  client.offeredMs = nowMs;
  state.offers.set(id, offer);
  agent.offers.add(offer);
  framework.offers.add(offer);
  client.holders += 1;
  state.counts.offersMade += 1;
  addOne(framework.tallies, "offers/sent");
  return offer;
}

function sendOffers(framework: Framework, wires: readonly WireOffer[], out: Effect[]): void {
  const to = framework.peer;
  assert(to !== undefined, "offers are only made to connected frameworks");
  const most = limits.offersPerEventMax;
  for (let at = 0; at < wires.length; at += most) {
    const offers = wires.slice(at, at + most);
    out.push({ type: "send-framework", to, event: { type: "offers", offers } });
  }
}

/** Takes an offer out of the books; its resources are the caller's now, still charged. */
export function takeOffer(state: ClusterState, offer: Offer): Resources {
  assert(state.offers.get(offer.id) === offer, `offer ${offer.id} is taken twice`);
  state.offers.delete(offer.id);
  offer.agent.offers.delete(offer);
  offer.framework.offers.delete(offer);
  offer.client.holders -= 1;
  return offer.wire.resources;
}

/** Gives an offer's resources back to its agent, without a filter. */
export function recoverOffer(state: ClusterState, offer: Offer): void {
  const resources = takeOffer(state, offer);
  discharge(state, offer.agent, offer.client, resources);
  giveFree(state, offer.agent, resources);
  dropIdleClient(state, offer.client);
}

/** Withdraws an offer and says so (C12). */
export function rescindOffer(state: ClusterState, offer: Offer, out: Effect[]): void {
  recoverOffer(state, offer);
  state.counts.offersRescinded += 1;
  addOne(offer.framework.tallies, "offers/rescinded");
  const to = offer.framework.peer;
  if (to === undefined) return;
  const offerId: OfferId = offer.id;
  out.push({ type: "send-framework", to, event: { type: "rescind", offerId } });
}

/** Withdraws every offer of the cluster, so that the next batch shares anew (E7). */
export function rescindAllOffers(state: ClusterState, out: Effect[]): void {
  for (const offer of [...state.offers.values()]) rescindOffer(state, offer, out);
}

/** Withdraws the offers that nobody answered in time (C4). */
export function expireOffers(state: ClusterState, nowMs: number, out: Effect[]): void {
  const { offerTimeoutMs } = state.options;
  if (offerTimeoutMs === undefined) return;
  for (const offer of state.offers.values()) {
    if (offer.mintedMs + offerTimeoutMs > nowMs) return;
    noteUnused(state, offer);
    rescindOffer(state, offer, out);
  }
}

/** What a framework does not want of an offer. */
export interface Refusal {
  readonly resources: Resources;
  /** What the offer left out. */
  readonly withheld: Resources;
  readonly refuseMs: number | undefined;
}

/** Remembers a refusal of resources on an agent (C7, C10); false when it leaves no filter. */
export function refuse(
  state: ClusterState,
  client: Client,
  agent: Agent,
  { resources, withheld, refuseMs }: Refusal,
  nowMs: number,
): boolean {
  const forMs = refusalMs(refuseMs, state.options.allocationIntervalMs);
  if (forMs === 0 || resources.length === 0 || client.row < 0) return false;
  state.filters.add(client.row, agent.row, resources, nowMs + forMs, withheld);
  return true;
}
