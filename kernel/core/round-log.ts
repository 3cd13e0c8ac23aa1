import type { Row } from "./event.ts";
import type { Client } from "./model.ts";

/** Rounds that are remembered. */
const RECENT_MAX = 64;

/**
 * Which call of a cycle a round is; see `hoarding.ts`. `front`: those who stand behind are hidden.
 * `second`: on what was taken off those on trial, who are hidden, too. `rest`: for everybody, on
 * what is left. `all`: the only one, for everybody.
 */
export type RoundPart = "all" | "front" | "second" | "rest";

/** One round that was run, for people. */
export interface RoundNote {
  /** Number of the round, from 1; the same that the history of the policy tells. */
  readonly round: number;
  readonly atMs: number;
  readonly policy: string;
  readonly digest: string;
  /** Agents looked at, and offers made. */
  readonly looked: number;
  readonly offers: number;
  readonly part: RoundPart;
}

/** The rounds of allocation as the core sees them: what each looked at, and what it left over. */
export class RoundLog {
  /** Number of the last round. */
  number = 0;
  /** Number of the last cycle: one round, or several where some stand behind the others. */
  cycle = 0;
  /** The last rounds, oldest first. */
  readonly recent: RoundNote[] = [];
  /** The part that is being run, or was run last. */
  part: RoundPart = "all";
  /** The part that has to follow, and the agents that it is for. */
  next: { readonly part: RoundPart; readonly agents: readonly Row[] } | undefined;
  /** Candidates that wait meanwhile. */
  aside: readonly Row[] = [];
  /** Clients that keep giving everything back. */
  readonly idle = new Set<Client>();
  /** Those that policies do not see in the round that is being run. */
  hidden: readonly Client[] = [];
  #candidates = new Uint32Array(0);
  #count = 0;
  #lookedIn = new Float64Array(0);

  /** Candidates of the round that is being run. */
  get candidates(): Uint32Array {
    return this.#candidates.subarray(0, this.#count);
  }

  /** Remembers which agents a round is to look at. */
  begin(candidates: Uint32Array): void {
    this.#count = candidates.length;
    if (this.#candidates.length < this.#count) this.#candidates = new Uint32Array(this.#count * 2);
    this.#candidates.set(candidates);
  }

  /** Number of the last round that looked at an agent; 0 when none has. */
  lookedIn(agent: Row): number {
    return this.#lookedIn[agent] ?? 0;
  }

  /** Notes that all candidates were looked at but those that are left; returns how many were. */
  looked(left: Uint32Array, agents: number): number {
    if (this.#lookedIn.length < agents) {
      const grown = new Float64Array(agents);
      grown.set(this.#lookedIn);
      this.#lookedIn = grown;
    }
    // A budget that ran out is rare; else nothing is left and nothing has to be compared.
    const waiting = left.length === 0 ? undefined : new Set(left);
    let count = 0;
    for (let at = 0; at < this.#count; at++) {
      const agent = this.#candidates[at] as number;
      if (waiting?.has(agent)) continue;
      this.#lookedIn[agent] = this.number;
      count += 1;
    }
    return count;
  }

  /** Adds a note and forgets the oldest. */
  note(note: RoundNote): void {
    this.recent.push(note);
    if (this.recent.length > RECENT_MAX) this.recent.shift();
  }

  /** An agent's row is somebody else's now. */
  forget(agent: Row): void {
    if (agent < this.#lookedIn.length) this.#lookedIn[agent] = 0;
  }
}
