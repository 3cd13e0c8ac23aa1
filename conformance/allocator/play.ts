import type { DecisionRows, RoundInput } from "../../kernel/allocation/policy.ts";
import { Verifier } from "../../kernel/allocation/verify.ts";
import type { WasmPolicy } from "../../kernel/allocation/wasm-policy.ts";
import type { OffersOut } from "../../kernel/core/offers-out.ts";
import type { AllocationTables } from "../../kernel/core/tables.ts";
import type { Features } from "./features.ts";
import { type AllocatorSubject, faultless, instanceFor } from "./subject.ts";
import { START_MS, World } from "./world.ts";

/** Rounds of one random cluster; the first lives longer, for what shows late. */
const ROUNDS = 25;
const ROUNDS_OF_FIRST = 120;

/** Steps of a round that need not end early. */
export const MANY_STEPS = 0xffff_ffff;

/** A policy at work on tables, as a master has it: every round verified, state handed over. */
export class Player {
  readonly tables: AllocationTables;
  readonly #subject: AllocatorSubject;
  readonly #seed: number;
  readonly #offers: OffersOut | undefined;
  readonly #verifier = new Verifier();
  #policy: WasmPolicy;
  #round = 0;

  constructor(
    subject: AllocatorSubject,
    tables: AllocationTables,
    seed: number,
    offers?: OffersOut,
  ) {
    this.tables = tables;
    this.#subject = subject;
    this.#seed = seed;
    this.#offers = offers;
    this.#policy = instanceFor(subject, tables, { seed });
  }

  /** The instance, laid out for the tables as they are now. */
  get policy(): WasmPolicy {
    if (faultless(() => this.#policy.fits(this.tables), this.where)) return this.#policy;
    const before = this.#policy.snapshot();
    this.#policy = instanceFor(this.#subject, this.tables, this.where);
    faultless(() => this.#policy.restore(before), this.where);
    return this.#policy;
  }

  /** Where it is, for what breaks here. */
  get where(): { readonly seed: number; readonly round: number } {
    return { seed: this.#seed, round: this.#round };
  }

  /** The next round over the tables' candidates, verified; nothing is taken off the tables. */
  round(stepsMax: number = MANY_STEPS): DecisionRows {
    this.#round += 1;
    const { policy } = this;
    const rows = faultless(() => policy.allocate(this.tables, this.input(stepsMax)), this.where);
    faultless(() => this.#verifier.verify(this.tables, rows, this.#offers), this.where);
    return rows;
  }

  /** What the present round is told. */
  input(stepsMax: number = MANY_STEPS): RoundInput {
    const round = this.#round;
    const nowMs = START_MS + round * 1000;
    const input = { round, seed: this.#seed, nowMs, stepsMax };
    return this.#offers === undefined ? input : { ...input, offers: this.#offers };
  }
}

/** A random cluster at a moment in which there is something to decide. */
export interface Moment {
  readonly world: World;
  readonly player: Player;
}

/**
 * Lets random clusters with these features live for a while, each from a seed of its own, and stops
 * at every round; whoever walks through them decides the round.
 */
export function* livingWorlds(
  subject: AllocatorSubject,
  features: Features,
  clusters: number = subject.clusters,
): Generator<Moment> {
  for (let seed = subject.seed; seed < subject.seed + clusters; seed++) {
    const world = new World(seed, features);
    const player = new Player(subject, world.tables, seed, world.offers);
    const rounds = seed === subject.seed ? ROUNDS_OF_FIRST : ROUNDS;
    for (let round = 0; round < rounds; round++) {
      world.live();
      if (world.tables.candidates.length > 0) yield { world, player };
    }
  }
}
