import type { FrameworkCallOf } from "../../../contract/framework-api.ts";
import { limits } from "../../../contract/limits.ts";
import {
  giveBack,
  NOTHING,
  type Resources,
  trySubtract,
  unshared,
} from "../../../contract/resources.ts";
import type { Operation } from "../../../contract/schema/offer.ts";
import { demandChanged, discharge, freeChanged, giveFree, recount } from "../books.ts";
import type { Call } from "../calls.ts";
import { dropIdleClient } from "../clients.ts";
import { noteUnused, noteUse } from "../hoarding.ts";
import { recoverOffer, refuse, takeOffer } from "../offers.ts";
import { countShared } from "../sharing.ts";
import type { Offer } from "../state.ts";
import { forAwareness, masterStatus, sendStatus } from "../statuses.ts";
import { addOne, tallyEnd } from "../tallies.ts";
import { applyConversion, sayOperationFailed } from "./convert.ts";
import { launch, launchGroup } from "./launch.ts";

/** Resources of accepted offers, on their way through the operations of one call (C5). */
export interface Acceptance extends Call {
  readonly agent: Offer["agent"];
  readonly client: Offer["client"];
  /** What the operations have not used yet; shared volumes in it count for nobody meanwhile. */
  left: Resources;
  /** What operations made of it, which comes back without a filter. */
  made: Resources;
}

/** A framework uses offers (C5, C6, C10). */
export function stepAccept(call: Call, accept: FrameworkCallOf<"accept">): void {
  const { state, framework, nowMs } = call;
  const operations = accept.operations ?? [];
  const offers: Offer[] = [];
  const invalid = gather(call, accept.offerIds, offers);
  const problem = tooMany(accept) ?? invalid;
  if (problem !== undefined) {
    for (const offer of offers) recoverOffer(state, offer);
    for (const operation of operations) refuseOperation(call, operation, problem);
    return;
  }
  const [{ agent, client }] = offers as [Offer];
  let pool: Resources = NOTHING;
  for (const offer of offers) {
    const resources = takeOffer(state, offer);
    countShared(state, agent, client, resources, -1);
    pool = giveBack(pool, resources);
  }
  // The client stays while its offers turn into tasks.
  client.holders += 1;
  const acceptance: Acceptance = { ...call, agent, client, left: pool, made: NOTHING };
  for (const operation of operations) apply(acceptance, operation);
  state.counts.offersAccepted += offers.length;
  for (const _ of offers) addOne(framework.tallies, "offers/accepted");
  const { left, made } = acceptance;
  // Operations that did something have replaced the list; those that failed have not.
  const used = left !== pool;
  if (used) noteUse(state, client, nowMs);
  if (left.length > 0) {
    discharge(state, agent, client, unshared(left));
    const plain = made.length === 0 ? left : (trySubtract(left, made) ?? left);
    const withheld = (offers[0] as Offer).withheld;
    const refusal = { resources: plain, withheld, refuseMs: accept.filters?.refuseMs };
    const filtered = refuse(state, client, agent, refusal, nowMs);
    if (!used && !filtered) for (const offer of offers) noteUnused(state, offer);
    giveFree(state, agent, left);
  } else if (agent.overcommitted) {
    // Offers that had to be rescinded have made room.
    recount(agent);
    freeChanged(state, agent);
  }
  demandChanged(state, client);
  client.holders -= 1;
  dropIdleClient(state, client);
}

/** Says what a call has too much of, or `undefined`. Its offers are given back all the same. */
function tooMany({ offerIds, operations = [] }: FrameworkCallOf<"accept">): string | undefined {
  const { tasksPerAcceptMax, offersPerCallMax } = limits;
  let tasks = 0;
  for (const operation of operations) {
    if (operation.type === "LAUNCH" || operation.type === "LAUNCH_GROUP") {
      tasks += operation.tasks.length;
    }
  }
  if (tasks > tasksPerAcceptMax) {
    return `one call launches at most ${tasksPerAcceptMax} tasks, this one ${tasks}`;
  }
  if (offerIds.length <= offersPerCallMax) return undefined;
  return `one call names at most ${offersPerCallMax} offers, this one ${offerIds.length}`;
}

/** Collects the offers of a call; says why they cannot be used together, or `undefined` (C6). */
function gather(
  { state, framework }: Call,
  ids: FrameworkCallOf<"accept">["offerIds"],
  offers: Offer[],
): string | undefined {
  const seen = new Set<Offer>();
  if (ids.length === 0) return "No offers specified";
  let problem: string | undefined;
  for (const id of ids) {
    const offer = state.offers.get(id);
    if (offer === undefined || offer.framework !== framework) {
      problem ??= `Offer ${id} is no longer valid`;
    } else if (seen.has(offer)) {
      problem ??= `Duplicate offer ${id} in offer list`;
    } else {
      offers.push(offer);
      seen.add(offer);
      const first = offers[0] as Offer;
      if (first.agent !== offer.agent) {
        problem ??= `Offers are of two agents, ${first.agent.id} and ${offer.agent.id}`;
      } else if (first.client !== offer.client) {
        const roles = `${first.client.role.name} and ${offer.client.role.name}`;
        problem ??= `Offers are for two roles, ${roles}`;
      }
    }
  }
  return problem;
}

/** Tells what becomes of an operation whose offers are not valid (C6). */
function refuseOperation(call: Call, operation: Operation, problem: string): void {
  const { state, framework, nowMs, out } = call;
  if (operation.type !== "LAUNCH" && operation.type !== "LAUNCH_GROUP") {
    sayOperationFailed(call, operation, `Operation with invalid offers: ${problem}`, undefined);
    return;
  }
  for (const { taskId, agentId } of operation.tasks) {
    const status = masterStatus(taskId, forAwareness(framework, "TASK_DROPPED"), nowMs, {
      reason: "REASON_INVALID_OFFERS",
      message: `Task launched with invalid offers: ${problem}`,
      agentId,
    });
    tallyEnd(state, framework, status);
    sendStatus(framework, status, out);
  }
}

function apply(acceptance: Acceptance, operation: Operation): void {
  switch (operation.type) {
    case "LAUNCH":
      launch(acceptance, operation);
      return;
    case "LAUNCH_GROUP":
      launchGroup(acceptance, operation);
      return;
    default:
      applyConversion(acceptance, operation);
  }
}
