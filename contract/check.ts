import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { addNotations } from "./check/notations.ts";
import { type CheckMode, type JsonSchema, prepare, type Share } from "./check/prepare.ts";
import { type Problem, problemsOf } from "./check/problems.ts";
import { addUnits } from "./check/units.ts";
import type { Static, TSchema } from "./typebox.ts";

export type { CheckMode } from "./check/prepare.ts";
export type { Problem } from "./check/problems.ts";

/** What came of a check: the value with its type, or what is wrong with it. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A schema made ready to check values. */
export interface Validator<T> {
  /** What is checked, for messages: `agent config`, `launch message`. */
  readonly name: string;
  /**
   * Checks a value and says all that is wrong with it (mode strict) or the first thing (mode wire).
   * In mode strict the value returned is a copy with defaults filled in; in mode wire it is the
   * value itself.
   */
  check(value: unknown): Checked<T>;
  /** The bare answer, without reasons; the fastest way in mode wire. Fills in nothing. */
  is(value: unknown): value is T;
}

const common = {
  verbose: true,
  // Ajv's optimizer takes longer than everything else, and what it saves cannot be measured here.
  code: { optimize: false },
  inlineRefs: false,
  strictSchema: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  allowUnionTypes: true,
  discriminator: true,
  validateFormats: false,
} as const;

const modes = {
  strict: { allErrors: true, useDefaults: true },
  wire: { allErrors: false, useDefaults: false },
} as const;

/**
 * Engines leave out the schema of schemas, which takes longer to compile than the schemas of most
 * commands together: ours are checked by their types, and `schemaProblem` has it for the others.
 */
function newEngine(mode: CheckMode, meta = false): Ajv2020 {
  return addNotations(addUnits(withBytes({ ...modes[mode], meta }), mode === "strict"));
}

/** An engine that knows the keyword `bytes`, which JSON Schema has no word for. */
function withBytes(options: { allErrors: boolean; useDefaults: boolean; meta: boolean }): Ajv2020 {
  return new Ajv2020({ ...common, ...options, validateSchema: options.meta }).addKeyword({
    keyword: "bytes",
    schemaType: "boolean",
    errors: false,
    validate: (wanted: boolean, data: unknown) => !wanted || data instanceof Uint8Array,
  });
}
const started = new Map<CheckMode, Ajv2020>();
let judge: Ajv2020 | undefined;

/** Shared parts of wire schemas by their `properties`; see `Share`. */
const sharedIds = new Map<object, string>();

/** Lets the messages of the wire share what they have in common: a task is compiled once. */
function shareIn(ajv: Ajv2020): Share {
  return (properties, make) => {
    const known = sharedIds.get(properties);
    if (known !== undefined) return known;
    const id = `tepui:shared:${sharedIds.size}`;
    sharedIds.set(properties, id);
    ajv.addSchema(make(), id, false, false);
    return id;
  };
}

function engine(mode: CheckMode): Ajv2020 {
  let found = started.get(mode);
  if (found === undefined) {
    found = newEngine(mode);
    started.set(mode, found);
  }
  return found;
}

/**
 * Makes a validator from a typebox schema, which also gives the TypeScript type.
 *
 * - `strict` is for what people write (config, manifests): fields that the schema does not name are
 *   problems, all problems are listed, defaults are filled in.
 * - `wire` is for messages: unknown fields are tolerated, so that a newer peer can add some; the
 *   first problem ends it.
 *
 * The schema is compiled at the first use, not here: most commands use few of the schemas that they
 * import.
 */
export function compile<S extends TSchema>(
  schema: S,
  name: string,
  mode: CheckMode = "strict",
): Validator<Static<S>> {
  const json = schema as unknown as JsonSchema;
  return validatorOf(json, name, mode, () => engine(mode)) as Validator<Static<S>>;
}

/**
 * The same for a JSON Schema (2020-12) that came from outside, such as the config schema of a
 * plugin.
 * @throws Error at the first use when it is not a schema; `schemaProblem` says so beforehand.
 */
export function compileJsonSchema(
  schema: JsonSchema,
  name: string,
  mode: CheckMode = "strict",
): Validator<unknown> {
  // An engine of its own: two plugins may use one `$id`, and one plugin may run twice.
  return validatorOf(schema, name, mode, () => newEngine(mode));
}

function validatorOf(
  schema: JsonSchema,
  name: string,
  mode: CheckMode,
  engineOf: () => Ajv2020,
): Validator<unknown> {
  let compiled: ValidateFunction | undefined;
  const ready = (): ValidateFunction => {
    if (compiled === undefined) {
      const ajv = engineOf();
      // Outside schemas have engines of their own, and only the common one can share.
      const share = ajv === started.get("wire") ? shareIn(ajv) : undefined;
      compiled = ajv.compile(prepare(schema, mode, share));
    }
    return compiled;
  };
  return {
    name,
    check(value) {
      const validate = ready();
      const subject = mode === "strict" ? structuredClone(value) : value;
      if (validate(subject)) return { ok: true, value: subject };
      return { ok: false, problems: problemsOf(validate.errors as ErrorObject[], subject) };
    },
    is(value): value is unknown {
      return ready()(mode === "strict" ? structuredClone(value) : value);
    },
  };
}

/** Says why something is no usable JSON Schema, or `undefined` when it is one. */
export function schemaProblem(schema: unknown): string | undefined {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) {
    return "it must be an object";
  }
  try {
    const prepared = prepare(schema as JsonSchema, "strict");
    judge ??= newEngine("strict", true);
    if (judge.validateSchema(prepared) !== true) return `schema is invalid: ${judge.errorsText()}`;
    newEngine("strict").compile(prepared);
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

/** One line a problem: `/agents/0/port: must be …; did you mean …?` */
export function problemLine(problem: Problem): string {
  const hint = problem.hint === undefined ? "" : `; ${problem.hint}`;
  return `${problem.path === "" ? "/" : problem.path}: ${problem.message}${hint}`;
}
