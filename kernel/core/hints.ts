import { type Parsed, parsed, unparsed } from "../../contract/parsed.ts";
import { parseQuantities } from "../../contract/resources/text.ts";
import {
  DEMAND_LABEL,
  type FrameworkInfo,
  PRIORITY_LABEL,
  PRIORITY_MAX,
  type Quantities,
} from "../../contract/schema/framework.ts";
import { knownKind } from "./known-kind.ts";
import type { Client } from "./model.ts";
import { KINDS } from "./tables/shape.ts";
import type { AllocationTables } from "./tables.ts";

// What frameworks say of their work, for policies that go by it: how urgent it is, and how much
// they want to hold. The kernel itself decides nothing by it.

type Hints = Pick<FrameworkInfo, "priority" | "demand">;

/** How each label that is a hint is read. */
const readers: Readonly<Record<string, (text: string, info: FrameworkInfo) => Parsed<Hints>>> = {
  [PRIORITY_LABEL]: readPriority,
  [DEMAND_LABEL]: readDemand,
};

function readPriority(text: string): Parsed<Hints> {
  const priority = Number(text);
  if (/^[+-]?\d+$/.test(text) && isPriority(priority)) return parsed({ priority });
  return unparsed(0, `"${text}" is not ${PRIORITY_WORDS}`);
}

function readDemand(text: string, { roles }: FrameworkInfo): Parsed<Hints> {
  const read = parseQuantities(text);
  if (!read.ok) return read;
  const [amounts, second] = read.value;
  if (amounts === undefined) return unparsed(0, "it is empty; write it as cpus:8;mem:4096");
  if (second !== undefined) return unparsed(text.indexOf("|"), "there is one demand, without |");
  return parsed({ demand: Object.fromEntries(roles.map((role) => [role, amounts])) });
}

const PRIORITY_WORDS = `a whole number from ${-PRIORITY_MAX} to ${PRIORITY_MAX}`;

function isPriority(priority: number): boolean {
  return Number.isInteger(priority) && Math.abs(priority) <= PRIORITY_MAX;
}

/**
 * The framework with the hints of its labels in their fields. A field that is stated goes before
 * its label. Labels that cannot be read count for nothing here: `hintsProblem` refuses them.
 */
export function withHints(info: FrameworkInfo): FrameworkInfo {
  let hints: Hints = {};
  for (const { key, value = "" } of info.labels ?? []) {
    const read = Object.hasOwn(readers, key) ? readers[key]?.(value, info) : undefined;
    if (read?.ok) hints = { ...hints, ...read.value };
  }
  return { ...hints, ...info };
}

/** Says what is wrong with the hints of a framework, and where, or `undefined`. */
export function hintsProblem(info: FrameworkInfo): string | undefined {
  const { priority = 0, demand = {}, labels = [], roles } = info;
  if (!isPriority(priority)) return `framework.priority: it is ${priority}, not ${PRIORITY_WORDS}`;
  for (const [role, quantities] of Object.entries(demand)) {
    if (!roles.some((each) => each === role)) {
      return `framework.demand: "${role}" is not one of the framework's roles`;
    }
    for (const [name, amount] of Object.entries(quantities)) {
      if (amount >= 0 && Number.isFinite(amount)) continue;
      return `framework.demand.${role}: ${name} is ${amount}, not 0 or more`;
    }
  }
  const seen = new Set<string>();
  for (const { key, value = "" } of labels) {
    if (!Object.hasOwn(readers, key)) continue;
    if (seen.has(key)) return `framework.labels/${key}: it is there twice`;
    seen.add(key);
    const read = readers[key]?.(value, info);
    if (read?.ok === false) {
      return `framework.labels/${key}, column ${read.position + 1}: ${read.message}`;
    }
  }
  return undefined;
}

/** How much a client wants to hold in all; `undefined` when it has not said so. */
export function demandOf({ framework, role, requested }: Client): Quantities | undefined {
  return requested ?? framework.info.demand?.[role.name];
}

/**
 * What a client wants beyond what it holds or is offered, as a vector of the tables. What no agent
 * has counts for nothing until one does.
 */
export function stillWanted(tables: AllocationTables, client: Client): Float64Array {
  const wanted = new Float64Array(KINDS);
  const demand = demandOf(client) ?? {};
  for (const name in demand) {
    const kind = knownKind(tables, name);
    if (kind === undefined) continue;
    const used = tables.clients.used[client.row * KINDS + kind] as number;
    wanted[kind] = Math.max(0, (demand[name] as number) - used);
  }
  return wanted;
}
