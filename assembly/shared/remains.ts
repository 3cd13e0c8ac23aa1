// What is left of the agent at hand while it is being given out, and what of that a client may
// have: unreserved resources up to the limits above its role, reservations of its role and of the
// roles above, and the revocable part if it can use it (C20, E5, E9, E11). A policy may narrow the
// unreserved part further: by a surplus that all share, and by a room for each client.
import {
  ClientFlag, Presence, ReservationFlag, Slot, placeU32, placeVectors, read, reserve, setWord,
  vector, word,
} from "../abi";
import { flagsOfClient } from "./eligible";
import {
  beginLimits, charge, cutToLimits, limitedAbove, parentRole, placeLimits, roleOf,
} from "./limits";
import * as vectors from "./vector";

let agentFree: usize = 0, agentRevocable: usize = 0, firstReservation: usize = 0;
let reservationFlags: usize = 0, reservationRole: usize = 0, reservationNext: usize = 0;
let reservationFree: usize = 0;
/** Left of the agent's unreserved resources; what a client may have, and the unreserved part. */
let left: usize = 0, offer: usize = 0, offerFree: usize = 0;
/** Per reservation: the number of the last agent visit in which it was given away. */
let givenAt: usize = 0;
let visit: u32 = 0;
let agentAt: u32 = 0;
let revocableLeft = false, reservationsLeft: u32 = 0;
let anyRevocable = false, anyReserved = false;
/** What may still be given of unreserved resources in this round; 0 for as much as there is. */
let surplus: usize = 0;
/** Column: what each client may still be given of them; 0 for as much as there is. */
let rooms: usize = 0;
/** Agents that were given in part and come again: what was left, the visit, what it took beside. */
let keptLeft: usize = 0, keptVisit: usize = 0, revocableGone: usize = 0, anyKept = false;
/** Number of the visits so far; the one at hand may be an earlier one that goes on. */
let visits: u32 = 0;

export function placeRemains(): void {
  placeLimits();
  agentFree = placeVectors(Slot.AgentFree, Slot.AgentsMax);
  agentRevocable = placeVectors(Slot.AgentRevocable, Slot.AgentsMax);
  firstReservation = placeU32(Slot.AgentFirstReservation, Slot.AgentsMax);
  reservationFlags = placeU32(Slot.ReservationFlags, Slot.ReservationsMax);
  reservationRole = placeU32(Slot.ReservationRole, Slot.ReservationsMax);
  reservationNext = placeU32(Slot.ReservationNext, Slot.ReservationsMax);
  reservationFree = placeVectors(Slot.ReservationFree, Slot.ReservationsMax);
  left = reserve(64);
  offer = reserve(64);
  offerFree = reserve(64);
  givenAt = reserve(read(Slot.ReservationsMax) << 2);
}

/** Reserves what `keepAgent` needs; only policies that come back to agents within a round do. */
export function placeKept(): void {
  keptLeft = reserve(read(Slot.AgentsMax) << 6);
  keptVisit = reserve(read(Slot.AgentsMax) << 2);
  revocableGone = reserve(read(Slot.AgentsMax));
}

/** Starts a round: limits count what was consumed before it. */
export function beginRound(roles: u32): void {
  const presence = read(Slot.Presence);
  beginLimits(roles);
  anyRevocable = (presence & Presence.REVOCABLE) != 0;
  anyReserved = read(Slot.Reservations) > 1;
  surplus = 0;
  rooms = 0;
  if (anyKept) memory.fill(keptVisit, 0, read(Slot.Agents) << 2);
  anyKept = false;
}

/** Has all that is given from now on taken off this vector too, and cut to it. */
export function shareSurplus(at: usize): void { surplus = at; }

/** The vector that all share; 0 when there is none. */
// @ts-ignore: decorator
@inline export function sharedSurplus(): usize { return surplus; }

/**
 * Cuts what is given to a client to its row of this column, which the policy keeps. A client
 * without room in some kind gets nothing unreserved.
 */
export function limitRooms(column: usize): void { rooms = column; }

/** What is left of the agent's unreserved resources in this round. */
// @ts-ignore: decorator
@inline export function freeOf(agent: u32): usize {
  if (anyKept && word(keptVisit, agent) != 0) return vector(keptLeft, agent);
  return vector(agentFree, agent);
}

/** Remembers what is left of the agent at hand, for when the round comes back to it. */
export function keepAgent(): void {
  anyKept = true;
  setWord(keptVisit, agentAt, visit);
  store<u8>(revocableGone + agentAt, revocableLeft ? 0 : 1);
  vectors.copy(vector(keptLeft, agentAt), left);
}

// @ts-ignore: decorator
@inline export function revocableOf(agent: u32): usize { return vector(agentRevocable, agent); }

// @ts-ignore: decorator
@inline export function hasRevocable(agent: u32): bool {
  return anyRevocable && vectors.some(vector(agentRevocable, agent));
}

// @ts-ignore: decorator
@inline export function hasReservations(agent: u32): bool {
  return anyReserved && word(firstReservation, agent) != 0;
}

/** May the client perhaps not have all of this, because of a limit, the surplus or its room? */
// @ts-ignore: decorator
@inline export function restricted(client: u32, quantity: usize): bool {
  if (surplus != 0 && !vectors.holds(surplus, quantity)) return true;
  if (rooms != 0 && !hasRoom(client, quantity)) return true;
  return limitedAbove(client);
}

function hasRoom(client: u32, quantity: usize): bool {
  const room = vector(rooms, client);
  return vectors.allPositive(room) && vectors.holds(room, quantity);
}

/** Takes unreserved resources that are given off the surplus. */
// @ts-ignore: decorator
@inline export function chargeSurplus(quantity: usize): void {
  if (surplus != 0) vectors.subtractFrom(surplus, quantity);
}

/** Puts an agent at hand, with everything left. */
export function beginAgent(agent: u32): void {
  agentAt = agent;
  vectors.copy(left, freeOf(agent));
  const again = anyKept && word(keptVisit, agent) != 0;
  if (again) visit = word(keptVisit, agent);
  else {
    visits += 1;
    visit = visits;
  }
  revocableLeft = hasRevocable(agent) && !(again && load<u8>(revocableGone + agent));
  reservationsLeft = 0;
  for (let row = word(firstReservation, agent); row != 0; row = word(reservationNext, row)) {
    if (word(givenAt, row) == visit) continue;
    if (vectors.some(vector(reservationFree, row))) reservationsLeft += 1;
  }
}

/** Puts no more than these unreserved resources of an agent at hand, as if they were free. */
export function beginPortion(agent: u32, quantity: usize): void {
  agentAt = agent;
  vectors.copy(left, quantity);
  visits += 1;
  visit = visits;
  revocableLeft = false;
  reservationsLeft = 0;
}

/** Unreserved resources that are left of the agent at hand. */
// @ts-ignore: decorator
@inline export function leftOver(): usize { return left; }

/** Is there nothing but unreserved resources left? */
// @ts-ignore: decorator
@inline export function onlyUnreserved(): bool { return !revocableLeft && reservationsLeft == 0; }

// @ts-ignore: decorator
@inline export function nothingLeft(): bool { return onlyUnreserved() && !vectors.some(left); }

/** What `measure` found that the client may have in all, and of unreserved resources. */
// @ts-ignore: decorator
@inline export function measured(): usize { return offer; }
// @ts-ignore: decorator
@inline export function measuredFree(): usize { return offerFree; }

/** Works out what the client may have of the agent; false when something cut it. */
export function measure(client: u32): bool {
  vectors.copy(offerFree, left);
  let whole = !cutToLimits(offerFree, client);
  if (surplus != 0 && vectors.lowerTo(offerFree, surplus)) whole = false;
  if (rooms != 0 && !hasRoom(client, offerFree)) {
    whole = false;
    const room = vector(rooms, client);
    if (vectors.allPositive(room)) vectors.lowerTo(offerFree, room);
    else vectors.clear(offerFree);
  }
  vectors.copy(offer, offerFree);
  addReserved(client);
  if (revocableLeft && (flagsOfClient(client) & ClientFlag.REVOCABLE)) {
    vectors.addTo(offer, vector(agentRevocable, agentAt));
  }
  return whole;
}

/** Measures what the client could have had of an agent before the round, limits aside. */
export function measureAtStart(agent: u32, client: u32): void {
  vectors.copy(offer, vector(agentFree, agent));
  for (let row = word(firstReservation, agent); row != 0; row = word(reservationNext, row)) {
    if (mayUse(row, client)) vectors.addTo(offer, vector(reservationFree, row));
  }
  if (hasRevocable(agent) && (flagsOfClient(client) & ClientFlag.REVOCABLE)) {
    vectors.addTo(offer, vector(agentRevocable, agent));
  }
}

/**
 * Measures no more than the unreserved resources in `most`, which may be cut further by limits, and
 * reservations, but nothing that is revocable.
 */
export function measureAtMost(client: u32, most: usize): void {
  vectors.copy(offerFree, left);
  vectors.lowerTo(offerFree, most);
  cutToLimits(offerFree, client);
  vectors.copy(offer, offerFree);
  addReserved(client);
}

function addReserved(client: u32): void {
  if (reservationsLeft == 0) return;
  for (let row = word(firstReservation, agentAt); row != 0; row = word(reservationNext, row)) {
    if (visible(row, client)) vectors.addTo(offer, vector(reservationFree, row));
  }
}

/** Takes what was measured for the client off what is left. */
export function take(client: u32): void {
  takeUnrevocable(client);
  if (flagsOfClient(client) & ClientFlag.REVOCABLE) revocableLeft = false;
}

/** The same for what was measured without the revocable part. */
export function takeUnrevocable(client: u32): void {
  vectors.subtractFrom(left, offerFree);
  chargeSurplus(offerFree);
  charge(client, offerFree);
  if (reservationsLeft != 0) {
    for (let row = word(firstReservation, agentAt); row != 0; row = word(reservationNext, row)) {
      if (!visible(row, client)) continue;
      if (vectors.some(vector(reservationFree, row))) reservationsLeft -= 1;
      setWord(givenAt, row, visit);
    }
  }
}

/** Is this reservation still there, and the client's to have? */
function visible(row: u32, client: u32): bool {
  return word(givenAt, row) != visit && mayUse(row, client);
}

/** Is this reservation one of the client's role or of a role above it (C20, E11)? */
function mayUse(row: u32, client: u32): bool {
  const refined = (word(reservationFlags, row) & ReservationFlag.REFINED) != 0;
  if (refined && !(flagsOfClient(client) & ClientFlag.REFINEMENT)) return false;
  const owner = word(reservationRole, row);
  let role = roleOf(client);
  while (role != owner && role != 0) role = parentRole(role);
  return role == owner;
}
