// Allocator ABI v1, the guest's side. The host's side is kernel/allocation/slots.ts; both are
// compared with test/golden/abi-layout.txt. The words are in docs/abi/allocator-v1.md.
//
//   0      1024                    __heap_base                              end (since init)
//   | free | header, 256 × u32 ... | columns, each on a cache line ... | state | scratch |
//
// Only slot numbers, units and meanings are contract. Where a column lies is the guest's choice;
// an address of 0 says that the guest does not want the column, and the host then skips it.

/** Guest's answer in `Slot.Magic` after a good `init`: "TALA" in ASCII. */
// @ts-ignore: decorator
@inline export const MAGIC: u32 = 0x414C4154;
/** Scalar kinds in every vector: 8 doubles, one cache line. */
// @ts-ignore: decorator
@inline export const KINDS: u32 = 8;
// @ts-ignore: decorator
@inline export const VECTOR_BYTES: u32 = 64;
// @ts-ignore: decorator
@inline export const HEADER_SLOTS: u32 = 256;

/** Slots of the header. Append only: a number is never moved, reused or given another meaning. */
export const enum Slot {
  Magic = 0, HostMinor = 1,
  // Host → guest before init: most rows there will be, each a multiple of 64.
  AgentsMax = 2, ClientsMax = 3, RolesMax = 4, ReservationsMax = 5, AttributesMax = 6,
  AlternativesMax = 7, DecisionsMax = 8, ParamsMax = 9, ProgramBytesMax = 10,
  ExpiriesMax = 11, OffersMax = 12,
  // Host → guest before each allocate: rows in use, and what kind of round it is.
  Agents = 16, Clients = 17, Roles = 18, Reservations = 19, Attributes = 20, Alternatives = 21,
  Kinds = 22, Candidates = 23, StepsMax = 24, RoundLow = 25, RoundHigh = 26,
  SeedLow = 27, SeedHigh = 28, DefaultMinimum = 29, Params = 30, ProgramBytes = 31,
  EverythingChanged = 32, ChangedAgents = 33, ChangedClients = 34, ChangedRoles = 35,
  ChangedReservations = 36, ChangedFilters = 37, Presence = 38, ProgramChanged = 39,
  Expiries = 40, Offers = 41, OffersChanged = 42,
  // Guest → host.
  More = 48, Looked = 49, StateAddress = 50, StateBytes = 51, Note = 52, LookAgain = 53,
  // Columns in.
  AgentFlags = 64, AgentTotal = 65, AgentFree = 66, AgentRevocable = 67,
  AgentUnavailableFrom = 68, AgentFirstReservation = 69, AgentFirstAttribute = 70,
  ReservationFlags = 71, ReservationAgent = 72, ReservationRole = 73, ReservationNext = 74,
  ReservationFree = 75, ReservationTotal = 76,
  AttributeName = 77, AttributeText = 78, AttributeNext = 79, AttributeNumber = 80,
  RoleFlags = 81, RoleParent = 82, RoleRank = 83, RoleSubmitOrder = 84, RoleWeight = 85,
  RoleAllocations = 86, RoleGuarantee = 87, RoleLimit = 88, RoleUsed = 89, RoleConsumed = 90,
  ClientFlags = 91, ClientRole = 92, ClientFramework = 93, ClientSubmitOrder = 94,
  ClientAllocations = 95, ClientPriority = 96, ClientFirstMinimum = 97, ClientUsed = 98,
  ClientDemand = 99,
  AlternativeNext = 100, AlternativeLeast = 101,
  Filtered = 102, FilterExpiry = 103,
  CandidateRows = 104, ChangedAgentRows = 105, ChangedClientRows = 106, ChangedRoleRows = 107,
  ChangedReservationRows = 108, ChangedFilterRows = 109,
  ClusterTotal = 110, Clock = 111, ParamValues = 112, Program = 113,
  FilterCount = 114, FilterExpiryAgent = 115, FilterExpiryClient = 116,
  OfferAgent = 117, OfferClient = 118, OfferSince = 119, OfferAmounts = 120, OfferUnreserved = 121,
  // Columns out.
  DecisionAgent = 128, DecisionClient = 129, DecisionFlags = 130, DecisionAmounts = 131,
}

export const enum AgentFlag {
  PRESENT = 1, ACTIVE = 2, DRAINING = 4, GPU_FENCED = 8, REMOTE_REGION = 16,
}

export const enum ClientFlag {
  PRESENT = 1, ACTIVE = 2, SUPPRESSED = 4, REVOCABLE = 8, GPU = 16, SHARED = 32,
  REFINEMENT = 64, REGION_AWARE = 128, HAS_DEMAND = 256,
}

export const enum RoleFlag { PRESENT = 1, LIMITED = 2, GUARANTEED = 4 }

export const enum ReservationFlag { PRESENT = 1, REFINED = 2 }

/**
 * What a decision row gives. WHOLE: all that is left there and the client may have. Otherwise the
 * amounts are of unreserved non-revocable resources, RESERVED adds every visible reservation, and
 * REVOCABLE adds all that is revocable. RECLAIM, which stands alone, takes back what the client was
 * offered there and has not answered.
 */
export const enum DecisionFlag { WHOLE = 1, RESERVED = 2, REVOCABLE = 4, RECLAIM = 8 }

/**
 * Bits of `Slot.Presence`: what there is at all in this cluster, so that the rest can be skipped.
 */
export const enum Presence { REVOCABLE = 1, LIMITS = 2, GUARANTEES = 4 }

/** What `init` and `restore` answer. */
export const enum Answer { OK = 0, NO_ROOM = 1, BAD_SIZES = 2, UNKNOWN_STATE = 3 }

/** The header lies in static memory, so the host knows it before `init`. */
// @ts-ignore: decorator
@lazy export const HEADER: usize = memory.data(1024, 64);

// @ts-ignore: decorator
@inline export function read(slot: Slot): u32 {
  return load<u32>(HEADER + (<usize>slot << 2));
}

// @ts-ignore: decorator
@inline export function write(slot: Slot, value: u32): void {
  store<u32>(HEADER + (<usize>slot << 2), value);
}

let end: u64 = 0;

/** Starts the layout behind the module's own constants, which a guessed address would overwrite. */
export function beginLayout(): void {
  end = <u64>__heap_base;
}

/** Reserves private bytes on a fresh cache line. Whether they fit is found at the end. */
export function reserve(bytes: u32): usize {
  const at = (end + 63) & ~63;
  end = at + <u64>bytes;
  return <usize>at;
}

/** Bytes that nobody has reserved yet, for what can make do with any amount of memory. */
export function roomLeft(): u64 {
  const all = (<u64>memory.size()) << 16;
  return end < all ? all - end : 0;
}

function place(slot: Slot, rowsMax: Slot, rowBytes: u32): usize {
  const at = (end + 63) & ~63;
  end = at + <u64>read(rowsMax) * <u64>rowBytes;
  write(slot, <u32>at);
  return <usize>at;
}

/** Places a column of unsigned words, as many as the capacity slot says; returns its address. */
export function placeU32(slot: Slot, rowsMax: Slot): usize {
  return place(slot, rowsMax, 4);
}

/** Places a column of doubles. */
export function placeF64(slot: Slot, rowsMax: Slot): usize {
  return place(slot, rowsMax, 8);
}

/** Places a column of vectors, `KINDS` doubles a row. */
export function placeVectors(slot: Slot, rowsMax: Slot): usize {
  return place(slot, rowsMax, VECTOR_BYTES);
}

/** Places the filter bits: per agent a row of one bit a client. */
export function placeFilters(): usize {
  return place(Slot.Filtered, Slot.AgentsMax, read(Slot.ClientsMax) >> 3);
}

/** Places one vector, or anything else of at most 64 bytes. */
export function placeLine(slot: Slot): usize {
  const at = reserve(VECTOR_BYTES);
  write(slot, <u32>at);
  return at;
}

/** Places the four columns of decisions. */
export function placeDecisions(): void {
  placeU32(Slot.DecisionAgent, Slot.DecisionsMax);
  placeU32(Slot.DecisionClient, Slot.DecisionsMax);
  placeU32(Slot.DecisionFlags, Slot.DecisionsMax);
  placeVectors(Slot.DecisionAmounts, Slot.DecisionsMax);
}

/** Names the block of private state that survives a hot swap; returns its address. */
export function placeState(bytes: u32): usize {
  const at = reserve(bytes);
  write(Slot.StateAddress, <u32>at);
  write(Slot.StateBytes, bytes);
  return at;
}

/**
 * Ends the layout: the memory grows to what it needs, which `init` alone may do. An answer, never a
 * trap, when these sizes do not fit into the most that the module may have.
 */
export function endLayout(): Answer {
  const pages = (end + 0xffff) >> 16, have = <u64>memory.size();
  if (pages > 0xffff) return Answer.NO_ROOM;
  if (pages > have && memory.grow(<i32>(pages - have)) < 0) return Answer.NO_ROOM;
  write(Slot.Magic, MAGIC);
  return Answer.OK;
}

// Addresses of cells, hot: primitive parameters only, no object in sight.

// @ts-ignore: decorator
@inline export function word(column: usize, row: u32): u32 {
  return load<u32>(column + (<usize>row << 2));
}

// @ts-ignore: decorator
@inline export function setWord(column: usize, row: u32, value: u32): void {
  store<u32>(column + (<usize>row << 2), value);
}

// @ts-ignore: decorator
@inline export function double(column: usize, row: u32): f64 {
  return load<f64>(column + (<usize>row << 3));
}

// @ts-ignore: decorator
@inline export function setDouble(column: usize, row: u32, value: f64): void {
  store<f64>(column + (<usize>row << 3), value);
}

// @ts-ignore: decorator
@inline export function vector(column: usize, row: u32): usize {
  return column + (<usize>row << 6);
}
