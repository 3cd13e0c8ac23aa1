// Keeps the network like the cluster and its flow the cheapest: what changed since the last round
// leaves and comes in again, and only what that upset is searched for anew.
import { ClientFlag, Slot, placeU32, read, reserve, word } from "../abi";
import { clientReady, flagsOfClient } from "../shared/eligible";
import { capOf, claimOf, grantsWorth, orderOf } from "./claims";
import { costAnywhere } from "./costs";
import {
  clearFlow, firstOfClient, groupOfCell, takeUnits, totalUnits, unitsOfCell, unitsOfClient,
} from "./flow";
import {
  clearGroups, groupOfAgent, groupsEnd, groupsFull, isLive, join, leave, slotsOfAgent,
  slotsOfGroup, spareSlots,
} from "./groups";
import { nextClaim, obtain, passSpare, renewClaims, reprice, retire } from "./passing";
import { lengthOf, priceOf } from "./labels";
import { clearQueue, dequeue, enqueue, firstInQueue } from "./queue";
import {
  SPARE, beginSearch, priceOfGroup, reach, setGroupPrice, worthOfGroup,
} from "./search";
import { setSlots } from "./slots";
import { countWork, workDone } from "./work";

/** Prices are below this: no claim is higher. */
// @ts-ignore: decorator
@inline const PRICE_END: i32 = 1 << 27;

/** The price of a group that is in the queue, and was not looked at since it came in. */
// @ts-ignore: decorator
@inline const UNPRICED: i32 = -1;

/** Per client: whether it takes part, and what it was like when it came in. */
let joined: usize = 0, likeness: usize = 0;
let changedAgents: usize = 0, changedFilters: usize = 0;
let taking: u32 = 0, entering: u32 = 0;
/** Is the flow the cheapest, as far as was known when it was settled last? */
let settled = true;

/** Places the lists of changed agents, and reserves what is remembered. */
export function placeMarket(): void {
  const clients = read(Slot.ClientsMax);
  changedAgents = placeU32(Slot.ChangedAgentRows, Slot.AgentsMax);
  changedFilters = placeU32(Slot.ChangedFilterRows, Slot.AgentsMax);
  joined = reserve(clients);
  likeness = reserve(clients << 4);
}

/** Begins without clients. The memory is there now. */
export function prepareMarket(): void {
  const clients = read(Slot.ClientsMax);
  for (let client: u32 = 0; client < clients; client++) retire(client);
}

/** Empties the network. `own`: some client has a minimum of its own. */
export function clearMarket(slots: u32, own: bool): void {
  clearFlow();
  clearGroups();
  setSlots(slots, own);
  clearQueue();
  for (let client: u32 = 0; client < read(Slot.ClientsMax); client++) {
    if (load<u8>(joined + <usize>client)) drop(client);
  }
}

/** Takes agents out of the network that changed; all of them, before any comes in again. */
export function dropChanged(): void {
  for (let at: u32 = 0; at < read(Slot.ChangedAgents); at++) dropAgent(word(changedAgents, at));
  for (let at: u32 = 0; at < read(Slot.ChangedFilters); at++) dropAgent(word(changedFilters, at));
}

function dropAgent(agent: u32): void {
  const group = leave(agent);
  if (group != 0) enqueue(group);
}

/** Takes the agents in that changed, then the candidates. Returns how many of these fitted in. */
export function joinChanged(): u32 {
  for (let at: u32 = 0; at < read(Slot.ChangedAgents); at++) joinAgent(word(changedAgents, at));
  for (let at: u32 = 0; at < read(Slot.ChangedFilters); at++) joinAgent(word(changedFilters, at));
  const candidates = read(Slot.Candidates), list = <usize>read(Slot.CandidateRows);
  let at: u32 = 0;
  while (at < candidates && joinAgent(word(list, at))) at += 1;
  return at;
}

/** Takes every agent in that there is room for, candidates first. */
export function joinAll(): u32 {
  const fitted = joinChanged();
  for (let agent: u32 = 0; agent < read(Slot.Agents) && joinAgent(agent); agent++);
  return fitted;
}

/** False when there is no room for it. */
function joinAgent(agent: u32): bool {
  if (agent >= read(Slot.Agents) || groupOfAgent(agent) != 0) return true;
  if (groupsFull()) return false;
  countWork(1);
  const group = join(agent);
  if (group == 0) return true;
  if (slotsOfGroup(group) == slotsOfAgent(agent)) setGroupPrice(group, UNPRICED);
  if (priceOfGroup(group) != 0) enqueue(group);
  return true;
}

/** Drops agents that nobody wants, to make room for candidates. */
export function dropSpare(): void {
  const candidates = read(Slot.Candidates), list = <usize>read(Slot.CandidateRows);
  if (!groupsFull() || candidates == 0) return;
  for (let at: u32 = 0; at < candidates; at++) {
    if (groupOfAgent(word(list, at)) == 0) break;
    if (at == candidates - 1) return;
  }
  for (let agent: u32 = 0; agent < read(Slot.Agents); agent++) {
    const group = groupOfAgent(agent);
    if (group == 0 || priceOfGroup(group) != 0) continue;
    if (spareSlots(group) == slotsOfGroup(group)) dropAgent(agent);
  }
}

/** Lets clients in and out. Returns true when prices must be found anew for all. */
export function updateClients(): bool {
  taking = entering = 0;
  for (let client: u32 = 0; client < read(Slot.Clients); client++) {
    const ready = clientReady(client) && capOf(client) > 0, here = joined + <usize>client;
    if (load<u8>(here) != 0 && (!ready || !isLike(client))) drop(client);
    if (!ready) continue;
    taking += 1;
    if (load<u8>(here) != 0) continue;
    store<u8>(here, ENTERING);
    remember(client);
    entering += 1;
  }
  // A flow that is still being settled is not begun again because it is nothing yet.
  return (settled && totalUnits() == 0) || entering << 2 > taking;
}

// @ts-ignore: decorator
@inline const TAKING: u8 = 1;
// @ts-ignore: decorator
@inline const ENTERING: u8 = 2;

function drop(client: u32): void {
  release(client, unitsOfClient(client));
  retire(client);
  store<u8>(joined + <usize>client, 0);
}

// @ts-ignore: decorator
@inline function abilities(client: u32): f64 {
  const able: u32 = ClientFlag.REVOCABLE | ClientFlag.GPU | ClientFlag.REGION_AWARE;
  return <f64>(flagsOfClient(client) & able);
}

function isLike(client: u32): bool {
  const at = likeness + (<usize>client << 4);
  return load<f64>(at) == orderOf(client) && load<f64>(at, 8) == abilities(client);
}

function remember(client: u32): void {
  const at = likeness + (<usize>client << 4);
  store<f64>(at, orderOf(client));
  store<f64>(at, abilities(client), 8);
}

/** Takes units back from a client. */
export function release(client: u32, units: u32): void {
  for (let left = units; left > 0;) {
    const cell = firstOfClient(client), some = min<u32>(left, unitsOfCell(cell));
    const group = groupOfCell(cell);
    takeUnits(cell, some);
    enqueue(group);
    left -= some;
  }
}

/**
 * Prices everything from nothing: clients at the level at which all slots would be taken if each
 * cost its client what it costs anywhere, and groups when their turn comes.
 */
export function priceAll(): void {
  let slots: u64 = 0;
  for (let group: u32 = 1; group < groupsEnd(); group++) {
    if (isLive(group)) slots += slotsOfGroup(group);
  }
  let low: i32 = 0, high = PRICE_END;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (grantsAt(middle, slots) >= slots) low = middle;
    else high = middle - 1;
  }
  for (let client: u32 = 0; client < read(Slot.Clients); client++) {
    if (load<u8>(joined + <usize>client) == 0) continue;
    store<u8>(joined + <usize>client, TAKING);
    release(client, unitsOfClient(client));
    renewClaims(client);
    reprice(client, min<i32>(claimOf(client, 1), low + costAnywhere(client)));
  }
  for (let group: u32 = 1; group < groupsEnd(); group++) {
    if (!isLive(group)) continue;
    setGroupPrice(group, UNPRICED);
    enqueue(group);
  }
}

/** Grants that are worth this price and their cost anywhere. */
function grantsAt(price: i32, enough: u64): u64 {
  let grants: u64 = 0;
  countWork(read(Slot.Clients) >> 5);
  for (let client: u32 = 0; client < read(Slot.Clients) && grants < enough; client++) {
    if (load<u8>(joined + <usize>client) == 0) continue;
    grants += min<u64>(grantsWorth(client, price + costAnywhere(client)), enough);
  }
  return grants;
}

/** Fits prices to the claims of this round, and prices those that came in. */
export function priceChanges(): void {
  for (let client: u32 = 0; client < read(Slot.Clients); client++) {
    if (load<u8>(joined + <usize>client) != TAKING) continue;
    const keeps = grantsWorth(client, priceOf(client)), units = unitsOfClient(client);
    if (keeps < units) release(client, units - keeps);
    renewClaims(client);
    // Who holds nothing upsets nobody by a lower price.
    if (unitsOfClient(client) == 0) reprice(client, min<i32>(priceOf(client), nextClaim(client)));
  }
  if (entering > 0) priceEntrants();
}

/** As high as may be without spoiling what others hold; what they want beyond, they obtain. */
function priceEntrants(): void {
  for (let client: u32 = 0; client < read(Slot.Clients); client++) {
    if (load<u8>(joined + <usize>client) == ENTERING) reprice(client, 0);
  }
  beginSearch();
  for (let group: u32 = 1; group < groupsEnd(); group++) {
    if (isLive(group) && priceOfGroup(group) != UNPRICED) reach(group, 0, group | SPARE);
  }
  for (let client: u32 = 0; client < read(Slot.Clients); client++) {
    if (load<u8>(joined + <usize>client) != ENTERING) continue;
    store<u8>(joined + <usize>client, TAKING);
    renewClaims(client);
    reprice(client, min<i32>(claimOf(client, 1), lengthOf(client)));
  }
}

/** Searches, at least once, until the flow is the cheapest; false when the work ran out before. */
export function settle(most: u64): bool {
  const workMax = max<u64>(most, workDone());
  settled = false;
  for (let group = firstInQueue(); group != 0; group = firstInQueue()) {
    if (isLive(group) && priceOfGroup(group) == UNPRICED) {
      setGroupPrice(group, worthOfGroup(group));
    }
    while (isLive(group) && spareSlots(group) != 0 && priceOfGroup(group) > 0) {
      if (workDone() > workMax) return false;
      passSpare(group);
    }
    dequeue();
  }
  for (let client: u32 = 0; client < read(Slot.Clients); client++) {
    if (load<u8>(joined + <usize>client) == 0) continue;
    while (nextClaim(client) > priceOf(client)) {
      if (workDone() > workMax) return false;
      obtain(client);
    }
  }
  settled = true;
  return true;
}

/** Fits the flow to a lower or higher cap of a client. */
export function recap(client: u32): void {
  if (load<u8>(joined + <usize>client) == 0) return;
  const units = unitsOfClient(client), keeps = min<u32>(units, capOf(client));
  release(client, units - keeps);
  renewClaims(client);
}

/** Are there slots that nobody has? */
export function anySpare(): bool {
  for (let group: u32 = 1; group < groupsEnd(); group++) {
    if (isLive(group) && spareSlots(group) != 0) return true;
  }
  return false;
}

/** Does the client take part in this round? */
// @ts-ignore: decorator
@inline export function takesPart(client: u32): bool {
  return load<u8>(joined + <usize>client) != 0;
}
