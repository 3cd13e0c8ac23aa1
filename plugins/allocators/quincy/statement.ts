import { type Parsed, parsed, unparsed } from "../../../contract/parsed.ts";
import type { FrameworkFacts, StatementProblem } from "../../../contract/ports/policy-companion.ts";
import { parseBytes } from "../../../contract/units.ts";

/** The label in which a framework says where the data is that its tasks read. */
export const DATA_LABEL = "quincy.data";

/** Data at all agents with an attribute; `place` is `name=value`. */
export interface DataAt {
  readonly place: string;
  readonly mib: number;
}

/** What one grant reads in all, and how much of that is where. */
export interface DataStatement {
  readonly totalMib: number;
  readonly places: readonly DataAt[];
}

const EXAMPLE = '"6GB at rack=r1; 3GB at hostname=node7; 10GB in all"';

/** The statement of a framework, or `undefined` when it states nothing or nothing that is valid. */
export function statementOf({ labels = [] }: FrameworkFacts): DataStatement | undefined {
  const values = labels.flatMap(({ key, value }) => (key === DATA_LABEL ? [value ?? ""] : []));
  const items: Item[] = [];
  for (const value of values) {
    const read = itemsOf(value);
    if (!read.ok) return undefined;
    items.push(...read.value);
  }
  return items.length === 0 ? undefined : together(items);
}

/** What is wrong with the labels of a framework, if anything is. */
export function problemOf({ labels = [] }: FrameworkFacts): StatementProblem | undefined {
  for (const { key, value = "" } of labels) {
    if (key !== DATA_LABEL) continue;
    const read = itemsOf(value);
    if (read.ok) continue;
    const { message, position } = read;
    const hint = `write ${EXAMPLE}`;
    return { where: `labels/${DATA_LABEL}`, column: position + 1, message, hint };
  }
  return undefined;
}

/** Data at a place, or in all where there is none. */
interface Item {
  readonly place: string | undefined;
  readonly mib: number;
}

function itemsOf(text: string): Parsed<readonly Item[]> {
  const items: Item[] = [];
  let at = 0;
  for (const piece of text.split(";")) {
    const item = itemOf(piece);
    if (!item.ok) return unparsed(at + item.position, item.message);
    items.push(item.value);
    at += piece.length + 1;
  }
  return parsed(items);
}

/** A size, then `in all` or `at NAME=VALUE`. Reads from left to right, so it cannot be slow. */
function itemOf(text: string): Parsed<Item> {
  const begin = text.length - text.trimStart().length;
  const size = text.slice(begin).split(/\s/, 1)[0] ?? "";
  const bytes = parseBytes(size);
  if (!bytes.ok) return unparsed(begin + bytes.position, bytes.message);
  const mib = Math.min(Math.floor(bytes.value / 2 ** 20), 2 ** 32 - 1);
  const rest = text.slice(begin + size.length);
  const where = rest.trim();
  if (/^in\s+all$/.test(where)) return parsed({ place: undefined, mib });
  const equals = where.indexOf("=");
  const name = where.slice(2, Math.max(equals, 2)).trim();
  const value = where.slice(equals + 1).trim();
  if (/^at\s/.test(where) && name !== "" && value !== "") {
    return parsed({ place: `${name}=${value}`, mib });
  }
  const position = begin + size.length + rest.length - rest.trimStart().length;
  return unparsed(position, `"${where}" is neither "in all" nor "at NAME=VALUE"`);
}

/** Without a total, what is most in one place is all there is. */
function together(items: readonly Item[]): DataStatement {
  const places = items.flatMap(({ place, mib }) => (place === undefined ? [] : [{ place, mib }]));
  const totals = items.filter(({ place }) => place === undefined);
  const all = totals.length > 0 ? totals : items;
  return { totalMib: Math.max(0, ...all.map(({ mib }) => mib)), places };
}
