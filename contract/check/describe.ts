import type { JsonSchema } from "./prepare.ts";

const SHOWN_LENGTH_MAX = 40;

/**
 * A value as it appears in a message: short, on one line, and of bounded cost whatever its size.
 */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") {
    const cut = value.length > SHOWN_LENGTH_MAX;
    return JSON.stringify(cut ? `${value.slice(0, SHOWN_LENGTH_MAX)}…` : value);
  }
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}

/** `a, b or c`. */
export function either(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? "nothing";
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

function range(schema: JsonSchema): string {
  const low = schema.minimum ?? schema.exclusiveMinimum;
  const high = schema.maximum ?? schema.exclusiveMaximum;
  const lowWords = "exclusiveMinimum" in schema ? `more than ${low}` : `at least ${low}`;
  const highWords = "exclusiveMaximum" in schema ? `less than ${high}` : `at most ${high}`;
  if (low === undefined) return high === undefined ? "" : ` of ${highWords}`;
  if (high === undefined) return ` of ${lowWords}`;
  const inclusive = "minimum" in schema && "maximum" in schema;
  return inclusive ? ` between ${low} and ${high}` : ` of ${lowWords} and ${highWords}`;
}

function text(schema: JsonSchema): string {
  // A pattern is for machines: where there is one, `title` says in words what it allows.
  if (typeof schema.title === "string") return schema.title;
  if (typeof schema.pattern === "string") return `text that matches ${schema.pattern}`;
  const low = schema.minLength;
  const high = schema.maxLength;
  if (low === 1 && high === undefined) return "text that is not empty";
  if (low === undefined && high === undefined) return "text";
  if (high === undefined) return `text of at least ${low} characters`;
  return low === undefined
    ? `text of at most ${high} characters`
    : `text of ${low} to ${high} characters`;
}

function list(items: unknown): string {
  if (typeof items !== "object" || items === null) return "a list";
  const words = allowed(items);
  if (words === "something else") return "a list";
  return words === "an object" ? "a list of objects" : `a list, each entry ${words}`;
}

const typeWords: Record<string, string> = {
  boolean: "true or false",
  null: "null",
  object: "an object",
  array: "a list",
};

function typeName(type: unknown, schema: JsonSchema): string {
  if (type === "integer") return `a whole number${range(schema)}`;
  if (type === "number") return `a number${range(schema)}`;
  if (type === "string") return text(schema);
  if (type === "array") return list(schema.items);
  return typeWords[String(type)] ?? String(type);
}

/** What a schema allows, in words that follow "must be": `a whole number between 0 and 65535`. */
export function allowed(schema: unknown): string {
  if (typeof schema !== "object" || schema === null) return "something else";
  const parts = schema as JsonSchema;
  if ("const" in parts) return JSON.stringify(parts.const);
  if (Array.isArray(parts.enum)) return either(parts.enum.map((value) => JSON.stringify(value)));
  const branches = parts.anyOf ?? parts.oneOf;
  if (Array.isArray(branches)) {
    if (typeof parts.title === "string") return parts.title;
    return either([...new Set(branches.map(allowed))]);
  }
  const type = parts.type;
  if (Array.isArray(type)) return either(type.map((one) => typeName(one, parts)));
  if (type !== undefined) return typeName(type, parts);
  return typeof parts.title === "string" ? parts.title : "something else";
}
