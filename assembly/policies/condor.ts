// Matchmaking after HTCondor: frameworks and agents state requirements and rank, a pair must meet
// both sides' requirements, and clients choose in the order of fair share, each the agent that it
// ranks highest. Raman, Livny, Solomon, "Matchmaking: Distributed Resource Management for High
// Throughput Computing", HPDC 1998. What was stated comes compiled, in the program.
import {
  Answer, DecisionFlag, HEADER, Slot, beginLayout, endLayout, read, write,
} from "../abi";
import { beginAds, classOfAgent, placeAds } from "../condor/ads";
import { placeMachine } from "../condor/machine";
import { fixedMatch, isMoving, movingMatch, placeMatches } from "../condor/matches";
import { beginProgram, classOfClient, placeProgram } from "../condor/program";
import { NOBODY, agentsAtMost, beginQueues, bestFor, placeQueues } from "../condor/queues";
import { placeStrings } from "../condor/strings";
import { agentAt, anyLeft, openWindow, placeWindow, setGone } from "../condor/window";
import { rankByDominantShare, raiseByDominantShare } from "../shared/dominant";
import { buildMasks, flagsOfAgent, maskFor, mayServe } from "../shared/eligible";
import {
  beginGiving, decide, decidePart, placeGiving, rowCount, rowsFull,
} from "../shared/giving";
import { minimumOf, worthOffering } from "../shared/minimum";
import {
  beginAgent, beginRound, keepAgent, measure, measured, nothingLeft, placeKept, take,
} from "../shared/remains";
import { deserted, memberCount, neediest, parentOf, unseat } from "../shared/sorter";
import {
  beginShares, buildTree, clientsFrom, creditTree, hasOwnMinimums, placeTree,
} from "../shared/tree";

/** Its name is the major version of the ABI, its value the minor. */
export const allocator_abi_v1: u32 = 0;
/** There is no private state. */
export const state_schema: u32 = 1;

export function header(): usize { return HEADER; }

export function init(): i32 {
  beginLayout();
  placeGiving();
  placeKept();
  placeTree();
  placeProgram();
  placeAds();
  placeMachine();
  placeStrings();
  placeQueues();
  placeWindow();
  placeMatches();
  return endLayout();
}

/** There is nothing to take over. */
export function restore(schema: u32, bytes: u32): i32 {
  return schema == state_schema && bytes == 0 ? Answer.OK : Answer.UNKNOWN_STATE;
}

/** One round over the candidates; see the ABI. */
export function allocate(): i32 {
  const candidates = read(Slot.Candidates);
  beginRound(read(Slot.Roles));
  buildMasks(read(Slot.Clients));
  beginProgram();
  beginAds();
  beginShares(0);
  buildTree<Condor>();
  beginGiving(hasOwnMinimums());
  if (memberCount(0) == 0) return 0;
  const looked = openWindow(agentsAtMost());
  beginQueues();
  while (anyLeft() && !deserted(0) && !rowsFull()) {
    const client = neediest(0, clientsFrom()) - clientsFrom();
    if (!serve(client)) retire(client);
  }
  // Without room for more rows all candidates come again; those that were given have nothing left.
  const stopped = rowsFull();
  if (stopped || looked < candidates) write(Slot.More, 1);
  write(Slot.Looked, stopped ? 0 : looked);
  return rowCount();
}

/** Gives the client the agent that it ranks highest, of those that it can be given. */
function serve(client: u32): bool {
  const clients = classOfClient(client);
  for (let place = bestFor(client, clients); place != NOBODY; place = bestFor(client, clients)) {
    if (give(client, clients, place)) return true;
  }
  return false;
}

/** Gives the client all that it may have of the agent; false when it may have nothing. */
function give(client: u32, clients: u32, place: u32): bool {
  const agent = agentAt(place);
  if (!mayServe(maskFor(flagsOfAgent(agent)), agent, client)) return false;
  beginAgent(agent);
  const whole = measure(client);
  if (!worthOffering(measured(), minimumOf(client))) return false;
  const ads = classOfAgent(agent), moving = isMoving(fixedMatch(clients, ads));
  // Limits, or what others took since, may have left too little to meet the requirements.
  if (moving && !movingMatch(clients, ads, agent, measured())) return false;
  if (whole) decide(agent, client, DecisionFlag.WHOLE);
  else decidePart(agent, client, DecisionFlag.RESERVED | DecisionFlag.REVOCABLE);
  take(client);
  creditTree<Condor>(client, measured());
  if (nothingLeft()) setGone(place);
  else keepAgent();
  return true;
}

/** Takes a client out of the round, and the roles in which nobody is left. */
function retire(client: u32): void {
  let node = clientsFrom() + client;
  do {
    unseat(node);
    node = parentOf(node);
  } while (node != 0 && deserted(node));
}

/** Fair share: dominant share over weight, then number of grants, then name or submission. */
class Condor {
  // @ts-ignore: decorator
  @inline prepare(): void {}

  rank(node: u32): void { rankByDominantShare(node); }

  // @ts-ignore: decorator
  @inline granted(node: u32): void { raiseByDominantShare(node); }
}
