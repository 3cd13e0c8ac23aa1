// Gives the candidates out, one agent after the other, in an order that the policy states. What may
// be given to whom is settled here, so that a policy is left with nothing but its order.
//
// A policy is a class that is never made: its methods are bound when `give<P>` is compiled, so that
// they cost no indirect call. They must not use `this`. It has four:
//   nobody(): bool                     nobody is left to give anything to
//   first(): u32                       the client that comes before all others, if there is one
//   next(): u32                        of the allowed clients of the agent at hand, the one to
//   serve credit(client, quantity): void     notes a grant
import {
  ClientFlag, DecisionFlag, Slot, placeDecisions, placeU32, read, setWord, vector, word, write,
} from "../abi";
import {
  agentReady, allowedWord, disallow, flagsOfAgent, flagsOfClient, gatherAllowed, maskFor, mayServe,
  placeEligibility,
} from "./eligible";
import { defaultMinimum, minimumOf, placeMinimums, worthOffering } from "./minimum";
import {
  beginAgent, chargeSurplus, freeOf, hasReservations, hasRevocable, leftOver, measure, measured,
  measuredFree, nothingLeft, onlyUnreserved, placeRemains, restricted, revocableOf, take,
} from "./remains";
import { NOBODY } from "./sorter";
import * as vectors from "./vector";

let decisionAgent: usize = 0, decisionClient: usize = 0, decisionFlags: usize = 0;
let decisionAmounts: usize = 0;
let rows: u32 = 0, rowsMax: u32 = 0, clients: u32 = 0, ownMinimums = false;

/** Places everything that giving reads and writes. */
export function placeGiving(): void {
  placeEligibility();
  placeMinimums();
  placeRemains();
  placeU32(Slot.CandidateRows, Slot.AgentsMax);
  placeDecisions();
  decisionAgent = read(Slot.DecisionAgent);
  decisionClient = read(Slot.DecisionClient);
  decisionFlags = read(Slot.DecisionFlags);
  decisionAmounts = read(Slot.DecisionAmounts);
}

/** Starts a round without rows. `own`: some ready client has a minimum of its own. */
export function beginGiving(own: bool): void {
  rows = 0;
  rowsMax = read(Slot.DecisionsMax);
  clients = read(Slot.Clients);
  ownMinimums = own;
  write(Slot.More, 0);
}

// @ts-ignore: decorator
@inline export function rowCount(): u32 { return rows; }

// @ts-ignore: decorator
@inline export function rowsFull(): bool { return rows == rowsMax; }

/**
 * Gives out the candidates, in the order given, until they, the steps or the rows run out. Returns
 * the number of decision rows; More and Looked are set.
 */
export function give<P>(): i32 {
  const policy = changetype<P>(0);
  const candidates = read(Slot.Candidates), list = <usize>read(Slot.CandidateRows);
  const stepsMax = <u64>read(Slot.StepsMax);
  let steps: u64 = 0, looked: u32 = 0;
  for (; looked < candidates; looked++) {
    if (policy.nobody()) {
      looked = candidates;
      break;
    }
    // One agent can take one row for each client that it serves, of which few are likely; those
    // that find no room wait for the next round.
    if (steps > stepsMax || rows == rowsMax) {
      write(Slot.More, 1);
      break;
    }
    const agent = word(list, looked);
    steps += 1;
    if (agentReady(agent)) steps += serve<P>(agent);
  }
  write(Slot.Looked, looked);
  return rows;
}

/** Gives one agent out; returns what it cost beyond one step. */
function serve<P>(agent: u32): u32 {
  const policy = changetype<P>(0);
  const free = freeOf(agent);
  const reserved = hasReservations(agent), revocable = hasRevocable(agent);
  const mask = maskFor(flagsOfAgent(agent));
  if (!reserved) {
    if (!revocable && !vectors.some(free)) return 0;
    // The common case: whoever is first may have all of it.
    const client = policy.first();
    const capable = !revocable || (flagsOfClient(client) & ClientFlag.REVOCABLE) != 0;
    if (capable && mayServe(mask, agent, client) && !restricted(client, free)) {
      let quantity = free;
      if (revocable) {
        quantity = measured();
        vectors.copy(quantity, free);
        vectors.addTo(quantity, revocableOf(agent));
      }
      if (worthOffering(quantity, minimumOf(client))) {
        decide(agent, client, DecisionFlag.WHOLE);
        chargeSurplus(free);
        policy.credit(client, quantity);
        return 0;
      }
    }
    if (!revocable && !ownMinimums && !worthOffering(free, defaultMinimum())) return 0;
  }
  if (!gatherAllowed(mask, agent)) return clients >> 6;
  beginAgent(agent);
  let cost: u32 = 0;
  while (rows < rowsMax) {
    cost += clients >> 3;
    const client = policy.next();
    if (client == NOBODY) break;
    const wholly = measure(client);
    if (wholly) decide(agent, client, DecisionFlag.WHOLE);
    else decidePart(agent, client, DecisionFlag.RESERVED | DecisionFlag.REVOCABLE);
    take(client);
    policy.credit(client, measured());
    disallow(client);
    if (nothingLeft()) break;
  }
  return cost;
}

/**
 * Of the allowed clients of the agent at hand, the first by `before(a, b)` that it has enough for.
 * For policies whose order is one of `P.before`.
 */
export function firstOf<P>(): u32 {
  const policy = changetype<P>(0);
  const usual = defaultMinimum();
  const plain = onlyUnreserved(), enough = worthOffering(leftOver(), usual);
  if (plain && !enough && !ownMinimums) return NOBODY;
  let best = NOBODY;
  for (let at: u32 = 0; at << 5 < clients; at++) {
    for (let bits = allowedWord(at); bits != 0; bits &= bits - 1) {
      const client = (at << 5) + ctz(bits);
      // What decides cheaper comes first: most clients lose to the best so far.
      if (best != NOBODY && !policy.before(client, best)) continue;
      if (plain && minimumOf(client) == usual && !restricted(client, leftOver())) {
        if (!enough) continue;
      } else if (!canServe(client)) continue;
      best = client;
    }
  }
  return best;
}

/** Has the agent at hand enough left for this client, which must be one of the allowed ones? */
export function canServe(client: u32): bool {
  measure(client);
  return worthOffering(measured(), minimumOf(client));
}

/** Writes a row of these flags for what is not in its amounts. */
// @ts-ignore: decorator
@inline export function decide(agent: u32, client: u32, flags: u32): void {
  setWord(decisionAgent, rows, agent);
  setWord(decisionClient, rows, client);
  setWord(decisionFlags, rows, flags);
  rows += 1;
}

/** Writes a row with the unreserved amounts that were measured. */
// @ts-ignore: decorator
@inline export function decidePart(agent: u32, client: u32, flags: u32): void {
  vectors.copy(vector(decisionAmounts, rows), measuredFree());
  decide(agent, client, flags);
}
