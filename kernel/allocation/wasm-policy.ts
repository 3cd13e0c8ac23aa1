import { performance } from "node:perf_hooks";
import type { PolicyCompanion } from "../../contract/ports/policy-companion.ts";
import { KINDS } from "../core/tables/shape.ts";
import type { AllocationTables } from "../core/tables.ts";
import type { AdmittedPolicy } from "./admission.ts";
import { ColumnWriter, type ViewOf } from "./columns.ts";
import { Program } from "./companion.ts";
import { withDeadline } from "./deadline.ts";
import { ExpiryWriter } from "./expiries.ts";
import { PolicyFault } from "./faults.ts";
import { PARAMS_MAX, type StartedGuest, startGuest } from "./guest.ts";
import { Layout } from "./layout.ts";
import { OfferWriter } from "./offers-out.ts";
import type { DecisionRows, Policy, PolicySnapshot, RoundInput } from "./policy.ts";
import { Answer, Presence, Slot } from "./slots.ts";

/** How an instance is run. */
export interface WasmPolicyOptions {
  /**
   * Wall clock backstop of a start, and of a round. A first round has what the start left of it,
   * because both may fall into one turn of the loop.
   */
  readonly deadlineMs: number;
  /** Parameters in the order that the manifest gives them. */
  readonly params?: readonly number[];
  /** Compiles what frameworks and agents state, for policies that evaluate it. */
  readonly companion?: PolicyCompanion | undefined;
}

/**
 * One instance of a policy over a memory of its own, laid out for one generation of the tables.
 * After any fault it must be dropped: its memory may be in any state.
 */
export class WasmPolicy implements Policy {
  readonly name: string;
  readonly digest: string;
  /** Generation of the tables that this instance is laid out for. */
  readonly #generation: number;
  readonly #started: StartedGuest;
  readonly #deadlineMs: number;
  /** What the next round has less, because it was spent before the first one. */
  #spentMs: number;
  readonly #header: Uint32Array;
  readonly #clusterTotal: Float64Array | undefined;
  readonly #clock: Float64Array | undefined;
  readonly #candidates: Uint32Array | undefined;
  readonly #params: Float64Array | undefined;
  readonly #writer: ColumnWriter;
  readonly #expiries: ExpiryWriter;
  readonly #offers: OfferWriter;
  readonly #program: Program;
  readonly #programRoom: number;
  readonly #companion: PolicyCompanion | undefined;
  #isOutdated = false;
  readonly #programColumn: Uint8Array | undefined;
  readonly #state: Uint8Array;
  readonly #agents: Uint32Array;
  readonly #clients: Uint32Array;
  readonly #flags: Uint32Array;
  readonly #amounts: Float64Array;

  /**
   * Instantiates and initialises. Throws a `PolicyFault` of the first or second group. `spentMs` of
   * the deadline are gone already, in the same turn of the loop.
   */
  constructor(
    policy: AdmittedPolicy,
    tables: AllocationTables,
    options: WasmPolicyOptions,
    spentMs = 0,
  ) {
    this.name = policy.name;
    this.digest = policy.digest;
    this.#generation = tables.generation;
    this.#deadlineMs = options.deadlineMs;
    this.#companion = options.companion;
    this.#program = new Program(policy.name, options.companion);
    this.#program.refresh(tables);
    this.#programRoom = this.#program.room;
    const { sizes } = tables;
    const leftMs = left(options.deadlineMs, spentMs);
    const started = startGuest(policy, sizes, leftMs, this.#programRoom);
    this.#started = started;
    this.#spentMs = spentMs + started.tookMs;
    this.#header = started.header;
    const layout = new Layout(policy.name, started.buffer, started.header);
    const view: ViewOf = (slot, like) =>
      like instanceof Float64Array ? layout.f64(slot, like.length) : layout.u32(slot, like.length);
    this.#writer = new ColumnWriter(tables, started.header, view);
    this.#expiries = new ExpiryWriter(started.header, view);
    this.#offers = new OfferWriter(started.header, view);
    this.#clusterTotal = layout.f64(Slot.ClusterTotal, KINDS);
    this.#clock = layout.f64(Slot.Clock, 1);
    this.#candidates = layout.u32(Slot.CandidateRows, tables.sizes.agents);
    const { decisionsMax } = started;
    this.#agents = must(layout.u32(Slot.DecisionAgent, decisionsMax), policy.name);
    this.#clients = must(layout.u32(Slot.DecisionClient, decisionsMax), policy.name);
    this.#flags = must(layout.u32(Slot.DecisionFlags, decisionsMax), policy.name);
    this.#amounts = layout.f64(Slot.DecisionAmounts, decisionsMax * KINDS) ?? new Float64Array(0);
    this.#state = layout.state(sizes);
    this.#params = layout.f64(Slot.ParamValues, PARAMS_MAX);
    this.#setParams(options.params ?? []);
    this.#programColumn = layout.u8(Slot.Program, this.#programRoom);
    layout.check();
  }

  /**
   * Whether this instance has room for the tables and for the program as they are now, and its own
   * companion still; if not, another one must take its place.
   * @throws PolicyFault POLICY_COMPANION
   */
  fits(tables: AllocationTables): boolean {
    if (this.#generation !== tables.generation || this.#isOutdated) return false;
    this.#program.refresh(tables);
    return this.#program.bytes.length <= this.#programRoom;
  }

  /** The program as the companion compiled it last; replaced, never changed. */
  get program(): Uint8Array {
    return this.#program.bytes;
  }

  /** Takes other settings, between two rounds. With another companion it does not fit any more. */
  configure({ params = [], companion }: Omit<WasmPolicyOptions, "deadlineMs">): void {
    this.#setParams(params);
    this.#isOutdated ||= companion !== this.#companion;
  }

  #setParams(params: readonly number[]): void {
    this.#params?.fill(0).set(params);
    this.#header[Slot.Params] = params.length;
  }

  /** The tables must be ones that this instance `fits`. */
  allocate(tables: AllocationTables, input: RoundInput): DecisionRows {
    const candidates = tables.candidates;
    this.#write(tables, input, candidates);
    const header = this.#header;
    const { decisionsMax } = this.#started;
    const count = this.#guarded(({ guest }) => guest.allocate());
    this.#spentMs = 0;
    if (!Number.isInteger(count) || count < 0 || count > decisionsMax) {
      throw new PolicyFault("POLICY_BAD_COUNT", `${count} rows of at most ${decisionsMax}`);
    }
    const more = header[Slot.More] !== 0;
    const looked = more ? (header[Slot.Looked] as number) : candidates.length;
    if (looked > candidates.length) {
      throw new PolicyFault(
        "POLICY_BAD_COUNT",
        `looked at ${looked} of ${candidates.length} candidates`,
      );
    }
    return {
      count,
      agents: this.#agents,
      clients: this.#clients,
      flags: this.#flags,
      amounts: this.#amounts,
      more,
      looked,
      lookAgain: header[Slot.LookAgain] !== 0,
    };
  }

  snapshot(): PolicySnapshot {
    return { schema: this.#started.schema, bytes: this.#state.slice() };
  }

  /** Whether a state has the length of this policy's own; if not, `restore` leaves it as it is. */
  mayRestore({ bytes }: PolicySnapshot): boolean {
    return bytes.length === this.#state.length && bytes.length > 0;
  }

  /** Where it has written into columns that are the host's, since the last round; see `spoilt`. */
  get spoilt(): ReturnType<ColumnWriter["spoilt"]> {
    return this.#writer.spoilt();
  }

  /** The number that the author left in slot Note; 0 for none. */
  get note(): number {
    return this.#header[Slot.Note] as number;
  }

  /** What was spent before the first round, of its deadline. */
  get spentMs(): number {
    return this.#spentMs;
  }

  /**
   * Takes over a predecessor's state; false when the policy does not know it and starts cold. It
   * has half of what is left of the deadline: the other half is for another instance, should this
   * one not survive the state.
   */
  restore(from: PolicySnapshot): boolean {
    const state = this.#state;
    if (!this.mayRestore(from)) return false;
    state.set(from.bytes);
    const restoring = ({ guest }: StartedGuest) => guest.restore(from.schema, from.bytes.length);
    const answer = this.#guarded(restoring, left(this.#deadlineMs, this.#spentMs) / 2);
    if (answer === Answer.OK) return true;
    state.fill(0);
    return false;
  }

  /** Runs code of the policy. Its memory must be the same after it: our views are of that one. */
  #guarded(
    call: (started: StartedGuest) => number,
    forMs = left(this.#deadlineMs, this.#spentMs),
  ): number {
    const started = this.#started;
    const began = performance.now();
    let answer: number;
    try {
      answer = withDeadline(Math.ceil(forMs), () => call(started));
    } finally {
      this.#spentMs += performance.now() - began;
    }
    if (started.guest.memory.buffer === started.buffer) return answer;
    throw new PolicyFault("POLICY_MEMORY", `${this.name} let it grow after init`);
  }

  /** Everything that the policy reads in a round. */
  #write(tables: AllocationTables, input: RoundInput, candidates: Uint32Array): void {
    const header = this.#header;
    tables.roles.settleRanks();
    this.#writer.write();
    this.#expiries.write(input.expiries);
    this.#offers.write(input.offers);
    this.#writeProgram();
    this.#clusterTotal?.set(tables.clusterTotal);
    if (this.#clock) this.#clock[0] = input.nowMs;
    this.#candidates?.set(candidates);
    header[Slot.Agents] = tables.agents.pool.end;
    header[Slot.Clients] = tables.clients.pool.end;
    header[Slot.Roles] = tables.roles.pool.end;
    header[Slot.Reservations] = tables.reservations.pool.end;
    header[Slot.Attributes] = tables.attributes.pool.end;
    header[Slot.Alternatives] = tables.alternatives.pool.end;
    header[Slot.Kinds] = tables.kindNames.length;
    header[Slot.Candidates] = candidates.length;
    header[Slot.DefaultMinimum] = tables.defaultMinimum;
    header[Slot.StepsMax] = input.stepsMax;
    header[Slot.RoundLow] = input.round;
    header[Slot.RoundHigh] = input.round / 2 ** 32;
    header[Slot.SeedLow] = input.seed;
    header[Slot.SeedHigh] = input.seed / 2 ** 32;
    header[Slot.Presence] =
      (tables.agents.hasRevocable ? Presence.REVOCABLE : 0) |
      (tables.roles.limited > 0 ? Presence.LIMITS : 0) |
      (tables.roles.guaranteed > 0 ? Presence.GUARANTEES : 0);
    header[Slot.More] = 0;
    header[Slot.Looked] = 0;
    header[Slot.LookAgain] = 0;
  }

  #writeProgram(): void {
    const isNew = this.#program.takeNews();
    this.#header[Slot.ProgramChanged] = isNew ? 1 : 0;
    if (!isNew) return;
    this.#programColumn?.set(this.#program.bytes);
    this.#header[Slot.ProgramBytes] = this.#program.bytes.length;
  }
}

/** What is left of a deadline; V8's watchdog wants one millisecond at least. */
function left(deadlineMs: number, spentMs: number): number {
  return Math.max(1, Math.ceil(deadlineMs - spentMs));
}

function must<T>(column: T | undefined, name: string): T {
  if (column !== undefined) return column;
  throw new PolicyFault("POLICY_LAYOUT", `${name} did not place its decision columns`);
}
