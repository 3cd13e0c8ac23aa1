import { errors, TepuiError } from "../../../../contract/errors.ts";
import type { Field, Message, MessageDef, ScalarName } from "../definitions/define.ts";
import { DEPTH_MAX } from "./bounds.ts";

/** Padded base64 also has a length that four divides: a rule of groups would recurse for each. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const INTEGER_BOUNDS = {
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u32: [0, 2 ** 32 - 1],
  i64: [-(2 ** 63), 2 ** 63],
  u64: [0, 2 ** 64],
} as const;

/** A value that stands for "not set": it is read as if the field were absent. */
const UNSET = Symbol("unset");

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a message from its JSON text, as leniently as Mesos does and its clients need (§5): unknown
 * fields and nulls are nothing, numbers and booleans may be strings, one value may stand for a list
 * of one, an unknown enum name is nothing where the field is optional.
 * @throws MESSAGE_INVALID for text that is no JSON object, for a value of the wrong kind (a number
 * for an enum, a list for a single value), and for required fields that are missing, all named.
 */
export function readJson<M extends MessageDef>(def: M, text: string): Message<M> {
  return fromJson(def, parsed(text));
}

/** Parses a text. @throws MESSAGE_INVALID */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw errors.MESSAGE_INVALID(thrown instanceof Error ? thrown.message : "no JSON");
  }
}

/** Reads a message from parsed JSON; see `readJson`. */
export function fromJson<M extends MessageDef>(def: M, json: unknown): Message<M> {
  return readTwice(def, json, NONE) as Message<M>;
}

/**
 * Reads a message from parsed JSON in steps, between which others may have their turn: the elements
 * of its long lists one by one, then all the rest.
 */
export function* fromJsonInSteps<M extends MessageDef>(
  def: M,
  json: unknown,
): Generator<void, Message<M>> {
  const ahead = new Map<unknown, object>();
  yield* readAhead(def, json, ahead, 0);
  return readTwice(def, json, ahead) as Message<M>;
}

/** Where a value stands in the message; `undefined` while nobody is going to be told. */
type Where = string | undefined;

/** What goes with one reading of a message. */
interface Reading {
  /** The required fields that are missing, the first twenty. */
  readonly missing: string[];
  /** Messages that have been read already, by their JSON; all of them are well. */
  readonly ahead: ReadonlyMap<unknown, object>;
}

const NONE: ReadonlyMap<unknown, object> = new Map();
/** Lists of more elements than this are long. */
const LONG = 64;

/** Most messages are well, and saying where each of their values stands costs more than reading. */
function readTwice(def: MessageDef, json: unknown, ahead: Reading["ahead"]): object {
  const quick = readQuickly(def, json, ahead, 0);
  if (quick !== undefined) return quick;
  const reading: Reading = { missing: [], ahead };
  const value = readMessage(def, json, "", reading, 0);
  const { missing } = reading;
  if (missing.length > 0) {
    throw errors.MESSAGE_INVALID(`missing required fields: ${missing.join(", ")}`, missing[0]);
  }
  return value;
}

function readQuickly(
  def: MessageDef,
  json: unknown,
  ahead: Reading["ahead"],
  depth: number,
): object | undefined {
  const reading: Reading = { missing: [], ahead };
  try {
    const value = readMessage(def, json, undefined, reading, depth);
    return reading.missing.length === 0 ? value : undefined;
  } catch (thrown) {
    if (thrown instanceof TepuiError) return undefined;
    throw thrown;
  }
}

/** What is not well is left: reading the whole says what is wrong with it, and where. */
function* readAhead(
  def: MessageDef,
  json: unknown,
  ahead: Map<unknown, object>,
  depth: number,
): Generator<void, void> {
  if (typeof json !== "object" || json === null || depth > DEPTH_MAX) return;
  for (const { name, message, label } of def.fields) {
    const given = (json as Json)[name];
    if (message === undefined || label === "map" || given === undefined) continue;
    const list: readonly unknown[] = Array.isArray(given) ? given : [given];
    for (const one of list) {
      if (list.length <= LONG) {
        yield* readAhead(message, one, ahead, depth + 1);
        continue;
      }
      const value = readQuickly(message, one, NONE, depth + 1);
      if (value !== undefined) ahead.set(one, value);
      yield;
    }
  }
}

function fieldAt(where: Where, name: string): Where {
  if (where === undefined) return undefined;
  return where === "" ? name : `${where}.${name}`;
}

function readMessage(
  def: MessageDef,
  json: unknown,
  where: Where,
  reading: Reading,
  depth: number,
): object {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw wrong(where, "a JSON object", json);
  }
  if (depth > DEPTH_MAX) throw errors.MESSAGE_INVALID("is nested too deeply", where);
  const value: Record<string, unknown> = {};
  for (const field of def.fields) {
    const given = (json as Json)[field.name];
    const path = fieldAt(where, field.name);
    const read =
      given === undefined || given === null ? UNSET : readField(field, given, path, reading, depth);
    if (read !== UNSET) value[field.name] = read;
    else if (field.label === "required" && reading.missing.length < 20) {
      reading.missing.push(path ?? "");
    }
  }
  if (def.oneOf.length > 0) keepLast(def, json as Json, value);
  return value;
}

/** Of alternatives that were given together the last one stays, as setting it clears the others. */
function keepLast(def: MessageDef, json: Json, value: Record<string, unknown>): void {
  const order = Object.keys(json);
  const set = def.oneOf.filter(({ name }) => name in value);
  set.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  for (const { name } of set.slice(0, -1)) delete value[name];
}

function readField(
  field: Field,
  json: unknown,
  where: Where,
  reading: Reading,
  depth: number,
): unknown {
  if (field.label === "map") return readMap(field, json, where, reading, depth);
  if (field.label !== "repeated") {
    if (Array.isArray(json)) throw wrong(where, "a single value", json);
    return readOne(field, json, where, reading, depth);
  }
  const list: unknown[] = [];
  const given = Array.isArray(json) ? json : [json];
  for (let at = 0; at < given.length; at++) {
    if (given[at] === null) continue;
    const one = readOne(field, given[at], where && `${where}[${at}]`, reading, depth);
    if (one !== UNSET) list.push(one);
  }
  return list.length === 0 ? UNSET : list;
}

function readMap(
  field: Field,
  json: unknown,
  where: Where,
  reading: Reading,
  depth: number,
): unknown {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw wrong(where, "an object", json);
  }
  const entries: [string, unknown][] = [];
  for (const [key, given] of Object.entries(json)) {
    if (given === null) continue;
    const one = readOne(field, given, where && `${where}.${key}`, reading, depth);
    if (one !== UNSET) entries.push([key, one]);
  }
  return entries.length === 0 ? UNSET : Object.fromEntries(entries);
}

function readOne(
  field: Field,
  json: unknown,
  where: Where,
  reading: Reading,
  depth: number,
): unknown {
  if (field.message !== undefined) {
    return reading.ahead.get(json) ?? readMessage(field.message, json, where, reading, depth + 1);
  }
  if (field.enumeration !== undefined) {
    if (typeof json !== "string") throw wrong(where, "the name of an enum value", json);
    return field.enumeration.numbers.has(json) ? json : UNSET;
  }
  return readScalar(field.scalar as ScalarName, json, where);
}

function readScalar(type: ScalarName, json: unknown, where: Where): unknown {
  switch (type) {
    case "str":
      if (typeof json === "string") return json;
      throw wrong(where, "a string", json);
    case "bytes":
      if (typeof json === "string" && json.length % 4 === 0 && BASE64.test(json)) {
        return new Uint8Array(Buffer.from(json, "base64"));
      }
      throw wrong(where, "a string in padded base64", json);
    case "bool":
      if (typeof json === "boolean") return json;
      if (json === "true" || json === "false") return json === "true";
      throw wrong(where, "true or false", json);
    default:
      return readNumber(type, json, where);
  }
}

function readNumber(
  type: "dbl" | keyof typeof INTEGER_BOUNDS,
  json: unknown,
  where: Where,
): number {
  const number = typeof json === "string" && isNumeric(json) ? Number(json) : json;
  if (typeof number !== "number") throw wrong(where, "a number", json);
  if (type === "dbl") return number;
  const whole = Math.trunc(number);
  const [least, most] = INTEGER_BOUNDS[type];
  // `whole + 0` turns -0 into 0, which integers do not tell apart.
  if (whole >= least && whole <= most) return whole + 0;
  throw wrong(where, `an integer from ${least} to ${most}`, json);
}

function isNumeric(text: string): boolean {
  return /^-?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|Infinity)$/.test(text);
}

function wrong(where: Where, wanted: string, json: unknown): Error {
  const kind = Array.isArray(json) ? "an array" : json === null ? "null" : `a ${typeof json}`;
  const at = where || "the message";
  return errors.MESSAGE_INVALID(`${at} must be ${wanted}, not ${kind}`, where);
}
