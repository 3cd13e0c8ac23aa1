// How many candidates one round looks at: as many as the steps allow if everything that may have to
// be evaluated is. What was remembered from earlier rounds does not count, so that a fresh instance
// decides the same. Costs are in sixteenths of a step; an instruction is one of them.
import { Slot, read, reserve, setWord, word } from "../abi";
import { agentReady } from "../shared/eligible";
import { freeOf, hasReservations, hasRevocable } from "../shared/remains";
import * as vectors from "../shared/vector";
import {
  UNREADABLE, classGeneration, classOfAgent, rankOfAgents, requirementsOfAgents,
} from "./ads";
import {
  classCount, fixedStepsOf, fixedStepsOfClasses, movingStepsOf, movingStepsOfClasses,
} from "./program";
import { addToWindow, beginQueues, windowMax } from "./queues";

// @ts-ignore: decorator
@inline const STEP: u64 = 16;

/** Per class of agents: the number of the window in which it was last counted. */
let counted: usize = 0, windows: u32 = 0;

export function placeWindow(): void { counted = reserve((read(Slot.AgentsMax) + 1) << 2); }

/** Takes candidates, from the first on; answers how many of them the round is done with then. */
export function openWindow(): u32 {
  while (true) {
    const generation = classGeneration();
    beginQueues();
    const looked = fillWindow();
    // When classes were numbered anew on the way, what was counted before is void.
    if (generation == classGeneration()) return looked;
  }
}

function fillWindow(): u32 {
  const candidates = read(Slot.Candidates), list = <usize>read(Slot.CandidateRows);
  const budget = <u64>read(Slot.StepsMax) * STEP, most = windowMax();
  // Finding its place in every queue, and being passed over by every client.
  const each = STEP + <u64>classCount() * 2 + (<u64>read(Slot.Clients) >> 2);
  windows += 1;
  let cost: u64 = 0, size: u32 = 0, looked: u32 = 0;
  for (; looked < candidates; looked++) {
    const agent = word(list, looked);
    cost += STEP;
    if (!agentReady(agent) || isEmpty(agent)) continue;
    const ads = classOfAgent(agent), requirements = requirementsOfAgents(ads);
    if (requirements == UNREADABLE) continue;
    cost += each + evaluations(ads, requirements);
    // One agent is always looked at, so that every round gets on.
    if (size != 0 && (cost > budget || size == most)) break;
    addToWindow(agent);
    size += 1;
  }
  return looked;
}

function isEmpty(agent: u32): bool {
  return !vectors.some(freeOf(agent)) && !hasReservations(agent) && !hasRevocable(agent);
}

/** Instructions that an agent may cost: those for its class count once in a window. */
function evaluations(ads: u32, requirements: usize): u64 {
  const rank = rankOfAgents(ads), classes = <u64>classCount();
  const moving = classes * (movingStepsOf(requirements) + movingStepsOf(rank));
  let cost = moving + movingStepsOfClasses();
  if (word(counted, ads) == windows) return cost;
  setWord(counted, ads, windows);
  cost += classes * (fixedStepsOf(requirements) + fixedStepsOf(rank));
  return cost + fixedStepsOfClasses();
}
