// Labels of clients in a search: the length of the cheapest way to each that is known so far, and
// its last step. A group that is reached serves clients, which shortens their labels.
//
// Quincy's cluster and rack nodes are not stored, but this is what they are good for: a client
// without preferences for a place pays the same all over it. So the group on the lowest level so
// far (the way to it plus its price) settles the labels of all whom it may serve, and others have
// only those left that it may not serve, and preferences. The same holds within a rack.
import { Slot, read, reserve, setWord, word } from "../abi";
import { allowedWord, isAllowed, readyWord } from "../shared/eligible";
import { NO_CLIENT, clientAfter, entryClient, entryCost, rackBegin, rackEnd } from "./costs";
import { gatherGroup, isOpen, mayHave } from "./groups";
import { countWork } from "./work";

/** Longer than any way. */
// @ts-ignore: decorator
@inline export const FAR: i32 = 0x3fffffff;
/** The price of a client that takes no part: nothing is cheap enough for it. */
// @ts-ignore: decorator
@inline export const NO_PRICE: i32 = -0x20000000;
/** So many clients that a rack's lowest group may not serve are remembered. */
// @ts-ignore: decorator
@inline const MISSED_MAX: u32 = 4;

/** Per client: its price, and the cost of a grant anywhere less that price. */
let prices: usize = 0, nets: usize = 0;
/** Per client: length of the cheapest way, the same or FAR once looked at, and its last step. */
let lengths: usize = 0, pending: usize = 0, steps: usize = 0;
/** The lowest level of groups in this search, and a bit for each client that none there serves. */
let lowest: i32 = FAR, unserved: usize = 0, unservedCount: u32 = 0;
/** Per rack: the search in which its preferences were looked at last, and on what lowest level. */
let rackIn: usize = 0, rackLevel: usize = 0;
/** Per rack: pairs of an entry and a client that the lowest group may not serve, and how many. */
let missed: usize = 0, missedCount: usize = 0;
/** For each of 16 patterns of four bits, the lanes that they stand for. */
let lanes: usize = 0;
let clients: u32 = 0;

/** Reserves the prices of clients, which are kept. */
export function keepPrices(): void {
  prices = reserve(read(Slot.ClientsMax) << 2);
  nets = reserve(read(Slot.ClientsMax) << 2);
}

/** Reserves labels. */
export function placeLabels(): void {
  const bytes = read(Slot.ClientsMax) << 2, racks = (read(Slot.AgentsMax) + 1) << 2;
  lengths = reserve(bytes);
  pending = reserve(bytes);
  steps = reserve(bytes);
  unserved = reserve(read(Slot.ClientsMax) >> 3);
  rackIn = reserve(racks);
  rackLevel = reserve(racks);
  missed = reserve(racks * MISSED_MAX * 2);
  missedCount = reserve(racks);
  lanes = reserve(256);
}

/** Fills what never changes. The memory is there now. */
export function prepareLabels(): void {
  for (let bits: u32 = 0; bits < 16; bits++) {
    for (let lane: u32 = 0; lane < 4; lane++) {
      setWord(lanes, (bits << 2) + lane, (bits >> lane) & 1 ? 0xffffffff : 0);
    }
  }
}

/** Starts a round. */
export function beginLabels(): void {
  // Lanes come in fours; rows beyond the last client take no part.
  clients = (read(Slot.Clients) + 3) & ~3;
}

/** Clients, in lanes of four; rows beyond the last have no price. */
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
@inline export function priceOf(client: u32): i32 { return <i32>word(prices, client); }
// @ts-ignore: decorator
@inline export function lengthOf(client: u32): i32 { return <i32>word(lengths, client); }
// @ts-ignore: decorator
@inline export function stepTo(client: u32): u32 { return word(steps, client); }

/** Sets a client's price; `anywhere` is what a grant costs it where it prefers nothing. */
export function setPrice(client: u32, price: i32, anywhere: i32): void {
  setWord(prices, client, <u32>price);
  // What takes no part is far from everything, but not so far that sums run over.
  setWord(nets, client, <u32>(price == NO_PRICE ? -NO_PRICE : anywhere - price));
}

/** Starts a search in which nobody is reached yet. */
export function clearLabels(): void {
  lowest = FAR;
  const far = i32x4.splat(FAR);
  for (let at: usize = 0; at < <usize>clients << 2; at += 16) {
    v128.store(lengths + at, far);
    v128.store(pending + at, far);
  }
  countWork(1 + (clients >> 7));
}

/** Forgets in which searches racks were looked at. */
export function forgetRacks(): void { memory.fill(rackIn, 0, (read(Slot.AgentsMax) + 1) << 2); }

/** Labels a client from which ways start. */
export function startAt(client: u32, length: i32, step: u32): void {
  setWord(lengths, client, <u32>length);
  setWord(pending, client, <u32>length);
  setWord(steps, client, step);
}

/** A client whose way has been looked at, which cannot become shorter any more. */
// @ts-ignore: decorator
@inline export function settleLabel(client: u32): void { setWord(pending, client, <u32>FAR); }

/** Serves from a group on this level whom it costs what it costs anywhere. */
export function serveAnywhere(group: u32, level: i32, step: u32): void {
  if (level >= lowest) {
    if (unservedCount != 0) serveUnserved(group, level, step);
  } else if (isOpen(group)) serveAll(level, step);
  else if (gatherGroup(group)) serveAllowed(level, step);
}

function serveAll(level: i32, step: u32): void {
  const from = i32x4.splat(level), by = i32x4.splat(<i32>step);
  countWork(clients >> 6);
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
  countWork(clients >> 5);
  lowest = level;
  unservedCount = 0;
  for (let group: u32 = 0; group << 5 < clients; group++) {
    const allowed = allowedWord(group), left = readyWord(group) & ~allowed;
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
function serveUnserved(group: u32, level: i32, step: u32): void {
  countWork((clients >> 10) + (unservedCount >> 2));
  let left = unservedCount;
  for (let at: u32 = 0; left != 0; at++) {
    for (let bits = word(unserved, at); bits != 0; bits &= bits - 1) {
      const client = (at << 5) + ctz(bits);
      left -= 1;
      if (!mayHave(group, client)) continue;
      labelOne(client, level + <i32>word(nets, client), step);
      if (level != lowest) continue;
      setWord(unserved, at, word(unserved, at) & ~(1 << (client & 31)));
      unservedCount -= 1;
    }
  }
}

// @ts-ignore: decorator
@inline function labelOne(client: u32, length: i32, step: u32): void {
  if (length < lengthOf(client)) startAt(client, length, step);
}

/** Serves from a group in a rack those that prefer something in it. */
export function serveRack(rack: u32, group: u32, level: i32, step: u32, search: u32): void {
  const list = missed + ((<usize>rack * MISSED_MAX) << 3);
  if (word(rackIn, rack) == search && <i32>word(rackLevel, rack) <= level) {
    for (let at: u32 = 0; at < word(missedCount, rack); at++) {
      const entry = word(list, at << 1), client = word(list, (at << 1) + 1);
      if (!mayHave(group, client)) continue;
      labelOne(client, level + entryCost(entry) - priceOf(client), step);
    }
    return;
  }
  const open = isOpen(group);
  if (!open && !gatherGroup(group)) return;
  let misses: u32 = 0, looked: u32 = 0;
  for (let entry = rackBegin(rack); entry < rackEnd(rack); entry++) {
    const cost = level + entryCost(entry);
    for (let client = entryClient(entry); client != NO_CLIENT; client = clientAfter(client)) {
      looked += 1;
      if (open || isAllowed(client)) labelOne(client, cost - priceOf(client), step);
      else if (priceOf(client) != NO_PRICE) {
        if (misses < MISSED_MAX) {
          setWord(list, misses << 1, entry);
          setWord(list, (misses << 1) + 1, client);
        }
        misses += 1;
      }
    }
  }
  countWork(looked >> 3);
  if (misses > MISSED_MAX) return;
  setWord(rackIn, rack, search);
  setWord(rackLevel, rack, <u32>level);
  setWord(missedCount, rack, misses);
}

/** Serves from a group of one agent those that prefer it. */
export function serveEntries(begin: u32, end: u32, group: u32, level: i32, step: u32): void {
  let looked: u32 = 0;
  for (let entry = begin; entry < end; entry++) {
    const cost = level + entryCost(entry);
    for (let client = entryClient(entry); client != NO_CLIENT; client = clientAfter(client)) {
      looked += 1;
      if (mayHave(group, client)) labelOne(client, cost - priceOf(client), step);
    }
  }
  countWork(looked >> 2);
}

/** Length of the shortest way that was not looked at yet; FAR when there is none. */
export function nearestLength(): i32 {
  countWork(clients >> 8);
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
