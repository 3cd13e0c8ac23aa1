import { idProblem, roleProblem } from "../ids.ts";
import { type Reservation, type Resource, SCALAR_MILLI_MAX } from "../schema/resource.ts";
import { isWithinRole } from "./select.ts";

/** Kinds of the names that everyone agrees on; other names are free to be any kind (M14). */
const KIND_OF: ReadonlyMap<string, "scalar" | "ranges"> = new Map([
  ["cpus", "scalar"],
  ["mem", "scalar"],
  ["disk", "scalar"],
  ["gpus", "scalar"],
  ["ports", "ranges"],
]);

/** Characters with a meaning in the text syntax (P1), and control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses.
const NAME_REFUSED = /[:;|()[\]{},"\u0000-\u001f\u007f]/;

/**
 * Says what is wrong with a resource, or `undefined` when it is a good one (M14). The text starts
 * with the field at fault. It is for resources that came from outside and fit the schema.
 */
export function validate(resource: Resource): string | undefined {
  return (
    nameProblem(resource.name) ??
    kindProblem(resource) ??
    scalarProblem(resource) ??
    rangesProblem(resource) ??
    setProblem(resource) ??
    reservationsProblem(resource.reservations ?? []) ??
    diskProblem(resource)
  );
}

/** Says what is wrong with the name of a resource or attribute, or `undefined`. */
export function nameProblem(name: string): string | undefined {
  if (name.length === 0) return "name: it is empty";
  if (name.trim() !== name) return `name: "${name}" has white space around it`;
  const refused = NAME_REFUSED.exec(name)?.[0];
  if (refused !== undefined) return `name: it has the character ${JSON.stringify(refused)}`;
  return undefined;
}

function kindProblem(resource: Resource): string | undefined {
  const kinds = (["scalar", "ranges", "set"] as const).filter((k) => resource[k] !== undefined);
  if (kinds.length !== 1) {
    const given = kinds.length === 0 ? "none" : kinds.join(" and ");
    return `${resource.name}: exactly one of scalar, ranges and set is needed, there is ${given}`;
  }
  const right = KIND_OF.get(resource.name);
  if (right === undefined || right === kinds[0]) return undefined;
  return `${resource.name}: it is a ${kinds[0]}, but must be ${right}`;
}

function scalarProblem({ name, scalar }: Resource): string | undefined {
  if (scalar === undefined) return undefined;
  if (!Number.isFinite(scalar)) return `scalar: ${name} is ${scalar}, not a finite number`;
  if (scalar < 0) return `scalar: ${name} is negative`;
  if (!Number.isInteger(scalar)) return `scalar: ${name} is not whole thousandths`;
  if (scalar > SCALAR_MILLI_MAX) return `scalar: ${name} is over ${SCALAR_MILLI_MAX / 1000}`;
  if (name === "gpus" && scalar % 1000 !== 0) return "scalar: gpus must be a whole number";
  return undefined;
}

/** The last number that a double tells from the next one. */
const LAST = Number.MAX_SAFE_INTEGER;

function rangesProblem({ name, ranges = [] }: Resource): string | undefined {
  for (const { begin, end } of ranges) {
    if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || end < 0) {
      // A number beyond what a double can tell apart is not shown as another one.
      const shown = [begin, end].map((one) => (one > LAST ? `over ${LAST}` : one)).join("-");
      return `ranges: ${name} has [${shown}], not two whole numbers from 0 to ${LAST}`;
    }
    if (begin > end) return `ranges: ${name} has [${begin}-${end}], which ends before it begins`;
  }
  return undefined;
}

function setProblem({ name, set = [] }: Resource): string | undefined {
  const seen = new Set<string>();
  for (const item of set) {
    if (seen.has(item)) return `set: ${name} has "${item}" more than once`;
    seen.add(item);
  }
  return undefined;
}

/** Says what is wrong with a stack of reservations, the latest last (E10, E11), or `undefined`. */
export function reservationsProblem(stack: readonly Reservation[]): string | undefined {
  for (const [depth, reservation] of stack.entries()) {
    const { role, type } = reservation;
    const where = `reservations[${depth}]`;
    const problem = roleProblem(role);
    if (problem !== undefined) return `${where}.role: ${problem}`;
    if (role === "*") return `${where}.role: "*" means unreserved`;
    if (type === "static") {
      if (depth > 0) return `${where}.type: only the first reservation can be static`;
      if (reservation.principal !== undefined || (reservation.labels ?? []).length > 0) {
        return `${where}: a static reservation has neither principal nor labels`;
      }
    }
    const below = stack[depth - 1];
    if (below !== undefined && (role === below.role || !isWithinRole(role, below.role))) {
      return `${where}.role: "${role}" does not refine "${below.role}"`;
    }
  }
  return undefined;
}

function diskProblem({ name, disk, shared, revocable }: Resource): string | undefined {
  if (shared && disk?.persistence === undefined) return "shared: only persistent volumes can be";
  if (disk === undefined) return undefined;
  if (name !== "disk") return `disk: ${name} cannot have it, only "disk" can`;
  if (disk.persistence === undefined) {
    return disk.volume === undefined ? undefined : "disk.volume: it needs disk.persistence";
  }
  if (revocable) return "revocable: a persistent volume cannot be";
  const problem = idProblem(disk.persistence.id);
  if (problem !== undefined) return `disk.persistence.id: ${problem}`;
  return undefined;
}
