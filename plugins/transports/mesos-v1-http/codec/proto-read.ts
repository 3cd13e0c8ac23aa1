import { errors } from "../../../../contract/errors.ts";
import type { Field, Message, MessageDef, ScalarName } from "../definitions/define.ts";
import { DEPTH_MAX } from "./json-read.ts";

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const GROUP = 3;
const GROUP_END = 4;
const FIXED32 = 5;

/** Groups are obsolete and skipped; this is how deep one that is skipped may nest. */
const GROUPS_MAX = 32;

/** Texts up to this many bytes are read without a decoder when they are ASCII. */
const SHORT = 48;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const decimals = new DataView(new ArrayBuffer(8));

/**
 * Reads a message from protobuf. Unknown fields and unknown enum numbers are skipped, lists of
 * numbers may be packed or not, a message that comes twice is merged.
 * @throws MESSAGE_INVALID for bytes that are cut off, lengths beyond the end, a known field with a
 * wire type that is not its own, text that is not UTF-8, nesting beyond bounds, and for required
 * fields that are missing, all named.
 */
export function readProto<M extends MessageDef>(def: M, bytes: Uint8Array): Message<M> {
  const reader = new Reader(bytes);
  const value: Tree = {};
  reader.message(def, value, bytes.length, 0, "");
  const missing: string[] = [];
  findMissing(def, value, "", missing);
  if (missing.length > 0) {
    throw errors.MESSAGE_INVALID(`missing required fields: ${missing.join(", ")}`, missing[0]);
  }
  return value as unknown as Message<M>;
}

type Tree = Record<string, unknown>;

/** Required fields can only be looked for at the end, since messages that come twice are merged. */
function findMissing(def: MessageDef, value: Tree, where: string, missing: string[]): void {
  for (const field of def.fields) {
    const given = value[field.name];
    if (given === undefined) {
      if (field.label === "required" && missing.length < 20) missing.push(where + field.name);
      continue;
    }
    if (field.message === undefined) continue;
    const inner = field.message;
    const path = where + field.name;
    if (field.label === "repeated") {
      const list = given as Tree[];
      for (let at = 0; at < list.length; at++) {
        findMissing(inner, list[at] as Tree, `${path}[${at}].`, missing);
      }
    } else if (field.label === "map") {
      for (const [key, one] of Object.entries(given as object)) {
        findMissing(inner, one as Tree, `${path}.${key}.`, missing);
      }
    } else {
      findMissing(inner, given as Tree, `${path}.`, missing);
    }
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** Upper half of the last varint; the lower half is what `#varint` returns. */
  #high = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  message(def: MessageDef, into: Tree, end: number, depth: number, where: string): void {
    if (depth > DEPTH_MAX) throw this.#problem("is nested too deeply", where);
    while (this.#at < end) {
      const tag = this.#varint(end, where);
      const number = tag >>> 3;
      const wire = tag & 7;
      if (number === 0 || this.#high !== 0) throw this.#problem("has a bad field number", where);
      const field = def.byNumber.get(number);
      if (field === undefined) this.#skip(number, wire, end, where, 0);
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
    const path = where === "" ? field.name : `${where}.${field.name}`;
    if (field.label === "map") {
      if (wire !== BYTES) throw this.#wrongWire(path, wire);
      this.#entry(field, into, this.#length(end, path), depth, path);
      return;
    }
    if (field.label === "repeated") {
      const list = (into[field.name] as unknown[] | undefined) ?? [];
      if (wire === BYTES && wireOf(field) !== BYTES) {
        const stop = this.#length(end, path);
        while (this.#at < stop) {
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

  #push(list: unknown[], value: unknown): void {
    if (value !== undefined) list.push(value);
  }

  /** One entry of a map is a message of its own: key 1, value 2, either may be left out. */
  #entry(field: Field, into: Tree, stop: number, depth: number, where: string): void {
    let key = "";
    let value: unknown;
    while (this.#at < stop) {
      const tag = this.#varint(stop, where);
      const number = tag >>> 3;
      const wire = tag & 7;
      if (number === 1) {
        if (wire !== BYTES) throw this.#wrongWire(where, wire);
        key = this.#text(this.#length(stop, where), where);
      } else if (number === 2) {
        value = this.#value(field, wire, stop, depth + 1, where, value);
      } else {
        this.#skip(number, wire, stop, where, 0);
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
    if (wire !== wireOf(field)) throw this.#wrongWire(where, wire);
    if (field.message !== undefined) {
      const stop = this.#length(end, where);
      const value = (earlier as Tree | undefined) ?? {};
      this.message(field.message, value, stop, depth + 1, where);
      return value;
    }
    if (field.enumeration !== undefined) {
      return field.enumeration.names.get(this.#varint(end, where) | 0);
    }
    return this.#scalar(field.scalar as ScalarName, end, where);
  }

  #scalar(type: ScalarName, end: number, where: string): unknown {
    switch (type) {
      case "str":
        return this.#text(this.#length(end, where), where);
      case "bytes": {
        const stop = this.#length(end, where);
        const from = this.#at;
        this.#at = stop;
        // Copied by hand: `slice` of a Buffer would show the memory of the body.
        return new Uint8Array(this.#bytes.subarray(from, stop));
      }
      case "bool":
        return (this.#varint(end, where) | this.#high) !== 0;
      case "dbl": {
        this.#need(8, end, where);
        for (let i = 0; i < 8; i++) decimals.setUint8(i, this.#bytes[this.#at + i] as number);
        this.#at += 8;
        return decimals.getFloat64(0, true);
      }
      case "i32":
        return this.#varint(end, where) | 0;
      case "u32":
        return this.#varint(end, where) >>> 0;
      case "u64": {
        const low = this.#varint(end, where) >>> 0;
        return (this.#high >>> 0) * 2 ** 32 + low;
      }
      case "i64": {
        const low = this.#varint(end, where) >>> 0;
        const high = this.#high | 0;
        return Number((BigInt(high) << 32n) | BigInt(low));
      }
    }
  }

  #text(stop: number, where: string): string {
    const from = this.#at;
    this.#at = stop;
    if (stop - from <= SHORT) {
      // Most texts are short and ASCII; a decoder costs more to call than they cost to read.
      let text = "";
      let at = from;
      for (; at < stop; at++) {
        const byte = this.#bytes[at] as number;
        if (byte > 0x7f) break;
        text += String.fromCharCode(byte);
      }
      if (at === stop) return text;
    }
    try {
      return utf8.decode(this.#bytes.subarray(from, stop));
    } catch {
      throw this.#problem("is not UTF-8", where);
    }
  }

  /** Reads a length and answers where what it measures ends. */
  #length(end: number, where: string): number {
    const length = this.#varint(end, where) >>> 0;
    if (this.#high !== 0 || length > end - this.#at) throw this.#problem("is cut off", where);
    return this.#at + length;
  }

  /** Reads a varint: answers its lower 32 bits, and leaves the upper ones in `#high`. */
  #varint(end: number, where: string): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= end) throw this.#problem("is cut off", where);
      const byte = this.#bytes[this.#at++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.#high = high;
        return low;
      }
    }
    throw this.#problem("has a number of more than ten bytes", where);
  }

  #skip(number: number, wire: number, end: number, where: string, groups: number): void {
    switch (wire) {
      case VARINT:
        this.#varint(end, where);
        return;
      case FIXED64:
        this.#need(8, end, where);
        this.#at += 8;
        return;
      case BYTES:
        this.#at = this.#length(end, where);
        return;
      case FIXED32:
        this.#need(4, end, where);
        this.#at += 4;
        return;
      case GROUP:
        this.#skipGroup(number, end, where, groups);
        return;
      default:
        throw this.#wrongWire(where, wire);
    }
  }

  #skipGroup(number: number, end: number, where: string, groups: number): void {
    if (groups >= GROUPS_MAX) throw this.#problem("is nested too deeply", where);
    while (true) {
      const tag = this.#varint(end, where);
      const inner = tag >>> 3;
      if ((tag & 7) === GROUP_END) {
        if (inner === number) return;
        throw this.#problem("ends a group that it did not begin", where);
      }
      this.#skip(inner, tag & 7, end, where, groups + 1);
    }
  }

  #need(bytes: number, end: number, where: string): void {
    if (bytes > end - this.#at) throw this.#problem("is cut off", where);
  }

  #wrongWire(where: string, wire: number): Error {
    return this.#problem(`has wire type ${wire}, which is not its own`, where);
  }

  #problem(what: string, where: string): Error {
    const at = where === "" ? "the message" : where;
    return errors.MESSAGE_INVALID(`${at} ${what} (at byte ${this.#at})`, where);
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
