// Hierarchical weighted dominant resource fairness, with Mesos semantics (E2–E5, E9, E11). Ghodsi
// et al., "Dominant Resource Fairness: Fair Allocation of Multiple Resource Types", NSDI 2011. Each
// agent goes whole to the client that the role tree puts first.
import {
  Answer, ClientFlag, DecisionFlag, HEADER, Slot, beginLayout, double, endLayout, placeDecisions,
  placeF64, placeLine, placeState, placeU32, placeVectors, read, reserve, setDouble, setWord,
  vector, word, write,
} from "../abi";
import {
  agentReady, allowedWord, buildMasks, clientReady, disallow, flagsOfAgent, flagsOfClient,
  gatherAllowed, maskFor, mayServe, placeEligibility,
} from "../shared/eligible";
import { defaultMinimum, minimumOf, placeMinimums, worthOffering } from "../shared/minimum";
import {
  beginAgent, beginRound, freeOf, hasReservations, hasRevocable, leftOver, limited, measure,
  measured,
  measuredFree, nothingLeft, onlyUnreserved, parentRole, placeRemains, revocableOf, roleOf, take,
} from "../shared/remains";
import {
  NOBODY, addGrants, attach, before, clearSorter, memberCount, neediest, openTournament, parentOf,
  play, raise, reserveSorter, seat, setDepth, setKey, setShare,
} from "../shared/sorter";
import * as vectors from "../shared/vector";

/** Its name is the major version of the ABI, its value the minor. */
export const allocator_abi_v1: u32 = 0;
/** Counts the meanings of the private state. Schema 1: rounds run, as a u64. */
export const state_schema: u32 = 1;

// @ts-ignore: decorator
@inline const STATE_BYTES: u32 = 64;

let state: usize = 0;
let clusterTotal: usize = 0, whole: usize = 0, params: usize = 0;
let roleRank: usize = 0, roleWeight: usize = 0, roleGrants: usize = 0, roleUsedIn: usize = 0;
let clientOrder: usize = 0, clientGrants: usize = 0, clientUsedIn: usize = 0;
/** What every node has while the round runs: roles, own-clients nodes, clients. */
let used: usize = 0;
/** Per role: 1 when a child of it takes part in the round. */
let hasChildren: usize = 0;
let decisionAgent: usize = 0, decisionClient: usize = 0, decisionFlags: usize = 0;
let decisionAmounts: usize = 0;
let roles: u32 = 0, clients: u32 = 0, clientsFrom: u32 = 0;
let rows: u32 = 0, ownMinimums = false, fewKinds = false;

export function header(): usize { return HEADER; }

export function init(): i32 {
  beginLayout();
  placeEligibility();
  placeMinimums();
  placeRemains();
  roleRank = placeU32(Slot.RoleRank, Slot.RolesMax);
  roleWeight = placeF64(Slot.RoleWeight, Slot.RolesMax);
  roleGrants = placeF64(Slot.RoleAllocations, Slot.RolesMax);
  roleUsedIn = placeVectors(Slot.RoleUsed, Slot.RolesMax);
  clientOrder = placeF64(Slot.ClientSubmitOrder, Slot.ClientsMax);
  clientGrants = placeF64(Slot.ClientAllocations, Slot.ClientsMax);
  clientUsedIn = placeVectors(Slot.ClientUsed, Slot.ClientsMax);
  placeU32(Slot.CandidateRows, Slot.AgentsMax);
  clusterTotal = placeLine(Slot.ClusterTotal);
  params = placeF64(Slot.ParamValues, Slot.ParamsMax);
  placeDecisions();
  decisionAgent = read(Slot.DecisionAgent);
  decisionClient = read(Slot.DecisionClient);
  decisionFlags = read(Slot.DecisionFlags);
  decisionAmounts = read(Slot.DecisionAmounts);
  state = placeState(STATE_BYTES);
  whole = reserve(64);
  const nodes = read(Slot.RolesMax) * 2 + read(Slot.ClientsMax);
  used = reserve(nodes << 6);
  hasChildren = reserve(read(Slot.RolesMax));
  reserveSorter(nodes);
  return endLayout();
}

/** Takes over what an earlier instance left, already copied to the state's address. */
export function restore(schema: u32, bytes: u32): i32 {
  return schema == state_schema && bytes == STATE_BYTES ? Answer.OK : Answer.UNKNOWN_STATE;
}

/**
 * One round over the candidates, in the order given. Returns the number of decision rows; when the
 * steps or the rows ran out before the candidates, More is 1 and Looked says how many were done.
 */
export function allocate(): i32 {
  roles = read(Slot.Roles);
  clients = read(Slot.Clients);
  clientsFrom = roles * 2;
  rows = 0;
  fewKinds = read(Slot.Kinds) <= 4;
  store<u64>(state, load<u64>(state) + 1);
  write(Slot.More, 0);
  const candidates = read(Slot.Candidates), rowsMax = read(Slot.DecisionsMax);
  const stepsMax = <u64>read(Slot.StepsMax);
  beginRound(roles);
  buildMasks(clients);
  buildTree();
  let looked: u32 = 0;
  if (memberCount(0) != 0) {
    const list = <usize>read(Slot.CandidateRows);
    let steps: u64 = 0;
    for (; looked < candidates; looked++) {
      // One agent can take one row for each client that it serves, of which few are likely; those
      // that find no room wait for the next round.
      if (steps > stepsMax || rows == rowsMax) {
        write(Slot.More, 1);
        break;
      }
      const agent = word(list, looked);
      steps += 1;
      if (agentReady(agent)) steps += serve(agent, rowsMax);
    }
  } else looked = candidates;
  write(Slot.Looked, looked);
  return rows;
}

/** Gives one agent out; returns what it cost beyond one step. */
function serve(agent: u32, rowsMax: u32): u32 {
  const free = freeOf(agent);
  const reserved = hasReservations(agent), revocable = hasRevocable(agent);
  const mask = maskFor(flagsOfAgent(agent));
  if (!reserved) {
    if (!revocable && !vectors.some(free)) return 0;
    // The common case: whoever is first may have all of it.
    const node = neediest(0, clientsFrom), client = node - clientsFrom;
    const capable = !revocable || (flagsOfClient(client) & ClientFlag.REVOCABLE) != 0;
    if (capable && mayServe(mask, agent, client) && !limited(client)) {
      let quantity = free;
      if (revocable) {
        quantity = measured();
        vectors.copy(quantity, free);
        vectors.addTo(quantity, revocableOf(agent));
      }
      if (worthOffering(quantity, minimumOf(client))) {
        decide(agent, client, DecisionFlag.WHOLE);
        credit(node, quantity);
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
    const client = firstServed();
    if (client == NOBODY) break;
    const wholly = measure(client);
    if (wholly) decide(agent, client, DecisionFlag.WHOLE);
    else {
      vectors.copy(vector(decisionAmounts, rows), measuredFree());
      decide(agent, client, DecisionFlag.RESERVED | DecisionFlag.REVOCABLE);
    }
    take(client);
    credit(clientsFrom + client, measured());
    disallow(client);
    if (nothingLeft()) break;
  }
  return cost;
}

/** Of the clients of the agent at hand, the first in DRF order that it has enough for. */
function firstServed(): u32 {
  const usual = defaultMinimum();
  const plain = onlyUnreserved(), enough = worthOffering(leftOver(), usual);
  if (plain && !enough && !ownMinimums) return NOBODY;
  let best = NOBODY;
  for (let at: u32 = 0; at << 5 < clients; at++) {
    for (let bits = allowedWord(at); bits != 0; bits &= bits - 1) {
      const client = (at << 5) + ctz(bits), node = clientsFrom + client;
      // What decides cheaper comes first: most clients lose to the best so far.
      if (best != NOBODY && !before(node, best)) continue;
      const least = minimumOf(client);
      if (plain && least == usual && !limited(client)) {
        if (!enough) continue;
      } else {
        measure(client);
        if (!worthOffering(measured(), least)) continue;
      }
      best = node;
    }
  }
  return best == NOBODY ? NOBODY : best - clientsFrom;
}

// @ts-ignore: decorator
@inline function decide(agent: u32, client: u32, flags: u32): void {
  setWord(decisionAgent, rows, agent);
  setWord(decisionClient, rows, client);
  setWord(decisionFlags, rows, flags);
  rows += 1;
}

// @ts-ignore: decorator
@inline function dominantShare(quantity: usize): f64 {
  if (fewKinds) return vectors.dominantShareOf4(quantity, whole);
  return vectors.dominantShare(quantity, whole);
}

/** Adds a grant to the client and to everything above it. */
function credit(client: u32, quantity: usize): void {
  let node = client;
  while (node != 0) {
    const parent = parentOf(node);
    // Whoever has no sibling is never compared.
    if (memberCount(parent) > 1) {
      const has = vector(used, node);
      vectors.addTo(has, quantity);
      let value = dominantShare(has);
      if (node < roles) value /= double(roleWeight, node);
      raise(node, value);
    }
    node = parent;
  }
}

/** Builds the sorter of the round from the clients that may be offered anything. */
function buildTree(): void {
  const excluded = read(Slot.Params) > 0 ? <u32>double(params, 0) : 0;
  for (let kind: u32 = 0; kind < 8; kind++) {
    const total = double(clusterTotal, kind);
    const counts = total > 0 && ((excluded >> kind) & 1) == 0;
    setDouble(whole, kind, counts ? total : Infinity);
  }
  clearSorter(clientsFrom + clients);
  memory.fill(hasChildren, 0, roles);
  memory.copy(used, roleUsedIn, roles << 6);
  memory.fill(used + (<usize>roles << 6), 0, roles << 6);
  memory.copy(used + (<usize>clientsFrom << 6), clientUsedIn, clients << 6);
  const usual = defaultMinimum();
  ownMinimums = false;
  for (let client: u32 = 0; client < clients; client++) {
    if (!clientReady(client)) continue;
    if (minimumOf(client) != usual) ownMinimums = true;
    let role = roleOf(client);
    while (role != 0 && parentOf(role) == NOBODY) {
      const parent = parentRole(role);
      attach(role, parent);
      store<u8>(hasChildren + <usize>parent, 1);
      role = parent;
    }
  }
  for (let client: u32 = 0; client < clients; client++) {
    if (!clientReady(client)) continue;
    const role = roleOf(client);
    let home = role;
    if (load<u8>(hasChildren + <usize>role)) {
      home = roles + role;
      if (parentOf(home) == NOBODY) {
        attach(home, role);
        // They compete as if they were a role named ".", of weight 1 and before all others.
        setKey(home, 0, 0, -1);
      }
      addGrants(home, double(clientGrants, client));
      vectors.addTo(vector(used, home), vector(used, clientsFrom + client));
    }
    attach(clientsFrom + client, home);
  }
  for (let node: u32 = 0; node < clientsFrom; node++) {
    if (memberCount(node) != 0) openTournament(node);
  }
  for (let node: u32 = 1; node < clientsFrom + clients; node++) {
    const parent = parentOf(node);
    if (parent == NOBODY) continue;
    seat(node);
    setDepth(node);
    if (memberCount(parent) > 1) rank(node);
  }
  for (let node: u32 = 0; node < clientsFrom; node++) {
    if (memberCount(node) > 1) play(node);
  }
}

/** Sets the key by which a node competes with its siblings. */
function rank(node: u32): void {
  const value = dominantShare(vector(used, node));
  if (node >= clientsFrom) {
    const client = node - clientsFrom;
    setKey(node, value, double(clientGrants, client), double(clientOrder, client));
  } else if (node >= roles) {
    setShare(node, value);
  } else {
    const weight = double(roleWeight, node);
    setKey(node, value / weight, double(roleGrants, node), <f64>word(roleRank, node));
  }
}
