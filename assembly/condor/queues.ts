// For each class of clients the agents that match it, best first: by the client's rank, then by the
// agent's, then as the candidates stand. A queue is made when the first client of the class has its
// turn, as a heap; the best are taken off it one by one and stay in order behind it, so that nobody
// sorts what nobody asks for.
//
//   | heap of those that nobody asked for ... | those in order, the best at the end |
import { Slot, read, reserve, setWord, word } from "../abi";
import { beginAgent, measureUncut, measured } from "../shared/remains";
import { classOfAgent } from "./ads";
import {
  fixedMatch, isMatch, isMoving, movingMatch, movingRankOfAgent, movingRankOfClient, rankOfAgent,
  rankOfClient,
} from "./matches";
import { classCount } from "./program";

/** An entry: both ranks and the place of the agent in the window. */
// @ts-ignore: decorator
@inline const ENTRY: usize = 24;
// @ts-ignore: decorator
@inline const ENTRIES_MAX: u32 = 524288;

/** Agents of the round, in the order of the candidates; whether there is nothing left of them. */
let agents: usize = 0, gone: usize = 0, windowSize: u32 = 0, left: u32 = 0;
let entries: usize = 0, entriesUsed: u32 = 0, entriesMax: u32 = 0;
/** Per class: first entry, entries, those in the heap, those from the best on that are gone. */
let firsts: usize = 0, sizes: usize = 0, heaps: usize = 0, heads: usize = 0;
/** Per client: how many of its queue it has looked at. */
let cursors: usize = 0;

/** A queue that is not made yet. */
// @ts-ignore: decorator
@inline const NOT_MADE: u32 = 0xffffffff;
/** No agent is left for a client. */
// @ts-ignore: decorator
@inline export const NOBODY: u32 = 0xffffffff;

export function placeQueues(): void {
  agents = reserve(read(Slot.AgentsMax) << 2);
  gone = reserve(read(Slot.AgentsMax));
  // There are no more classes than clients, and one.
  const pairs = <u64>read(Slot.AgentsMax) * (read(Slot.ClientsMax) + 1);
  entriesMax = <u32>min<u64>(pairs, ENTRIES_MAX);
  entries = reserve(entriesMax * <u32>ENTRY);
  const classes = (read(Slot.ClientsMax) + 1) << 2;
  firsts = reserve(classes);
  sizes = reserve(classes);
  heaps = reserve(classes);
  heads = reserve(classes);
  cursors = reserve(read(Slot.ClientsMax) << 2);
}

/** Most agents that a round can look at, so that every class has room for a queue. */
export function windowMax(): u32 { return max<u32>(entriesMax / classCount(), 1); }

/** Starts a round without agents. */
export function beginQueues(): void {
  windowSize = 0;
  left = 0;
  entriesUsed = 0;
  memory.fill(sizes, 0xff, classCount() << 2);
  memory.fill(cursors, 0, read(Slot.Clients) << 2);
}

export function addToWindow(agent: u32): void {
  setWord(agents, windowSize, agent);
  store<u8>(gone + windowSize, 0);
  windowSize += 1;
  left += 1;
}

// @ts-ignore: decorator
@inline export function agentAt(place: u32): u32 { return word(agents, place); }

/** Notes that nothing is left of an agent. */
export function setGone(place: u32): void {
  store<u8>(gone + place, 1);
  left -= 1;
}

// @ts-ignore: decorator
@inline export function anyLeft(): bool { return left != 0; }

/** The place of the best agent that the client has not looked at; NOBODY when there is none. */
export function bestFor(client: u32, clients: u32): u32 {
  if (word(sizes, clients) == NOT_MADE) make(clients, client);
  const size = word(sizes, clients);
  let at = max<u32>(word(cursors, client), word(heads, clients));
  for (; at < size; at++) {
    const place = placeAt(clients, at);
    if (!load<u8>(gone + place)) {
      setWord(cursors, client, at + 1);
      return place;
    }
    // What is gone at the head is gone for all.
    if (at == word(heads, clients)) setWord(heads, clients, at + 1);
  }
  setWord(cursors, client, at);
  return NOBODY;
}

/** The place of the agent that comes at this position of the queue, from 0 for the best. */
function placeAt(clients: u32, position: u32): u32 {
  const first = word(firsts, clients), size = word(sizes, clients);
  while (size - word(heaps, clients) <= position) takeBest(clients);
  return load<u32>(entryAt(first, size - 1 - position), 16);
}

// @ts-ignore: decorator
@inline function entryAt(first: u32, index: u32): usize {
  return entries + <usize>(first + index) * ENTRY;
}

/** Gathers the agents that match. `client` stands for all of its class. */
function make(clients: u32, client: u32): void {
  const first = entriesUsed;
  setWord(firsts, clients, first);
  setWord(heads, clients, 0);
  let size: u32 = 0;
  for (let place: u32 = 0; place < windowSize; place++) {
    if (load<u8>(gone + place)) continue;
    const agent = word(agents, place), ads = classOfAgent(agent);
    const pair = fixedMatch(clients, ads);
    if (!isMatch(pair)) continue;
    let mine = rankOfAgent(pair), theirs = rankOfClient(pair);
    if (isMoving(pair)) {
      beginAgent(agent);
      measureUncut(client);
      if (!movingMatch(clients, ads, agent, measured())) continue;
      mine += movingRankOfAgent(clients);
      theirs += movingRankOfClient(ads);
    }
    const entry = entryAt(first, size);
    store<f64>(entry, mine);
    store<f64>(entry, theirs, 8);
    store<u32>(entry, place, 16);
    size += 1;
  }
  entriesUsed += size;
  setWord(sizes, clients, size);
  setWord(heaps, clients, size);
  for (let at = size >> 1; at > 0; at--) sink(first, at - 1, size);
}

/** Moves the best of the heap to its end, where those in order begin. */
function takeBest(clients: u32): void {
  const first = word(firsts, clients), last = word(heaps, clients) - 1;
  swap(entryAt(first, 0), entryAt(first, last));
  setWord(heaps, clients, last);
  sink(first, 0, last);
}

function sink(first: u32, from: u32, size: u32): void {
  let at = from;
  for (let child = at * 2 + 1; child < size; child = at * 2 + 1) {
    const right = child + 1;
    if (right < size && isBetter(entryAt(first, right), entryAt(first, child))) child = right;
    if (!isBetter(entryAt(first, child), entryAt(first, at))) return;
    swap(entryAt(first, at), entryAt(first, child));
    at = child;
  }
}

function isBetter(a: usize, b: usize): bool {
  if (load<f64>(a) != load<f64>(b)) return load<f64>(a) > load<f64>(b);
  if (load<f64>(a, 8) != load<f64>(b, 8)) return load<f64>(a, 8) > load<f64>(b, 8);
  return load<u32>(a, 16) < load<u32>(b, 16);
}

function swap(a: usize, b: usize): void {
  const front = v128.load(a), place = load<u32>(a, 16);
  v128.store(a, v128.load(b));
  store<u32>(a, load<u32>(b, 16), 16);
  v128.store(b, front);
  store<u32>(b, place, 16);
}
