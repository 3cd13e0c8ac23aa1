import type { Ajv2020, FuncKeywordDefinition } from "ajv/dist/2020.js";
import { type Static, Type } from "../typebox.ts";
import { parseBytes, parseDurationMs, printBytes, printDurationMs } from "../units.ts";
import { shown } from "./describe.ts";
import type { JsonSchema } from "./prepare.ts";

/** What a field of a unit is called, read and printed with. */
const units = {
  duration: {
    words: 'a duration such as "15secs"',
    parse: parseDurationMs,
    print: printDurationMs,
  },
  bytes: { words: 'a size such as "64MB"', parse: parseBytes, print: printBytes },
} as const;

/** A unit in which a field of a config may be given as text. */
export type Unit = keyof typeof units;

interface UnitOptions {
  readonly description: string;
  /** As text, `15secs`; absent makes the field one without a default. */
  readonly default?: string;
  /** Least value, in milliseconds or bytes. */
  readonly unitMinimum?: number;
  /** Greatest value, in milliseconds or bytes. */
  readonly unitMaximum?: number;
}

/** A schema of a duration, written as text (A9, P3) and read as milliseconds. */
export function Duration(options: UnitOptions) {
  return Type.Unsafe<number>({
    type: "string",
    unit: "duration",
    title: units.duration.words,
    ...options,
  });
}

/** A schema of a size, written as text (A9) and read as bytes. */
export function Bytes(options: UnitOptions) {
  return Type.Unsafe<number>({
    type: "string",
    unit: "bytes",
    title: units.bytes.words,
    ...options,
  });
}

/** What `Duration` and `Bytes` give. */
export type UnitValue = Static<ReturnType<typeof Duration>>;

/**
 * Teaches an ajv engine the keyword `unit`: it reads the text and, in an engine that fills in
 * defaults, puts the number in its place. In the other engine the keyword is a remark.
 */
export function addUnits(engine: Ajv2020, convert: boolean): Ajv2020 {
  engine.addKeyword({ keyword: "unitMinimum", schemaType: "number" });
  engine.addKeyword({ keyword: "unitMaximum", schemaType: "number" });
  if (!convert) return engine.addKeyword({ keyword: "unit" });
  const read: NonNullable<FuncKeywordDefinition["validate"]> = (
    unit: Unit,
    data: string,
    parent,
    context,
  ) => {
    const problem = problemIn(unit, data, (parent ?? {}) as JsonSchema);
    if (typeof problem === "string") {
      read.errors = [{ keyword: "unit", message: problem, params: {} }];
      return false;
    }
    if (context !== undefined) context.parentData[context.parentDataProperty] = problem;
    return true;
  };
  return engine.addKeyword({
    keyword: "unit",
    type: "string",
    modifying: true,
    metaSchema: { enum: Object.keys(units) },
    validate: read,
  });
}

/** The number that the text stands for, or the text of what is wrong with it. */
function problemIn(unit: Unit, text: string, schema: JsonSchema): number | string {
  const { parse, print, words } = units[unit];
  const read = parse(text);
  if (!read.ok) return `must be ${words}: ${read.message}`;
  const minimum = Number(schema["unitMinimum"] ?? 0);
  const maximum = Number(schema["unitMaximum"] ?? Number.POSITIVE_INFINITY);
  if (read.value < minimum) return `must be at least ${print(minimum)}, got ${shown(text)}`;
  if (read.value > maximum) return `must be at most ${print(maximum)}, got ${shown(text)}`;
  return read.value;
}
