// For each class of clients the agents that match it, best first: by the client's rank, then by the
// agent's, then as the candidates stand. A queue is made when the first client that it is for has
// its turn. Where ranks depend on attributes alone, all agents of a group have the same: groups are
// sorted, and agents counted off into them. Where they depend on amounts, the queue is a heap, of
// which the best are taken one by one, so that nobody sorts what nobody asks for.
import { Slot, read, reserve, setWord, word } from "../abi";
import { measureAtStart, measured } from "../shared/remains";
import {
  HEAP_ENTRY, makeHeap, placeOf, setEntry, takeBest,
} from "./heap";
import {
  fixedMatch, isMatch, isMoving, movingMatch, movingRankOfAgent, movingRankOfClient, rankOfAgent,
  rankOfClient,
} from "./matches";
import { anythingMoves } from "./program";
import {
  agentAt, classOfGroup, groupAt, isGone, queueCount, queuesOfClients, windowGroups, windowSize,
} from "./window";

// @ts-ignore: decorator
@inline const BLOCK_MAX: u64 = 12582912;

/** Memory of the queues of a round. */
let block: usize = 0, blockBytes: u32 = 0, used: u32 = 0;
/** Per queue: where it is, how long, and how much of it is a heap. */
let firsts: usize = 0, sizes: usize = 0, heaps: usize = 0;
/** Per queue: how many from the best on are gone for everybody. */
let heads: usize = 0;
/** Whether each client has a queue of its own in this round. */
let ofClients = false;
/** Per client: how many of its queue it has looked at. */
let cursors: usize = 0;
/** Per group, while a queue is made: whether it matches, then the number of its rank; the order. */
let rankNumbers: usize = 0, ranks: usize = 0, order: usize = 0, counts: usize = 0;

/** A queue that is not made yet; one that is no heap; a group that does not match. */
// @ts-ignore: decorator
@inline const NONE: u32 = 0xffffffff;
/** No agent is left for a client. */
// @ts-ignore: decorator
@inline export const NOBODY: u32 = 0xffffffff;

export function placeQueues(): void {
  // There are no more queues than clients, and one.
  const pairs = <u64>read(Slot.AgentsMax) * (read(Slot.ClientsMax) + 1);
  blockBytes = <u32>min<u64>(pairs * HEAP_ENTRY, BLOCK_MAX);
  block = reserve(blockBytes);
  const queues = (read(Slot.ClientsMax) + 1) << 2, ofGroups = read(Slot.AgentsMax) << 2;
  firsts = reserve(queues);
  sizes = reserve(queues);
  heaps = reserve(queues);
  heads = reserve(queues);
  cursors = reserve(read(Slot.ClientsMax) << 2);
  rankNumbers = reserve(ofGroups);
  ranks = reserve(ofGroups << 2);
  order = reserve(ofGroups);
  counts = reserve(ofGroups);
}

/** Most agents that a round can look at, so that there is room for every queue. */
export function agentsAtMost(): u32 {
  const entry = anythingMoves() ? <u64>HEAP_ENTRY : 4;
  return max<u32>(<u32>(blockBytes / (queueCount() * entry)), 1);
}

/** Starts a round without queues. */
export function beginQueues(): void {
  used = 0;
  ofClients = queuesOfClients();
  memory.fill(sizes, 0xff, <usize>queueCount() << 2);
  memory.fill(cursors, 0, read(Slot.Clients) << 2);
}

/** The place of the best agent that the client has not looked at; NOBODY when there is none. */
export function bestFor(client: u32, clients: u32): u32 {
  const queue = ofClients ? client : clients;
  if (word(sizes, queue) == NONE) make(queue, clients, client);
  const size = word(sizes, queue);
  let at = max<u32>(word(cursors, client), word(heads, queue));
  for (; at < size; at++) {
    const place = placeAt(queue, at);
    if (!isGone(place)) {
      setWord(cursors, client, at + 1);
      return place;
    }
    if (at == word(heads, queue)) setWord(heads, queue, at + 1);
  }
  setWord(cursors, client, at);
  return NOBODY;
}

/** The place that comes at this position of the queue, from 0 for the best. */
function placeAt(queue: u32, position: u32): u32 {
  const at = block + word(firsts, queue), size = word(sizes, queue);
  let heap = word(heaps, queue);
  if (heap == NONE) return word(at, position);
  for (; size - heap <= position; heap--) takeBest(at, heap);
  setWord(heaps, queue, heap);
  return placeOf(at, size - 1 - position);
}

/** Makes a queue for clients of a class; `client` stands for all that it is for. */
function make(queue: u32, clients: u32, client: u32): void {
  setWord(firsts, queue, used);
  setWord(heads, queue, 0);
  let moving = false;
  for (let group: u32 = 0; group < windowGroups(); group++) {
    const pair = fixedMatch(clients, classOfGroup(group));
    setWord(rankNumbers, group, isMatch(pair) ? 0 : NONE);
    if (!isMatch(pair)) continue;
    if (isMoving(pair)) moving = true;
    store<f64>(rankAt(group), rankOfAgent(pair));
    store<f64>(rankAt(group), rankOfClient(pair), 8);
  }
  const at = block + used;
  const size = moving ? makeMoving(clients, client, at) : makeFixed(at);
  setWord(sizes, queue, size);
  setWord(heaps, queue, moving ? size : NONE);
  used += size * (moving ? <u32>HEAP_ENTRY : 4);
}

/** Both ranks of a group. */
// @ts-ignore: decorator
@inline function rankAt(group: u32): usize { return ranks + (<usize>group << 4); }

function makeMoving(clients: u32, client: u32, heap: usize): u32 {
  let size: u32 = 0;
  for (let place: u32 = 0; place < windowSize(); place++) {
    const group = groupAt(place);
    if (word(rankNumbers, group) == NONE || isGone(place)) continue;
    const agent = agentAt(place), ads = classOfGroup(group);
    measureAtStart(agent, client);
    if (!movingMatch(clients, ads, agent, measured())) continue;
    const mine = load<f64>(rankAt(group)) + movingRankOfAgent(clients);
    const theirs = load<f64>(rankAt(group), 8) + movingRankOfClient(ads);
    setEntry(heap, size, mine, theirs, place);
    size += 1;
  }
  makeHeap(heap, size);
  return size;
}

function makeFixed(queue: usize): u32 {
  const different = numberRanks();
  memory.fill(counts, 0, different << 2);
  for (let place: u32 = 0; place < windowSize(); place++) {
    const number = word(rankNumbers, groupAt(place));
    if (number != NONE && !isGone(place)) setWord(counts, number, word(counts, number) + 1);
  }
  let size: u32 = 0;
  for (let number: u32 = 0; number < different; number++) {
    const count = word(counts, number);
    setWord(counts, number, size);
    size += count;
  }
  for (let place: u32 = 0; place < windowSize(); place++) {
    const number = word(rankNumbers, groupAt(place));
    if (number == NONE || isGone(place)) continue;
    const at = word(counts, number);
    setWord(queue, at, place);
    setWord(counts, number, at + 1);
  }
  return size;
}

/** Numbers the ranks of groups that match, from 0 for the best; answers how many there are. */
function numberRanks(): u32 {
  let size: u32 = 0;
  for (let group: u32 = 0; group < windowGroups(); group++) {
    if (word(rankNumbers, group) != NONE) setWord(order, size++, group);
  }
  sortOrder(size);
  let number: u32 = 0;
  for (let at: u32 = 0; at < size; at++) {
    const group = word(order, at);
    if (at != 0 && isBetter(word(order, at - 1), group)) number += 1;
    setWord(rankNumbers, group, number);
  }
  return size == 0 ? 0 : number + 1;
}

/** Sorts the groups by rank, the best first. */
function sortOrder(size: u32): void {
  let at: u32 = 1;
  while (at < size && !isBetter(word(order, at), word(order, at - 1))) at += 1;
  if (at >= size) return;
  for (let from = size >> 1; from > 0; from--) sink(from - 1, size);
  for (let end = size; end > 1; end--) {
    const worst = word(order, 0);
    setWord(order, 0, word(order, end - 1));
    setWord(order, end - 1, worst);
    sink(0, end - 1);
  }
}

/** Keeps a heap of groups with the worst at its root. */
function sink(from: u32, size: u32): void {
  const group = word(order, from);
  let at = from;
  for (let child = at * 2 + 1; child < size; child = at * 2 + 1) {
    if (child + 1 < size && isBetter(word(order, child), word(order, child + 1))) child += 1;
    if (!isBetter(group, word(order, child))) break;
    setWord(order, at, word(order, child));
    at = child;
  }
  setWord(order, at, group);
}

function isBetter(a: u32, b: u32): bool {
  const x = rankAt(a), y = rankAt(b);
  if (load<f64>(x) != load<f64>(y)) return load<f64>(x) > load<f64>(y);
  return load<f64>(x, 8) > load<f64>(y, 8);
}
