import {
  type Finding,
  type FindingCode,
  type FindingExample,
  findingCodes,
} from "../../../contract/operator/explain-methods.ts";

/** One thing of many that are alike, before it is known which are shown. */
export interface Entry {
  readonly code: FindingCode;
  /** Apart from others of the same code. */
  readonly key?: string;
  /** Shown first when it is low. */
  readonly rank?: number;
}

/** What is said of a group: `first` is its entry with the lowest rank. */
export interface Words<E extends Entry> {
  text(first: E, all: readonly E[]): string;
  change(first: E, all: readonly E[]): string | undefined;
  example(entry: E): FindingExample;
}

/** Groups entries by code and key: the largest groups first, with a few examples of each. */
export function grouped<E extends Entry>(
  entries: readonly E[],
  examples: number,
  words: Words<E>,
): Finding[] {
  const groups = new Map<string, E[]>();
  for (const entry of entries) {
    const key = entry.key === undefined ? entry.code : `${entry.code} ${entry.key}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [entry]);
    else known.push(entry);
  }
  const findings: Finding[] = [];
  for (const group of groups.values()) {
    const ordered = lowestFirst(group, examples);
    const [first] = ordered as [E];
    const finding: Finding = {
      code: first.code,
      text: words.text(first, group),
      count: group.length,
      examples: ordered.slice(0, examples).map((entry) => words.example(entry)),
    };
    const change = words.change(first, group);
    if (change !== undefined) finding.change = change;
    findings.push(finding);
  }
  return findings.sort((a, b) => b.count - a.count || placeOf(a.code) - placeOf(b.code));
}

/** The entries of lowest rank, as many as are shown and at least one, in order. */
function lowestFirst<E extends Entry>(entries: readonly E[], count: number): readonly E[] {
  const rank = ({ rank: of = 0 }: E): number => of;
  if (entries.every((entry) => rank(entry) === 0)) return entries;
  if (count > 16) return [...entries].sort((a, b) => rank(a) - rank(b));
  const lowest: E[] = [];
  for (const entry of entries) {
    const last = lowest.at(-1);
    if (lowest.length >= Math.max(count, 1) && last !== undefined && rank(entry) >= rank(last)) {
      continue;
    }
    const at = lowest.findIndex((each) => rank(each) > rank(entry));
    lowest.splice(at < 0 ? lowest.length : at, 0, entry);
    if (lowest.length > Math.max(count, 1)) lowest.pop();
  }
  return lowest;
}

function placeOf(code: FindingCode): number {
  return findingCodes.indexOf(code);
}
