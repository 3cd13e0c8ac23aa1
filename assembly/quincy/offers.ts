// Turns the flow into decision rows. What a row may hold is cut by limits and ends with demand, of
// which the flow knows only estimates: a client that turns out to be able to take fewer or more
// grants gets another cap, and the flow is settled again.
import { DecisionFlag, KINDS, Slot, double, read, reserve, setDouble, setWord, word } from "../abi";
import {
  agentReady, allowedWord, disallow, flagsOfAgent, gatherAllowed, maskFor,
} from "../shared/eligible";
import { decide, decidePart, rowCount, rowsFull } from "../shared/giving";
import { minimumOf, worthOffering } from "../shared/minimum";
import {
  beginAgent, hasReservations, hasRevocable, measure, measured, measuredFree,
  nothingLeft, onlyUnreserved, shareSurplus, take,
} from "../shared/remains";
import { NOBODY } from "../shared/sorter";
import * as vectors from "../shared/vector";
import { markAgent } from "./changes";
import { UNLIMITED, capOf, claimOf, endWaiting, setCap, slotsFor } from "./claims";
import { hasDemand, isSated, noteGiven, wantedOf } from "./demands";
import {
  clientOfCell, firstOfGroup, nextOfGroup, unitsOfCell, unitsOfClient, unitsOfGroup,
} from "./flow";
import { firstMember, groupsEnd, isLive, memberAfter, slotsOfAgent } from "./groups";
import { beginPass, headroom, rowsGuaranteed } from "./guaranteed";
import { recap, takesPart } from "./market";
import { partOf } from "./slots";
import { countWork, workDone } from "./work";

/** Per client: grants in this pass, and 1 once its cap was lowered. */
let grants: usize = 0, lowered: usize = 0;
/** Per agent: the pass that offered it last. */
let offeredIn: usize = 0;
let most: usize = 0;
/** What may be given in all; 0 for as much as there is. */
let room: usize = 0;
let pass: u32 = 0, upset = false;
/** How far the work may go, and how many candidates, from the first, were seen to by then. */
let workMax: u64 = 0, seen: u32 = 0;
/** The cell that the next slots come from, and what it has left. */
let cell: u32 = 0, cellUnits: u32 = 0;

/** Reserves the books of a round. */
export function placeOffers(): void {
  const clients = read(Slot.ClientsMax);
  grants = reserve(clients << 2);
  lowered = reserve(clients);
  offeredIn = reserve(read(Slot.AgentsMax) << 2);
  most = reserve(64);
}

/** Starts the offers of a round, in which no cap was lowered yet, with so much work to do. */
export function beginOffers(most: u64): void {
  memory.fill(lowered, 0, read(Slot.Clients));
  workMax = workDone() + most;
}

// @ts-ignore: decorator
@inline function isSpent(): bool { return workDone() > workMax; }

/** Candidates, from the first, that were given out as far as the flow has them. */
// @ts-ignore: decorator
@inline export function candidatesSeen(): u32 { return seen; }

/**
 * Writes the rows of the flow, as far as the work reaches. True when caps changed, so that the flow
 * is not the best now, and there is work left to write them all again.
 */
export function offerAll(): bool {
  const clients = read(Slot.Clients), begun = workDone();
  pass += 1;
  upset = false;
  memory.fill(grants, 0, clients << 2);
  beginPass(true);
  room = headroom();
  for (let group: u32 = 1; group < groupsEnd() && !rowsFull() && !isSpent(); group++) {
    if (isLive(group) && unitsOfGroup(group) != 0) offerGroup(group);
  }
  seen = 0;
  offerReserved();
  for (let client: u32 = 0; client < clients; client++) raiseCap(client);
  return upset && 2 * workDone() - begun <= workMax;
}

function offerGroup(group: u32): void {
  cell = firstOfGroup(group);
  cellUnits = unitsOfCell(cell);
  for (let member = firstMember(group); member != 0 && cell != 0; member = memberAfter(member)) {
    if (rowsFull() || isSpent()) return;
    offerAgent(member - 1);
  }
}

/** Gives the slots of an agent to the clients whose turn it is, and then what no slot holds. */
function offerAgent(agent: u32): void {
  const slots = slotsOfAgent(agent);
  let taken: u32 = 0;
  beginAgent(agent);
  setWord(offeredIn, agent, pass);
  while (taken < slots && cell != 0) {
    const units = min<u32>(cellUnits, slots - taken);
    offerSlots(agent, clientOfCell(cell), units, slots, taken + units == slots);
    taken += units;
    cellUnits -= units;
    if (cellUnits != 0) continue;
    cell = nextOfGroup(cell);
    cellUnits = cell == 0 ? 0 : unitsOfCell(cell);
  }
  if (!onlyUnreserved()) offerRest(agent);
}

/** Gives a client some of the slots of the agent at hand; with the last ones all that is left. */
function offerSlots(agent: u32, client: u32, units: u32, slots: u32, last: bool): void {
  if (rowsFull()) return;
  if (isSated(client)) {
    lowerCap(client);
    return;
  }
  if (!last) {
    const part = partOf(agent, slots);
    for (let kind: u32 = 0; kind < KINDS; kind++) {
      setDouble(most, kind, double(part, kind) * <f64>units);
    }
    if (room != 0) vectors.lowerTo(most, room);
    shareSurplus(most);
  }
  const wholly = measure(client);
  if (worthOffering(measured(), minimumOf(client))) {
    give(agent, client, wholly && last);
    if (!last && room != 0) vectors.subtractFrom(room, measuredFree());
    setWord(grants, client, word(grants, client) + units);
  } else lowerCap(client);
  shareSurplus(room);
}

/** Writes what was measured as a row. */
function give(agent: u32, client: u32, wholly: bool): void {
  if (wholly) decide(agent, client, DecisionFlag.WHOLE);
  else decidePart(agent, client, DecisionFlag.RESERVED | DecisionFlag.REVOCABLE);
  take(client);
  noteGiven(client, measured());
}

/** The client can take no more than it was given so far. */
function lowerCap(client: u32): void {
  if (load<u8>(lowered + <usize>client) != 0 && capOf(client) <= word(grants, client)) return;
  store<u8>(lowered + <usize>client, 1);
  setCap(client, word(grants, client));
  recap(client);
  upset = true;
}

/** A client that had all it may and wants more has smaller slots than were reckoned with. */
function raiseCap(client: u32): void {
  if (!hasDemand(client) || !takesPart(client) || load<u8>(lowered + <usize>client) != 0) return;
  if (isSated(client) || unitsOfClient(client) < capOf(client)) return;
  const missing = max<u32>(slotsFor(wantedOf(client)), 1);
  setCap(client, min<u32>(capOf(client) + missing, UNLIMITED));
  recap(client);
  upset = true;
}

/** Gives out what is reserved or revocable on candidates that no slot was given of. */
function offerReserved(): void {
  const candidates = read(Slot.Candidates), list = <usize>read(Slot.CandidateRows);
  for (; seen < candidates && !rowsFull() && !isSpent(); seen++) {
    const agent = word(list, seen);
    countWork(1);
    if (word(offeredIn, agent) == pass || !agentReady(agent)) continue;
    if (!hasReservations(agent) && !hasRevocable(agent)) continue;
    setWord(offeredIn, agent, pass);
    beginAgent(agent);
    offerRest(agent);
  }
}

/**
 * Gives what is reserved or revocable on the agent at hand to those that may have it, the highest
 * claim first, with what is left beside it.
 */
function offerRest(agent: u32): void {
  if (!gatherAllowed(maskFor(flagsOfAgent(agent)), agent)) return;
  while (!rowsFull() && !nothingLeft()) {
    const client = claimant();
    if (client == NOBODY) return;
    const wholly = measure(client);
    give(agent, client, wholly);
    disallow(client);
  }
}

function claimant(): u32 {
  let best = NOBODY, most: i32 = 0, looked: u32 = 0;
  for (let at: u32 = 0; at << 5 < read(Slot.Clients); at++) {
    for (let bits = allowedWord(at); bits != 0; bits &= bits - 1) {
      const client = (at << 5) + ctz(bits);
      if (!takesPart(client) || isSated(client)) continue;
      const claim = claimOf(client, word(grants, client) + 1);
      if (best != NOBODY && claim <= most) continue;
      looked += 1;
      measure(client);
      // Nothing beyond what the flow gives out or leaves on purpose.
      if (memory.compare(measured(), measuredFree(), 64) == 0) continue;
      if (!worthOffering(measured(), minimumOf(client))) continue;
      best = client;
      most = claim;
    }
  }
  countWork(looked + (read(Slot.Clients) >> 3));
  return best;
}

/** Has agents that guarantees take from looked at: what is left of them is in the network. */
export function markGuaranteed(): void {
  const agents = read(Slot.DecisionAgent);
  for (let row: u32 = 0; row < rowsGuaranteed(); row++) markAgent(word(agents, row));
}

/** Notes who was given something. Once a round, when the rows stand. */
export function noteGrants(): void {
  const rows = rowCount(), clients = read(Slot.DecisionClient);
  for (let row: u32 = 0; row < rows; row++) endWaiting(word(clients, row));
}
