// Who takes whom. What depends on attributes alone is the same for a class of clients and a class
// of agents: it is evaluated once for both, and kept until the program or the classes change.
import { Slot, placeVectors, read, reserve, vector } from "../abi";
import {
  UNREADABLE, classGeneration, loadClass, rankOfAgents, requirementsOfAgents,
} from "./ads";
import { isMet, rankBy, useAmounts, useClient } from "./machine";
import {
  fixedOf, fixedRankOf, movingOf, movingRankOf, ruleOfClass, valuesOfClass,
} from "./program";

/**
 * What was found for a pair of classes: the pair, whether they match, whether that depends on
 * amounts besides, and both ranks.
 */
// @ts-ignore: decorator
@inline const FOUND_BYTES: u32 = 32;
/** Pairs that are remembered at most; the newer of two that share a place stays. */
// @ts-ignore: decorator
@inline const PAIRS_MAX: u32 = 262144;

let found: usize = 0, foundMask: u32 = 0, foundFor: u32 = 0;
let agentTotal: usize = 0;

export function placeMatches(): void {
  agentTotal = placeVectors(Slot.AgentTotal, Slot.AgentsMax);
  const pairs = <u64>read(Slot.AgentsMax) * read(Slot.ClientsMax);
  let size: u32 = 1024;
  while (size < PAIRS_MAX && <u64>size * 4 < pairs) size <<= 1;
  foundMask = size - 1;
  found = reserve(size * FOUND_BYTES);
}

/** Does the class of clients match the class of agents, as far as attributes say? */
export function fixedMatch(clients: u32, agents: u32): usize {
  if (foundFor != classGeneration()) {
    foundFor = classGeneration();
    memory.fill(found, 0, (foundMask + 1) * FOUND_BYTES);
  }
  const pair = (<u64>agents << 32) | clients;
  const place = (clients * 0x9e3779b1 ^ agents * 0x85ebca6b);
  const at = found + <usize>((place ^ (place >>> 15)) & foundMask) * FOUND_BYTES;
  if (load<u64>(at) == pair) return at;
  store<u64>(at, pair);
  const rule = ruleOfClass(clients), theirs = requirementsOfAgents(agents);
  loadClass(agents);
  useClient(valuesOfClass(clients));
  const matches = theirs != UNREADABLE && isMet(fixedOf(rule)) && isMet(fixedOf(theirs));
  store<u32>(at, matches ? 1 : 0, 8);
  if (!matches) return at;
  const rank = rankOfAgents(agents);
  const moving = movingOf(rule) | movingOf(theirs) | movingRankOf(rule) | movingRankOf(rank);
  store<u32>(at, moving != 0 ? 1 : 0, 12);
  store<f64>(at, rankBy(fixedRankOf(rule)), 16);
  store<f64>(at, rankBy(fixedRankOf(rank)), 24);
  return at;
}

// @ts-ignore: decorator
@inline export function isMatch(pair: usize): bool { return load<u32>(pair, 8) != 0; }
/** Does more depend on amounts? */
// @ts-ignore: decorator
@inline export function isMoving(pair: usize): bool { return load<u32>(pair, 12) != 0; }
/** How the client ranks the agent, and the other way round. */
// @ts-ignore: decorator
@inline export function rankOfAgent(pair: usize): f64 { return load<f64>(pair, 16); }
// @ts-ignore: decorator
@inline export function rankOfClient(pair: usize): f64 { return load<f64>(pair, 24); }

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
