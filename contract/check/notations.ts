import type { Ajv2020, FuncKeywordDefinition } from "ajv/dist/2020.js";
import { roleProblem } from "../ids.ts";
import type { Parsed, Unparsed } from "../parsed.ts";
import { parseAttributes } from "../resources/attributes.ts";
import { parseQuantities, parseResources, resourcesFaults } from "../resources/text.ts";

/** What is wrong with a value in a notation of its own, or with the name of one of its fields. */
type Reader = (value: unknown) => readonly Fault[];

interface Fault {
  readonly message: string;
  readonly field?: string;
}

const readers = {
  /** Mesos' notation of resources, as text or as a list of objects (F7). */
  resources: (value) => {
    if (typeof value === "string") return resourcesFaults(value).map(faultOf);
    return isList(value) ? problemOf(parseResources(JSON.stringify(value))) : [];
  },
  /** `name:value;…` (F8). */
  attributes: textual((text) => problemOf(parseAttributes(text))),
  /** Alternatives of amounts, `cpus:0.01|mem:32`; empty for none (C13). */
  quantities: textual((text) => (text === "" ? [] : problemOf(parseQuantities(text)))),
  /** The name of a role (E6). */
  role: textual((text) => roleFaults(text)),
  /** An object whose fields are called as roles are (E1). */
  "by role": (value) =>
    Object.keys(value as object).flatMap((role) =>
      roleFaults(role).map(({ message }) => ({ message, field: role })),
    ),
} satisfies Record<string, Reader>;

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "object" && each !== null);
}

/** Reads text alone: that it is text, the type of the field says. */
function textual(read: (text: string) => readonly Fault[]): Reader {
  return (value) => (typeof value === "string" ? read(value) : []);
}

function roleFaults(role: string): readonly Fault[] {
  const message = roleProblem(role);
  return message === undefined ? [] : [{ message: `"${role}": ${message}` }];
}

function problemOf(read: Parsed<unknown>): readonly Fault[] {
  return read.ok ? [] : [faultOf(read)];
}

function faultOf({ position, message }: Unparsed): Fault {
  return { message: `at character ${position}: ${message}` };
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
    const faults: readonly Fault[] = readers[notation](value);
    read.errors = faults.map(({ message, field }) => ({
      keyword: "notation",
      message,
      params: { field },
    }));
    return faults.length === 0;
  };
  return engine.addKeyword({
    keyword: "notation",
    type: ["string", "array", "object"],
    metaSchema: { enum: Object.keys(readers) },
    validate: read,
  });
}
