// The cheapest way to pass slots on between clients: Dijkstra's search over the clients, with
// prices that keep all lengths from falling below 0. A client that is reached may get one slot
// more; it passes on a slot of any group that it holds, whose cost to others shrinks their labels.
//
// Prices are what a further grant is worth to a client; a group has a price too, what a further
// slot of it would be worth, 0 while some are spare. In a cheapest flow
//   cost(client, group) − price(client) + price(group) ≥ 0, and 0 where the client holds some.
import { Slot, read, reserve, setWord, word } from "../abi";
import { agentBegin, agentEnd } from "./costs";
import { firstOfClient, groupOfCell, nextOfClient } from "./flow";
import { preferredAgent, rackOfGroup } from "./groups";
import {
  clearLabels, forgetRacks, nearestLength, serveAnywhere, serveEntries, serveRack,
  settleLabel,
} from "./labels";
import { countWork } from "./work";

// How a label came to be: through a cell whose client passes a slot on, or from where a way starts.
/** The client gives up a grant of its own. */
// @ts-ignore: decorator
@inline export const GIVES_UP: u32 = 0xffffffff;
/** Set beside the number of a group that has slots to spare. */
// @ts-ignore: decorator
@inline export const SPARE: u32 = 0x80000000;

/** Per group: its price; the search that reached it last, with the way's length and last step. */
let groupPrices: usize = 0, reachedIn: usize = 0, groupLengths: usize = 0, groupSteps: usize = 0;
/** Groups reached by this search. */
let reached: usize = 0, reachedCount: u32 = 0;
let search: u32 = 0;

/** Reserves the prices of groups, which are kept. */
export function keepGroupPrices(): void {
  groupPrices = reserve(((read(Slot.AgentsMax) + 1) << 2) + 16);
}

/** Reserves what a search finds. */
export function placeSearch(): void {
  const groups = (read(Slot.AgentsMax) + 1) << 2;
  reachedIn = reserve(groups);
  groupLengths = reserve(groups);
  groupSteps = reserve(groups);
  reached = reserve(groups);
}

// @ts-ignore: decorator
@inline export function groupPriceColumn(): usize { return groupPrices; }
// @ts-ignore: decorator
@inline export function priceOfGroup(group: u32): i32 { return <i32>word(groupPrices, group); }
// @ts-ignore: decorator
@inline export function setGroupPrice(group: u32, price: i32): void {
  setWord(groupPrices, group, <u32>price);
}
// @ts-ignore: decorator
@inline export function lengthOfGroup(group: u32): i32 { return <i32>word(groupLengths, group); }
// @ts-ignore: decorator
@inline export function stepToGroup(group: u32): u32 { return word(groupSteps, group); }
// @ts-ignore: decorator
@inline export function reachedGroups(): u32 { return reachedCount; }
// @ts-ignore: decorator
@inline export function reachedGroup(at: u32): u32 { return word(reached, at); }

/** Starts a search in which nothing is reached yet. */
export function beginSearch(): void {
  search += 1;
  if (search == 0) forgetMarks();
  reachedCount = 0;
  clearLabels();
}

/** After 2^32 searches, numbers begin anew. */
function forgetMarks(): void {
  search = 1;
  memory.fill(reachedIn, 0, (read(Slot.AgentsMax) + 1) << 2);
  forgetRacks();
}

/** Comes to a group, by a way of this length; the first way that comes is the shortest. */
export function reach(group: u32, length: i32, step: u32): void {
  if (word(reachedIn, group) == search) return;
  setWord(reachedIn, group, search);
  setWord(groupLengths, group, <u32>length);
  setWord(groupSteps, group, step);
  setWord(reached, reachedCount, group);
  reachedCount += 1;
  countWork(1);
  const level = length + priceOfGroup(group);
  const rack = rackOfGroup(group), agent = preferredAgent(group);
  serveAnywhere(group, level, step);
  if (rack != 0) serveRack(rack, group, level, step, search);
  const begin = agentBegin(agent), end = agentEnd(agent);
  if (begin != end) serveEntries(begin, end, group, level, step);
}

/** Comes to all groups that a client holds; `length` is that of the way to the client. */
export function passOn(client: u32, length: i32): void {
  settleLabel(client);
  for (let cell = firstOfClient(client); cell != 0; cell = nextOfClient(cell)) {
    reach(groupOfCell(cell), length, cell);
  }
}

/** What a slot of a group would be worth beyond its cost to whom it is worth most; 0 at least. */
export function worthOfGroup(group: u32): i32 {
  beginSearch();
  setGroupPrice(group, 0);
  reach(group, 0, 0);
  const nearest = nearestLength();
  return nearest < 0 ? -nearest : 0;
}
