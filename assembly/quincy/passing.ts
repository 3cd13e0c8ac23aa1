// The two moves that make a flow cheapest: a group passes a spare slot to whom it is worth most,
// and a client obtains a slot from where it costs least, each along the cheapest way through other
// clients. Both change prices by the lengths of ways (successive shortest paths), so that the next
// search finds no length below 0.
import { Slot, read, reserve, setWord, word } from "../abi";
import { claimOf, grantsWorth } from "./claims";
import { costAnywhere } from "./costs";
import {
  addUnits, clientOfCell, groupOfCell, takeUnits, unitsOfCell, unitsOfClient,
} from "./flow";
import { groupsEnd, isLive, spareSlots } from "./groups";
import {
  FAR, NO_PRICE, lanesEnd, leastLane, lengthColumn, lengthOf, nearestLength, netColumn,
  pendingColumn, priceColumn, priceOf, setPrice, startAt, stepTo,
} from "./labels";
import {
  GIVES_UP, SPARE, beginSearch, groupPriceColumn, lengthOfGroup, passOn, priceOfGroup, reach,
  reachedGroup, reachedGroups, setGroupPrice, stepToGroup,
} from "./search";
import { countWork } from "./work";

/** The step of a way that starts at the group whose slot is passed on; cells count from 1. */
// @ts-ignore: decorator
@inline const START: u32 = 0;
/** What no claim reaches. */
// @ts-ignore: decorator
@inline const BEYOND: i32 = 0x20000000;

/** Per client: what the next grant is worth to it, and what the last one is. */
let nexts: usize = 0, lasts: usize = 0;

/** Reserves the claims at hand, which are kept. */
export function keepClaims(): void {
  nexts = reserve(read(Slot.ClientsMax) << 2);
  lasts = reserve(read(Slot.ClientsMax) << 2);
}

/** Takes a client out of the market. */
export function retire(client: u32): void {
  setPrice(client, NO_PRICE, 0);
  setWord(nexts, client, <u32>NO_PRICE);
  setWord(lasts, client, <u32>BEYOND);
}

/** Works out the claims at hand after the client's grants or terms have changed. */
export function renewClaims(client: u32): void {
  const units = unitsOfClient(client);
  setWord(nexts, client, <u32>claimOf(client, units + 1));
  setWord(lasts, client, <u32>(units == 0 ? BEYOND : claimOf(client, units)));
}

// @ts-ignore: decorator
@inline export function nextClaim(client: u32): i32 { return <i32>word(nexts, client); }

/** Changes the price of a client that takes part. */
// @ts-ignore: decorator
@inline export function reprice(client: u32, price: i32): void {
  setPrice(client, price, costAnywhere(client));
}

let best: i32 = 0, bestClient: u32 = 0, bestGroup: u32 = 0;

/** Passes spare slots of a group on, or lowers its price; one search. */
export function passSpare(group: u32): void {
  beginSearch();
  reach(group, 0, START);
  // It may also stay spare, there or wherever the way leads.
  best = priceOfGroup(group);
  bestGroup = group;
  let seen: u32 = 1;
  for (;;) {
    findTaker();
    const nearest = nearestLength();
    if (nearest >= best) break;
    passAllOn(nearest);
    for (; seen < reachedGroups(); seen++) {
      const other = reachedGroup(seen), length = lengthOfGroup(other) + priceOfGroup(other);
      if (length >= best) continue;
      best = length;
      bestGroup = other;
    }
  }
  if (best > 0) lowerPrices();
  if (bestGroup == 0) {
    const wanted = grantsWorth(bestClient, priceOf(bestClient)) - unitsOfClient(bestClient);
    passAlong(group, bestClient, min<u32>(wanted, spareSlots(group)));
    renewClaims(bestClient);
  } else if (bestGroup != group) {
    const cell = stepToGroup(bestGroup), client = clientOfCell(cell);
    const units = unitsAlong(client, min<u32>(spareSlots(group), unitsOfCell(cell)));
    takeUnits(cell, units);
    passAlong(group, client, units);
  }
}

/** Finds a client to which one more grant is worth the way and its price. */
function findTaker(): void {
  countWork(lanesEnd() >> 7);
  const lengths = lengthColumn(), prices = priceColumn(), zero = i32x4.splat(0);
  let least = i32x4.splat(FAR);
  for (let at: usize = 0; at < <usize>lanesEnd() << 2; at += 16) {
    least = i32x4.min_s(least, totalOf(lengths + at, prices + at, nexts + at, zero));
  }
  const found = leastLane(least);
  // Rather to a client than to nobody, where both cost the same.
  if (found > best || (found == best && bestGroup == 0)) return;
  best = found;
  bestGroup = 0;
  const wanted = i32x4.splat(found);
  for (let at: usize = 0; ; at += 16) {
    const total = totalOf(lengths + at, prices + at, nexts + at, zero);
    const lanes = i32x4.bitmask(i32x4.eq(total, wanted));
    if (lanes == 0) continue;
    bestClient = <u32>(at >> 2) + ctz(lanes);
    return;
  }
}

// @ts-ignore: decorator
@inline function totalOf(length: usize, price: usize, next: usize, zero: v128): v128 {
  const over = i32x4.max_s(i32x4.sub(v128.load(price), v128.load(next)), zero);
  return i32x4.add(v128.load(length), over);
}

/** Looks at all clients whose way has this length, which none is shorter than. */
function passAllOn(length: i32): void {
  countWork(lanesEnd() >> 7);
  const pending = pendingColumn(), wanted = i32x4.splat(length);
  for (let at: usize = 0; at < <usize>lanesEnd() << 2; at += 16) {
    for (let lanes = i32x4.bitmask(i32x4.eq(v128.load(pending + at), wanted)); lanes != 0;) {
      passOn(<u32>(at >> 2) + ctz(lanes), length);
      lanes &= lanes - 1;
    }
  }
}

/** What was reached by a way shorter than the best falls in price by the difference. */
function lowerPrices(): void {
  countWork(lanesEnd() >> 7);
  const lengths = lengthColumn(), prices = priceColumn(), nets = netColumn();
  const zero = i32x4.splat(0), all = i32x4.splat(best);
  for (let at: usize = 0; at < <usize>lanesEnd() << 2; at += 16) {
    const fall = i32x4.max_s(i32x4.sub(all, v128.load(lengths + at)), zero);
    v128.store(prices + at, i32x4.sub(v128.load(prices + at), fall));
    v128.store(nets + at, i32x4.add(v128.load(nets + at), fall));
  }
  for (let at: u32 = 0; at < reachedGroups(); at++) {
    const group = reachedGroup(at), length = lengthOfGroup(group);
    if (length < best) setGroupPrice(group, priceOfGroup(group) - (best - length));
  }
}

/** The units, at most so many, that all cells on the way to a client have. */
function unitsAlong(client: u32, most: u32): u32 {
  let units = most;
  for (let step = stepTo(client); step != START && step < SPARE; step = stepTo(client)) {
    units = min<u32>(units, unitsOfCell(step));
    client = clientOfCell(step);
  }
  return units;
}

/** Moves units of a group to a client, along the way to it. */
function passAlong(group: u32, client: u32, most: u32): void {
  const units = unitsAlong(client, most);
  for (let step = stepTo(client); step != START; step = stepTo(client)) {
    const giver = clientOfCell(step);
    addUnits(groupOfCell(step), client, units);
    takeUnits(step, units);
    client = giver;
  }
  addUnits(group, client, units);
}

/** Gets a client that wants more at its price one grant or more, or raises the price. */
export function obtain(client: u32): void {
  const most = nextClaim(client) - priceOf(client);
  beginSearch();
  countWork((groupsEnd() >> 4) + (lanesEnd() >> 5));
  for (let group: u32 = 1; group < groupsEnd(); group++) {
    if (isLive(group) && spareSlots(group) != 0) reach(group, 0, group | SPARE);
  }
  findGivers(client);
  for (;;) {
    best = min<i32>(most, lengthOf(client));
    const nearest = nearestLength();
    if (nearest >= best) break;
    passAllOn(nearest);
  }
  if (best > 0) raisePrices();
  if (lengthOf(client) < most) {
    const wanted = grantsWorth(client, priceOf(client)) - unitsOfClient(client);
    bringAlong(client, wanted);
  }
}

/** Labels those that could give up a grant, with what they lose beyond its price. */
function findGivers(client: u32): void {
  const lengths = lengthColumn(), prices = priceColumn();
  for (let at: usize = 0; at < <usize>lanesEnd() << 2; at += 16) {
    const loss = i32x4.sub(v128.load(lasts + at), v128.load(prices + at));
    for (let lanes = i32x4.bitmask(i32x4.lt_s(loss, v128.load(lengths + at))); lanes != 0;) {
      const lane = ctz(lanes), giver = <u32>(at >> 2) + lane;
      const length = load<i32>(lasts + at + (<usize>lane << 2)) - priceOf(giver);
      if (giver != client && length < BEYOND >> 1) startAt(giver, length, GIVES_UP);
      lanes &= lanes - 1;
    }
  }
}

/** Everything that was not reached by a shorter way rises by the best; the rest by its way. */
function raisePrices(): void {
  countWork((lanesEnd() >> 6) + (groupsEnd() >> 6));
  const lengths = lengthColumn(), prices = priceColumn(), nets = netColumn();
  const all = i32x4.splat(best), nobody = i32x4.splat(NO_PRICE);
  for (let at: usize = 0; at < <usize>lanesEnd() << 2; at += 16) {
    const price = v128.load(prices + at);
    const rise = v128.and(
      i32x4.min_s(v128.load(lengths + at), all), i32x4.ne(price, nobody),
    );
    v128.store(prices + at, i32x4.add(price, rise));
    v128.store(nets + at, i32x4.sub(v128.load(nets + at), rise));
  }
  const groups = groupPriceColumn();
  for (let at: usize = 0; at < <usize>groupsEnd() << 2; at += 16) {
    v128.store(groups + at, i32x4.add(v128.load(groups + at), all));
  }
  for (let at: u32 = 0; at < reachedGroups(); at++) {
    const group = reachedGroup(at), length = lengthOfGroup(group);
    if (length < best) setGroupPrice(group, priceOfGroup(group) - (best - length));
  }
}

/** Moves units to a client, along the way to it, from where it starts. */
function bringAlong(client: u32, most: u32): void {
  const taker = client;
  let units = unitsAlong(client, most), from = client;
  for (let step = stepTo(from); step < SPARE; step = stepTo(from)) from = clientOfCell(step);
  const source = stepTo(from);
  // What giving up costs grows with each grant; the next one may come cheaper from elsewhere.
  units = source == GIVES_UP ? 1 : min<u32>(units, spareSlots(source & ~SPARE));
  for (let step = stepTo(client); step < SPARE; step = stepTo(client)) {
    const giver = clientOfCell(step);
    addUnits(groupOfCell(step), client, units);
    takeUnits(step, units);
    client = giver;
  }
  if (source != GIVES_UP) addUnits(source & ~SPARE, client, units);
  else renewClaims(client);
  renewClaims(taker);
}
