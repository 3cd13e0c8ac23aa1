// What grants are worth to whom: the n-th grant of a round is worth to a client
//
//   wait + floor(share × fair / (fair + held + n))
//
// `wait` is what it costs to leave the client waiting, `fair` the grants that the weights entitle
// it to of the whole cluster, `held` what it uses, in grants, by its dominant share. So a client
// without anything claims `share` more than one with everything, one at its fair share half of it;
// and because the worth of grants falls from each to the next, a cheapest flow can be found.
import {
  AgentFlag, ClientFlag, KINDS, Presence, RoleFlag, Slot, double, placeF64, placeLine, placeVectors,
  read, reserve, setDouble, setWord, vector, word,
} from "../abi";
import { chanceOf } from "../shared/chances";
import { clientReady, flagsOfAgent, flagsOfClient } from "../shared/eligible";
import { consumedBefore, flagsOfRole, limitOf, parentRole, roleOf } from "../shared/limits";
import { dominantShare, wholeCluster } from "../shared/tree";
import { COST_MAX, asCost, costAnywhere } from "./costs";
import { demandOf, hasDemand } from "./demands";
import { heldBy } from "./guaranteed";
import { BASIC_KINDS } from "./slots";

/** As many grants as there are. */
// @ts-ignore: decorator
@inline export const UNLIMITED: u32 = 0x3fffffff;
/** What a grant that the client must not have is worth: less than any price. */
// @ts-ignore: decorator
@inline export const WORTHLESS: i32 = -0x20000000;
/** For each client its submit order plus 1, and since when it waits, in ms. */
// @ts-ignore: decorator
@inline const SINCE_BYTES: u32 = 16;

let clock: usize = 0, order: usize = 0, priority: usize = 0;
let since: usize = 0;
/** Per client: the terms of its claim, and the most grants that it may have. */
let waits: usize = 0, fair: usize = 0, held: usize = 0, caps: usize = 0;
/** Per client: 1 while longer waiting makes its claims grow. */
let growing: usize = 0;
let share: f64 = 0;
/** Grants that the whole cluster is, if it were empty. */
let slotsTotal: f64 = 0;

/** Reserves since when clients wait, which is kept. */
export function keepWaiting(): void { since = reserve(read(Slot.ClientsMax) * SINCE_BYTES); }

/** Places the columns of claims, and reserves what is worked out of them. */
export function placeClaims(): void {
  const clients = read(Slot.ClientsMax);
  clock = placeLine(Slot.Clock);
  order = read(Slot.ClientSubmitOrder);
  priority = placeF64(Slot.ClientPriority, Slot.ClientsMax);
  waits = reserve(clients << 2);
  fair = reserve(clients << 3);
  held = reserve(clients << 3);
  caps = reserve(clients << 2);
  growing = reserve(clients);
}

/**
 * Works out the claims of all ready clients, once guarantees are met. `slots` are the grants of a
 * whole agent; costs are those of waiting at all, of each second of it, of a share, and of a step
 * of priority.
 */
export function beginClaims(
  slots: u32, wait: i32, waitSecond: i32, shareCost: i32, priorityCost: i32,
): void {
  share = <f64>shareCost;
  slotsTotal = <f64>agentCount() * <f64>slots;
  for (let client: u32 = 0; client < read(Slot.Clients); client++) {
    if (!clientReady(client)) {
      setDouble(since, client << 1, 0);
      continue;
    }
    const grown = <f64>wait + <f64>waitSecond * secondsWaited(client);
    // Waiting pays until the client takes anything that there is; from then on it earns no more.
    const most = max<f64>(<f64>wait, <f64>costAnywhere(client));
    store<u8>(growing + <usize>client, waitSecond > 0 && grown < most ? 1 : 0);
    const steps = double(priority, client) * <f64>priorityCost;
    setWord(waits, client, <u32>asCost(min<f64>(grown, most) + (steps == steps ? steps : 0)));
    setDouble(fair, client, chanceOf(client) * slotsTotal);
    setDouble(held, client, min<f64>(dominantShare(heldBy(client)) * slotsTotal, COST_MAX));
    setWord(caps, client, min<u32>(grantsWanted(client), grantsInLimits(client)));
  }
}

function agentCount(): u32 {
  let count: u32 = 0;
  for (let agent: u32 = 0; agent < read(Slot.Agents); agent++) {
    count += flagsOfAgent(agent) & AgentFlag.PRESENT;
  }
  return count;
}

/** Whole seconds since the client became ready, or was last given something. */
function secondsWaited(client: u32): f64 {
  const now = load<f64>(clock), at = client << 1;
  if (double(since, at) != double(order, client) + 1) {
    setDouble(since, at, double(order, client) + 1);
    setDouble(since, at + 1, now);
  }
  return Math.floor(max<f64>(now - double(since, at + 1), 0) / 1000);
}

/** The client was given something: its waiting starts anew. */
export function endWaiting(client: u32): void {
  setDouble(since, (client << 1) + 1, load<f64>(clock));
}

/** Could waiting longer make a ready client take what it does not take now? */
// @ts-ignore: decorator
@inline export function waitingHelps(client: u32): bool {
  return load<u8>(growing + <usize>client) != 0;
}

/** What a client asks for, in mean slots. Where it says nothing, it wants all. */
function grantsWanted(client: u32): u32 {
  return hasDemand(client) ? slotsFor(demandOf(client)) : UNLIMITED;
}

/** Mean slots that it takes to hold a quantity. */
export function slotsFor(quantity: usize): u32 {
  let most: f64 = 0;
  for (let kind: u32 = 0; kind < KINDS; kind++) {
    const amount = double(quantity, kind);
    if (amount <= 0) continue;
    const mean = double(wholeCluster(), kind) / slotsTotal;
    if (!(mean < Infinity)) return UNLIMITED;
    most = max<f64>(most, Math.ceil(amount / mean));
  }
  return <u32>min<f64>(most, <f64>UNLIMITED);
}

/**
 * Mean slots that fit below the limits above the client's role, by cpus and memory, without which a
 * slot is of no use. Other kinds are cut from what is offered.
 */
function grantsInLimits(client: u32): u32 {
  let least: f64 = <f64>UNLIMITED;
  if (!(read(Slot.Presence) & Presence.LIMITS)) return UNLIMITED;
  for (let role = roleOf(client); role != 0; role = parentRole(role)) {
    if (!(flagsOfRole(role) & RoleFlag.LIMITED)) continue;
    for (let kind: u32 = 0; kind < BASIC_KINDS; kind++) {
      const mean = double(wholeCluster(), kind) / slotsTotal;
      const room = double(limitOf(role), kind) - double(consumedBefore(role), kind);
      if (mean < Infinity) least = min<f64>(least, Math.ceil(max<f64>(room, 0) / mean));
    }
  }
  return <u32>least;
}

// @ts-ignore: decorator
@inline export function orderOf(client: u32): f64 { return double(order, client); }

// @ts-ignore: decorator
@inline export function capOf(client: u32): u32 { return word(caps, client); }

/** Changes the most grants that a client may have in this round. */
// @ts-ignore: decorator
@inline export function setCap(client: u32, grants: u32): void { setWord(caps, client, grants); }

/** What the n-th grant, from 1, is worth to a client. */
export function claimOf(client: u32, nth: u32): i32 {
  if (nth > word(caps, client)) return WORTHLESS;
  const entitled = double(fair, client);
  const part = (share * entitled) / (entitled + double(held, client) + <f64>nth);
  return <i32>word(waits, client) + <i32>Math.floor(part);
}

/** How many grants are worth this price or more to a client. */
export function grantsWorth(client: u32, price: i32): u32 {
  const cap = word(caps, client), over = price - <i32>word(waits, client);
  if (over <= 0 || cap == 0) return cap;
  const entitled = double(fair, client);
  const about = (share * entitled) / <f64>over - entitled - double(held, client);
  let grants = <u32>min<f64>(max<f64>(about, 0), <f64>cap);
  // The quotient is rounded; the claim itself decides.
  while (grants < cap && claimOf(client, grants + 1) >= price) grants += 1;
  while (grants > 0 && claimOf(client, grants) < price) grants -= 1;
  return grants;
}
