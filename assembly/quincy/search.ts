// The cheapest way to pass slots on between clients: Dijkstra's search over the clients, with
// prices that keep all lengths from falling below 0. A client that is reached may get one slot
// more; it passes on a slot of any group that it holds, whose cost to others relaxes their labels.
//
// Prices are what a further grant is worth to a client; a group has a price too, what a further
// slot of it would be worth, 0 while some are spare. In a cheapest flow
//   cost(client, group) − price(client) + price(group) ≥ 0, and 0 where the client holds some.
//
// Quincy's cluster and rack nodes are not stored, but this is what they are good for: a client
// without preferences for a place pays the same all over it. So the cheapest group reached so far
// settles the labels of all whom it may serve, and costlier groups have only those left that it may
// not serve, and preferences.
import { Slot, read, reserve, setWord, word } from "../abi";
import { allowedWord, isAllowed, readyWord } from "../shared/eligible";
import { agentBegin, agentEnd, entryClient, entryCost, rackBegin, rackEnd } from "./costs";
import { firstOfClient, groupOfCell, nextOfClient } from "./flow";
import { gatherGroup, isOpen, preferredAgent, rackOfGroup } from "./groups";

/** Longer than any way. */
// @ts-ignore: decorator
@inline export const FAR: i32 = 0x3fffffff;
/** The price of a client that takes no part: nothing is cheap enough for it. */
// @ts-ignore: decorator
@inline export const NO_PRICE: i32 = -0x20000000;

// How a label came to be: through a cell whose client passes a slot on, or from where a way starts.
/** The client gives up a grant of its own. */
// @ts-ignore: decorator
@inline export const GIVES_UP: u32 = 0xffffffff;
/** Set beside the number of a group that has slots to spare. */
// @ts-ignore: decorator
@inline export const SPARE: u32 = 0x80000000;

/** Per client: its price, and the cost of a grant anywhere less that price. */
let prices: usize = 0, nets: usize = 0;
/** Per client: length of the cheapest way, the same or FAR once looked at, and its last step. */
let lengths: usize = 0, pending: usize = 0, steps: usize = 0;
/** Per group: its price; the search that reached it last, with the way's length and last step. */
let groupPrices: usize = 0, reachedIn: usize = 0, groupLengths: usize = 0, groupSteps: usize = 0;
/** Groups reached by this search. */
let reached: usize = 0, reachedCount: u32 = 0;
/** Per rack: the search, and the price level, at which its preferences were relaxed last. */
let rackIn: usize = 0, rackLevel: usize = 0;
/** For each of 16 patterns of four bits, the lanes that they stand for. */
let lanes: usize = 0;
/**
 * The lowest level of groups in this search, and a bit for each client that none of them serves.
 */
let lowest: i32 = FAR, unserved: usize = 0, unservedCount: u32 = 0;
let search: u32 = 0, clients: u32 = 0;
/** Work done, in the units of StepsMax. */
let work: u64 = 0;

/** Reserves labels and prices. */
export function placeSearch(): void {
  const bytes = read(Slot.ClientsMax) << 2, groups = (read(Slot.AgentsMax) + 1) << 2;
  prices = reserve(bytes);
  nets = reserve(bytes);
  lengths = reserve(bytes);
  pending = reserve(bytes);
  steps = reserve(bytes);
  groupPrices = reserve(groups + 16);
  reachedIn = reserve(groups);
  groupLengths = reserve(groups);
  groupSteps = reserve(groups);
  reached = reserve(groups);
  rackIn = reserve(groups);
  rackLevel = reserve(groups);
  lanes = reserve(256);
  unserved = reserve(read(Slot.ClientsMax) >> 3);
  for (let bits: u32 = 0; bits < 16; bits++) {
    for (let lane: u32 = 0; lane < 4; lane++) {
      setWord(lanes, (bits << 2) + lane, (bits >> lane) & 1 ? 0xffffffff : 0);
    }
  }
}

/** Starts a round with no work done. */
export function beginWork(): void {
  work = 0;
  // Lanes come in fours; rows beyond the last client take no part.
  clients = (read(Slot.Clients) + 3) & ~3;
}

// @ts-ignore: decorator
@inline export function workDone(): u64 { return work; }
/** Counts work that is done elsewhere. */
// @ts-ignore: decorator
@inline export function countWork(units: u32): void { work += units; }
/** Clients in lanes of four; rows beyond the last client have no price. */
// @ts-ignore: decorator
@inline export function lanesEnd(): u32 { return clients; }
// @ts-ignore: decorator
@inline export function priceColumn(): usize { return prices; }
// @ts-ignore: decorator
@inline export function netColumn(): usize { return nets; }
// @ts-ignore: decorator
@inline export function lengthColumn(): usize { return lengths; }
// @ts-ignore: decorator
@inline export function pendingColumn(): usize { return pending; }
// @ts-ignore: decorator
@inline export function groupPriceColumn(): usize { return groupPrices; }
// @ts-ignore: decorator
@inline export function priceOf(client: u32): i32 { return <i32>word(prices, client); }
// @ts-ignore: decorator
@inline export function lengthOf(client: u32): i32 { return <i32>word(lengths, client); }
// @ts-ignore: decorator
@inline export function stepTo(client: u32): u32 { return word(steps, client); }
// @ts-ignore: decorator
@inline export function priceOfGroup(group: u32): i32 { return <i32>word(groupPrices, group); }
// @ts-ignore: decorator
@inline export function lengthOfGroup(group: u32): i32 { return <i32>word(groupLengths, group); }
// @ts-ignore: decorator
@inline export function stepToGroup(group: u32): u32 { return word(groupSteps, group); }
// @ts-ignore: decorator
@inline export function reachedGroups(): u32 { return reachedCount; }
// @ts-ignore: decorator
@inline export function reachedGroup(at: u32): u32 { return word(reached, at); }

/** Sets a client's price; `anywhere` is what a grant costs it where it prefers nothing. */
export function setPrice(client: u32, price: i32, anywhere: i32): void {
  setWord(prices, client, <u32>price);
  // What takes no part is far from everything, but not so far that sums run over.
  setWord(nets, client, <u32>(price == NO_PRICE ? -NO_PRICE : anywhere - price));
}

/** Starts a search in which nobody is reached yet. */
export function beginSearch(): void {
  search += 1;
  if (search == 0) forgetMarks();
  lowest = FAR;
  reachedCount = 0;
  const far = i32x4.splat(FAR);
  for (let at: usize = 0; at < <usize>clients << 2; at += 16) {
    v128.store(lengths + at, far);
    v128.store(pending + at, far);
  }
  work += 1 + (clients >> 6);
}

/** After 2^32 searches, numbers begin anew. */
function forgetMarks(): void {
  search = 1;
  memory.fill(reachedIn, 0, (read(Slot.AgentsMax) + 1) << 2);
  memory.fill(rackIn, 0, (read(Slot.AgentsMax) + 1) << 2);
}

/** Labels a client from which ways start. */
export function startAt(client: u32, length: i32, step: u32): void {
  setWord(lengths, client, <u32>length);
  setWord(pending, client, <u32>length);
  setWord(steps, client, step);
}

/** Comes to a group, by a way of this length; the first way that comes is the shortest. */
export function reach(group: u32, length: i32, step: u32): void {
  if (word(reachedIn, group) == search) return;
  setWord(reachedIn, group, search);
  setWord(groupLengths, group, <u32>length);
  setWord(groupSteps, group, step);
  setWord(reached, reachedCount, group);
  reachedCount += 1;
  relax(group, length + priceOfGroup(group), step);
}

/** Comes to all groups that a client holds; `length` is that of the way to the client. */
export function passOn(client: u32, length: i32): void {
  setWord(pending, client, <u32>FAR);
  for (let cell = firstOfClient(client); cell != 0; cell = nextOfClient(cell)) {
    reach(groupOfCell(cell), length, cell);
  }
}

/** Shortens labels by slots of this group; `level` is the length of the way plus its price. */
function relax(group: u32, level: i32, step: u32): void {
  const open = isOpen(group), agent = preferredAgent(group), rack = rackOfGroup(group);
  let gathered = open;
  work += 1;
  if (level < lowest || unservedCount != 0) {
    work += clients >> 6;
    gathered = true;
    if (!open && !gatherGroup(group)) return;
    if (level >= lowest) serveUnserved(level, step, open);
    else if (open) serveAll(level, step);
    else serveAllowed(level, step);
  }
  if (rack != 0 && !(word(rackIn, rack) == search && <i32>word(rackLevel, rack) <= level)) {
    if (!gathered && !gatherGroup(group)) return;
    gathered = true;
    if (serveEntries(rackBegin(rack), rackEnd(rack), open, level, step)) {
      setWord(rackIn, rack, search);
      setWord(rackLevel, rack, <u32>level);
    }
  }
  if (agentEnd(agent) == agentBegin(agent)) return;
  if (!gathered && !gatherGroup(group)) return;
  serveEntries(agentBegin(agent), agentEnd(agent), open, level, step);
}

function serveAll(level: i32, step: u32): void {
  const from = i32x4.splat(level), by = i32x4.splat(<i32>step);
  lowest = level;
  unservedCount = 0;
  for (let at: usize = 0; at < <usize>clients << 2; at += 16) {
    const length = i32x4.add(from, v128.load(nets + at)), before = v128.load(lengths + at);
    label(at, length, before, i32x4.lt_s(length, before), by);
  }
}

/** Serves those that the gathered group may serve, on the lowest level so far. */
function serveAllowed(level: i32, step: u32): void {
  const from = i32x4.splat(level), by = i32x4.splat(<i32>step);
  lowest = level;
  unservedCount = 0;
  for (let group: u32 = 0; group << 5 < clients; group++) {
    const allowed = allowedWord(group);
    const left = readyWord(group) & ~allowed;
    setWord(unserved, group, left);
    unservedCount += popcnt(left);
    let bits = allowed;
    for (let at = <usize>group << 7; bits != 0; at += 16, bits >>= 4) {
      if ((bits & 15) == 0) continue;
      const length = i32x4.add(from, v128.load(nets + at)), before = v128.load(lengths + at);
      const may = v128.load(lanes + (<usize>(bits & 15) << 4));
      label(at, length, before, v128.and(i32x4.lt_s(length, before), may), by);
    }
  }
}

// @ts-ignore: decorator
@inline function label(at: usize, length: v128, before: v128, shorter: v128, by: v128): void {
  if (!v128.any_true(shorter)) return;
  v128.store(lengths + at, v128.bitselect(length, before, shorter));
  v128.store(pending + at, v128.bitselect(length, v128.load(pending + at), shorter));
  v128.store(steps + at, v128.bitselect(by, v128.load(steps + at), shorter));
}

/** Serves those that no group on the lowest level may serve, if this one may. */
function serveUnserved(level: i32, step: u32, open: bool): void {
  for (let group: u32 = 0; group << 5 < clients; group++) {
    const left = word(unserved, group), served = open ? left : left & allowedWord(group);
    for (let bits = served; bits != 0; bits &= bits - 1) {
      const client = (group << 5) + ctz(bits);
      labelOne(client, level + <i32>word(nets, client), step);
    }
    if (level != lowest) continue;
    setWord(unserved, group, left & ~served);
    unservedCount -= popcnt(served);
  }
}

// @ts-ignore: decorator
@inline function labelOne(client: u32, length: i32, step: u32): void {
  if (length >= lengthOf(client)) return;
  setWord(lengths, client, <u32>length);
  setWord(pending, client, <u32>length);
  setWord(steps, client, step);
}

/** Serves the clients of entries; false when the group may not serve some of them. */
function serveEntries(begin: u32, until: u32, open: bool, level: i32, step: u32): bool {
  let all = true;
  work += (until - begin) >> 4;
  for (let entry = begin; entry < until; entry++) {
    const client = entryClient(entry);
    if (open || isAllowed(client)) labelOne(client, level + entryCost(entry) - priceOf(client), step);
    else if (priceOf(client) != NO_PRICE) all = false;
  }
  return all;
}

/** Where the shortest way that has not been looked at yet ends; FAR when there is none. */
export function nearestLength(): i32 {
  work += clients >> 8;
  let least = i32x4.splat(FAR);
  for (let at: usize = 0; at < <usize>clients << 2; at += 16) {
    least = i32x4.min_s(least, v128.load(pending + at));
  }
  return leastLane(least);
}

/** The least of four lanes. */
// @ts-ignore: decorator
@inline export function leastLane(four: v128): i32 {
  const two = min<i32>(i32x4.extract_lane(four, 0), i32x4.extract_lane(four, 1));
  return min<i32>(two, min<i32>(i32x4.extract_lane(four, 2), i32x4.extract_lane(four, 3)));
}

/** What a slot of a group would be worth beyond its cost to whom it is worth most; 0 at least. */
export function worthOfGroup(group: u32): i32 {
  beginSearch();
  setWord(groupPrices, group, 0);
  reach(group, 0, 0);
  const nearest = nearestLength();
  return nearest < 0 ? -nearest : 0;
}

/** Prices a group anew. */
// @ts-ignore: decorator
@inline export function setGroupPrice(group: u32, price: i32): void {
  setWord(groupPrices, group, <u32>price);
}
