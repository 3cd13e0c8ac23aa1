import type { Ajv2020, FuncKeywordDefinition } from "ajv/dist/2020.js";
import { dialUrl, parseHostPort } from "../address.ts";
import { roleProblem } from "../ids.ts";
import type { Parsed, Unparsed } from "../parsed.ts";
import { parseAttributes } from "../resources/attributes.ts";
import { parseQuantities, parseResources, resourcesFaults } from "../resources/text.ts";
import { shown } from "./describe.ts";

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
  /** `HOST:PORT`, with a port that there is. */
  "host:port": textual((text) =>
    parseHostPort(text) === undefined
      ? [{ message: `must be HOST:PORT, IPv6 in brackets, got ${shown(text)}` }]
      : [],
  ),
  /** The address of a master, or a list of all. */
  masters: (value) => {
    if (typeof value === "string") return masterFaults(value);
    if (!Array.isArray(value)) return [];
    if (value.length === 0) return [{ message: "names no master" }];
    return value.flatMap((each, at) =>
      typeof each === "string" && each !== ""
        ? masterFaults(each).map(({ message }) => ({ message, field: String(at) }))
        : [],
    );
  },
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

function masterFaults(address: string): readonly Fault[] {
  if (address === "" || dialUrl(address) !== undefined) return [];
  const message = `${shown(address)} is not an address to dial; write HOST:PORT`;
  return [{ message }];
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
