import { errors, TepuiError } from "../../../../contract/errors.ts";
import type { Field, Message, MessageDef, ScalarName } from "../definitions/define.ts";
import { DEPTH_MAX, VALUES_MAX } from "./json-read.ts";
import { BYTES, FIXED64, VARINT, WireReader } from "./wire-reader.ts";

const decimals = new DataView(new ArrayBuffer(8));

/**
 * Reads a message from protobuf. Unknown fields and unknown enum numbers are skipped, lists of
 * numbers may be packed or not, a message that comes twice is merged.
 * @throws MESSAGE_INVALID for bytes that are cut off, lengths beyond the end, a known field with a
 * wire type that is not its own, text that is not UTF-8, nesting beyond bounds, and for required
 * fields that are missing, all named.
 */
export function readProto<M extends MessageDef>(def: M, bytes: Uint8Array): Message<M> {
  return (readQuickly(def, bytes) ?? readNaming(def, bytes)) as Message<M>;
}

type Tree = Record<string, unknown>;

/** Most messages are well, and saying where each of their values stands costs more than reading. */
function readQuickly(def: MessageDef, bytes: Uint8Array): Tree | undefined {
  const value: Tree = {};
  try {
    new Reader(bytes, false).message(def, value, bytes.length, 0, "");
  } catch (thrown) {
    if (thrown instanceof TepuiError) return undefined;
    throw thrown;
  }
  return isComplete(def, value) ? value : undefined;
}

/** Reads as `readQuickly`, and throws what says where something is wrong. */
function readNaming(def: MessageDef, bytes: Uint8Array): Tree {
  const value: Tree = {};
  new Reader(bytes, true).message(def, value, bytes.length, 0, "");
  const missing: string[] = [];
  findMissing(def, value, "", missing);
  if (missing.length > 0) {
    throw errors.MESSAGE_INVALID(`missing required fields: ${missing.join(", ")}`, missing[0]);
  }
  return value;
}

/** The messages that a field of a message holds, with what stands behind the field's name. */
function* messagesIn({ label }: Field, given: unknown): Iterable<[string, Tree]> {
  if (label === "repeated") {
    for (const [at, one] of (given as Tree[]).entries()) yield [`[${at}]`, one];
  } else if (label === "map") {
    for (const [key, one] of Object.entries(given as Tree)) yield [`.${key}`, one as Tree];
  } else {
    yield ["", given as Tree];
  }
}

/**
 * Whether no required field is missing, which can only be said at the end, since messages that come
 * twice are merged.
 */
function isComplete(def: MessageDef, value: Tree): boolean {
  return def.fields.every((field) => {
    const given = value[field.name];
    if (given === undefined) return field.label !== "required";
    const inner = field.message;
    if (inner === undefined) return true;
    if (field.label === "repeated") return (given as Tree[]).every((one) => isComplete(inner, one));
    if (field.label !== "map") return isComplete(inner, given as Tree);
    return Object.values(given as Tree).every((one) => isComplete(inner, one as Tree));
  });
}

/** Names the required fields that are missing, the first twenty. */
function findMissing(def: MessageDef, value: Tree, where: string, missing: string[]): void {
  for (const field of def.fields) {
    if (missing.length >= 20) return;
    const given = value[field.name];
    if (given === undefined) {
      if (field.label === "required") missing.push(where + field.name);
    } else if (field.message !== undefined) {
      for (const [behind, one] of messagesIn(field, given)) {
        findMissing(field.message, one, `${where}${field.name}${behind}.`, missing);
      }
    }
  }
}

class Reader extends WireReader {
  /** Whether it keeps track of where it is, for what it may throw. */
  readonly #isNaming: boolean;
  #values = 0;

  constructor(bytes: Uint8Array, isNaming: boolean) {
    super(bytes);
    this.#isNaming = isNaming;
  }

  message(def: MessageDef, into: Tree, end: number, depth: number, where: string): void {
    if (depth > DEPTH_MAX) throw this.problem("is nested too deeply", where);
    while (this.at < end) {
      this.#count(where);
      const tag = this.varint(end, where);
      const number = tag >>> 3;
      const wire = tag & 7;
      if (number === 0 || this.high !== 0) throw this.problem("has a bad field number", where);
      const field = def.byNumber.get(number);
      if (field === undefined) this.skip(number, wire, end, where, 0);
      else this.#field(def, field, wire, into, end, depth, where);
    }
  }

  #field(
    def: MessageDef,
    field: Field,
    wire: number,
    into: Tree,
    end: number,
    depth: number,
    where: string,
  ): void {
    const path = this.#isNaming && where !== "" ? `${where}.${field.name}` : field.name;
    if (field.label === "map") {
      if (wire !== BYTES) throw this.wrongWire(path, wire);
      this.#entry(field, into, this.length(end, path), depth, path);
      return;
    }
    if (field.label === "repeated") {
      const list = (into[field.name] as unknown[] | undefined) ?? [];
      if (wire === BYTES && wireOf(field) !== BYTES) {
        const stop = this.length(end, path);
        while (this.at < stop) {
          this.#count(path);
          this.#push(list, this.#value(field, wireOf(field), stop, depth, path, undefined));
        }
      } else {
        this.#push(list, this.#value(field, wire, end, depth, path, undefined));
      }
      if (list.length > 0) into[field.name] = list;
      return;
    }
    const value = this.#value(field, wire, end, depth, path, into[field.name]);
    if (value === undefined) return;
    if (field.isOneOf) for (const { name } of def.oneOf) delete into[name];
    into[field.name] = value;
  }

  #count(where: string): void {
    this.#values += 1;
    if (this.#values > VALUES_MAX)
      throw this.problem(`holds more than ${VALUES_MAX} values`, where);
  }

  #push(list: unknown[], value: unknown): void {
    if (value !== undefined) list.push(value);
  }

  /** One entry of a map is a message of its own: key 1, value 2, either may be left out. */
  #entry(field: Field, into: Tree, stop: number, depth: number, where: string): void {
    let key = "";
    let value: unknown;
    while (this.at < stop) {
      const tag = this.varint(stop, where);
      const number = tag >>> 3;
      const wire = tag & 7;
      if (number === 1) {
        if (wire !== BYTES) throw this.wrongWire(where, wire);
        key = this.text(this.length(stop, where), where);
      } else if (number === 2) {
        value = this.#value(field, wire, stop, depth + 1, where, value);
      } else {
        this.skip(number, wire, stop, where, 0);
      }
    }
    value ??= field.message === undefined ? absent(field) : {};
    if (value === undefined) return;
    const entries = (into[field.name] as Tree | undefined) ?? {};
    // Defined, not assigned: a key such as `__proto__` is a key like any other.
    const own = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(entries, key, own);
    into[field.name] = entries;
  }

  /** One value, or `undefined` for an enum number that has no name. */
  #value(
    field: Field,
    wire: number,
    end: number,
    depth: number,
    where: string,
    earlier: unknown,
  ): unknown {
    if (wire !== wireOf(field)) throw this.wrongWire(where, wire);
    if (field.message !== undefined) {
      const stop = this.length(end, where);
      const value = (earlier as Tree | undefined) ?? {};
      this.message(field.message, value, stop, depth + 1, where);
      return value;
    }
    if (field.enumeration !== undefined) {
      return field.enumeration.names.get(this.varint(end, where) | 0);
    }
    return this.#scalar(field.scalar as ScalarName, end, where);
  }

  #scalar(type: ScalarName, end: number, where: string): unknown {
    switch (type) {
      case "str":
        return this.text(this.length(end, where), where);
      case "bytes": {
        const stop = this.length(end, where);
        const from = this.at;
        this.at = stop;
        // Copied by hand: `slice` of a Buffer would show the memory of the body.
        return new Uint8Array(this.bytes.subarray(from, stop));
      }
      case "bool":
        return (this.varint(end, where) | this.high) !== 0;
      case "dbl": {
        this.need(8, end, where);
        for (let i = 0; i < 8; i++) decimals.setUint8(i, this.bytes[this.at + i] as number);
        this.at += 8;
        return decimals.getFloat64(0, true);
      }
      case "i32":
        return this.varint(end, where) | 0;
      case "u32":
        return this.varint(end, where) >>> 0;
      case "u64": {
        const low = this.varint(end, where) >>> 0;
        return (this.high >>> 0) * 2 ** 32 + low;
      }
      case "i64": {
        const low = this.varint(end, where) >>> 0;
        const high = this.high | 0;
        return Number((BigInt(high) << 32n) | BigInt(low));
      }
    }
  }
}

/** What an entry of a map holds that has a key and no value. */
function absent(field: Field): unknown {
  if (field.scalar === "str") return "";
  if (field.scalar === "bytes") return new Uint8Array();
  if (field.scalar === "bool") return false;
  return field.scalar === undefined ? undefined : 0;
}

function wireOf(field: Field): number {
  if (field.message !== undefined || field.scalar === "str" || field.scalar === "bytes") {
    return BYTES;
  }
  return field.scalar === "dbl" ? FIXED64 : VARINT;
}
