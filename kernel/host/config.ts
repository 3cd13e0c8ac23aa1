import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { JsonSchema } from "../../contract/check/prepare.ts";
import { pointerStep } from "../../contract/check/problems.ts";
import { compile, type Problem, type Validator } from "../../contract/check.ts";
import { AgentConfigSchema } from "../../contract/config/agent.ts";
import { LocalConfigSchema } from "../../contract/config/local.ts";
import { MasterConfigSchema } from "../../contract/config/master.ts";
import { errors, reasonOf, TepuiError } from "../../contract/errors.ts";
import type { Static, TSchema } from "../../contract/typebox.ts";
import { type ConfigField, configFields } from "./config-fields.ts";
import { type ParsedConfig, parseConfig } from "./config-file.ts";
import { agentRules, type ConfigRules, isObject, localRules, masterRules } from "./config-rules.ts";
import { yamlValue } from "./yaml-text.ts";

/** A kind of config: its schema, its validator, and its settings. */
export interface ConfigKind<T> {
  readonly name: "master" | "agent" | "local";
  readonly validator: Validator<T>;
  readonly fields: readonly ConfigField[];
  /** What fields must be to each other. */
  readonly rules: ConfigRules;
}

function kindOf<S extends TSchema>(
  name: ConfigKind<unknown>["name"],
  schema: S,
  rules: ConfigRules,
): ConfigKind<Static<S>> {
  const validator = compile(schema, `${name} config`);
  return { name, validator, fields: configFields(schema), rules };
}

/** The kinds of config that there are. */
export const configKinds = {
  master: kindOf("master", MasterConfigSchema, masterRules),
  agent: kindOf("agent", AgentConfigSchema, agentRules),
  local: kindOf("local", LocalConfigSchema, localRules),
};

/**
 * Where a config comes from; each source overrides those before it, and all override the defaults
 * (A9).
 */
export interface ConfigSources {
  /** Path of the config file, or none. */
  readonly file?: string | undefined;
  /** The file's text where it has been read already: a pipe can be read only once. */
  readonly text?: string | undefined;
  /** Environment variables; those that name no setting are ignored. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /**
   * Values from the command line by dotted path: `listen.port`. Texts are read like environment
   * variables.
   */
  readonly flags?: Readonly<Record<string, unknown>>;
}

/** What came of reading a config: the config, or all that is wrong with it. */
export interface ConfigReport<T> {
  readonly config: T | undefined;
  readonly problems: readonly TepuiError[];
}

/** A value that overrides what the file says, and who gave it. */
interface Override {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly source: string;
}

/** Reads a config from all its sources, and reports everything that is wrong at once. */
export function readConfig<T>(kind: ConfigKind<T>, sources: ConfigSources): ConfigReport<T> {
  const problems: TepuiError[] = [];
  let parsed: ParsedConfig | undefined;
  if (sources.file !== undefined) {
    try {
      const text = sources.text ?? readFileSync(sources.file, "utf8");
      parsed = parseConfig(sources.file, text);
      problems.push(...parsed.problems);
    } catch (thrown) {
      problems.push(errors.CONFIG_UNREADABLE(sources.file, reasonOf(thrown)));
    }
  }
  const overrides = overridesOf(kind.fields, sources, problems);
  const isBlocked = problems.some(({ code }) => code !== "CONFIG_DUPLICATE_KEY");
  if (isBlocked) return { config: undefined, problems };
  const raw = overrides.reduce<unknown>(
    (config, { path, value }) => valueSet(config, path, value),
    parsed?.value ?? {},
  );
  const checked = kind.validator.check(raw);
  const place = (problem: Pick<Problem, "path" | "kind" | "field">) =>
    whereIs(problem, overrides, parsed, sources.file);
  const wrong = checked.ok ? [] : checked.problems;
  const found = [
    ...wrong.map((problem) => {
      const { text, line } = place(problem);
      return { line, error: configError(problem, text) };
    }),
    ...kind.rules(raw).map(({ path, error }) => {
      const { text, line } = place({ path, kind: "bad-value" });
      return { line, error: atPlace(error, text) };
    }),
  ].sort((a, b) => a.line - b.line);
  problems.push(...found.map(({ error }) => error));
  return { config: checked.ok && problems.length === 0 ? checked.value : undefined, problems };
}

/**
 * Reads a config from all its sources.
 * @throws the one problem that there is, or CONFIG_INVALID with all of them as its details
 */
export function loadConfig<T>(kind: ConfigKind<T>, sources: ConfigSources): T {
  const { config, problems } = readConfig(kind, sources);
  const [first] = problems;
  if (first === undefined) return config as T;
  if (problems.length === 1) throw first;
  throw errors.CONFIG_INVALID(
    sources.file ?? "configuration",
    problems.map((one) => one.describe()),
  );
}

/**
 * Holds a config that came from nowhere to the rules that reading one goes through.
 * @throws CONFIG_INSECURE_BIND, CONFIG_BAD_VALUE
 */
export function checkRules<T>({ rules }: ConfigKind<T>, config: T): void {
  const [broken] = rules(config);
  if (broken !== undefined) throw broken.error;
}

/** The same error, at another place. */
export function atPlace(error: TepuiError, where: string, message = error.message): TepuiError {
  const { hint, details, cause } = error;
  return new TepuiError(error.code, error.status, message, { where, hint, details, cause });
}

function overridesOf(
  fields: readonly ConfigField[],
  sources: ConfigSources,
  problems: TepuiError[],
): readonly Override[] {
  const { environment = {}, flags = {} } = sources;
  const given = [
    ...fields.map((field) => ({
      field,
      source: field.variable,
      value: environment[field.variable],
    })),
    ...fields.map((field) => ({ field, source: field.flag, value: flags[field.path.join(".")] })),
  ];
  return given.flatMap(({ field, source, value }) => {
    if (value === undefined) return [];
    try {
      const read = typeof value === "string" ? readText(contents(value), field.schema) : value;
      return [{ path: field.path, value: read, source }];
    } catch (thrown) {
      problems.push(errors.CONFIG_BAD_VALUE(source, reasonOf(thrown)));
      return [];
    }
  });
}

/** `file:///path` stands for what is in the file (A9). */
function contents(text: string): string {
  return text.startsWith("file://") ? readFileSync(fileURLToPath(text), "utf8").trimEnd() : text;
}

/**
 * Text from outside a config file as the value that its setting wants; what does not fit stays
 * text.
 */
function readText(text: string, schema: JsonSchema): unknown {
  switch (schema.type) {
    case "boolean":
      if (/^(true|1|yes|on)$/i.test(text)) return true;
      return /^(false|0|no|off)$/i.test(text) ? false : text;
    case "integer":
    case "number":
      return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
    case "array":
    case "object":
      return listOrObject(text);
    case undefined:
      return /^\s*[[{]\s*["{\]]/.test(text) ? listOrObject(text) : text;
    default:
      return text;
  }
}

/** JSON or YAML; for lists of names also `a,b,c`. */
function listOrObject(text: string): unknown {
  if (/^\s*[[{]/.test(text)) return yamlValue(text);
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/**
 * The config with a value at a path; where the way there is blocked, validation will say by what.
 */
function valueSet(config: unknown, path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const around = config ?? {};
  return isObject(around) ? { ...around, [name]: valueSet(around[name], rest, value) } : config;
}

/** Where a problem is, in words, and its line for sorting (0 outside the file). */
function whereIs(
  problem: Pick<Problem, "path" | "kind" | "field">,
  overrides: readonly Override[],
  parsed: ParsedConfig | undefined,
  file: string | undefined,
): { readonly text: string; readonly line: number } {
  const override = overrides.findLast(({ path }) => {
    const pointer = `/${path.join("/")}`;
    return problem.path === pointer || problem.path.startsWith(`${pointer}/`);
  });
  if (override !== undefined) return { text: override.source, line: 0 };
  if (parsed === undefined || file === undefined) return { text: problem.path || "/", line: 0 };
  const { path, field } = problem;
  const part = problem.kind === "unknown-field" || field !== undefined ? "key" : "value";
  const at = field === undefined ? path : `${path}${pointerStep(field)}`;
  const { line, column } = parsed.locate(at, part);
  return { text: `${file}:${line}:${column}`, line };
}

function configError(problem: Problem, where: string): TepuiError {
  const message = `${problem.path || "/"}: ${problem.message}`;
  switch (problem.kind) {
    case "unknown-field":
      return errors.CONFIG_UNKNOWN_FIELD(where, message, problem.hint);
    case "missing-field":
      return errors.CONFIG_MISSING_FIELD(where, message);
    default:
      return errors.CONFIG_BAD_VALUE(where, message, problem.hint);
  }
}
