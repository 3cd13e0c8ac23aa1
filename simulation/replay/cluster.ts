import { AllocationRounds } from "../../kernel/allocation/round.ts";
import type { Effect } from "../../kernel/core/effect.ts";
import { offersOut } from "../../kernel/core/offers-out.ts";
import { restoreCluster } from "../../kernel/core/snapshot/restore.ts";
import { takeSnapshot } from "../../kernel/core/snapshot/take.ts";
import { type ClusterState, createCluster } from "../../kernel/core/state.ts";
import { prepareRound, step } from "../../kernel/core/step.ts";
import type { ReadSegment } from "../../kernel/io/journal/reader.ts";
import {
  decidedInput,
  goesOnFrom,
  type RoundRecord,
  type SegmentHeader,
  type Turn,
} from "../../kernel/io/journal/records.ts";
import { listOf } from "../../kernel/io/rounds.ts";
import type { ReplayDecider } from "./decider.ts";
import { type Difference, dataDifference, outcomeDifference } from "./difference.ts";

/** What was gone through. */
export interface ReplayCounts {
  turns: number;
  inputs: number;
  rounds: number;
  decisions: number;
  /** Rounds whose recorded outcome was taken, since it hung on the clock. */
  taken: number;
}

/** A cluster that goes through a journal's turns as the master did. */
export class ReplayedCluster {
  readonly counts: ReplayCounts = { turns: 0, inputs: 0, rounds: 0, decisions: 0, taken: 0 };
  readonly header: SegmentHeader;
  readonly state: ClusterState;
  /** Number of the next turn. */
  turn: number;
  readonly #decider: ReplayDecider;
  readonly #rounds: AllocationRounds;
  readonly #effects: Effect[] = [];

  /**
   * A cluster that stands where a segment begins. The segment has a snapshot, or is the first that
   * its master wrote.
   */
  constructor({ header, snapshot }: ReadSegment, decider: ReplayDecider) {
    this.header = header;
    this.state =
      snapshot === undefined
        ? createCluster(header.options, header.startedMs)
        : restoreCluster(header.options, snapshot);
    this.turn = header.turn;
    this.#decider = decider;
    // How long a round takes is of no interest here, and nothing hangs on it.
    this.#rounds = new AllocationRounds(decider, () => 0, undefined, header.round);
  }

  /** Whether a segment goes on where this stands. */
  isContinuedBy({ header }: ReadSegment): boolean {
    return goesOnFrom(header, { run: this.header.run, turn: this.turn });
  }

  /** How the state differs from the one that a segment begins with. */
  stateDifference({ snapshot }: ReadSegment, nowMs: number): Difference | undefined {
    if (snapshot === undefined) return undefined;
    const found = dataDifference(snapshot, takeSnapshot(this.state));
    if (found === undefined) return undefined;
    const { name: policy, digest } = this.state.allocation.policy;
    const { turn } = this;
    const { round } = this.#rounds;
    return { what: "state", turn, nowMs, round, policy, digest, ...found };
  }

  /** Goes through one turn; stops at the first round that comes out differently. */
  apply({ nowMs, items }: Turn): Difference | undefined {
    const { counts, state } = this;
    for (const item of items) {
      switch (item.type) {
        case "policy":
          this.#decider.take(item);
          break;
        case "instance":
          this.#decider.start(item, state.tables);
          break;
        case "parameters":
          this.#decider.configure(item);
          break;
        case "program":
          this.#decider.evaluate(item);
          break;
        case "touch-all":
          state.tables.touchAll();
          break;
        case "input":
          counts.inputs += 1;
          step(state, item.input, nowMs, this.#effects);
          break;
        case "round": {
          const found = this.#round(item, nowMs);
          if (found !== undefined) return found;
          step(state, decidedInput(item), nowMs, this.#effects);
          break;
        }
        default:
      }
      this.#effects.length = 0;
    }
    counts.turns += 1;
    this.turn += 1;
    return undefined;
  }

  #round(recorded: RoundRecord, nowMs: number): Difference | undefined {
    const { counts, state, header } = this;
    counts.rounds += 1;
    counts.decisions += recorded.decisions.length;
    if (!this.#decider.expect(recorded)) counts.taken += 1;
    prepareRound(state);
    const { seed, stepsMax } = header;
    const { filters: expiries } = state;
    const offers = offersOut(state);
    const input = { seed, nowMs, stepsMax, expiries, offers };
    const decided = this.#rounds.run(state.tables, input);
    const fault = decided?.fault && { code: decided.fault.code, row: decided.fault.row };
    const outcome = {
      decisions: decided === undefined ? [] : listOf(decided),
      more: decided?.more ?? false,
      lookAgain: decided?.lookAgain ?? false,
      looked: decided?.looked ?? 0,
      fault,
    };
    const found = outcomeDifference(state, recorded, outcome);
    if (found === undefined) return undefined;
    const { name: policy, digest } = recorded.policy;
    const { round } = recorded;
    return { what: "round", turn: this.turn, nowMs, round, policy, digest, ...found };
  }
}
