import { errors, TepuiError } from "../../../../contract/errors.ts";
import type { Field, Message, MessageDef, ScalarName } from "../definitions/define.ts";

/** Deepest nesting of messages that is read; only nested container ids can come near it. */
export const DEPTH_MAX = 64;

/**
 * Most values in a message. Each costs some fifty bytes of memory and up to a microsecond, however
 * few bytes it is sent in, so a bound on the bytes alone would not bound either.
 */
export const VALUES_MAX = 256 * 1024;

/** 1 for each byte that a value can follow: looked up, which is quicker than three comparisons. */
const BEFORE_VALUE = new Uint8Array(256);
for (const byte of Buffer.from(",[{")) BEFORE_VALUE[byte] = 1;

/**
 * Refuses a JSON text that may hold more than `VALUES_MAX` values, before it is parsed. What stands
 * in strings is counted too, which errs by little on the safe side.
 * @throws MESSAGE_INVALID
 */
export function checkValues(text: Uint8Array): void {
  if (text.length <= VALUES_MAX) return;
  let values = 0;
  for (let start = 0; start < text.length; start += VALUES_MAX) {
    const end = Math.min(start + VALUES_MAX, text.length);
    for (let at = start; at < end; at++) values += BEFORE_VALUE[text[at] as number] as number;
    if (values > VALUES_MAX) {
      throw errors.MESSAGE_INVALID(`the message holds more than ${VALUES_MAX} values`);
    }
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
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
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (thrown) {
    throw errors.MESSAGE_INVALID(thrown instanceof Error ? thrown.message : "no JSON");
  }
  return fromJson(def, json);
}

/** Reads a message from parsed JSON; see `readJson`. */
export function fromJson<M extends MessageDef>(def: M, json: unknown): Message<M> {
  return (readQuickly(def, json) ?? readNaming(def, json)) as Message<M>;
}

/** Where a value stands in the message; `undefined` while nobody is going to be told. */
type Where = string | undefined;

/** Most messages are well, and saying where each of their values stands costs more than reading. */
function readQuickly(def: MessageDef, json: unknown): object | undefined {
  const missing: string[] = [];
  try {
    const value = readMessage(def, json, undefined, missing, 0);
    return missing.length === 0 ? value : undefined;
  } catch (thrown) {
    if (thrown instanceof TepuiError) return undefined;
    throw thrown;
  }
}

/** Reads as `readQuickly`, and throws what says where something is wrong. */
function readNaming(def: MessageDef, json: unknown): object {
  const missing: string[] = [];
  const value = readMessage(def, json, "", missing, 0);
  if (missing.length > 0) {
    throw errors.MESSAGE_INVALID(`missing required fields: ${missing.join(", ")}`, missing[0]);
  }
  return value;
}

function fieldAt(where: Where, name: string): Where {
  if (where === undefined) return undefined;
  return where === "" ? name : `${where}.${name}`;
}

function readMessage(
  def: MessageDef,
  json: unknown,
  where: Where,
  missing: string[],
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
      given === undefined || given === null ? UNSET : readField(field, given, path, missing, depth);
    if (read !== UNSET) value[field.name] = read;
    else if (field.label === "required" && missing.length < 20) missing.push(path ?? "");
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
  missing: string[],
  depth: number,
): unknown {
  if (field.label === "map") return readMap(field, json, where, missing, depth);
  if (field.label !== "repeated") {
    if (Array.isArray(json)) throw wrong(where, "a single value", json);
    return readOne(field, json, where, missing, depth);
  }
  const list: unknown[] = [];
  const given = Array.isArray(json) ? json : [json];
  for (let at = 0; at < given.length; at++) {
    if (given[at] === null) continue;
    const one = readOne(field, given[at], where && `${where}[${at}]`, missing, depth);
    if (one !== UNSET) list.push(one);
  }
  return list.length === 0 ? UNSET : list;
}

function readMap(
  field: Field,
  json: unknown,
  where: Where,
  missing: string[],
  depth: number,
): unknown {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw wrong(where, "an object", json);
  }
  const entries: [string, unknown][] = [];
  for (const [key, given] of Object.entries(json)) {
    if (given === null) continue;
    const one = readOne(field, given, where && `${where}.${key}`, missing, depth);
    if (one !== UNSET) entries.push([key, one]);
  }
  return entries.length === 0 ? UNSET : Object.fromEntries(entries);
}

function readOne(
  field: Field,
  json: unknown,
  where: Where,
  missing: string[],
  depth: number,
): unknown {
  if (field.message !== undefined) {
    return readMessage(field.message, json, where, missing, depth + 1);
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
      if (typeof json === "string" && BASE64.test(json)) {
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
