// Who takes whom. What depends on attributes alone is the same for a class of clients and a class
// of agents: it is evaluated once for both, and kept until the program or the classes change.
import { Slot, placeVectors, read, reserve, roomLeft, vector } from "../abi";
import {
  UNREADABLE, classGeneration, loadClass, rankOfAgents, requirementsOfAgents,
} from "./ads";
import { isMet, rankBy, useAmounts, useClient } from "./machine";
import {
  fixedOf, fixedRankOf, movingOf, movingRankOf, ruleOfClass, valuesOfClass,
} from "./program";

/**
 * What was found for a pair of classes: the pair; when that was, whether they match, and whether
 * that depends on amounts besides; both ranks.
 */
// @ts-ignore: decorator
@inline const FOUND_BYTES: u32 = 24;
/** Pairs that are remembered, at least and at most; of two that share a place the newer stays. */
// @ts-ignore: decorator
@inline const PAIRS_MIN: u32 = 1024;
// @ts-ignore: decorator
@inline const PAIRS_MAX: u32 = 1048576;
// Numbers of classes of clients have 15 bits, those of agents 17: there are no more of them.

// @ts-ignore: decorator
@inline const MATCH: u32 = 1;
// @ts-ignore: decorator
@inline const MOVING: u32 = 2;

let found: usize = 0, foundMask: u32 = 0;
let agentTotal: usize = 0;

/** Takes what is left of the memory, up to a point: must be placed last. */
export function placeMatches(): void {
  agentTotal = placeVectors(Slot.AgentTotal, Slot.AgentsMax);
  const pairs = <u64>read(Slot.AgentsMax) * read(Slot.ClientsMax);
  let size = PAIRS_MIN;
  while (size < PAIRS_MAX && <u64>size < pairs && roomLeft() > <u64>size * 2 * FOUND_BYTES + 64) {
    size <<= 1;
  }
  foundMask = size - 1;
  found = reserve(size * FOUND_BYTES);
}

/** What is known of the pair, as far as attributes say; see the functions below. */
export function fixedMatch(clients: u32, agents: u32): usize {
  const pair = (agents << 15) | clients;
  // Pairs of one class of clients lie side by side, since they are asked for one after the other.
  const place = (clients * 0x9e3779b1 + agents) & foundMask;
  const at = found + <usize>place * FOUND_BYTES;
  // What was found before classes were numbered anew is void. It would take 2^30 programs to get
  // the same number again.
  const era = classGeneration() << 2;
  if (load<u32>(at) == pair && (load<u32>(at, 4) & ~(MATCH | MOVING)) == era) return at;
  const rule = ruleOfClass(clients), theirs = requirementsOfAgents(agents);
  loadClass(agents);
  useClient(valuesOfClass(clients));
  const matches = theirs != UNREADABLE && isMet(fixedOf(rule)) && isMet(fixedOf(theirs));
  store<u32>(at, pair);
  store<u32>(at, era, 4);
  if (!matches) return at;
  const rank = rankOfAgents(agents);
  const moving = movingOf(rule) | movingOf(theirs) | movingRankOf(rule) | movingRankOf(rank);
  store<u32>(at, era | MATCH | (moving == 0 ? 0 : MOVING), 4);
  store<f64>(at, rankBy(fixedRankOf(rule)), 8);
  store<f64>(at, rankBy(fixedRankOf(rank)), 16);
  return at;
}

// @ts-ignore: decorator
@inline export function isMatch(pair: usize): bool { return (load<u32>(pair, 4) & MATCH) != 0; }
/** Does more depend on amounts? */
// @ts-ignore: decorator
@inline export function isMoving(pair: usize): bool { return (load<u32>(pair, 4) & MOVING) != 0; }
/** How the client ranks the agent, and the other way round. */
// @ts-ignore: decorator
@inline export function rankOfAgent(pair: usize): f64 { return load<f64>(pair, 8); }
// @ts-ignore: decorator
@inline export function rankOfClient(pair: usize): f64 { return load<f64>(pair, 16); }

/** The rest of the match, for one agent: what depends on what the client may have of it. */
export function movingMatch(clients: u32, agents: u32, agent: u32, mayHave: usize): bool {
  loadClass(agents);
  useClient(valuesOfClass(clients));
  useAmounts(mayHave, vector(agentTotal, agent));
  if (!isMet(movingOf(ruleOfClass(clients)))) return false;
  return isMet(movingOf(requirementsOfAgents(agents)));
}

/** The ranks that depend on amounts, with those that `movingMatch` was called for. */
export function movingRankOfAgent(clients: u32): f64 {
  return rankBy(movingRankOf(ruleOfClass(clients)));
}
export function movingRankOfClient(agents: u32): f64 {
  return rankBy(movingRankOf(rankOfAgents(agents)));
}
