// Keeps the agents of the network like those of the cluster: what changed since the last round
// leaves and comes in again.
import { Slot, placeU32, read, reserve, word } from "../abi";
import {
  groupOfAgent, groupsFull, isAsItWas, join, leave, leaveOut, slotsOfAgent, slotsOfGroup,
  spareSlots,
} from "./groups";
import { UNPRICED } from "./market";
import { enqueue } from "./queue";
import { priceOfGroup, setGroupPrice } from "./search";
import { countWork } from "./work";

let changedAgents: usize = 0, changedFilters: usize = 0;
/** Per agent: what is to be done about it in this round. */
let marks: usize = 0;

// @ts-ignore: decorator
@inline const TO_CHECK: u8 = 1;
// @ts-ignore: decorator
@inline const CHANGED: u8 = 2;

/** Places the lists of changed agents. */
export function placeChanges(): void {
  changedAgents = placeU32(Slot.ChangedAgentRows, Slot.AgentsMax);
  changedFilters = placeU32(Slot.ChangedFilterRows, Slot.AgentsMax);
  marks = reserve(read(Slot.AgentsMax));
}

/** Has an agent looked at, in this round or the next one, as one that may have changed. */
// @ts-ignore: decorator
@inline export function markAgent(agent: u32): void {
  store<u8>(marks + <usize>agent, TO_CHECK);
}

/** Forgets which agents were to be looked at. */
export function clearMarks(): void { memory.fill(marks, 0, read(Slot.Agents)); }

/**
 * Takes agents out of the network that are not what they were; all of them, before any comes in
 * again. The host says which may be; what is found is the same for whoever looks at more of them,
 * as an instance does that was handed the network over: then `all` is true.
 */
export function dropChanged(all: bool): void {
  const agents = read(Slot.Agents);
  if (all) memory.fill(marks, TO_CHECK, agents);
  for (let at: u32 = 0; at < read(Slot.ChangedAgents); at++) markAgent(word(changedAgents, at));
  for (let at: u32 = 0; at < read(Slot.ChangedFilters); at++) markAgent(word(changedFilters, at));
  for (let agent: u32 = 0; agent < agents; agent++) {
    if (load<u8>(marks + <usize>agent) == 0 || isAsItWas(agent)) continue;
    store<u8>(marks + <usize>agent, CHANGED);
    dropAgent(agent);
  }
}

function dropAgent(agent: u32): void {
  const group = leave(agent);
  if (group != 0) enqueue(group);
}

/** Takes the agents in that changed, then the candidates. Returns how many of these fitted in. */
export function joinChanged(): u32 {
  const agents = read(Slot.Agents);
  for (let agent: u32 = 0; agent < agents; agent++) {
    if (load<u8>(marks + <usize>agent) == CHANGED) joinAgent(agent);
  }
  return joinCandidates();
}

function joinCandidates(): u32 {
  const candidates = read(Slot.Candidates), list = <usize>read(Slot.CandidateRows);
  let at: u32 = 0;
  while (at < candidates && joinAgent(word(list, at))) at += 1;
  return at;
}

/** Takes every agent in that there is room for, candidates first. */
export function joinAll(): u32 {
  const fitted = joinCandidates();
  for (let agent: u32 = 0; agent < read(Slot.Agents); agent++) joinAgent(agent);
  return fitted;
}

/** False when there is no room for it. */
function joinAgent(agent: u32): bool {
  if (agent >= read(Slot.Agents) || groupOfAgent(agent) != 0) return true;
  if (groupsFull()) {
    leaveOut(agent);
    return false;
  }
  countWork(1);
  const group = join(agent);
  if (group == 0) return true;
  if (slotsOfGroup(group) == slotsOfAgent(agent)) setGroupPrice(group, UNPRICED);
  if (priceOfGroup(group) != 0) enqueue(group);
  return true;
}

/** Drops agents that nobody wants, to make room for candidates. */
export function dropSpare(): void {
  const candidates = read(Slot.Candidates), list = <usize>read(Slot.CandidateRows);
  if (!groupsFull() || candidates == 0) return;
  for (let at: u32 = 0; at < candidates; at++) {
    if (groupOfAgent(word(list, at)) == 0) break;
    if (at == candidates - 1) return;
  }
  for (let agent: u32 = 0; agent < read(Slot.Agents); agent++) {
    const group = groupOfAgent(agent);
    if (group == 0 || priceOfGroup(group) != 0) continue;
    if (spareSlots(group) == slotsOfGroup(group)) dropAgent(agent);
  }
}
