// Takes offers back that nobody has answered, from queues that have more than is theirs, for queues
// that have less. Each offer is tried out: it comes back only if what is free by that would go, by
// the policy's own order, to a queue that has less than is its own. So the queue that lost it does
// not get it back, and nothing is taken that nobody would use.
//
// A policy's class (see giving.ts) has these methods beside `next` and `credit`:
//   part(node): f64                                  how much of what is its own a node has; 1 is
//   all debit(client, all: usize, unreserved: usize)     the client would give this back
//   restore(client, all: usize, unreserved: usize)   it keeps it after all
import {
  DecisionFlag, Slot, double, placeF64, placeLine, placeU32, placeVectors, read, reserve, setWord,
  vector, word, write,
} from "../abi";
import { agentReady, clientReady, flagsOfAgent, gatherAllowed, maskFor } from "./eligible";
import { decide, rowCount, rowsFull } from "./giving";
import { beginPortion, measure, measured, take } from "./remains";
import { NOBODY, branchOf, memberCount, parentOf } from "./sorter";
import { clientsFrom, isClient } from "./tree";

let offerAgent: usize = 0, offerClient: usize = 0, offerSince: usize = 0;
let offerAmounts: usize = 0, offerUnreserved: usize = 0, clock: usize = 0;
/**
 * Per queue: one more than its newest offer that may be taken; per offer: the same for the next.
 */
let newest: usize = 0, older: usize = 0;

/** Places the list of offers, and reserves the lists of each queue. */
export function placeReclaim(): void {
  offerAgent = placeU32(Slot.OfferAgent, Slot.OffersMax);
  offerClient = placeU32(Slot.OfferClient, Slot.OffersMax);
  offerSince = placeF64(Slot.OfferSince, Slot.OffersMax);
  offerAmounts = placeVectors(Slot.OfferAmounts, Slot.OffersMax);
  offerUnreserved = placeVectors(Slot.OfferUnreserved, Slot.OffersMax);
  clock = placeLine(Slot.Clock);
  newest = reserve(read(Slot.RolesMax) << 3);
  older = reserve(read(Slot.OffersMax) << 2);
}

/**
 * Takes back what it may of offers that were out for so long, after all that is free was given. As
 * offers only grow old as time passes, it asks for another look while some are out.
 */
export function reclaim<P>(afterMs: f64): void {
  const offers = read(Slot.Offers);
  if (offers > 0 || rowCount() > 0) write(Slot.LookAgain, 1);
  // What is not given yet comes first; and most of the time nobody lacks anything.
  if (offers == 0 || read(Slot.More) != 0 || !someLack<P>()) return;
  sortByQueue(offers, afterMs);
  const clients = read(Slot.Clients), stepsMax = <u64>read(Slot.StepsMax);
  let steps: u64 = 0;
  while (steps <= stepsMax && !rowsFull()) {
    const queue = fullest<P>();
    if (queue == NOBODY) return;
    const offer = word(newest, queue) - 1;
    setWord(newest, queue, word(older, offer));
    steps += 1 + (clients >> 3);
    if (tryOut<P>(offer, queue) && !someLack<P>()) return;
  }
}

/** The queue that a client is served in. */
// @ts-ignore: decorator
@inline function queueOf(client: u32): u32 { return parentOf(clientsFrom() + client); }

/** Has some queue beside another less than is its own? */
function someLack<P>(): bool {
  const policy = changetype<P>(0), queues = clientsFrom();
  for (let queue: u32 = 1; queue < queues; queue++) {
    const parent = parentOf(queue);
    if (parent != NOBODY && memberCount(parent) > 1 && policy.part(queue) < 1) return true;
  }
  return false;
}

/** Lists the offers that were out for long enough by queue, the newest first. */
function sortByQueue(offers: u32, afterMs: f64): void {
  memory.fill(newest, 0, clientsFrom() << 2);
  const bornBy = double(clock, 0) - afterMs;
  for (let offer: u32 = 0; offer < offers; offer++) {
    const client = word(offerClient, offer);
    if (!clientReady(client) || double(offerSince, offer) > bornBy) continue;
    const queue = queueOf(client);
    setWord(older, offer, word(newest, queue));
    setWord(newest, queue, offer + 1);
  }
}

/** Of the queues with offers left and more than is their own, the one furthest beyond it. */
function fullest<P>(): u32 {
  const policy = changetype<P>(0), queues = clientsFrom();
  let most: f64 = 1, best = NOBODY;
  for (let queue: u32 = 0; queue < queues; queue++) {
    if (word(newest, queue) == 0) continue;
    const part = policy.part(queue);
    if (part <= most) continue;
    most = part;
    best = queue;
  }
  return best;
}

/** Takes the offer back if that helps a queue which lacks something, and harms none. */
function tryOut<P>(offer: u32, queue: u32): bool {
  const policy = changetype<P>(0);
  const agent = word(offerAgent, offer), victim = word(offerClient, offer);
  if (!agentReady(agent) || !gatherAllowed(maskFor(flagsOfAgent(agent)), agent)) return false;
  const all = vector(offerAmounts, offer), unreserved = vector(offerUnreserved, offer);
  beginPortion(agent, unreserved);
  policy.debit(victim, all, unreserved);
  const client = policy.part(queue) >= 1 ? policy.next() : NOBODY;
  if (client == NOBODY || !mayTake<P>(client, victim)) {
    policy.restore(victim, all, unreserved);
    return false;
  }
  measure(client);
  take(client);
  policy.credit(client, measured());
  decide(agent, victim, DecisionFlag.RECLAIM);
  return true;
}

/**
 * Where their ways to the root part: does the one lack something that the other has too much of?
 */
function mayTake<P>(client: u32, victim: u32): bool {
  if (client == victim) return false;
  const policy = changetype<P>(0);
  const a = clientsFrom() + client, b = clientsFrom() + victim;
  const lacking = branchOf(a, b);
  if (isClient(lacking)) return false;
  return policy.part(lacking) < 1 && policy.part(branchOf(b, a)) >= 1;
}
