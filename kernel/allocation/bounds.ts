import { PolicyFault } from "./faults.ts";

/** Pages of 64 KiB that the memory of a policy may grow to in its `init`: 256 MiB. */
const MEMORY_PAGES_MAX = 4096;

/**
 * Entries that all tables of a policy may have together; what C and Rust keep their function
 * pointers in has a few. An entry costs the machine some bytes outside of the policy's memory.
 */
const TABLE_ENTRIES_MAX = 65_536;

// Bytes of the binary format: the form of a type, and the types of values that there are.
const FUNCTION_TYPE = 0x60;
const I32 = 0x7f;
const VECTOR = 0x7b;
const FUNCTION_REFERENCE = 0x70;
const EXTERNAL_REFERENCE = 0x6f;

/**
 * How much work the compiler of the host may have with all functions together. It compiles a
 * function when that is first called, which no deadline can stop, and keeps what every local and
 * every value on the stack is for each block: in the worst case length times locals, or length
 * squared. This many of them take it about a second; the largest of the shipped policies needs a
 * hundredth.
 */
const COMPILATION_MAX = 2 ** 29;

/** Parameters of one function, which count as locals, and are few enough to be left out there. */
const PARAMETERS_MAX = 64;

/**
 * Checks that nothing of a policy is without a bound: its memory, tables, types and functions. The
 * module has been compiled already, so its bytes are well-formed.
 * @throws PolicyFault POLICY_MEMORY, POLICY_CODE
 */
export function checkBounds(name: string, bytes: Uint8Array): void {
  checkMemory(name, bytes);
  checkTables(name, bytes);
  checkTypes(name, bytes);
  checkCode(name, bytes);
}

/** Memory section: one memory, own, not shared, with a maximum within the limit. */
function checkMemory(name: string, bytes: Uint8Array): void {
  const section = sectionOf(bytes, 5);
  if (section === undefined) {
    throw new PolicyFault("POLICY_MEMORY", `${name} has no memory of its own`);
  }
  const count = section.number();
  const { kind, initial, maximum } = section.limits();
  const isBounded = kind === 1 && maximum !== undefined && maximum <= MEMORY_PAGES_MAX;
  if (count === 1 && isBounded) return;
  const says = `${count} memory of ${initial} to ${maximum ?? "any number of"} pages`;
  const wants = `one, unshared, with a maximum of at most ${MEMORY_PAGES_MAX} pages`;
  throw new PolicyFault("POLICY_MEMORY", `${name} has ${says}; it should have ${wants}`);
}

/** Table section: what they may grow to lies outside of the memory, and has a bound of its own. */
function checkTables(name: string, bytes: Uint8Array): void {
  const section = sectionOf(bytes, 4);
  let entries = 0;
  for (let left = section?.number() ?? 0; section !== undefined && left > 0; left--) {
    const type = section.byte();
    const { kind, maximum } = section.limits();
    const isPlain = (type === FUNCTION_REFERENCE || type === EXTERNAL_REFERENCE) && kind === 1;
    entries += isPlain && maximum !== undefined ? maximum : Number.POSITIVE_INFINITY;
    if (!isPlain) break; // What follows cannot be read by these rules.
  }
  if (entries <= TABLE_ENTRIES_MAX) return;
  const says = Number.isFinite(entries) ? `of ${entries} entries` : "without a maximum";
  const wants = `a maximum each, and at most ${TABLE_ENTRIES_MAX} entries together`;
  throw new PolicyFault("POLICY_MEMORY", `${name} has tables ${says}; they should have ${wants}`);
}

/**
 * Type section: functions alone. Structures and arrays would lie on the host's heap, unbounded. Of
 * one result, because with more a call of two bytes puts any number of values on the stack; tags,
 * which exceptions have, do the same where they are caught.
 */
function checkTypes(name: string, bytes: Uint8Array): void {
  const section = sectionOf(bytes, 1);
  for (let left = section?.number() ?? 0; section !== undefined && left > 0; left--) {
    const parameters = section.byte() === FUNCTION_TYPE ? section.valueTypes() : undefined;
    const results = parameters === undefined ? undefined : section.valueTypes();
    if (parameters === undefined || results === undefined) throw heapTypes(name);
    if (parameters <= PARAMETERS_MAX && results <= 1) continue;
    const wants = `at most ${PARAMETERS_MAX} parameters and one result`;
    const says = `a function of ${parameters} parameters and ${results} results`;
    throw new PolicyFault("POLICY_CODE", `${name} has ${says}; each has ${wants}`);
  }
  if (sectionOf(bytes, 13) === undefined) return;
  throw new PolicyFault("POLICY_CODE", `${name} has exceptions of its own; a policy has none`);
}

function heapTypes(name: string): PolicyFault {
  const wants = "a policy has numbers and plain references alone";
  return new PolicyFault("POLICY_MEMORY", `${name} has types for a heap of objects; ${wants}`);
}

/** A number or a plain reference: those types are one byte. */
function isPlainType(type: number): boolean {
  const isNumber = type >= VECTOR && type <= I32;
  return isNumber || type === FUNCTION_REFERENCE || type === EXTERNAL_REFERENCE;
}

/** Code section: see `COMPILATION_MAX`. */
function checkCode(name: string, bytes: Uint8Array): void {
  const section = sectionOf(bytes, 10);
  let work = 0;
  for (let left = section?.number() ?? 0; section !== undefined && left > 0; left--) {
    const length = section.number();
    const end = section.at + length;
    let locals = 0;
    for (let groups = section.number(); groups > 0; groups--) {
      locals += section.number();
      // Of another type than these, what follows could not be read.
      if (!isPlainType(section.byte())) throw heapTypes(name);
    }
    work += length * (locals + length / 4);
    section.at = end;
  }
  if (work <= COMPILATION_MAX) return;
  const times = Math.ceil(work / COMPILATION_MAX);
  const wants = "have shorter functions, or fewer locals in them";
  throw new PolicyFault("POLICY_CODE", `${name} asks for ${times} times as much; ${wants}`);
}

/**
 * A section of a module, after its length; `undefined` when it has none. The module has been
 * compiled already, so its bytes are well-formed.
 */
function sectionOf(bytes: Uint8Array, wanted: number): Leb | undefined {
  const reader = new Leb(bytes, 8);
  while (reader.at < bytes.length) {
    const section = reader.byte();
    const length = reader.number();
    if (section === wanted) return reader;
    reader.at += length;
  }
  return undefined;
}

/** Reads bytes and LEB128 numbers. */
class Leb {
  at: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  byte(): number {
    return this.#bytes[this.at++] ?? 0;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  /** Limits of a memory or table; of another kind than 0 and 1, they mean something else. */
  limits(): { readonly kind: number; readonly initial: number; readonly maximum?: number } {
    const kind = this.byte();
    const initial = this.number();
    return kind === 1 ? { kind, initial, maximum: this.number() } : { kind, initial };
  }

  /** Length of a list of value types; `undefined` when one is no number or plain reference. */
  valueTypes(): number | undefined {
    const count = this.number();
    for (let left = count; left > 0; left--) if (!isPlainType(this.byte())) return undefined;
    return count;
  }
}
