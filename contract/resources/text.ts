import type { RoleName } from "../ids.ts";
import { roleProblem } from "../ids.ts";
import { type Parsed, parsed, type Unparsed, unparsed } from "../parsed.ts";
import type { Reservation, Resource, Resources } from "../schema/resource.ts";
import { normalize } from "./arithmetic.ts";
import { resourceFromJson } from "./json.ts";
import type { Quantities } from "./scalars.ts";
import { normalizeSet } from "./sets.ts";
import { nameProblem, validate } from "./validate.ts";
import * as value from "./values.ts";

/** What a resources text says. */
export interface ResourcesText {
  readonly resources: Resources;
  /**
   * Every name it mentions, also of size zero: `gpus:0` says there are none, so detection must
   * not fill them in (F7).
   */
  readonly names: ReadonlySet<string>;
}

/**
 * Reads the value of `--resources` (P1): `cpus:4;ports(roleA):[31000-32000];disks:{a,b}`, or a
 * JSON array of Mesos resources, which is needed for disks with a source and dynamic reservations.
 * A role in parentheses is a static reservation (E10). What names no role gets `defaultRole`.
 */
export function parseResources(text: string, defaultRole: string = "*"): Parsed<ResourcesText> {
  const problem = roleProblem(defaultRole);
  if (problem !== undefined) return unparsed(0, `the default role "${defaultRole}": ${problem}`);
  const whole = value.trimPiece(text, 0);
  const entries = whole.text.startsWith("[")
    ? parseJsonEntries(whole, defaultRole)
    : parseTextEntries(whole, defaultRole);
  if (!entries.ok) return entries;
  return parsed({
    resources: normalize(entries.value),
    names: new Set(entries.value.map((resource) => resource.name)),
  });
}

/** All that is wrong with a resources text, of which `parseResources` says what comes first. */
export function resourcesFaults(text: string): readonly Unparsed[] {
  const whole = value.trimPiece(text, 0);
  const found = whole.text.startsWith("[")
    ? [parseJsonEntries(whole, "*")]
    : value.splitPieces(whole, ";").map((entry) => parseTextEntries(entry, "*"));
  return found.filter((one) => !one.ok);
}

function parseTextEntries(whole: value.Piece, defaultRole: string): Parsed<readonly Resource[]> {
  const resources: Resource[] = [];
  for (const entry of value.splitPieces(whole, ";")) {
    if (entry.text === "") continue;
    const resource = parseEntry(entry, defaultRole);
    if (!resource.ok) return resource;
    const problem = validate(resource.value);
    if (problem !== undefined) return unparsed(entry.at, problem);
    resources.push(resource.value);
  }
  return parsed(resources);
}

function parseEntry({ text, at }: value.Piece, defaultRole: string): Parsed<Resource> {
  const colon = text.indexOf(":");
  if (colon < 0) return unparsed(at, `"${text}" has no ":", as in cpus:4`);
  const head = value.trimPiece(text.slice(0, colon), at);
  const amount = value.trimPiece(text.slice(colon + 1), at + colon + 1);
  let name = head.text;
  let role = defaultRole;
  const open = name.indexOf("(");
  if (open >= 0) {
    if (!name.endsWith(")")) return unparsed(head.at + name.length, 'a ")" is missing');
    const inside = value.trimPiece(name.slice(open + 1, -1), head.at + open + 1);
    const problem = roleProblem(inside.text);
    if (problem !== undefined) return unparsed(inside.at, `the role "${inside.text}": ${problem}`);
    role = inside.text;
    name = name.slice(0, open).trimEnd();
  }
  const problem = nameProblem(name);
  if (problem !== undefined) return unparsed(head.at, problem);
  return parseValue({ name, ...staticReservation(role) }, amount);
}

function staticReservation(role: string): { reservations?: readonly Reservation[] } {
  return role === "*" ? {} : { reservations: [{ type: "static", role: role as RoleName }] };
}

function parseValue(
  base: Pick<Resource, "name" | "reservations">,
  amount: value.Piece,
): Parsed<Resource> {
  const first = amount.text[0];
  if (first === "[") {
    const ranges = value.parseRanges(amount);
    return ranges.ok ? parsed({ ...base, ranges: ranges.value }) : ranges;
  }
  if (first === "{") {
    const set = parseSet(amount);
    return set.ok ? parsed({ ...base, set: set.value }) : set;
  }
  if (!value.isDecimal(amount.text)) {
    const wanted = "a number, [ranges] or {a set}";
    return unparsed(amount.at, `the value of ${base.name} is "${amount.text}", not ${wanted}`);
  }
  const scalar = value.parseMilli(amount);
  return scalar.ok ? parsed({ ...base, scalar: scalar.value }) : scalar;
}

function parseSet(piece: value.Piece): Parsed<readonly string[]> {
  const content = value.inner(piece, "}");
  if (content === undefined) return unparsed(piece.at + piece.text.length, 'a "}" is missing');
  if (content.text.trim() === "") return parsed([]);
  const items = new Set<string>();
  for (const { text, at } of value.splitPieces(content, ",")) {
    if (text === "") return unparsed(at, "an item of the set is empty");
    if (items.has(text)) return unparsed(at, `"${text}" is in the set more than once`);
    items.add(text);
  }
  return parsed(normalizeSet([...items]));
}

/** A bad answer points at the start of the JSON; the message says which element, or the syntax. */
function parseJsonEntries(whole: value.Piece, defaultRole: string): Parsed<readonly Resource[]> {
  let list: unknown;
  try {
    list = JSON.parse(whole.text);
  } catch (error) {
    return unparsed(whole.at, `not valid JSON: ${(error as Error).message}`);
  }
  const resources: Resource[] = [];
  for (const [at, entry] of (list as readonly unknown[]).entries()) {
    const resource = resourceFromJson(entry);
    if (!resource.ok) return unparsed(whole.at, `element ${at}: ${resource.message}`);
    const { value: read } = resource;
    resources.push(
      read.reservations === undefined ? { ...read, ...staticReservation(defaultRole) } : read,
    );
  }
  return parsed(resources);
}

/**
 * Writes resources the way Mesos shows them (P1): `cpus(role):2; ports(*):[31000-32000]`. What the
 * text syntax has no words for (dynamic and refined reservations, disks, revocable, shared) is
 * written out for people; `parseResources` does not read that.
 */
export function printResources(resources: Resources): string {
  return resources.map(printResource).join("; ");
}

function printResource(resource: Resource): string {
  const { name, disk, scalar, ranges, set = [] } = resource;
  const facts = [
    disk?.source && [disk.source.type, disk.source.root].filter(Boolean).join(":"),
    disk?.persistence && `volume:${disk.persistence.id}`,
    resource.providerId && `provider:${resource.providerId}`,
    resource.revocable && "revocable",
    resource.shared && "shared",
  ].filter(Boolean);
  const special = facts.length === 0 ? "" : `[${facts.join(",")}]`;
  const head = `${name}(${printStack(resource.reservations ?? [])})${special}`;
  if (scalar !== undefined) return `${head}:${value.printMilli(scalar)}`;
  return `${head}:${ranges === undefined ? `{${set.join(", ")}}` : value.printRanges(ranges)}`;
}

function printStack(stack: readonly Reservation[]): string {
  const only = stack[0];
  if (only === undefined) return "*";
  if (stack.length === 1 && only.type === "static") return only.role;
  return stack
    .map(({ type, role, principal }) =>
      [type, role, ...(principal === undefined ? [] : [principal])].join(" "),
    )
    .join(" > ");
}

/**
 * Reads alternatives of scalar amounts (C13): `cpus:0.01|mem:32`, each of them one or several
 * amounts, `cpus:1;mem:32`. An empty text means no alternatives, hence no minimum.
 */
export function parseQuantities(text: string): Parsed<readonly Quantities[]> {
  const alternatives: Quantities[] = [];
  const whole = value.trimPiece(text, 0);
  if (whole.text === "") return parsed([]);
  for (const alternative of value.splitPieces(whole, "|")) {
    if (alternative.text === "") return unparsed(alternative.at, "an alternative is empty");
    const entries = parseTextEntries(alternative, "*");
    if (!entries.ok) return entries;
    const sums = new Map<string, number>();
    for (const { name, scalar, reservations } of entries.value) {
      if (scalar === undefined || reservations !== undefined) {
        return unparsed(alternative.at, `${name}: only unreserved numbers can be a minimum`);
      }
      sums.set(name, (sums.get(name) ?? 0) + scalar);
    }
    alternatives.push(Object.fromEntries(sums));
  }
  return parsed(alternatives);
}

/** Writes alternatives the way `parseQuantities` reads them. */
export function printQuantities(alternatives: readonly Quantities[]): string {
  const print = (quantities: Quantities) =>
    Object.entries(quantities).map(([name, milli]) => `${name}:${value.printMilli(milli)}`);
  return alternatives.map((quantities) => print(quantities).join(";")).join("|");
}
