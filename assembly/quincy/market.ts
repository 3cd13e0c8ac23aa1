// Keeps the flow the cheapest: clients come and go, prices follow what they claim, and only what
// that upset is searched for anew.
import { ClientFlag, Slot, read, reserve } from "../abi";
import { clientReady, flagsOfClient } from "../shared/eligible";
import { capOf, claimOf, grantsWorth, orderOf } from "./claims";
import { costAnywhere } from "./costs";
import {
  clearFlow, firstOfClient, groupOfCell, takeUnits, totalUnits, unitsOfCell, unitsOfClient,
} from "./flow";
import { clearGroups, groupsEnd, isLive, slotsOfGroup, spareSlots } from "./groups";
import { Kept, keep, kept } from "./kept";
import { nextClaim, obtain, passSpare, renewClaims, reprice, retire } from "./passing";
import { lengthOf, priceOf } from "./labels";
import { clearQueue, dequeue, enqueue, firstInQueue } from "./queue";
import {
  SPARE, beginSearch, priceOfGroup, reach, setGroupPrice, worthOfGroup,
} from "./search";
import { countWork, workDone } from "./work";

/** Prices are below this: no claim is higher. */
// @ts-ignore: decorator
@inline const PRICE_END: i32 = 1 << 27;

/** The price of a group that is in the queue, and was not looked at since it came in. */
// @ts-ignore: decorator
@inline export const UNPRICED: i32 = -1;

/** Per client: whether it takes part, and what it was like when it came in. */
let joined: usize = 0, likeness: usize = 0;
let taking: u32 = 0, entering: u32 = 0;

/** Reserves which clients take part, which is kept. */
export function keepMarket(): void {
  joined = reserve(read(Slot.ClientsMax));
  likeness = reserve(read(Slot.ClientsMax) << 4);
}

/** Empties the network. */
export function clearMarket(): void {
  clearFlow();
  clearGroups();
  clearQueue();
  const clients = read(Slot.ClientsMax);
  memory.fill(joined, 0, clients);
  for (let client: u32 = 0; client < clients; client++) retire(client);
  keep(Kept.SETTLED, 1);
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
  return (kept(Kept.SETTLED) != 0 && totalUnits() == 0) || entering << 2 > taking;
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
  keep(Kept.SETTLED, 0);
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
  keep(Kept.SETTLED, 1);
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
