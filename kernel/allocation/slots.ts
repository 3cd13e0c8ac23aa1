/**
 * Allocator ABI v1, the host's side: slot numbers of the header. The guest's side is
 * assembly/abi.ts, and test/golden/abi-layout.txt holds both to account. Append only: a number is
 * never moved, reused or given another meaning. Words and units: docs/abi/allocator-v1.md.
 */
export const Slot = {
  Magic: 0,
  HostMinor: 1,
  AgentsMax: 2,
  ClientsMax: 3,
  RolesMax: 4,
  ReservationsMax: 5,
  AttributesMax: 6,
  AlternativesMax: 7,
  DecisionsMax: 8,
  ParamsMax: 9,
  ProgramBytesMax: 10,
  ExpiriesMax: 11,
  OffersMax: 12,
  Agents: 16,
  Clients: 17,
  Roles: 18,
  Reservations: 19,
  Attributes: 20,
  Alternatives: 21,
  Kinds: 22,
  Candidates: 23,
  StepsMax: 24,
  RoundLow: 25,
  RoundHigh: 26,
  SeedLow: 27,
  SeedHigh: 28,
  DefaultMinimum: 29,
  Params: 30,
  ProgramBytes: 31,
  EverythingChanged: 32,
  ChangedAgents: 33,
  ChangedClients: 34,
  ChangedRoles: 35,
  ChangedReservations: 36,
  ChangedFilters: 37,
  Presence: 38,
  ProgramChanged: 39,
  Expiries: 40,
  Offers: 41,
  OffersChanged: 42,
  More: 48,
  Looked: 49,
  StateAddress: 50,
  StateBytes: 51,
  Note: 52,
  LookAgain: 53,
  AgentFlags: 64,
  AgentTotal: 65,
  AgentFree: 66,
  AgentRevocable: 67,
  AgentUnavailableFrom: 68,
  AgentFirstReservation: 69,
  AgentFirstAttribute: 70,
  ReservationFlags: 71,
  ReservationAgent: 72,
  ReservationRole: 73,
  ReservationNext: 74,
  ReservationFree: 75,
  ReservationTotal: 76,
  AttributeName: 77,
  AttributeText: 78,
  AttributeNext: 79,
  AttributeNumber: 80,
  RoleFlags: 81,
  RoleParent: 82,
  RoleRank: 83,
  RoleSubmitOrder: 84,
  RoleWeight: 85,
  RoleAllocations: 86,
  RoleGuarantee: 87,
  RoleLimit: 88,
  RoleUsed: 89,
  RoleConsumed: 90,
  ClientFlags: 91,
  ClientRole: 92,
  ClientFramework: 93,
  ClientSubmitOrder: 94,
  ClientAllocations: 95,
  ClientPriority: 96,
  ClientFirstMinimum: 97,
  ClientUsed: 98,
  ClientDemand: 99,
  AlternativeNext: 100,
  AlternativeLeast: 101,
  Filtered: 102,
  FilterExpiry: 103,
  CandidateRows: 104,
  ChangedAgentRows: 105,
  ChangedClientRows: 106,
  ChangedRoleRows: 107,
  ChangedReservationRows: 108,
  ChangedFilterRows: 109,
  ClusterTotal: 110,
  Clock: 111,
  ParamValues: 112,
  Program: 113,
  FilterCount: 114,
  FilterExpiryAgent: 115,
  FilterExpiryClient: 116,
  OfferAgent: 117,
  OfferClient: 118,
  OfferSince: 119,
  OfferAmounts: 120,
  OfferUnreserved: 121,
  DecisionAgent: 128,
  DecisionClient: 129,
  DecisionFlags: 130,
  DecisionAmounts: 131,
} as const;

/** What a policy writes into `Slot.Magic` after a good `init`: "TALA" in ASCII. */
export const MAGIC = 0x414c4154;

/** Words in the header. */
export const HEADER_SLOTS = 256;

/** Minor version that this host speaks: policies of this and of earlier minors run. */
export const ABI_MINOR = 2;

/** Rows of the list of refusals that end first. */
export const EXPIRIES_MAX = 16_384;

/** Rows of the list of offers that are out, for each agent that there may be. */
export const OFFERS_PER_AGENT = 2;

/** Name of the export that marks a module as an allocator of this major version. */
export const ABI_MARKER = "allocator_abi_v1";

/**
 * What a decision row gives. WHOLE: all that is left there and that the client may have. Otherwise
 * the amounts are of unreserved non-revocable resources, RESERVED adds every visible reservation
 * and REVOCABLE adds all that is revocable. RECLAIM, which stands alone, gives
 * nothing: it takes back what the client was offered there and has not answered.
 */
export const DecisionFlag = {
  WHOLE: 1,
  RESERVED: 2,
  REVOCABLE: 4,
  RECLAIM: 8,
} as const;

/**
 * Bits of `Slot.Presence`: what there is at all in this cluster, so that the rest can be skipped.
 */
export const Presence = {
  REVOCABLE: 1,
  LIMITS: 2,
  GUARANTEES: 4,
} as const;

/** What `init` and `restore` answer; anything else is a refusal without a name. */
export const Answer = {
  OK: 0,
  NO_ROOM: 1,
  BAD_SIZES: 2,
  UNKNOWN_STATE: 3,
} as const;
