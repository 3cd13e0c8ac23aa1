import { type Parsed, parsed, type Unparsed, unparsed } from "../../../contract/parsed.ts";
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
  /** Each place once. */
  readonly places: readonly DataAt[];
}

/** Most parts, `SIZE at NAME=VALUE` or `SIZE in all`, that a framework may state altogether. */
export const PARTS_MAX = 1_000;

const EXAMPLE = '"6GB at rack=r1; 3GB at hostname=node7; 10GB in all"';

/** What a framework states: nothing, something that is good, or what is wrong with it. */
export interface Stated {
  readonly statement?: DataStatement;
  readonly problem?: StatementProblem;
}

type Labels = NonNullable<FrameworkFacts["labels"]>;
const NOTHING: Stated = {};

/**
 * Reads what frameworks state, each once however many roles it has: its labels are what it is
 * remembered by, for as long as anybody has them.
 */
export class StatementReader {
  readonly #known = new WeakMap<Labels, Stated>();

  statedBy({ labels }: FrameworkFacts): Stated {
    if (labels === undefined) return NOTHING;
    const known = this.#known.get(labels);
    if (known !== undefined) return known;
    const stated = readLabels(labels);
    this.#known.set(labels, stated);
    return stated;
  }
}

function readLabels(labels: Labels): Stated {
  const items: Item[] = [];
  for (const { key, value = "" } of labels) {
    if (key !== DATA_LABEL) continue;
    const read = itemsOf(value, PARTS_MAX - items.length);
    if (!read.ok) return { problem: problemOf(read) };
    items.push(...read.value);
  }
  return items.length === 0 ? NOTHING : { statement: together(items) };
}

function problemOf({ message, position }: Unparsed): StatementProblem {
  const hint = `write at most ${PARTS_MAX} parts, as ${EXAMPLE}`;
  return { where: `labels/${DATA_LABEL}`, column: position + 1, message, hint };
}

/** Data at a place, or in all where there is none. */
interface Item {
  readonly place: string | undefined;
  readonly mib: number;
}

/** At most so many; the text is not read beyond these. */
function itemsOf(text: string, most: number): Parsed<readonly Item[]> {
  const items: Item[] = [];
  for (let at = 0; at <= text.length; ) {
    if (items.length === most) {
      return unparsed(at, `the framework states more than ${PARTS_MAX} parts`);
    }
    const next = text.indexOf(";", at);
    const end = next < 0 ? text.length : next;
    const item = itemOf(text.slice(at, end));
    if (!item.ok) return unparsed(at + item.position, item.message);
    items.push(item.value);
    at = end + 1;
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

/** Without a total, what is most in one place is all there is. Of a place the most counts. */
function together(items: readonly Item[]): DataStatement {
  const most = new Map<string, number>();
  let [total, inAll] = [0, -1];
  for (const { place, mib } of items) {
    if (place === undefined) inAll = Math.max(inAll, mib);
    else most.set(place, Math.max(most.get(place) ?? 0, mib));
    total = Math.max(total, mib);
  }
  const places = Array.from(most, ([place, mib]) => ({ place, mib }));
  return { totalMib: inAll < 0 ? total : inAll, places };
}
