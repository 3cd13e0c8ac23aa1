import { performance } from "node:perf_hooks";
import type { TableSizes } from "../core/tables/shape.ts";
import { type AdmittedPolicy, checkMinor } from "./admission.ts";
import { withDeadline } from "./deadline.ts";
import { PolicyFault } from "./faults.ts";
import {
  ABI_MARKER,
  ABI_MINOR,
  Answer,
  EXPIRIES_MAX,
  HEADER_SLOTS,
  MAGIC,
  OFFERS_PER_AGENT,
  Slot,
} from "./slots.ts";
import { type WasmGlobal, type WasmMemory, wasm } from "./webassembly.ts";

/** Room for the parameters, at least these many of them. */
export const PARAMS_MAX = 64;

/** Decision rows beyond one for each agent; a round that needs more says so and goes on. */
const EXTRA_DECISIONS = 1024;

/** The exports of a policy. */
interface Guest {
  readonly memory: WasmMemory;
  readonly [ABI_MARKER]: WasmGlobal | (() => number);
  readonly state_schema: WasmGlobal | (() => number);
  header(): number;
  init(): number;
  allocate(): number;
  restore(schema: number, bytes: number): number;
}

/** A policy that has laid itself out for sizes, and what it said about itself. */
export interface StartedGuest {
  readonly guest: Guest;
  /** The memory as it is from now on: the guest may let it grow in `init` and never again. */
  readonly buffer: ArrayBuffer;
  readonly header: Uint32Array;
  readonly schema: number;
  readonly decisionsMax: number;
  /** How long the start took, in milliseconds. */
  readonly tookMs: number;
}

/**
 * Instantiates a policy and has it lay itself out, all within one deadline: the start section, the
 * marker, `header` and `init` are its code.
 * @throws PolicyFault of the second group, POLICY_TRAP or POLICY_DEADLINE
 */
export function startGuest(
  policy: AdmittedPolicy,
  sizes: TableSizes,
  deadlineMs: number,
  programBytesMax: number,
): StartedGuest {
  const began = performance.now();
  let isInstantiated = false;
  try {
    const started = withDeadline(deadlineMs, () => {
      const guest = new wasm.Instance(policy.module, {}).exports as unknown as Guest;
      isInstantiated = true;
      return laidOut(policy.name, guest, sizes, programBytesMax);
    });
    return { ...started, tookMs: performance.now() - began };
  } catch (cause) {
    // Whatever ends an instantiation is the start section, for there is no other code in it.
    if (isInstantiated || !(cause instanceof PolicyFault)) throw cause;
    throw new PolicyFault("POLICY_START", `${policy.name}: ${cause.message}`, { cause });
  }
}

function laidOut(
  name: string,
  guest: Guest,
  sizes: TableSizes,
  programBytesMax: number,
): Omit<StartedGuest, "tookMs"> {
  checkMinor(name, numberOf(name, ABI_MARKER, guest[ABI_MARKER]));
  const schema = numberOf(name, "state_schema", guest.state_schema);
  const at = guest.header();
  const decisionsMax = sizes.agents + EXTRA_DECISIONS;
  askFor(headerIn(name, guest.memory.buffer, at), sizes, decisionsMax, programBytesMax);
  const answer = guest.init();
  if (answer !== Answer.OK) {
    const why = answer === Answer.NO_ROOM ? "no room in its memory" : `answer ${answer}`;
    const asked = `${sizes.agents} agents and ${sizes.clients} clients`;
    throw new PolicyFault("POLICY_REFUSED", `${name}: ${why} for ${asked}`);
  }
  const { buffer } = guest.memory;
  const header = headerIn(name, buffer, at);
  if (header[Slot.Magic] === MAGIC) return { guest, buffer, header, schema, decisionsMax };
  throw new PolicyFault("POLICY_LAYOUT", `${name} wrote no magic number into its header`);
}

/** An exported number, which must be one that 32 bits hold: it goes on into records and states. */
function numberOf(name: string, what: string, exported: WasmGlobal | (() => number)): number {
  const value: unknown = typeof exported === "function" ? exported() : exported.value;
  if (Number.isInteger(value) && Math.abs(value as number) < 2 ** 32) return value as number;
  throw new PolicyFault("POLICY_EXPORTS", `${name}: ${what} should be an i32, it is ${value}`);
}

function headerIn(name: string, buffer: ArrayBuffer, at: number): Uint32Array {
  if (at % 4 === 0 && at >= 0 && at + HEADER_SLOTS * 4 <= buffer.byteLength) {
    return new Uint32Array(buffer, at, HEADER_SLOTS);
  }
  throw new PolicyFault("POLICY_LAYOUT", `${name} says its header is at ${at}`);
}

/** What the guest is told before `init`. */
function askFor(
  header: Uint32Array,
  sizes: TableSizes,
  decisionsMax: number,
  programBytesMax: number,
): void {
  header[Slot.HostMinor] = ABI_MINOR;
  header[Slot.AgentsMax] = sizes.agents;
  header[Slot.ClientsMax] = sizes.clients;
  header[Slot.RolesMax] = sizes.roles;
  header[Slot.ReservationsMax] = sizes.reservations;
  header[Slot.AttributesMax] = sizes.attributes;
  header[Slot.AlternativesMax] = sizes.alternatives;
  header[Slot.DecisionsMax] = decisionsMax;
  header[Slot.ParamsMax] = PARAMS_MAX;
  header[Slot.ProgramBytesMax] = programBytesMax;
  header[Slot.ExpiriesMax] = EXPIRIES_MAX;
  header[Slot.OffersMax] = sizes.agents * OFFERS_PER_AGENT;
}
