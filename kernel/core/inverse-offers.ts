import type { FrameworkCallOf } from "../../contract/framework-api.ts";
import type { InverseAnswer } from "../../contract/operator/maintenance-methods.ts";
import type { InverseOffer as WireInverseOffer } from "../../contract/schema/offer.ts";
import type { Call } from "./calls.ts";
import type { Effect } from "./effect.ts";
import { refusalMs } from "./filters.ts";
import { mintOfferId } from "./ids.ts";
import type { Agent, ClusterState, Framework, InverseOffer } from "./state.ts";

/** Frameworks that hold something of an agent: tasks or executors. */
function holdersOn(agent: Agent): Set<Framework> {
  const holders = new Set<Framework>();
  for (const { framework, holds } of agent.tasks) if (holds) holders.add(framework);
  for (const { framework } of agent.executors.values()) holders.add(framework);
  return holders;
}

/**
 * Asks the frameworks that hold something of agents which are going to be away to give it back
 * (C15): one question at a time for each framework and agent, and none while the filter of the last
 * answer holds. Called with every batch, and when a schedule is new.
 */
export function askForAbsent(state: ClusterState, nowMs: number, out: Effect[]): void {
  if (state.registry.maintenance.windows.length === 0) return;
  withdrawStale(state, nowMs, out);
  const asked = new Map<Framework, WireInverseOffer[]>();
  for (const agent of state.agents.values()) {
    const { unavailability } = agent;
    if (unavailability === undefined || agent.peer === undefined || agent.leaving) continue;
    for (const framework of holdersOn(agent)) {
      if (framework.peer === undefined) continue;
      const known = agent.inverse.get(framework);
      if (known?.asked !== undefined || (known?.askAgainMs ?? 0) > nowMs) continue;
      const { id } = mint(state, agent, framework, nowMs);
      const wire = { id, frameworkId: framework.id, agentId: agent.id, unavailability };
      const wires = asked.get(framework);
      if (wires === undefined) asked.set(framework, [wire]);
      else wires.push(wire);
    }
  }
  for (const [{ peer }, inverseOffers] of asked) {
    if (peer === undefined) continue;
    const event = { type: "inverse-offers", inverseOffers } as const;
    out.push({ type: "send-framework", to: peer, event });
  }
}

function mint(
  state: ClusterState,
  agent: Agent,
  framework: Framework,
  nowMs: number,
): InverseOffer {
  const offer: InverseOffer = { id: mintOfferId(state), framework, agent, mintedMs: nowMs };
  state.inverseOffers.set(offer.id, offer);
  const known = agent.inverse.get(framework);
  if (known !== undefined) known.asked = offer;
  else {
    const nothing = { askAgainMs: 0, answer: undefined, answeredMs: 0 };
    agent.inverse.set(framework, { asked: offer, ...nothing });
  }
  return offer;
}

/** Questions that nobody answered in time, as offers (C4), or that have no object any more. */
function withdrawStale(state: ClusterState, nowMs: number, out: Effect[]): void {
  const { offerTimeoutMs = Number.POSITIVE_INFINITY } = state.options;
  for (const offer of [...state.inverseOffers.values()]) {
    const isLate = offer.mintedMs + offerTimeoutMs <= nowMs;
    if (isLate || !holdersOn(offer.agent).has(offer.framework)) withdraw(state, offer, out);
  }
}

/** Takes a question back and says so. */
function withdraw(state: ClusterState, offer: InverseOffer, out: Effect[]): void {
  forget(state, offer);
  const { peer } = offer.framework;
  if (peer === undefined) return;
  const event = { type: "rescind-inverse-offer", inverseOfferId: offer.id } as const;
  out.push({ type: "send-framework", to: peer, event });
}

function forget(state: ClusterState, offer: InverseOffer): void {
  state.inverseOffers.delete(offer.id);
  const known = offer.agent.inverse.get(offer.framework);
  if (known?.asked === offer) known.asked = undefined;
}

/** An agent goes, or its absence is planned anew: what was asked and answered is void. */
export function withdrawAgent(state: ClusterState, agent: Agent, out: Effect[]): void {
  for (const { asked } of [...agent.inverse.values()]) {
    if (asked !== undefined) withdraw(state, asked, out);
  }
  agent.inverse.clear();
}

/** A framework's stream is gone: it hears the questions again on the next one. */
export function forgetFramework(state: ClusterState, framework: Framework): void {
  for (const offer of [...state.inverseOffers.values()]) {
    if (offer.framework === framework) forget(state, offer);
  }
}

/** A framework is gone for good. */
export function dropFrameworkAnswers(state: ClusterState, framework: Framework): void {
  forgetFramework(state, framework);
  for (const agent of state.agents.values()) agent.inverse.delete(framework);
}

/** A framework answers (C15): it is recorded, and it is not asked again while its filter holds. */
export function stepInverseAnswer(
  { state, framework, nowMs }: Call,
  call: FrameworkCallOf<"accept-inverse-offers"> | FrameworkCallOf<"decline-inverse-offers">,
): void {
  for (const id of call.inverseOfferIds) {
    const offer = state.inverseOffers.get(id);
    if (offer === undefined || offer.framework !== framework) continue;
    forget(state, offer);
    const known = offer.agent.inverse.get(framework);
    if (known === undefined) continue;
    known.answer = call.type === "accept-inverse-offers" ? "ACCEPT" : "DECLINE";
    known.answeredMs = nowMs;
    const { allocationIntervalMs } = state.options;
    known.askAgainMs = nowMs + refusalMs(call.filters?.refuseMs, allocationIntervalMs);
  }
}

/** The questions that wait for an answer, of one framework if that is given. */
export function openInverseOffers(state: ClusterState, asked?: Framework): WireInverseOffer[] {
  const wires: WireInverseOffer[] = [];
  for (const { id, framework, agent } of state.inverseOffers.values()) {
    const { unavailability } = agent;
    if (unavailability === undefined || (asked ?? framework) !== framework) continue;
    wires.push({ id, frameworkId: framework.id, agentId: agent.id, unavailability });
  }
  return wires;
}

/** What frameworks answered about an agent (I4). */
export function answersFor(agent: Agent): InverseAnswer[] {
  return [...agent.inverse].map(([framework, { answer, answeredMs, asked }]) => ({
    frameworkId: framework.id,
    agentId: agent.id,
    answer: answer ?? "UNKNOWN",
    timestampMs: answer === undefined ? (asked?.mintedMs ?? 0) : answeredMs,
  }));
}
