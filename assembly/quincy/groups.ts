// The agents' side of the network. Agents that every client may be given at the same cost are one
// group with the slots of all its members; an agent that somebody prefers, or that is filtered as
// no other one is, is a group of its own.
import { ClientFlag, Slot, read, reserve, setWord, word } from "../abi";
import {
  allowedWord, disallow, filterBytes, filtersOf, flagsOfAgent, flagsOfClient, gatherAllowed,
  isFiltered, maskFor, mayServe,
} from "../shared/eligible";
import { minimumOf, worthOffering } from "../shared/minimum";
import { freeOf, revocableOf } from "../shared/remains";
import { agentBegin, agentEnd, rackOfAgent } from "./costs";
import { firstOfGroup, takeUnits, unitsOfCell, unitsOfGroup } from "./flow";
import { DIGEST_START, Kept, keep, kept, mixLong } from "./kept";
import { anyOwnMinimum, isWorthSlots, partOf, slotsIn, withRevocable } from "./slots";
import { countWork } from "./work";

// What a group is like.
// @ts-ignore: decorator
@inline const LIVE: u32 = 1;
/** Everybody who is ready may have slots of it. */
// @ts-ignore: decorator
@inline const OPEN: u32 = 2;
/** One agent that somebody prefers. */
// @ts-ignore: decorator
@inline const PREFERRED: u32 = 4;
/** Only revocable resources are worth anything: for those that can use them. */
// @ts-ignore: decorator
@inline const REVOCABLE_ONLY: u32 = 8;

/** The work of one search is bounded by clients times groups. */
// @ts-ignore: decorator
@inline const PAIRS_MAX: u32 = 1 << 26;

/** Per group; its number is at least 1. */
let flags: usize = 0, racks: usize = 0, digests: usize = 0, chain: usize = 0, slotsOf: usize = 0;
let members: usize = 0;
let heads: usize = 0;
let headCount: u32 = 0, groupsMax: u32 = 0;
/** Per agent: its group or 0, its slots, its neighbours in the group (agent row plus 1, or 0). */
let groupOf: usize = 0, agentSlots: usize = 0, nextMember: usize = 0, beforeMember: usize = 0;

/** Reserves the groups, which are kept. */
export function keepGroups(): void {
  const agents = read(Slot.AgentsMax), groups = agents + 1;
  flags = reserve(groups << 2);
  racks = reserve(groups << 2);
  digests = reserve(groups << 3);
  chain = reserve(groups << 2);
  slotsOf = reserve(groups << 2);
  members = reserve(groups << 2);
  headCount = agents;
  heads = reserve(headCount << 2);
  groupOf = reserve(agents << 2);
  agentSlots = reserve(agents << 2);
  nextMember = reserve(agents << 2);
  beforeMember = reserve(agents << 2);
  groupsMax = min<u32>(agents, max<u32>(64, PAIRS_MAX / read(Slot.ClientsMax)));
}

/** Forgets all groups. */
export function clearGroups(): void {
  keep(Kept.GROUPS_END, 1);
  keep(Kept.GROUPS_FREED, 0);
  keep(Kept.GROUPS_LIVE, 0);
  memory.fill(groupOf, 0, read(Slot.AgentsMax) << 2);
  memory.fill(heads, 0, headCount << 2);
}

/** One more than the highest number of a group. */
// @ts-ignore: decorator
@inline export function groupsEnd(): u32 { return kept(Kept.GROUPS_END); }
// @ts-ignore: decorator
@inline export function isLive(group: u32): bool { return (word(flags, group) & LIVE) != 0; }
// @ts-ignore: decorator
@inline export function isOpen(group: u32): bool { return (word(flags, group) & OPEN) != 0; }
/** The rack whose preferences hold for the group; 0 for none. */
// @ts-ignore: decorator
@inline export function rackOfGroup(group: u32): u32 { return word(racks, group); }
// @ts-ignore: decorator
@inline export function slotsOfGroup(group: u32): u32 { return word(slotsOf, group); }
// @ts-ignore: decorator
@inline export function spareSlots(group: u32): u32 {
  return word(slotsOf, group) - unitsOfGroup(group);
}
/** The agent whose own preferences hold for the group; past all agents where there is none. */
// @ts-ignore: decorator
@inline export function preferredAgent(group: u32): u32 {
  return word(flags, group) & PREFERRED ? word(members, group) - 1 : 0xffffffff;
}
// @ts-ignore: decorator
@inline export function groupOfAgent(agent: u32): u32 { return word(groupOf, agent); }
// @ts-ignore: decorator
@inline export function slotsOfAgent(agent: u32): u32 { return word(agentSlots, agent); }
/** Members of a group, as agent row plus 1; 0 ends. */
// @ts-ignore: decorator
@inline export function firstMember(group: u32): u32 { return word(members, group); }
// @ts-ignore: decorator
@inline export function memberAfter(member: u32): u32 { return word(nextMember, member - 1); }

/** Can no group be added? */
export function groupsFull(): bool { return kept(Kept.GROUPS_LIVE) == groupsMax; }

/**
 * Takes an agent in; its group, or 0 when there is nothing on it to give. No group of its own may
 * be needed when `groupsFull`.
 */
export function join(agent: u32): u32 {
  const slots = slotsIn(agent);
  setWord(agentSlots, agent, slots);
  if (slots == 0) return 0;
  const kind = kindOf(agent), digest = digestOf(agent, kind);
  let group: u32 = 0;
  if (!(kind & PREFERRED)) group = find(agent, kind, digest);
  if (group == 0) group = newGroup(agent, kind, digest);
  const first = word(members, group);
  setWord(nextMember, agent, first);
  setWord(beforeMember, agent, 0);
  if (first != 0) setWord(beforeMember, first - 1, agent + 1);
  setWord(members, group, agent + 1);
  setWord(groupOf, agent, group);
  setWord(slotsOf, group, word(slotsOf, group) + slots);
  return group;
}

/** Remembers that an agent was left out for want of room, as it is now. */
export function leaveOut(agent: u32): void { setWord(agentSlots, agent, slotsIn(agent)); }

/** Is the agent what it was when it was taken in or left out? */
export function isAsItWas(agent: u32): bool {
  if (slotsIn(agent) != word(agentSlots, agent)) return false;
  const group = word(groupOf, agent);
  if (group == 0) return true;
  const kind = kindOf(agent);
  return kind == word(flags, group) && digestOf(agent, kind) == load<u64>(at(group));
}

// @ts-ignore: decorator
@inline function at(group: u32): usize { return digests + (<usize>group << 3); }

/** Takes an agent out; its group, or 0 when that is gone with it. Units without slots are lost. */
export function leave(agent: u32): u32 {
  const group = word(groupOf, agent);
  if (group == 0) return 0;
  const next = word(nextMember, agent), before = word(beforeMember, agent);
  if (before == 0) setWord(members, group, next);
  else setWord(nextMember, before - 1, next);
  if (next != 0) setWord(beforeMember, next - 1, before);
  setWord(groupOf, agent, 0);
  setWord(slotsOf, group, word(slotsOf, group) - word(agentSlots, agent));
  while (unitsOfGroup(group) > word(slotsOf, group)) {
    const cell = firstOfGroup(group), over = unitsOfGroup(group) - word(slotsOf, group);
    takeUnits(cell, min<u32>(over, unitsOfCell(cell)));
  }
  if (word(members, group) != 0) return group;
  remove(group);
  return 0;
}

/** What goes with a slot of an agent, for minimums: its part, or all with what is revocable. */
function slotOf(agent: u32, kind: u32): usize {
  return kind & REVOCABLE_ONLY ? withRevocable(agent) : partOf(agent, word(agentSlots, agent));
}

function kindOf(agent: u32): u32 {
  let kind = LIVE;
  if (!isWorthSlots(freeOf(agent))) kind |= REVOCABLE_ONLY;
  if (agentEnd(agent) > agentBegin(agent)) kind |= PREFERRED;
  const fenced = maskFor(flagsOfAgent(agent)) != maskFor(0);
  if (!fenced && !isFiltered(agent) && !anyOwnMinimum() && !(kind & REVOCABLE_ONLY)) kind |= OPEN;
  return kind;
}

/** Agents of one group have the same digest. */
function digestOf(agent: u32, kind: u32): u64 {
  const filtered: u32 = isFiltered(agent) ? 1 : 0, fences = (flagsOfAgent(agent) >> 3) & 3;
  const rest = (kind << 3) | (fences << 1) | filtered;
  let digest = mixLong(DIGEST_START, (<u64>rackOfAgent(agent) << 32) | <u64>rest);
  if (filtered) digest = mixBytes(digest, filtersOf(agent), filterBytes());
  if (anyOwnMinimum()) digest = mixBytes(digest, slotOf(agent, kind), 64);
  return digest;
}

/** `count` is a multiple of 8. */
function mixBytes(digest: u64, bytes: usize, count: u32): u64 {
  for (let from: usize = 0; from < <usize>count; from += 8) {
    digest = mixLong(digest, load<u64>(bytes + from));
  }
  return digest;
}

// @ts-ignore: decorator
@inline function headOf(digest: u64): u32 { return <u32>(digest % <u64>headCount); }

function find(agent: u32, kind: u32, digest: u64): u32 {
  const rack = rackOfAgent(agent), fences = flagsOfAgent(agent) & (3 << 3);
  for (let group = word(heads, headOf(digest)); group != 0; group = word(chain, group)) {
    if (load<u64>(at(group)) != digest || word(flags, group) != kind) continue;
    const like = word(members, group) - 1;
    if (word(racks, group) != rack || (flagsOfAgent(like) & (3 << 3)) != fences) continue;
    if (!sameFilters(agent, like)) continue;
    if (anyOwnMinimum() && !sameSlots(agent, like, kind)) continue;
    return group;
  }
  return 0;
}

function sameFilters(agent: u32, like: u32): bool {
  if (isFiltered(agent) != isFiltered(like)) return false;
  if (!isFiltered(agent)) return true;
  return memory.compare(filtersOf(like), filtersOf(agent), filterBytes()) == 0;
}

function sameSlots(agent: u32, like: u32, kind: u32): bool {
  if (word(agentSlots, agent) != word(agentSlots, like)) return false;
  if (memory.compare(freeOf(agent), freeOf(like), 64) != 0) return false;
  return !(kind & REVOCABLE_ONLY) || memory.compare(revocableOf(agent), revocableOf(like), 64) == 0;
}

function newGroup(agent: u32, kind: u32, digest: u64): u32 {
  let group = kept(Kept.GROUPS_FREED);
  if (group != 0) keep(Kept.GROUPS_FREED, word(chain, group));
  else {
    group = groupsEnd();
    keep(Kept.GROUPS_END, group + 1);
  }
  keep(Kept.GROUPS_LIVE, kept(Kept.GROUPS_LIVE) + 1);
  setWord(flags, group, kind);
  setWord(racks, group, rackOfAgent(agent));
  store<u64>(at(group), digest);
  setWord(slotsOf, group, 0);
  setWord(members, group, 0);
  const head = headOf(digest);
  setWord(chain, group, word(heads, head));
  setWord(heads, head, group);
  return group;
}

function remove(group: u32): void {
  const head = headOf(load<u64>(at(group)));
  let before: u32 = 0;
  for (let one = word(heads, head); one != group; one = word(chain, one)) before = one;
  if (before == 0) setWord(heads, head, word(chain, group));
  else setWord(chain, before, word(chain, group));
  setWord(flags, group, 0);
  setWord(chain, group, kept(Kept.GROUPS_FREED));
  keep(Kept.GROUPS_FREED, group);
  keep(Kept.GROUPS_LIVE, kept(Kept.GROUPS_LIVE) - 1);
}

/** May this client have slots of a group? */
export function mayHave(group: u32, client: u32): bool {
  const kind = word(flags, group), agent = word(members, group) - 1;
  // Prices keep those out that are not ready.
  if (kind & OPEN) return true;
  if (!mayServe(maskFor(flagsOfAgent(agent)), agent, client)) return false;
  if (!anyOwnMinimum() && !(kind & REVOCABLE_ONLY)) return true;
  if ((kind & REVOCABLE_ONLY) && !(flagsOfClient(client) & ClientFlag.REVOCABLE)) return false;
  return worthOffering(slotOf(agent, kind), minimumOf(client));
}

/** Gathers who may have slots of a group, for `isAllowed`; false when nobody may. */
export function gatherGroup(group: u32): bool {
  const agent = word(members, group) - 1, kind = word(flags, group);
  if (!gatherAllowed(maskFor(flagsOfAgent(agent)), agent)) return false;
  if (!anyOwnMinimum() && !(kind & REVOCABLE_ONLY)) return true;
  for (let at: u32 = 0; at << 5 < read(Slot.Clients); at++) {
    for (let bits = allowedWord(at); bits != 0; bits &= bits - 1) {
      const client = (at << 5) + ctz(bits);
      if (!mayHave(group, client)) disallow(client);
    }
  }
  countWork(read(Slot.Clients) >> 2);
  return true;
}
