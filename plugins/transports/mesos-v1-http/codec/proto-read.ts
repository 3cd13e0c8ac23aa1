import { WireType } from "@bufbuild/protobuf/wire";
import { errors } from "../../../../contract/errors.ts";
import type { Field, Message, MessageDef, ScalarName } from "../definitions/define.ts";
import { DEPTH_MAX, VALUES_MAX } from "./bounds.ts";
import { WireReader } from "./wire-reader.ts";

/**
 * Reads a message from protobuf. Unknown fields and unknown enum numbers are skipped, lists of
 * numbers may be packed or not, a message that comes twice is merged.
 * @throws MESSAGE_INVALID for bytes that are cut off, lengths beyond the end, a known field with a
 * wire type that is not its own, text that is not UTF-8, nesting beyond bounds, and for required
 * fields that are missing, all named.
 */
export function readProto<M extends MessageDef>(def: M, bytes: Uint8Array): Message<M> {
  return readTwice(def, bytes, NONE) as Message<M>;
}

/**
 * Reads a message in steps, between which others may have their turn: the small messages in it one
 * by one, then what is around them.
 */
export function* readProtoInSteps<M extends MessageDef>(
  def: M,
  bytes: Uint8Array,
): Generator<void, Message<M>> {
  const ahead = new Map<number, Ahead>();
  try {
    yield* new Reader(bytes, false, NONE).ahead(def, bytes.length, 0, ahead);
  } catch {
    // Reading the whole says what is wrong with it, and where.
  }
  return readTwice(def, bytes, ahead) as Message<M>;
}

type Tree = Record<string, unknown>;

/** A message that has been read already. */
interface Ahead {
  readonly value: Tree;
  /** Of values, for the bound on them. */
  readonly count: number;
}

const NONE: ReadonlyMap<number, Ahead> = new Map();
/** Messages of more bytes than this are read in steps. */
const LARGE_BYTES = 16 * 1024;

/** Most messages are well, and saying where each of their values stands costs more than reading. */
function readTwice(def: MessageDef, bytes: Uint8Array, ahead: typeof NONE): Tree {
  return readQuickly(def, bytes, ahead) ?? readNaming(def, bytes, ahead);
}

function readQuickly(def: MessageDef, bytes: Uint8Array, ahead: typeof NONE): Tree | undefined {
  const value: Tree = {};
  try {
    new Reader(bytes, false, ahead).message(def, value, bytes.length, 0, "");
  } catch {
    return undefined;
  }
  return isComplete(def, value) ? value : undefined;
}

/** Reads as `readQuickly`, and throws what says where something is wrong. */
function readNaming(def: MessageDef, bytes: Uint8Array, ahead: typeof NONE): Tree {
  const value: Tree = {};
  const reader = new Reader(bytes, true, ahead);
  try {
    reader.message(def, value, bytes.length, 0, "");
  } catch (thrown) {
    throw reader.placed(thrown);
  }
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
  /** By their first byte. */
  readonly #ahead: typeof NONE;
  #values = 0;

  constructor(bytes: Uint8Array, isNaming: boolean, ahead: typeof NONE) {
    super(bytes);
    this.#isNaming = isNaming;
    this.#ahead = ahead;
  }

  /** Reads the small messages in a large one, and nothing else of it. */
  *ahead(
    def: MessageDef,
    end: number,
    depth: number,
    into: Map<number, Ahead>,
  ): Generator<void, void> {
    if (depth > DEPTH_MAX) return;
    while (this.at < end) {
      this.#count();
      const tag = this.tag(end);
      const field = def.byNumber.get(tag >>> 3);
      const inner = field?.label === "map" ? undefined : field?.message;
      if (inner === undefined || (tag & 7) !== WireType.LengthDelimited) {
        this.skip(tag, end);
        continue;
      }
      const stop = this.length(end);
      if (stop - this.at > LARGE_BYTES) {
        yield* this.ahead(inner, stop, depth + 1, into);
        continue;
      }
      const { at } = this;
      const before = this.#values;
      const value: Tree = {};
      this.message(inner, value, stop, depth + 1, "");
      into.set(at, { value, count: this.#values - before });
      yield;
    }
  }

  message(def: MessageDef, into: Tree, end: number, depth: number, where: string): void {
    if (depth > DEPTH_MAX) throw this.problem("is nested too deeply");
    while (this.at < end) {
      this.where = where;
      this.#count();
      const tag = this.tag(end);
      const field = def.byNumber.get(tag >>> 3);
      if (field === undefined) this.skip(tag, end);
      else this.#field(def, field, tag & 7, into, end, depth);
    }
  }

  #field(
    def: MessageDef,
    field: Field,
    wire: number,
    into: Tree,
    end: number,
    depth: number,
  ): void {
    if (this.#isNaming) this.where += `${this.where === "" ? "" : "."}${field.name}`;
    if (field.label === "map") {
      if (wire !== WireType.LengthDelimited) throw this.wrongWire(wire);
      this.#entry(field, into, this.length(end), depth);
      return;
    }
    if (field.label === "repeated") {
      const list = (into[field.name] as unknown[] | undefined) ?? [];
      if (wire === WireType.LengthDelimited && wireOf(field) !== wire) {
        const stop = this.length(end);
        while (this.at < stop) {
          this.#count();
          this.#push(list, this.#value(field, wireOf(field), stop, depth, undefined));
        }
      } else {
        this.#push(list, this.#value(field, wire, end, depth, undefined));
      }
      if (list.length > 0) into[field.name] = list;
      return;
    }
    const value = this.#value(field, wire, end, depth, into[field.name]);
    if (value === undefined) return;
    if (field.isOneOf) for (const { name } of def.oneOf) delete into[name];
    into[field.name] = value;
  }

  #count(more = 1): void {
    this.#values += more;
    if (this.#values > VALUES_MAX) throw this.problem(`holds more than ${VALUES_MAX} values`);
  }

  #push(list: unknown[], value: unknown): void {
    if (value !== undefined) list.push(value);
  }

  /** One entry of a map is a message of its own: key 1, value 2, either may be left out. */
  #entry(field: Field, into: Tree, stop: number, depth: number): void {
    const { where } = this;
    let key = "";
    let value: unknown;
    while (this.at < stop) {
      this.where = where;
      const tag = this.tag(stop);
      const wire = tag & 7;
      if (tag >>> 3 === 1) {
        if (wire !== WireType.LengthDelimited) throw this.wrongWire(wire);
        key = this.text(stop);
      } else if (tag >>> 3 === 2) {
        value = this.#value(field, wire, stop, depth + 1, value);
      } else {
        this.skip(tag, stop);
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
  #value(field: Field, wire: number, end: number, depth: number, earlier: unknown): unknown {
    if (wire !== wireOf(field)) throw this.wrongWire(wire);
    if (field.message !== undefined) {
      const stop = this.length(end);
      const ahead = earlier === undefined ? this.#ahead.get(this.at) : undefined;
      if (ahead !== undefined) {
        this.#count(ahead.count);
        this.goTo(stop);
        return ahead.value;
      }
      const value = (earlier as Tree | undefined) ?? {};
      this.message(field.message, value, stop, depth + 1, this.where);
      return value;
    }
    if (field.enumeration !== undefined) return field.enumeration.names.get(this.varint(end) | 0);
    return this.#scalar(field.scalar as ScalarName, end);
  }

  #scalar(type: ScalarName, end: number): unknown {
    switch (type) {
      case "str":
        return this.text(end);
      case "bytes":
        return this.raw(end);
      case "bool":
        return this.bool(end);
      case "dbl":
        return this.double(end);
      case "i32":
        return this.varint(end) | 0;
      case "u32":
        return this.varint(end);
      default:
        return this.long(end, type === "i64");
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

function wireOf(field: Field): WireType {
  if (field.message !== undefined || field.scalar === "str" || field.scalar === "bytes") {
    return WireType.LengthDelimited;
  }
  return field.scalar === "dbl" ? WireType.Bit64 : WireType.Varint;
}
