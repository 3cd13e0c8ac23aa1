/** Elements of an array that go into one part; of a column, so many more. */
const CHUNK = 512;
const COLUMN_CHUNK = 1 << 17;

type Column = Uint32Array | Float64Array;

/**
 * A piece of a large structure: where it belongs, and its value. Rows, entries of a map, and
 * columns are appended to what came before at that place; a `value` is all of it.
 */
export type Part = readonly [
  path: readonly string[],
  kind: "value" | "rows" | "entries" | "column",
  value: unknown,
];

const isColumn = (value: unknown): value is Column =>
  value instanceof Uint32Array || value instanceof Float64Array;

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && value.constructor === Object;
}

/**
 * Takes a structure apart into pieces of bounded size, so that writing it need not stop anything
 * for long. Objects are followed `depth` levels down.
 */
export function* partsOf(value: unknown, path: readonly string[] = [], depth = 4): Generator<Part> {
  if (isColumn(value) && value.length > COLUMN_CHUNK) {
    for (let at = 0; at < value.length; at += COLUMN_CHUNK) {
      yield [path, "column", value.subarray(at, at + COLUMN_CHUNK)];
    }
  } else if (Array.isArray(value) && value.length > CHUNK) {
    for (let at = 0; at < value.length; at += CHUNK) {
      yield [path, "rows", value.slice(at, at + CHUNK)];
    }
  } else if (value instanceof Map && value.size > CHUNK) {
    const entries = [...value];
    for (let at = 0; at < entries.length; at += CHUNK) {
      yield [path, "entries", entries.slice(at, at + CHUNK)];
    }
  } else if (isPlainObject(value) && depth > 0) {
    yield [path, "value", {}];
    for (const [key, of] of Object.entries(value)) yield* partsOf(of, [...path, key], depth - 1);
  } else yield [path, "value", value];
}

/** Puts a structure together again. */
export class Assembly {
  readonly #root: { value?: unknown } = {};

  /** Takes the next part; parts come in the order in which they were made. */
  add([path, kind, value]: Part): void {
    const names = ["value", ...path];
    const last = names.pop() as string;
    let at = this.#root as Record<string, unknown>;
    for (const name of names) at = at[name] as Record<string, unknown>;
    const before = at[last];
    if (kind === "rows" && Array.isArray(before)) before.push(...(value as unknown[]));
    else if (kind === "entries") {
      const map = before instanceof Map ? before : new Map();
      for (const [key, of] of value as [unknown, unknown][]) map.set(key, of);
      at[last] = map;
    } else if (kind === "column" && isColumn(before)) at[last] = joined(before, value as Column);
    else at[last] = value;
  }

  /** The structure, once every part is there. */
  get value(): unknown {
    return this.#root.value;
  }
}

function joined(a: Column, b: Column): Column {
  const sum = a instanceof Uint32Array ? new Uint32Array(a.length + b.length) : undefined;
  const both = sum ?? new Float64Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
