import type { AllocationTables } from "../core/tables.ts";
import type { PolicyFault } from "./faults.ts";
import type { RoundInput } from "./policy.ts";
import type { Supervised } from "./supervisor.ts";

/** What a round decided: columns, valid until the next round. Every row has been verified. */
export interface RoundDecisions {
  readonly round: number;
  readonly count: number;
  /** Agent and client rows of the tables. */
  readonly agents: Uint32Array;
  readonly clients: Uint32Array;
  /** Bits of `DecisionFlag`: WHOLE, or RESERVED and REVOCABLE beside the amounts. */
  readonly flags: Uint32Array;
  /** `KINDS` thousandths a row of unreserved resources, for rows that are not WHOLE. */
  readonly amounts: Float64Array;
  /** Candidates are left: run another round soon. */
  readonly more: boolean;
  /** Time alone may change the decisions: look at all agents again at the next batch. */
  readonly lookAgain: boolean;
  /** Who decided. The policy's name is "built-in" when none of the loaded ones was fit to run. */
  readonly policy: string;
  readonly digest: string;
  /** The policy failed and the round was lost; its candidates wait for the next one. */
  readonly lost: boolean;
  /** How many of the candidates, from the first, the policy is done with. */
  readonly looked: number;
  /** Number of the instance that ran, and why the round was lost; see `Supervised`. */
  readonly instance: number;
  readonly fault: PolicyFault | undefined;
  /** What the live policy took, in milliseconds. */
  readonly tookMs: number;
}

/**
 * Hears of every round right after its decisions, while the tables are still as the policy saw
 * them.
 */
export interface RoundObserver {
  observe(
    tables: AllocationTables,
    input: RoundInput,
    decided: Supervised,
    liveTookMs: number,
  ): void;
}

/** Who decides in a round: the supervisor, or whoever replays what it did. */
export interface Decider {
  allocate(tables: AllocationTables, input: RoundInput): Supervised;
}

const NO_ROWS = new Uint32Array(0);
const NO_AMOUNTS = new Float64Array(0);

/**
 * Runs the allocation rounds: the only caller of policies. Tables in, verified decisions out; the
 * caller applies them to its state and, through that, to the tables. Reads no clock but the one
 * that it is given, and that only to say how long a round took.
 */
export class AllocationRounds {
  readonly #decider: Decider;
  readonly #clockMs: () => number;
  readonly #observer: RoundObserver | undefined;
  #round: number;

  /** `round` is the number of the last round before these. */
  constructor(decider: Decider, clockMs: () => number, observer?: RoundObserver, round = 0) {
    this.#decider = decider;
    this.#clockMs = clockMs;
    this.#observer = observer;
    this.#round = round;
  }

  /** Number of the last round that ran. */
  get round(): number {
    return this.#round;
  }

  /** One round over the candidates. `undefined`, at no cost, when there are none. Never throws. */
  run(tables: AllocationTables, input: Omit<RoundInput, "round">): RoundDecisions | undefined {
    const candidates = tables.candidates.length;
    if (candidates === 0) return undefined;
    const startMs = this.#clockMs();
    this.#round += 1;
    tables.rotateCandidates(scattered(this.#round, input.seed) % candidates);
    const full = { ...input, round: this.#round };
    const decided = this.#decider.allocate(tables, full);
    const { rows, policy, digest, instance, fault } = decided;
    const tookMs = this.#clockMs() - startMs;
    this.#observer?.observe(tables, full, decided, tookMs);
    if (rows !== undefined) tables.dropCandidates(rows.looked);
    return {
      round: this.#round,
      count: rows?.count ?? 0,
      agents: rows?.agents ?? NO_ROWS,
      clients: rows?.clients ?? NO_ROWS,
      flags: rows?.flags ?? NO_ROWS,
      amounts: rows?.amounts ?? NO_AMOUNTS,
      more: rows?.more ?? true,
      lookAgain: rows?.lookAgain ?? false,
      policy,
      digest,
      lost: rows === undefined,
      looked: rows?.looked ?? 0,
      instance,
      fault,
      tookMs,
    };
  }
}

/** Where a round starts among its candidates (C21): scattered, but the same on every replay. */
function scattered(round: number, seed: number): number {
  let bits = Math.imul(round ^ seed, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 15), 0x85ebca6b);
  return (bits ^ (bits >>> 13)) >>> 0;
}
