import type { ErrorObject } from "ajv/dist/2020.js";
import { didYouMean } from "../nearest.ts";
import { allowed, either, shown } from "./describe.ts";
import type { JsonSchema } from "./prepare.ts";

/** One thing that is wrong with a value. */
export interface Problem {
  readonly kind: "unknown-field" | "missing-field" | "bad-value";
  /**
   * JSON pointer to it: `/agents/0/port`; of an unknown field the field itself, of a missing one
   * its object.
   */
  readonly path: string;
  /** In words: `must be a whole number between 0 and 65535, got "x"`. */
  readonly message: string;
  /** Of a bad value the field whose name is at fault. */
  readonly field?: string;
  /** What was probably meant. */
  readonly hint?: string;
}

/** Escapes a field name for a JSON pointer (RFC 6901). */
export function pointerStep(name: string | number): string {
  return `/${String(name).replace(/~/g, "~0").replace(/\//g, "~1")}`;
}

/**
 * Turns ajv's errors about one value into problems for people, in the order of their paths' first
 * mention.
 */
export function problemsOf(errors: readonly ErrorObject[], root: unknown): readonly Problem[] {
  const unions = errors.filter((error) => error.keyword === "anyOf" || error.keyword === "oneOf");
  const values = errors.filter((error) => error.keyword !== "unevaluatedProperties");
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const error of errors) {
    if (unions.some((union) => union !== error && isBranchOf(error, union))) continue;
    if (error.keyword === "if" || isEchoOfUnion(error, values)) continue;
    const meant = unions.includes(error) ? branchMeant(error, errors) : undefined;
    const found = meant === undefined ? [problemOf(error, root)] : problemsOf(meant, root);
    for (const problem of found) {
      const key = `${problem.path}\n${problem.message}`;
      if (!seen.has(key)) problems.push(problem);
      seen.add(key);
    }
  }
  return problems;
}

/**
 * True for an error that a union reports about one of its branches; the union's own message covers
 * it.
 */
function isBranchOf(error: ErrorObject, union: ErrorObject): boolean {
  return error.schemaPath.startsWith(`${union.schemaPath}/`);
}

/** Closed-object errors that only follow from the failure of a value at the same place. */
function isEchoOfUnion(error: ErrorObject, values: readonly ErrorObject[]): boolean {
  if (error.keyword !== "unevaluatedProperties") return false;
  return values.some(({ instancePath }) => instancePath.startsWith(error.instancePath));
}

/**
 * Of a union of shapes, the errors of the branch that was meant: the only one whose JSON type is
 * right. When there is none or more than one, the union as a whole is described instead.
 */
function branchMeant(
  union: ErrorObject,
  errors: readonly ErrorObject[],
): ErrorObject[] | undefined {
  const branches = (union.parentSchema as JsonSchema)[union.keyword];
  if (!Array.isArray(branches) || typeof union.data !== "object" || union.data === null)
    return undefined;
  const fitting = branches.flatMap((_, index) => {
    const own = errors.filter((error) =>
      error.schemaPath.startsWith(`${union.schemaPath}/${index}/`),
    );
    const wrongType = own.some(
      (error) => error.keyword === "type" && error.instancePath === union.instancePath,
    );
    return wrongType || own.length === 0 ? [] : [own];
  });
  return fitting.length === 1 ? fitting[0] : undefined;
}

function problemOf(error: ErrorObject, root: unknown): Problem {
  const path = error.instancePath;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case "additionalProperties":
    case "unevaluatedProperties":
      return unknownField(
        error,
        String(params["additionalProperty"] ?? params["unevaluatedProperty"]),
      );
    case "required": {
      const name = String(params["missingProperty"]);
      return {
        kind: "missing-field",
        path,
        message: `must have the field "${name}"${fieldWords(error, name)}`,
      };
    }
    case "discriminator":
      return wrongTag(error, params);
    case "notation":
      return notation(error, params["field"] as string | undefined);
    case "unit":
      return bad(path, error.message ?? "has no such unit");
    case "bytes":
      return bad(path, `must be bytes, got ${shown(error.data)}`);
    case "minItems":
      return bad(path, `must have at least ${params["limit"]} entries`);
    case "maxItems":
      return bad(path, `must have at most ${params["limit"]} entries`);
    case "uniqueItems":
      return bad(
        path,
        `must not have the same entry twice (entries ${params["j"]} and ${params["i"]})`,
      );
    case "propertyNames":
      return bad(path, `must not have a field called ${shown(params["propertyName"])}`);
    case "dependentRequired":
      return bad(
        path,
        `must have "${params["missingProperty"]}" when it has "${params["property"]}"`,
      );
    case "not":
    case "false schema":
      return bad(path, `must not be ${shown(error.data ?? root)}`);
    default:
      return wrongValue(error);
  }
}

function bad(path: string, message: string, hint?: string): Problem {
  return { kind: "bad-value", path, message, ...(hint === undefined ? {} : { hint }) };
}

/** What breaks the rules of a notation: the value, or the name of one of its fields. */
function notation({ instancePath, message = "" }: ErrorObject, field: string | undefined): Problem {
  const problem = bad(instancePath, message);
  return field === undefined ? problem : { ...problem, field };
}

function wrongValue(error: ErrorObject): Problem {
  const words = allowed(error.parentSchema);
  const message = `must be ${words}, got ${shown(error.data)}`;
  const choices = choicesOf(error.parentSchema);
  const hint = typeof error.data === "string" ? didYouMean(error.data, choices) : undefined;
  return bad(error.instancePath, message, hint);
}

/** The texts that a schema lists, for suggestions. */
function choicesOf(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const parts = schema as JsonSchema;
  const branches = parts.anyOf ?? parts.oneOf;
  if (Array.isArray(branches)) return branches.flatMap(choicesOf);
  const values = Array.isArray(parts.enum) ? parts.enum : [parts.const];
  return values.filter((value) => typeof value === "string");
}

function unknownField(error: ErrorObject, name: string): Problem {
  const known = knownFields(error.parentSchema);
  const hint =
    didYouMean(name, known) ?? (known.length > 0 ? `known fields: ${known.join(", ")}` : undefined);
  return {
    kind: "unknown-field",
    path: `${error.instancePath}${pointerStep(name)}`,
    message: `there is no field ${shown(name)} here`,
    ...(hint === undefined ? {} : { hint }),
  };
}

function knownFields(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const parts = schema as JsonSchema;
  const all = Array.isArray(parts.allOf) ? parts.allOf.flatMap(knownFields) : [];
  return [...Object.keys((parts.properties as object | undefined) ?? {}), ...all];
}

function fieldWords(error: ErrorObject, name: string): string {
  const properties = (error.parentSchema as JsonSchema).properties as JsonSchema | undefined;
  const property = properties?.[name];
  const words = property === undefined ? "something else" : allowed(property);
  return words === "something else" ? "" : ` (${words})`;
}

function wrongTag(error: ErrorObject, params: Record<string, unknown>): Problem {
  const tag = String(params["tag"]);
  const branches = ((error.parentSchema as JsonSchema).oneOf ?? []) as JsonSchema[];
  const tags = branches.flatMap((branch) => choicesOf((branch.properties as JsonSchema)[tag]));
  const value = params["tagValue"];
  const hint = typeof value === "string" ? didYouMean(value, tags) : undefined;
  const words = either(tags.map((one) => JSON.stringify(one)));
  return bad(
    `${error.instancePath}${pointerStep(tag)}`,
    `must be ${words}, got ${shown(value)}`,
    hint,
  );
}
