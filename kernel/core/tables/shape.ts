import { limits } from "../../../contract/limits.ts";

/** Scalar resource kinds that the columns carry; a vector is always this long. */
export const KINDS = 8;

/** The kinds with fixed places; the other four are bound to names as they appear (E20). */
export const FIXED_KINDS = ["cpus", "mem", "disk", "gpus"] as const;

/** "There is none" in every row reference, so that zeroed memory is a valid empty table. */
export const NO_ROW = 0;

/** The root of the role tree: parent of the top-level roles, holder of the cluster's sums. */
export const ROOT_ROLE = 0;

/**
 * A quantity per kind in thousandths ("milli"), `KINDS` long. Integers held in doubles: exact to
 * 2^53, the same on every machine (E20).
 */
export type Vector = ArrayLike<number>;

/** Bits of an agent's flags. */
export const AgentFlag = {
  /** The row is in use. */
  PRESENT: 1,
  /** Connected, not deactivated, whitelisted: may be offered. */
  ACTIVE: 2,
  /** Being drained: gets no offers, whatever ACTIVE says. */
  DRAINING: 4,
  /** Only clients with the GPU capability may be offered anything here (C19). */
  GPU_FENCED: 8,
  /** In another region than the master: only for clients that are REGION_AWARE (E16). */
  REMOTE_REGION: 16,
} as const;

/** Bits of a client's flags. A client is one framework's presence in one role. */
export const ClientFlag = {
  PRESENT: 1,
  /** The framework is connected and not deactivated. */
  ACTIVE: 2,
  /** The framework asked for no offers in this role (C11). */
  SUPPRESSED: 4,
  /** Capabilities that widen what may be offered (C19, C20). */
  REVOCABLE: 8,
  GPU: 16,
  SHARED: 32,
  REFINEMENT: 64,
  REGION_AWARE: 128,
  /** The demand hint of this client says something; otherwise its demand is unknown. */
  HAS_DEMAND: 256,
} as const;

/** Bits of a role's flags. */
export const RoleFlag = {
  PRESENT: 1,
  /** A limit is set for at least one kind (E9). */
  LIMITED: 2,
  /** A guarantee is set for at least one kind (E8). */
  GUARANTEED: 4,
} as const;

/** Bits of a reservation's flags. */
export const ReservationFlag = {
  PRESENT: 1,
  /** Reserved more than once down the role tree: only for REFINEMENT clients (C20). */
  REFINED: 2,
} as const;

/** How many rows each table has room for. Every value is a multiple of 64. */
export interface TableSizes {
  readonly agents: number;
  readonly clients: number;
  readonly roles: number;
  readonly reservations: number;
  readonly attributes: number;
  readonly alternatives: number;
}

/** Rows at the start; tables double from here as rows are added. */
export const INITIAL_SIZES: TableSizes = {
  agents: 256,
  clients: 64,
  roles: 64,
  reservations: 64,
  attributes: 256,
  alternatives: 64,
};

/** The sizes that tables never grow beyond; an allocation policy is tested at these (habit 4). */
export const LARGEST_SIZES: TableSizes = {
  agents: rounded(limits.agentsMax),
  clients: rounded(limits.clientsMax),
  roles: rounded(limits.rolesMax),
  reservations: 131_072,
  attributes: 1_048_576,
  alternatives: 16_384,
};

/** The next multiple of 64, the unit of table sizes. */
function rounded(rows: number): number {
  return Math.ceil(rows / 64) * 64;
}

/** Doubles a size as often as `rows` needs, or `undefined` when that would pass the largest. */
export function grownSize(size: number, rows: number, largest: number): number | undefined {
  if (rows > largest) return undefined;
  let grown = size;
  while (grown < rows) grown *= 2;
  return Math.min(grown, largest);
}
