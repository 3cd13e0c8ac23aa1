import { KINDS } from "../core/tables/shape.ts";
import type { AllocationTables } from "../core/tables.ts";
import { type AdmittedPolicy, checkMinor } from "./admission.ts";
import { ColumnWriter, type ViewOf } from "./columns.ts";
import { withDeadline } from "./deadline.ts";
import { ExpiryWriter } from "./expiries.ts";
import { PolicyFault } from "./faults.ts";
import type { DecisionRows, Policy, PolicySnapshot, RoundInput } from "./policy.ts";
import {
  ABI_MARKER,
  ABI_MINOR,
  Answer,
  EXPIRIES_MAX,
  HEADER_SLOTS,
  MAGIC,
  Presence,
  Slot,
} from "./slots.ts";
import { type WasmGlobal, type WasmMemory, wasm } from "./webassembly.ts";

/** How an instance is run. */
export interface WasmPolicyOptions {
  /** Wall clock backstop of one call, instantiation included. */
  readonly deadlineMs: number;
  /** Parameters in the order that the manifest gives them. */
  readonly params?: readonly number[];
  /** Compiled expressions for policies that evaluate some. */
  readonly program?: Uint8Array;
}

/** Room for the parameters and the program, at least these many of them. */
const PARAMS_MAX = 64;
const PROGRAM_BYTES_MAX = 64 << 10;

/** Decision rows beyond one for each agent; a round that needs more says so and goes on. */
const EXTRA_DECISIONS = 1024;

interface Guest {
  readonly memory: WasmMemory;
  readonly [ABI_MARKER]: WasmGlobal | (() => number);
  readonly state_schema: WasmGlobal | (() => number);
  header(): number;
  init(): number;
  allocate(): number;
  restore(schema: number, bytes: number): number;
}

/**
 * One instance of a policy over a memory of its own, laid out for one generation of the tables.
 * After any fault it must be dropped: its memory may be in any state.
 */
export class WasmPolicy implements Policy {
  readonly name: string;
  readonly digest: string;
  /** Generation of the tables that this instance is laid out for. */
  readonly generation: number;
  readonly #guest: Guest;
  readonly #deadlineMs: number;
  readonly #header: Uint32Array;
  readonly #clusterTotal: Float64Array | undefined;
  readonly #clock: Float64Array | undefined;
  readonly #candidates: Uint32Array | undefined;
  readonly #writer: ColumnWriter;
  readonly #expiries: ExpiryWriter;
  readonly #state: Uint8Array;
  readonly #schema: number;
  readonly #decisionsMax: number;
  readonly #agents: Uint32Array;
  readonly #clients: Uint32Array;
  readonly #flags: Uint32Array;
  readonly #amounts: Float64Array;

  /** Instantiates and initialises. Throws a `PolicyFault` of the first or second group. */
  constructor(policy: AdmittedPolicy, tables: AllocationTables, options: WasmPolicyOptions) {
    this.name = policy.name;
    this.digest = policy.digest;
    this.generation = tables.generation;
    this.#deadlineMs = options.deadlineMs;
    this.#guest = started(policy, options.deadlineMs);
    checkMinor(policy.name, this.#number(this.#guest[ABI_MARKER]));
    this.#schema = this.#number(this.#guest.state_schema);
    const { buffer } = this.#guest.memory;
    this.#header = this.#headerIn(buffer);
    this.#decisionsMax = this.#initialise(tables);
    const layout = new Layout(policy.name, buffer, this.#header);
    const view: ViewOf = (slot, like) =>
      like instanceof Float64Array ? layout.f64(slot, like.length) : layout.u32(slot, like.length);
    this.#writer = new ColumnWriter(tables, this.#header, view);
    this.#expiries = new ExpiryWriter(this.#header, view);
    this.#clusterTotal = layout.f64(Slot.ClusterTotal, KINDS);
    this.#clock = layout.f64(Slot.Clock, 1);
    this.#candidates = layout.u32(Slot.CandidateRows, tables.sizes.agents);
    this.#agents = must(layout.u32(Slot.DecisionAgent, this.#decisionsMax), policy.name);
    this.#clients = must(layout.u32(Slot.DecisionClient, this.#decisionsMax), policy.name);
    this.#flags = must(layout.u32(Slot.DecisionFlags, this.#decisionsMax), policy.name);
    this.#amounts =
      layout.f64(Slot.DecisionAmounts, this.#decisionsMax * KINDS) ?? new Float64Array(0);
    this.#state = layout.state();
    this.#setParams(layout, options.params ?? [], options.program ?? new Uint8Array(0));
    layout.check();
  }

  allocate(tables: AllocationTables, input: RoundInput): DecisionRows {
    const header = this.#header;
    const candidates = tables.candidates;
    tables.roles.settleRanks();
    this.#writer.write();
    this.#expiries.write(input.expiries);
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
    const count = withDeadline(this.#deadlineMs, () => this.#guest.allocate());
    if (!Number.isInteger(count) || count < 0 || count > this.#decisionsMax) {
      throw new PolicyFault("POLICY_BAD_COUNT", `${count} rows of at most ${this.#decisionsMax}`);
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
    };
  }

  snapshot(): PolicySnapshot {
    return { schema: this.#schema, bytes: this.#state.slice() };
  }

  /** Takes over a predecessor's state; false when the policy does not know it and starts cold. */
  restore(from: PolicySnapshot): boolean {
    const state = this.#state;
    if (from.bytes.length !== state.length) return false;
    state.set(from.bytes);
    const restore = () => this.#guest.restore(from.schema, from.bytes.length);
    if (withDeadline(this.#deadlineMs, restore) === Answer.OK) return true;
    state.fill(0);
    return false;
  }

  #number(exported: WasmGlobal | (() => number)): number {
    if (typeof exported !== "function") return Number(exported.value);
    return withDeadline(this.#deadlineMs, exported);
  }

  #headerIn(buffer: ArrayBuffer): Uint32Array {
    const at = withDeadline(this.#deadlineMs, () => this.#guest.header());
    if (at % 4 === 0 && at >= 0 && at + HEADER_SLOTS * 4 <= buffer.byteLength) {
      return new Uint32Array(buffer, at, HEADER_SLOTS);
    }
    throw new PolicyFault("POLICY_LAYOUT", `${this.name} says its header is at ${at}`);
  }

  #initialise(tables: AllocationTables): number {
    const header = this.#header;
    const { sizes } = tables;
    const decisions = sizes.agents + EXTRA_DECISIONS;
    header[Slot.HostMinor] = ABI_MINOR;
    header[Slot.AgentsMax] = sizes.agents;
    header[Slot.ClientsMax] = sizes.clients;
    header[Slot.RolesMax] = sizes.roles;
    header[Slot.ReservationsMax] = sizes.reservations;
    header[Slot.AttributesMax] = sizes.attributes;
    header[Slot.AlternativesMax] = sizes.alternatives;
    header[Slot.DecisionsMax] = decisions;
    header[Slot.ParamsMax] = PARAMS_MAX;
    header[Slot.ProgramBytesMax] = PROGRAM_BYTES_MAX;
    header[Slot.ExpiriesMax] = EXPIRIES_MAX;
    const answer = withDeadline(this.#deadlineMs, () => this.#guest.init());
    if (answer !== Answer.OK) {
      const why = answer === Answer.NO_ROOM ? "no room in its memory" : `answer ${answer}`;
      const asked = `${sizes.agents} agents and ${sizes.clients} clients`;
      throw new PolicyFault("POLICY_REFUSED", `${this.name}: ${why} for ${asked}`);
    }
    if (header[Slot.Magic] === MAGIC) return decisions;
    throw new PolicyFault("POLICY_LAYOUT", `${this.name} wrote no magic number into its header`);
  }

  #setParams(layout: Layout, params: readonly number[], program: Uint8Array): void {
    layout.f64(Slot.ParamValues, PARAMS_MAX)?.set(params);
    layout.u8(Slot.Program, PROGRAM_BYTES_MAX)?.set(program);
    this.#header[Slot.Params] = params.length;
    this.#header[Slot.ProgramBytes] = program.length;
  }
}

/** A module's start section is its code, so instantiation has the deadline too. */
function started(policy: AdmittedPolicy, deadlineMs: number): Guest {
  try {
    const start = () => new wasm.Instance(policy.module, {}).exports;
    return withDeadline(deadlineMs, start) as unknown as Guest;
  } catch (cause) {
    throw new PolicyFault("POLICY_START", `${policy.name}: ${(cause as Error).message}`, { cause });
  }
}

function must<T>(column: T | undefined, name: string): T {
  if (column !== undefined) return column;
  throw new PolicyFault("POLICY_LAYOUT", `${name} did not place its decision columns`);
}

/** Views on the columns that the guest placed, which must lie in its memory and apart. */
class Layout {
  readonly #name: string;
  readonly #buffer: ArrayBuffer;
  readonly #header: Uint32Array;
  readonly #ranges: { slot: number; from: number; to: number }[] = [];

  constructor(name: string, buffer: ArrayBuffer, header: Uint32Array) {
    this.#name = name;
    this.#buffer = buffer;
    this.#header = header;
    this.#ranges.push({ slot: -1, from: header.byteOffset, to: header.byteOffset + 1024 });
  }

  u8(slot: number, length: number): Uint8Array | undefined {
    const at = this.#claim(slot, length, 1);
    return at === 0 ? undefined : new Uint8Array(this.#buffer, at, length);
  }

  u32(slot: number, length: number): Uint32Array | undefined {
    const at = this.#claim(slot, length * 4, 4);
    return at === 0 ? undefined : new Uint32Array(this.#buffer, at, length);
  }

  f64(slot: number, length: number): Float64Array | undefined {
    const at = this.#claim(slot, length * 8, 8);
    return at === 0 ? undefined : new Float64Array(this.#buffer, at, length);
  }

  state(): Uint8Array {
    const bytes = this.#header[Slot.StateBytes] as number;
    const at = bytes === 0 ? 0 : this.#claim(Slot.StateAddress, bytes, 1);
    return new Uint8Array(this.#buffer, at, at === 0 ? 0 : bytes);
  }

  /** No two columns may overlap: what the host writes into one would spoil the other. */
  check(): void {
    this.#ranges.sort((a, b) => a.from - b.from);
    for (let at = 1; at < this.#ranges.length; at++) {
      const [before, after] = [this.#ranges[at - 1], this.#ranges[at]];
      if (before === undefined || after === undefined || before.to <= after.from) continue;
      if (before.slot === after.slot) continue;
      const detail = `${this.#name}: slot ${after.slot} overlaps slot ${before.slot}`;
      throw new PolicyFault("POLICY_LAYOUT", detail);
    }
  }

  #claim(slot: number, bytes: number, align: number): number {
    const at = this.#header[slot] as number;
    if (at === 0) return 0;
    if (at % align !== 0 || at + bytes > this.#buffer.byteLength) {
      const detail = `${this.#name}: slot ${slot} at ${at} needs ${bytes} bytes`;
      throw new PolicyFault("POLICY_LAYOUT", detail);
    }
    this.#ranges.push({ slot, from: at, to: at + bytes });
    return at;
  }
}
