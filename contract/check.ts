import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import type { Static, TSchema } from "typebox";
import { type CheckMode, type JsonSchema, prepare } from "./check/prepare.ts";
import { type Problem, problemsOf } from "./check/problems.ts";
import { addUnits } from "./check/units.ts";

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
  strictSchema: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  allowUnionTypes: true,
  discriminator: true,
  validateFormats: false,
} as const;

const engines: Record<CheckMode, () => Ajv2020> = {
  strict: () => addUnits(new Ajv2020({ ...common, allErrors: true, useDefaults: true }), true),
  wire: () => addUnits(new Ajv2020({ ...common, allErrors: false, useDefaults: false }), false),
};
const started = new Map<CheckMode, Ajv2020>();

function engine(mode: CheckMode): Ajv2020 {
  let found = started.get(mode);
  if (found === undefined) {
    found = engines[mode]();
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
  return validatorOf(schema, name, mode, engines[mode]);
}

function validatorOf(
  schema: JsonSchema,
  name: string,
  mode: CheckMode,
  engineOf: () => Ajv2020,
): Validator<unknown> {
  let compiled: ValidateFunction | undefined;
  const ready = (): ValidateFunction => {
    compiled ??= engineOf().compile(prepare(schema, mode));
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
    engines.strict().compile(prepare(schema as JsonSchema, "strict"));
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
