// Quota guarantees (E8): roles below theirs are served first, with no more than they lack, and what
// is still lacking is held back from everybody as headroom. Guarantees stand on top-level roles,
// and count for all that is below them.
import {
  DecisionFlag, KINDS, RoleFlag, Slot, double, placeVectors, read, reserve, setDouble, vector, word,
} from "../abi";
import {
  agentReady, allowedWord, flagsOfAgent, gatherAllowed, maskFor, mayServe,
} from "./eligible";
import { decidePart, rowsFull } from "./giving";
import { minimumOf, worthOffering } from "./minimum";
import { consumedBefore, flagsOfRole, parentRole, roleOf } from "./limits";
import {
  beginAgent, freeOf, keepAgent, leftOver, measureAtMost, measured, measuredFree, shareSurplus,
  takeUnrevocable,
} from "./remains";
import { NOBODY, deserted, memberCount, neediest, parentOf, play, seated, unseat } from "./sorter";
import { clientsFrom } from "./tree";
import * as vectors from "./vector";

let roleGuarantee: usize = 0;
/**
 * Per role: what it lacks to its guarantee, and 1 while that is something. Top-level roles only.
 */
let lacking: usize = 0, unmet: usize = 0;
/** What all roles lack; what may be given to anybody; the most that the client at hand may have. */
let required: usize = 0, surplus: usize = 0, most: usize = 0;

/** Places the guarantees and reserves what serving them takes. */
export function placeGuarantees(): void {
  roleGuarantee = placeVectors(Slot.RoleGuarantee, Slot.RolesMax);
  lacking = reserve(read(Slot.RolesMax) << 6);
  unmet = reserve(read(Slot.RolesMax));
  required = reserve(64);
  surplus = reserve(64);
  most = reserve(64);
}

/**
 * The first stage of a round: serves roles below their guarantee, and leaves the rest of the round
 * with no more than what is not needed for those that stay below. `P` is as for `give`, and orders
 * clients by the tree.
 */
export function giveGuaranteed<P>(): void {
  if (!findLacking()) return;
  findSurplus();
  if (memberCount(0) != 0) {
    seatRoles(true);
    serveAll<P>();
    seatRoles(false);
  }
  shareSurplus(surplus);
}

/** Works out what roles lack; false when none does. */
function findLacking(): bool {
  const roles = read(Slot.Roles);
  memory.fill(unmet, 0, roles);
  vectors.clear(required);
  for (let role: u32 = 1; role < roles; role++) {
    const wanted: u32 = RoleFlag.PRESENT | RoleFlag.GUARANTEED;
    if ((flagsOfRole(role) & wanted) != wanted || parentRole(role) != 0) continue;
    const lack = vector(lacking, role);
    vectors.copy(lack, vector(roleGuarantee, role));
    vectors.subtractFrom(lack, consumedBefore(role));
    vectors.raiseToZero(lack);
    if (!vectors.some(lack)) continue;
    store<u8>(unmet + <usize>role, 1);
    vectors.addTo(required, lack);
  }
  return vectors.some(required);
}

/** All that is free and unreserved on agents that may be offered, without what roles lack. */
function findSurplus(): void {
  vectors.clear(surplus);
  const agents = read(Slot.Agents);
  for (let agent: u32 = 0; agent < agents; agent++) {
    if (agentReady(agent)) vectors.addTo(surplus, freeOf(agent));
  }
  vectors.subtractFrom(surplus, required);
  vectors.raiseToZero(surplus);
}

/** Leaves only unmet roles at the top of the tree, or puts all of them back. */
function seatRoles(onlyUnmet: bool): void {
  const nodes = clientsFrom() + read(Slot.Clients), roles = read(Slot.Roles);
  for (let node: u32 = 1; node < nodes; node++) {
    if (parentOf(node) != 0) continue;
    seated(node, !onlyUnmet || (node < roles && load<u8>(unmet + <usize>node) != 0));
  }
  play(0);
}

function serveAll<P>(): void {
  const candidates = read(Slot.Candidates), list = <usize>read(Slot.CandidateRows);
  const stepsMax = <u64>read(Slot.StepsMax);
  let steps: u64 = 0;
  for (let at: u32 = 0; at < candidates; at++) {
    if (deserted(0) || rowsFull() || steps > stepsMax) return;
    const agent = word(list, at);
    steps += 1;
    if (agentReady(agent)) steps += serveUnmet<P>(agent);
  }
}

/** Gives an agent to those that it brings nearer to a guarantee; returns the cost beyond a step. */
function serveUnmet<P>(agent: u32): u32 {
  if (!vectors.meet(freeOf(agent), required)) return 0;
  const policy = changetype<P>(0), mask = maskFor(flagsOfAgent(agent));
  let cost: u32 = 0, gathered = false, given = false;
  beginAgent(agent);
  while (!deserted(0) && !rowsFull() && vectors.meet(leftOver(), required)) {
    let client = neediest(0, clientsFrom()) - clientsFrom();
    if (!mayServe(mask, agent, client) || !helps(client)) {
      if (!gathered && !gatherAllowed(mask, agent)) break;
      gathered = true;
      client = firstHelped<P>();
      if (client == NOBODY) break;
    }
    decidePart(agent, client, DecisionFlag.RESERVED);
    cost += read(Slot.Clients) >> 3;
    takeUnrevocable(client);
    const role = topOf(client), met = note(role);
    policy.credit(client, measured());
    if (met) unseat(role);
    given = true;
  }
  if (given) keepAgent();
  return cost;
}

function firstHelped<P>(): u32 {
  const policy = changetype<P>(0), clients = read(Slot.Clients);
  let best = NOBODY;
  for (let at: u32 = 0; at << 5 < clients; at++) {
    for (let bits = allowedWord(at); bits != 0; bits &= bits - 1) {
      const client = (at << 5) + ctz(bits);
      if (best != NOBODY && !policy.before(client, best)) continue;
      if (helps(client)) best = client;
    }
  }
  // The last one measured need not be the best.
  if (best != NOBODY) helps(best);
  return best;
}

/**
 * Measures for the client what its role lacks, and of other kinds what nobody needs. True when that
 * brings the role nearer to its guarantee and is enough for the client.
 */
function helps(client: u32): bool {
  const role = topOf(client);
  if (!load<u8>(unmet + <usize>role)) return false;
  const lack = vector(lacking, role);
  for (let kind: u32 = 0; kind < KINDS; kind++) {
    const lacks = double(lack, kind);
    setDouble(most, kind, lacks > 0 ? lacks : double(surplus, kind));
  }
  measureAtMost(client, most);
  return vectors.meet(measuredFree(), lack) && worthOffering(measured(), minimumOf(client));
}

/** Notes what was measured as given to a top-level role; true when that met its guarantee. */
function note(role: u32): bool {
  const lack = vector(lacking, role);
  for (let kind: u32 = 0; kind < KINDS; kind++) {
    const amount = double(measuredFree(), kind), lacks = double(lack, kind);
    if (lacks > 0) {
      setDouble(lack, kind, lacks - amount);
      setDouble(required, kind, double(required, kind) - amount);
    } else setDouble(surplus, kind, double(surplus, kind) - amount);
  }
  if (vectors.some(lack)) return false;
  store<u8>(unmet + <usize>role, 0);
  return true;
}

/** The top-level role of a client, or the root for clients of the root. */
function topOf(client: u32): u32 {
  let role = roleOf(client);
  if (role == 0) return 0;
  for (let above = parentRole(role); above != 0; above = parentRole(above)) role = above;
  return role;
}
