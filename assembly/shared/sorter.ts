// The fair-share tree: for every inner node a tournament over its members, so that the neediest
// client is found by walking down winners, and a grant replays one path up.
//
// Nodes are numbers: roles come first, then one "own clients" node for each role that has both
// clients and children (E5's virtual leaf), then the clients. A tournament over m members is an
// array of 2p node numbers, p the power of two ≥ m: leaves at p.., the winner at 1.
import { reserve, word, setWord, double, setDouble } from "../abi";

/** "No node" as a parent and as an answer. */
// @ts-ignore: decorator
@inline export const NOBODY: u32 = 0xffffffff;
/**
 * Sits on the empty leaves of tournaments: a node like any other whose share nobody undercuts, so
 * that matches need no case for an absent player.
 */
// @ts-ignore: decorator
@inline const EMPTY_SEAT: u32 = 0;

let nodesMax: u32 = 0;
/** Keys of a node among its siblings: share, then number of grants, then order (E2). */
let share: usize = 0, grants: usize = 0, order: usize = 0;
/** Per node: the node above, its depth, its leaf in the tournament above. */
let above: usize = 0, depth: usize = 0, leaf: usize = 0;
/** Per inner node: its tournament's address, its number of members, its number of leaves. */
let tournament: usize = 0, members: usize = 0, leaves: usize = 0;
let arena: usize = 0, arenaEnd: usize = 0;

/** Reserves room for a tree of up to `nodes` nodes. */
export function reserveSorter(nodes: u32): void {
  nodesMax = nodes;
  share = reserve(nodes << 3);
  grants = reserve(nodes << 3);
  order = reserve(nodes << 3);
  above = reserve(nodes << 2);
  depth = reserve(nodes << 2);
  leaf = reserve(nodes << 2);
  tournament = reserve(nodes << 2);
  members = reserve(nodes << 2);
  leaves = reserve(nodes << 2);
  // A tournament over m members takes fewer than 4m words, and at least two.
  arena = reserve(nodes << 5);
}

/** Empties the tree: every node stands alone. */
export function clearSorter(nodes: u32): void {
  memory.fill(members, 0, nodes << 2);
  memory.fill(above, 0xff, nodes << 2);
  arenaEnd = arena;
  // The root is nobody's member, so its number is free for the empty seats.
  setKey(EMPTY_SEAT, Infinity, Infinity, Infinity);
}

/** Hangs `node` below `parent`; `finishSorter` must follow before the tree is used. */
export function attach(node: u32, parent: u32): void {
  const count = word(members, parent);
  setWord(above, node, parent);
  setWord(leaf, node, count);
  setWord(members, parent, count + 1);
}

// @ts-ignore: decorator
@inline export function parentOf(node: u32): u32 { return word(above, node); }

// @ts-ignore: decorator
@inline export function memberCount(node: u32): u32 { return word(members, node); }

// @ts-ignore: decorator
@inline export function shareOf(node: u32): f64 { return double(share, node); }

// @ts-ignore: decorator
@inline export function setKey(node: u32, value: f64, count: f64, rank: f64): void {
  setDouble(share, node, value);
  setDouble(grants, node, count);
  setDouble(order, node, rank);
}

/** Counts grants towards a node's key. */
// @ts-ignore: decorator
@inline export function addGrants(node: u32, count: f64): void {
  setDouble(grants, node, double(grants, node) + count);
}

// @ts-ignore: decorator
@inline export function setShare(node: u32, value: f64): void {
  setDouble(share, node, value);
}

/** Gives a tournament to the inner node; all its members must be attached. */
export function openTournament(node: u32): void {
  let size: u32 = 1;
  const count = word(members, node);
  while (size < count) size <<= 1;
  setWord(leaves, node, size);
  setWord(tournament, node, <u32>arenaEnd);
  memory.fill(arenaEnd, 0, size << 3);
  arenaEnd += size << 3;
}

/** Puts a member on its leaf. */
export function seat(node: u32): void {
  const parent = word(above, node);
  const at = word(leaves, parent) + word(leaf, node);
  setWord(leaf, node, at);
  setWord(word(tournament, parent), at, node);
}

/** Plays the whole tournament of an inner node. */
export function play(node: u32): void {
  const at = <usize>word(tournament, node);
  for (let i = word(leaves, node) - 1; i >= 1; i--) {
    setWord(at, i, better(word(at, i << 1), word(at, (i << 1) + 1)));
  }
}

/** Notes a grant to a node: its new share, and one more grant. */
// @ts-ignore: decorator
@inline export function raise(node: u32, value: f64): void {
  setDouble(share, node, value);
  setDouble(grants, node, double(grants, node) + 1);
  replay(node);
}

/** Plays again the matches on the way up from a member whose key changed. */
// @ts-ignore: decorator
@inline export function replay(node: u32): void {
  const parent = word(above, node);
  const at = <usize>word(tournament, parent);
  let winner = node, least = shareBits(node);
  // Without branches on who wins, which is as good as random: a mispredicted branch costs more than
  // the match. Shares are not negative, so their bits compare as they do. Only ties take longer.
  for (let i = word(leaf, node); i > 1;) {
    const rival = word(at, i ^ 1), other = shareBits(rival);
    if (other == least) winner = tied(rival, winner);
    else {
      const mask: u64 = 0 - <u64>(other < least);
      winner ^= (winner ^ rival) & <u32>mask;
      least ^= (least ^ other) & mask;
    }
    i >>= 1;
    setWord(at, i, winner);
  }
}

// @ts-ignore: decorator
@inline function shareBits(node: u32): u64 {
  return load<u64>(share + (<usize>node << 3));
}

/** Takes a member off its seat, and plays again the matches that it may have won. */
export function unseat(node: u32): void {
  const at = <usize>word(tournament, word(above, node));
  let i = word(leaf, node);
  setWord(at, i, EMPTY_SEAT);
  for (i >>= 1; i >= 1; i >>= 1) {
    setWord(at, i, better(word(at, i << 1), word(at, (i << 1) + 1)));
  }
}

/** Leaves a member on its seat or takes it off; `play` must follow. */
// @ts-ignore: decorator
@inline export function seated(node: u32, present: bool): void {
  setWord(word(tournament, word(above, node)), word(leaf, node), present ? node : EMPTY_SEAT);
}

/** Is nobody left on the seats of an inner node? */
// @ts-ignore: decorator
@inline export function deserted(node: u32): bool {
  return word(word(tournament, node), 1) == EMPTY_SEAT;
}

/** The neediest client below an inner node; the node must have members all the way down. */
// @ts-ignore: decorator
@inline export function neediest(node: u32, clientsFrom: u32): u32 {
  let at = node;
  while (at < clientsFrom) at = word(word(tournament, at), 1);
  return at;
}

/** The one of two siblings that is served first. */
// @ts-ignore: decorator
@inline function better(a: u32, b: u32): u32 {
  const sa = double(share, a), sb = double(share, b);
  if (sa != sb) return sa < sb ? a : b;
  return tied(a, b);
}

function tied(a: u32, b: u32): u32 {
  const ga = double(grants, a), gb = double(grants, b);
  if (ga != gb) return ga < gb ? a : b;
  return double(order, a) < double(order, b) ? a : b;
}

/** Counts the steps from a node to the root; every node above must be attached. */
export function setDepth(node: u32): void {
  let steps: u32 = 0;
  for (let at = word(above, node); at != NOBODY; at = word(above, at)) steps += 1;
  setWord(depth, node, steps);
}

/** Of the nodes from `a` up to the root, the last one that `b` is not below, nor is. */
export function branchOf(a: u32, b: u32): u32 {
  let x = a, y = b;
  while (word(depth, x) > word(depth, y)) x = word(above, x);
  while (word(depth, y) > word(depth, x)) y = word(above, y);
  while (word(above, x) != word(above, y)) {
    x = word(above, x);
    y = word(above, y);
  }
  return x;
}

/** Is client `a` served before client `b`? Compares where their ways to the root part. */
export function before(a: u32, b: u32): bool {
  let x = a, y = b;
  while (word(depth, x) > word(depth, y)) x = word(above, x);
  while (word(depth, y) > word(depth, x)) y = word(above, y);
  while (word(above, x) != word(above, y)) {
    x = word(above, x);
    y = word(above, y);
  }
  return better(x, y) == x;
}
