// The agents of a round: the first candidates, as many as the steps allow if everything that may
// have to be evaluated is. What was remembered from earlier rounds does not count, so that a fresh
// instance decides the same. Costs are in 32nds of a step; an instruction is one of them.
import { Presence, Slot, read, reserve, setWord, word } from "../abi";
import { agentReady } from "../shared/eligible";
import { freeOf, hasReservations, hasRevocable } from "../shared/remains";
import * as vectors from "../shared/vector";
import {
  UNREADABLE, classGeneration, classOfAgent, rankOfAgents, requirementsOfAgents,
} from "./ads";
import {
  anythingMoves, classCount, fixedStepsOf, fixedStepsOfClasses, movingStepsOf,
  movingStepsOfClasses, movingStepsOfClients,
} from "./program";

// @ts-ignore: decorator
@inline const STEP: u64 = 32;

/** Per place in the window: the agent, the group it is in, whether there is nothing left of it. */
let agents: usize = 0, groups: usize = 0, gone: usize = 0, size: u32 = 0, left: u32 = 0;
/** Groups are the classes of agents that are in the window, numbered from 0. */
let classes: usize = 0, groupCount: u32 = 0;
/** Per class of agents: its group, and the number of the window for which that is so. */
let groupOf: usize = 0, windowOf: usize = 0, windows: u32 = 0;

/**
 * Has every client a queue of its own? Clients of a class share one, unless something depends on
 * amounts and these depend on who asks: on its role, or on whether it can use what is revocable.
 */
export function queuesOfClients(): bool {
  if (!anythingMoves()) return false;
  return read(Slot.Reservations) > 1 || (read(Slot.Presence) & Presence.REVOCABLE) != 0;
}

/** How many queues there are in this round. */
export function queueCount(): u64 {
  return queuesOfClients() ? read(Slot.Clients) : classCount();
}

export function placeWindow(): void {
  const count = read(Slot.AgentsMax) << 2;
  agents = reserve(count);
  groups = reserve(count);
  gone = reserve(read(Slot.AgentsMax));
  classes = reserve(count);
  groupOf = reserve(count + 4);
  windowOf = reserve(count + 4);
}

// @ts-ignore: decorator
@inline export function windowSize(): u32 { return size; }

// @ts-ignore: decorator
@inline export function agentAt(place: u32): u32 { return word(agents, place); }

// @ts-ignore: decorator
@inline export function groupAt(place: u32): u32 { return word(groups, place); }

// @ts-ignore: decorator
@inline export function windowGroups(): u32 { return groupCount; }

/** The class of agents that a group is. */
// @ts-ignore: decorator
@inline export function classOfGroup(group: u32): u32 { return word(classes, group); }

// @ts-ignore: decorator
@inline export function isGone(place: u32): bool { return load<u8>(gone + place) != 0; }

/** Notes that nothing is left of an agent. */
export function setGone(place: u32): void {
  store<u8>(gone + place, 1);
  left -= 1;
}

// @ts-ignore: decorator
@inline export function anyLeft(): bool { return left != 0; }

/** Takes at most `most` candidates; answers how many the round is done with after these. */
export function openWindow(most: u32): u32 {
  while (true) {
    const generation = classGeneration();
    const looked = fill(most);
    // When classes were numbered anew on the way, what was noted before is void.
    if (generation == classGeneration()) return looked;
  }
}

function fill(most: u32): u32 {
  const candidates = read(Slot.Candidates), list = <usize>read(Slot.CandidateRows);
  const budget = <u64>read(Slot.StepsMax) * STEP;
  // Finding its place in every queue, which takes more where amounts have to be worked out, and
  // being passed over by every client.
  const finding: u64 = anythingMoves() ? 24 : 2;
  const each = STEP + queueCount() * finding + (<u64>read(Slot.Clients) << 1);
  windows += 1;
  if (windows == 0) {
    memory.fill(windowOf, 0, (read(Slot.AgentsMax) + 1) << 2);
    windows = 1;
  }
  size = 0;
  left = 0;
  groupCount = 0;
  let cost: u64 = 0, looked: u32 = 0;
  for (; looked < candidates; looked++) {
    const agent = word(list, looked);
    cost += STEP;
    if (!agentReady(agent) || isEmpty(agent)) continue;
    const ads = classOfAgent(agent), requirements = requirementsOfAgents(ads);
    if (requirements == UNREADABLE) continue;
    cost += each + evaluations(ads, requirements);
    // One agent is always looked at, so that every round gets on.
    if (size != 0 && (cost > budget || size == most)) break;
    add(agent, ads);
  }
  return looked;
}

function isEmpty(agent: u32): bool {
  return !vectors.some(freeOf(agent)) && !hasReservations(agent) && !hasRevocable(agent);
}

/** Instructions that an agent may cost: those for its class count once in a window. */
function evaluations(ads: u32, requirements: usize): u64 {
  const rank = rankOfAgents(ads);
  const moving = queueCount() * (movingStepsOf(requirements) + movingStepsOf(rank));
  const cost = moving + (queuesOfClients() ? movingStepsOfClients() : movingStepsOfClasses());
  if (word(windowOf, ads) == windows) return cost;
  const fixed = <u64>classCount() * (fixedStepsOf(requirements) + fixedStepsOf(rank));
  return cost + fixed + fixedStepsOfClasses();
}

function add(agent: u32, ads: u32): void {
  if (word(windowOf, ads) != windows) {
    setWord(windowOf, ads, windows);
    setWord(groupOf, ads, groupCount);
    setWord(classes, groupCount, ads);
    groupCount += 1;
  }
  setWord(agents, size, agent);
  setWord(groups, size, word(groupOf, ads));
  store<u8>(gone + size, 0);
  size += 1;
  left += 1;
}
