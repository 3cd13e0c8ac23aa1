import { errors } from "../../../contract/errors.ts";
import type { FrameworkCallOf } from "../../../contract/framework-api.ts";
import type { RoleName } from "../../../contract/ids.ts";
import { discharge, flagClient, giveFree } from "../books.ts";
import { type Call, reject } from "../calls.ts";
import { dropIdleClient } from "../clients.ts";
import type { PeerNumber } from "../event.ts";
import { forgive, noteUnused } from "../hoarding.ts";
import { refuse, takeOffer } from "../offers.ts";
import { type Client, wantRound } from "../state.ts";
import { addOne } from "../tallies.ts";

/** Offers are turned down; unknown ids are passed over (C7). */
export function stepDecline(
  { state, framework, nowMs }: Call,
  call: FrameworkCallOf<"decline">,
): void {
  for (const id of call.offerIds) {
    const offer = state.offers.get(id);
    if (offer === undefined || offer.framework !== framework) continue;
    const { client, agent, withheld } = offer;
    const resources = takeOffer(state, offer);
    discharge(state, agent, client, resources);
    const refusal = { resources, withheld, refuseMs: call.filters?.refuseMs };
    if (!refuse(state, client, agent, refusal, nowMs)) {
      noteUnused(state, offer);
    }
    giveFree(state, agent, resources);
    dropIdleClient(state, client);
    state.counts.offersDeclined += 1;
    addOne(framework.tallies, "offers/declined");
  }
}

/** The clients that a call names, all of them for an empty list; `undefined` if one is not held. */
function clientsOf(call: Call, name: string, roles: readonly RoleName[]): Client[] | undefined {
  const { framework, out } = call;
  const held = [...framework.clients.values()].filter((client) => client.subscribed);
  if (roles.length === 0) return held;
  const stranger = roles.find((role) => !held.some((client) => client.role.name === role));
  if (stranger === undefined) return held.filter((client) => roles.includes(client.role.name));
  const problem = `the framework is not in role "${stranger}"`;
  reject(framework.peer as PeerNumber, name, errors.CALL_INVALID(name, problem), out);
  return undefined;
}

/** A framework wants offers again: no filters, no suppression, and a round at once (C11, C9). */
export function stepRevive(call: Call, { roles = [] }: FrameworkCallOf<"revive">): void {
  const { state, framework } = call;
  const clients = clientsOf(call, "revive", roles);
  if (clients === undefined) return;
  for (const client of clients) {
    framework.suppressed.delete(client.role.name);
    forgive(state, client);
    if (client.row >= 0) state.filters.dropClient(client.row);
    flagClient(state, client);
  }
  state.tables.touchAll();
  wantRound(state);
}

/** A framework wants no offers for now; those that it has stay (C11). */
export function stepSuppress(call: Call, { roles = [] }: FrameworkCallOf<"suppress">): void {
  const { state, framework } = call;
  for (const client of clientsOf(call, "suppress", roles) ?? []) {
    framework.suppressed.add(client.role.name);
    flagClient(state, client);
  }
}
