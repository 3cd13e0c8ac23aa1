import type { Ajv2020, FuncKeywordDefinition } from "ajv/dist/2020.js";
import { roleProblem } from "../ids.ts";
import type { Parsed } from "../parsed.ts";
import { parseAttributes } from "../resources/attributes.ts";
import { parseQuantities, parseResources } from "../resources/text.ts";

/** What is wrong with a value in a notation of its own. */
type Reader = (value: unknown) => readonly string[];

const readers = {
  /** Mesos' notation of resources, as text or as a list of objects (F7). */
  resources: (value) => {
    if (typeof value === "string") return problemOf(parseResources(value));
    return isList(value) ? problemOf(parseResources(JSON.stringify(value))) : [];
  },
  /** `name:value;…` (F8). */
  attributes: textual((text) => problemOf(parseAttributes(text))),
  /** Alternatives of amounts, `cpus:0.01|mem:32`; empty for none (C13). */
  quantities: textual((text) => (text === "" ? [] : problemOf(parseQuantities(text)))),
  /** An object whose fields are called as roles are (E1). */
  "by role": (value) =>
    Object.keys(value as object).flatMap((role) => {
      const problem = roleProblem(role);
      return problem === undefined ? [] : [`"${role}": ${problem}`];
    }),
} satisfies Record<string, Reader>;

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "object" && each !== null);
}

/** Reads text alone: that it is text, the type of the field says. */
function textual(read: (text: string) => readonly string[]): Reader {
  return (value) => (typeof value === "string" ? read(value) : []);
}

function problemOf(read: Parsed<unknown>): readonly string[] {
  return read.ok ? [] : [`at character ${read.position}: ${read.message}`];
}

/**
 * Teaches an ajv engine the keyword `notation`, so that a config is wholly checked before anything
 * starts from it, with the place of every mistake.
 */
export function addNotations(engine: Ajv2020): Ajv2020 {
  const read: NonNullable<FuncKeywordDefinition["validate"]> = (
    notation: keyof typeof readers,
    value: unknown,
  ) => {
    const problems = readers[notation](value);
    read.errors = problems.map((message) => ({ keyword: "notation", message, params: {} }));
    return problems.length === 0;
  };
  return engine.addKeyword({
    keyword: "notation",
    type: ["string", "array", "object"],
    metaSchema: { enum: Object.keys(readers) },
    validate: read,
  });
}
