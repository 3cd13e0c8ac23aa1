import type { Expiries } from "../core/filters.ts";
import type { OffersOut } from "../core/offers-out.ts";
import type { AllocationTables } from "../core/tables.ts";

/** What a policy is told about a round beside the tables. */
export interface RoundInput {
  /** Number of the round, from 1. */
  readonly round: number;
  /** Seed of the master's randomness; a policy derives all its own from it and the round. */
  readonly seed: number;
  readonly nowMs: number;
  /** When refusals end, for policies that ask for it. */
  readonly expiries?: Expiries;
  /** What is offered and not answered, for policies that ask for it and may take it back. */
  readonly offers?: OffersOut;
  /** Deterministic bound of the work: roughly, agents looked at. */
  readonly stepsMax: number;
}

/** Decisions as columns, valid until the policy runs again. */
export interface DecisionRows {
  readonly count: number;
  readonly agents: Uint32Array;
  readonly clients: Uint32Array;
  /** Bits of `DecisionFlag`. */
  readonly flags: Uint32Array;
  /** `KINDS` doubles a row, of unreserved resources; without meaning in rows that are WHOLE. */
  readonly amounts: Float64Array;
  /** The budget ran out before the candidates did. */
  readonly more: boolean;
  /** How many of the candidates, from the first, the policy is done with. */
  readonly looked: number;
  /** Time alone may change the decisions: agents are to be looked at again at the next batch. */
  readonly lookAgain?: boolean;
}

/** One policy, ready for rounds: a WebAssembly instance or the one that is built in. */
export interface Policy {
  readonly name: string;
  readonly digest: string;
  /** Decides over the tables' candidates. Throws a `PolicyFault`; the policy is then dropped. */
  allocate(tables: AllocationTables, input: RoundInput): DecisionRows;
  /** Private state for a successor, or `undefined` when there is none. */
  snapshot(): PolicySnapshot | undefined;
}

/** Opaque private state of a policy, with the schema that gives it meaning. */
export interface PolicySnapshot {
  readonly schema: number;
  readonly bytes: Uint8Array;
}
