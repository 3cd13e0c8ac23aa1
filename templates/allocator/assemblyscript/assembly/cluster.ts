// What may be given to whom: everything that the master checks of a decision. A policy built on
// these functions is left with its order; it is yours to change all the same.
import {
  AgentFlag, ClientFlag, DecisionFlag, KINDS, Presence, ReservationFlag, RoleFlag, Slot,
  VECTOR_BYTES, double, placeDecisions, placeFilters, placeU32, placeVectors, read, reserve,
  setDouble, setWord, vector, word,
} from "./abi";

let agentFlags: usize = 0, agentFree: usize = 0, agentRevocable: usize = 0;
let firstReservation: usize = 0, reservationFlags: usize = 0, reservationRole: usize = 0;
let reservationNext: usize = 0, reservationFree: usize = 0;
let roleFlags: usize = 0, roleParent: usize = 0, roleLimit: usize = 0, roleConsumed: usize = 0;
let clientFlags: usize = 0, clientRole: usize = 0, firstMinimum: usize = 0;
let alternativeNext: usize = 0, alternativeLeast: usize = 0;
let filtered: usize = 0, candidateRows: usize = 0;
/** What limits count so far, this round's decisions included. */
let consumed: usize = 0;
/** What `offerFor` found: the part that limits count, and all of it. */
let unreserved: usize = 0, sum: usize = 0;
let rows: u32 = 0;

/** Asks for every column that the functions below read. */
export function placeCluster(): void {
  agentFlags = placeU32(Slot.AgentFlags, Slot.AgentsMax);
  agentFree = placeVectors(Slot.AgentFree, Slot.AgentsMax);
  agentRevocable = placeVectors(Slot.AgentRevocable, Slot.AgentsMax);
  firstReservation = placeU32(Slot.AgentFirstReservation, Slot.AgentsMax);
  reservationFlags = placeU32(Slot.ReservationFlags, Slot.ReservationsMax);
  reservationRole = placeU32(Slot.ReservationRole, Slot.ReservationsMax);
  reservationNext = placeU32(Slot.ReservationNext, Slot.ReservationsMax);
  reservationFree = placeVectors(Slot.ReservationFree, Slot.ReservationsMax);
  roleFlags = placeU32(Slot.RoleFlags, Slot.RolesMax);
  roleParent = placeU32(Slot.RoleParent, Slot.RolesMax);
  roleLimit = placeVectors(Slot.RoleLimit, Slot.RolesMax);
  roleConsumed = placeVectors(Slot.RoleConsumed, Slot.RolesMax);
  clientFlags = placeU32(Slot.ClientFlags, Slot.ClientsMax);
  clientRole = placeU32(Slot.ClientRole, Slot.ClientsMax);
  firstMinimum = placeU32(Slot.ClientFirstMinimum, Slot.ClientsMax);
  alternativeNext = placeU32(Slot.AlternativeNext, Slot.AlternativesMax);
  alternativeLeast = placeVectors(Slot.AlternativeLeast, Slot.AlternativesMax);
  filtered = placeFilters();
  candidateRows = placeU32(Slot.CandidateRows, Slot.AgentsMax);
  placeDecisions();
  consumed = reserve(read(Slot.RolesMax) * VECTOR_BYTES);
  unreserved = reserve(VECTOR_BYTES);
  sum = reserve(VECTOR_BYTES);
}

/** Starts a round without decisions. The column of the master is left as it is: it relies on it. */
export function beginRound(): void {
  rows = 0;
  if (!hasLimits()) return;
  memory.copy(consumed, roleConsumed, read(Slot.Roles) * VECTOR_BYTES);
}

/** Decisions so far in this round. */
export function rowCount(): u32 { return rows; }

/** The agent at a place of the list of those to look at. */
export function candidate(at: u32): u32 { return word(candidateRows, at); }

/** The role of a client. */
export function roleOf(client: u32): u32 { return word(clientRole, client); }

/** What `offerFor` found in all. */
export function offered(): usize { return sum; }

/** May this agent be offered in this round? */
export function agentReady(agent: u32): bool {
  const wanted: u32 = AgentFlag.PRESENT | AgentFlag.ACTIVE;
  return (word(agentFlags, agent) & (wanted | AgentFlag.DRAINING)) == wanted;
}

/** May this client be offered anything in this round? */
export function clientReady(client: u32): bool {
  const wanted: u32 = ClientFlag.PRESENT | ClientFlag.ACTIVE;
  return (word(clientFlags, client) & (wanted | ClientFlag.SUPPRESSED)) == wanted;
}

/** Has the client the capabilities that the agent asks for, and has it not declined the agent? */
export function mayMeet(agent: u32, client: u32): bool {
  const fences = word(agentFlags, agent), able = word(clientFlags, client);
  if (fences & AgentFlag.GPU_FENCED && !(able & ClientFlag.GPU)) return false;
  if (fences & AgentFlag.REMOTE_REGION && !(able & ClientFlag.REGION_AWARE)) return false;
  // One bit for each client, in a row of bits for each agent.
  const bits = filtered + <usize>agent * (read(Slot.ClientsMax) >> 3);
  return ((word(bits, client >> 5) >> (client & 31)) & 1) == 0;
}

/**
 * Finds what a client may have of an agent: unreserved resources within its limits, the
 * reservations of its role and of those above, and what is revocable, if it can use that. False
 * when it is not worth its while.
 */
export function offerFor(agent: u32, client: u32): bool {
  memory.copy(unreserved, vector(agentFree, agent), VECTOR_BYTES);
  cutToLimits(client);
  memory.copy(sum, unreserved, VECTOR_BYTES);
  addReserved(agent, client);
  if (word(clientFlags, client) & ClientFlag.REVOCABLE) addTo(sum, vector(agentRevocable, agent));
  return worthOffering(client);
}

/** Writes the row that gives what `offerFor` found. */
export function decide(agent: u32, client: u32): void {
  setWord(read(Slot.DecisionAgent), rows, agent);
  setWord(read(Slot.DecisionClient), rows, client);
  setWord(read(Slot.DecisionFlags), rows, DecisionFlag.RESERVED | DecisionFlag.REVOCABLE);
  memory.copy(vector(read(Slot.DecisionAmounts), rows), unreserved, VECTOR_BYTES);
  rows += 1;
  if (!hasLimits()) return;
  for (let role = roleOf(client); role != 0; role = word(roleParent, role)) {
    addTo(vector(consumed, role), unreserved);
  }
}

/** Adds one vector to another. */
export function addTo(to: usize, quantity: usize): void {
  for (let kind: u32 = 0; kind < KINDS; kind++) {
    setDouble(to, kind, double(to, kind) + double(quantity, kind));
  }
}

function hasLimits(): bool { return (read(Slot.Presence) & Presence.LIMITS) != 0; }

/** Lowers what is measured to what the limits of the client's role and of those above leave. */
function cutToLimits(client: u32): void {
  if (!hasLimits()) return;
  for (let role = roleOf(client); role != 0; role = word(roleParent, role)) {
    if (!(word(roleFlags, role) & RoleFlag.LIMITED)) continue;
    for (let kind: u32 = 0; kind < KINDS; kind++) {
      const room = double(vector(roleLimit, role), kind) - double(vector(consumed, role), kind);
      if (double(unreserved, kind) > room) setDouble(unreserved, kind, max<f64>(room, 0));
    }
  }
}

function addReserved(agent: u32, client: u32): void {
  for (let row = word(firstReservation, agent); row != 0; row = word(reservationNext, row)) {
    const refined = (word(reservationFlags, row) & ReservationFlag.REFINED) != 0;
    if (refined && !(word(clientFlags, client) & ClientFlag.REFINEMENT)) continue;
    if (within(roleOf(client), word(reservationRole, row))) {
      addTo(sum, vector(reservationFree, row));
    }
  }
}

function within(role: u32, ancestor: u32): bool {
  while (role != ancestor && role != 0) role = word(roleParent, role);
  return role == ancestor;
}

/** Is it something, and one of the least quantities that the client names? */
function worthOffering(client: u32): bool {
  if (!some(sum)) return false;
  let row = word(firstMinimum, client);
  if (row == 0) return true;
  for (; row != 0; row = word(alternativeNext, row)) {
    if (holds(sum, vector(alternativeLeast, row))) return true;
  }
  return false;
}

function some(quantity: usize): bool {
  for (let kind: u32 = 0; kind < KINDS; kind++) if (double(quantity, kind) > 0) return true;
  return false;
}

function holds(quantity: usize, least: usize): bool {
  for (let kind: u32 = 0; kind < KINDS; kind++) {
    if (double(quantity, kind) < double(least, kind)) return false;
  }
  return true;
}
