// The numbers of Tepui's allocator ABI, version 1, for tests.

// numbers:begin (written by Tepui's `npm run docs`; do not edit)
export const KINDS = 8;
export const MAGIC = 0x414c4154;
export const HEADER_SLOTS = 256;

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
  More: 48,
  Looked: 49,
  StateAddress: 50,
  StateBytes: 51,
  Note: 52,
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
  DecisionAgent: 128,
  DecisionClient: 129,
  DecisionFlags: 130,
  DecisionAmounts: 131,
};

export const Agent = {
  PRESENT: 1,
  ACTIVE: 2,
  DRAINING: 4,
  GPU_FENCED: 8,
  REMOTE_REGION: 16,
};

export const Client = {
  PRESENT: 1,
  ACTIVE: 2,
  SUPPRESSED: 4,
  REVOCABLE: 8,
  GPU: 16,
  SHARED: 32,
  REFINEMENT: 64,
  REGION_AWARE: 128,
  HAS_DEMAND: 256,
};

export const Role = {
  PRESENT: 1,
  LIMITED: 2,
  GUARANTEED: 4,
};

export const Reservation = {
  PRESENT: 1,
  REFINED: 2,
};

export const Decision = {
  WHOLE: 1,
  RESERVED: 2,
  REVOCABLE: 4,
};

export const Presence = {
  REVOCABLE: 1,
  LIMITS: 2,
  GUARANTEES: 4,
};

export const Answer = {
  OK: 0,
  NO_ROOM: 1,
  BAD_SIZES: 2,
  UNKNOWN_STATE: 3,
};
// numbers:end
