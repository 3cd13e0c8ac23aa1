import { createHash } from "node:crypto";
import { PolicyFault } from "./faults.ts";
import { ABI_MARKER, ABI_MINOR } from "./slots.ts";
import { type WasmModule, wasm } from "./webassembly.ts";

/** A module that passed every check that needs none of its code to run. */
export interface AdmittedPolicy {
  readonly name: string;
  /** SHA-256 of the file, in lower-case hexadecimal. */
  readonly digest: string;
  /** The file. */
  readonly bytes: Uint8Array;
  readonly module: WasmModule;
}

/** Largest file that is taken for a policy; the shipped ones are tens of kilobytes. */
const MODULE_BYTES_MAX = 4 << 20;

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

const FUNCTIONS = ["header", "init", "allocate", "restore"] as const;

/**
 * Checks a policy's file in a fixed order, without running any of it: digest, module, marker,
 * imports, exports, memory, tables, types. Throws a `PolicyFault` for the first check that fails.
 */
export function admitPolicy(name: string, bytes: Uint8Array, digest?: string): AdmittedPolicy {
  const actual = createHash("sha256").update(bytes).digest("hex");
  if (digest !== undefined && digest !== actual) {
    throw new PolicyFault("POLICY_DIGEST", `${name} has ${actual}, the manifest says ${digest}`);
  }
  const module = compiled(name, bytes);
  const exported = new Map(wasm.Module.exports(module).map((e) => [e.name, e.kind]));
  // The marker may be a function too: a C compiler exports a global's address, not its value.
  const marker = exported.get(ABI_MARKER);
  if (marker !== "global" && marker !== "function") {
    const has = [...exported.keys()].filter((known) => known.startsWith("allocator_abi"));
    const said = has.length > 0 ? `it has ${has.join(", ")}` : "it has no such export";
    throw new PolicyFault("POLICY_ABI_MISSING", `${name} should export ${ABI_MARKER}; ${said}`);
  }
  const imports = wasm.Module.imports(module).map((i) => `${i.module}.${i.name}`);
  if (imports.length > 0) {
    throw new PolicyFault("POLICY_IMPORTS", `${name} imports ${imports.join(", ")}`);
  }
  for (const wanted of FUNCTIONS) {
    if (exported.get(wanted) === "function") continue;
    throw new PolicyFault("POLICY_EXPORTS", `${name} should export the function ${wanted}`);
  }
  const schema = exported.get("state_schema");
  if (schema !== "global" && schema !== "function") {
    throw new PolicyFault("POLICY_EXPORTS", `${name} should export state_schema`);
  }
  if (exported.get("memory") !== "memory") {
    throw new PolicyFault("POLICY_EXPORTS", `${name} should export its memory as "memory"`);
  }
  checkMemory(name, bytes);
  checkTables(name, bytes);
  checkTypes(name, bytes);
  return { name, digest: actual, bytes, module };
}

/** Checks the value of the marker, which takes an instance. */
export function checkMinor(name: string, minor: number): void {
  if (Number.isInteger(minor) && minor >= 0 && minor <= ABI_MINOR) return;
  throw new PolicyFault(
    "POLICY_ABI_TOO_NEW",
    `${name} needs minor ${minor}, this host speaks up to ${ABI_MINOR}`,
  );
}

function compiled(name: string, bytes: Uint8Array): WasmModule {
  if (bytes.length > MODULE_BYTES_MAX) {
    throw new PolicyFault("POLICY_NOT_WASM", `${name} is larger than ${MODULE_BYTES_MAX} bytes`);
  }
  try {
    return new wasm.Module(new Uint8Array(bytes));
  } catch (cause) {
    throw new PolicyFault("POLICY_NOT_WASM", `${name}: ${(cause as Error).message}`, { cause });
  }
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

/** Type section: functions alone. Structures and arrays would lie on the host's heap, unbounded. */
function checkTypes(name: string, bytes: Uint8Array): void {
  const section = sectionOf(bytes, 1);
  for (let left = section?.number() ?? 0; section !== undefined && left > 0; left--) {
    const isFunction = section.byte() === FUNCTION_TYPE;
    if (isFunction && section.valueTypes() && section.valueTypes()) continue;
    const wants = "a policy has functions of numbers and plain references alone";
    throw new PolicyFault("POLICY_MEMORY", `${name} has types for a heap of objects; ${wants}`);
  }
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

  /** Passes over a list of value types; false at one that is no number or plain reference. */
  valueTypes(): boolean {
    for (let left = this.number(); left > 0; left--) {
      const type = this.byte();
      const isNumber = type >= VECTOR && type <= I32;
      if (!isNumber && type !== FUNCTION_REFERENCE && type !== EXTERNAL_REFERENCE) return false;
    }
    return true;
  }
}
