import type { EnumDef, Field, Lazy, Message, MessageDef } from "../definitions/define.ts";

type Tree = Readonly<Record<string, unknown>>;

/**
 * Writes a message as JSON in the form that every known client reads (§3.3, §5): compact, ASCII
 * only, snake_case, doubles with a decimal point, bytes in base64, unset fields left out unless
 * they have an explicit default that is not deprecated, empty lists left out.
 */
export function writeJson<M extends MessageDef>(def: M, value: Message<M>): string {
  return messageText(def, value as Tree);
}

/** The same in pieces, an element of a list at a time: between any two its maker can be left. */
export function* jsonPieces<M extends MessageDef>(
  def: M,
  value: Lazy<Message<M>>,
): Generator<string> {
  let before = "{";
  for (const field of def.fields) {
    const given = (value as Tree)[field.name];
    const name = `${before}"${field.name}":`;
    if (given !== undefined && field.message !== undefined && field.label !== "map") {
      if (field.label === "repeated") {
        let between = `${name}[`;
        for (const one of given as Iterable<Tree>) {
          yield between + messageText(field.message, one);
          between = ",";
        }
        if (between !== ",") continue;
        yield "]";
      } else {
        yield name;
        yield* jsonPieces(field.message, given as never);
      }
    } else {
      const part = fieldText(field, given);
      if (part === undefined) continue;
      yield name + part;
    }
    before = ",";
  }
  yield before === "{" ? "{}" : "}";
}

function messageText(def: MessageDef, value: Tree): string {
  let text = "{";
  for (const field of def.fields) {
    const part = fieldText(field, value[field.name]);
    if (part === undefined) continue;
    text += `${text.length === 1 ? "" : ","}"${field.name}":${part}`;
  }
  return `${text}}`;
}

function fieldText(field: Field, given: unknown): string | undefined {
  const value = given ?? (field.isDeprecated ? undefined : field.fallback);
  if (value === undefined) return undefined;
  if (field.label === "repeated") {
    const list = value as readonly unknown[];
    if (list.length === 0) return undefined;
    let text = "[";
    for (const one of list) text += (text.length === 1 ? "" : ",") + valueText(field, one);
    return `${text}]`;
  }
  if (field.label === "map") {
    const entries = Object.entries(value as object);
    if (entries.length === 0) return undefined;
    const parts = entries.map(([key, one]) => `${jsonString(key)}:${valueText(field, one)}`);
    return `{${parts.join(",")}}`;
  }
  return valueText(field, value);
}

function valueText(field: Field, value: unknown): string {
  if (field.message !== undefined) {
    return messageText(field.message, value as Tree);
  }
  if (field.enumeration !== undefined) return enumText(field.enumeration, value as string);
  switch (field.scalar) {
    case "str":
      return jsonString(value as string);
    case "bytes":
      return `"${base64(value as Uint8Array)}"`;
    case "bool":
      return value === true ? "true" : "false";
    case "dbl":
      return jsonDouble(value as number);
    default:
      return integerDigits(value as number, field.scalar === "i64");
  }
}

function enumText(def: EnumDef, name: string): string {
  if (!def.numbers.has(name)) throw new Error(`${def.name} has no value ${name}`);
  return `"${name}"`;
}

/**
 * Digits of an integer. Of those above 2^53 the shortest that mean the same double are taken, so
 * that whole milliseconds stay whole in nanoseconds; what is too large becomes the largest.
 */
export function integerDigits(value: number, isSigned: boolean): string {
  const whole = Math.trunc(value);
  if (isSigned && whole >= 2 ** 63) return "9223372036854775807";
  if (whole >= 2 ** 64) return "18446744073709551615";
  return whole === 0 ? "0" : String(whole);
}

/** A string as JSON with nothing but ASCII in it: clients count characters as bytes (§3.3). */
export function jsonString(text: string): string {
  const json = JSON.stringify(text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what is meant.
  if (/^[\x00-\x7f]*$/.test(json)) return json;
  return json.replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A double as JSON, always with a decimal point; infinities are strings (§5). */
export function jsonDouble(value: number): string {
  if (Number.isFinite(value)) {
    if (!Number.isInteger(value)) return String(value);
    const text = String(value);
    return text.includes("e") ? text : `${text}.0`;
  }
  return Number.isNaN(value) ? "0.0" : `"${value > 0 ? "" : "-"}Infinity"`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
