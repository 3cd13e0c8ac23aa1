import {
  type Finding,
  type FindingCode,
  type FindingExample,
  findingCodes,
} from "../../../contract/operator/explain-methods.ts";

/** Reasons of the same kind, told together. */
export interface Group<Entry> {
  readonly code: FindingCode;
  readonly entries: readonly Entry[];
  /** What examples are made of, those that say most first; at least one. */
  readonly shown: readonly [Entry, ...Entry[]];
}

/** How entries are told apart, and which are shown. */
export interface Grouping<Entry> {
  readonly codeOf: (entry: Entry) => FindingCode;
  /** Sets entries of the same code apart; `undefined` for codes that have one group. */
  readonly keyOf?: (entry: Entry) => string | undefined;
  /** Entries of low rank are shown first; `undefined` for codes whose order says nothing. */
  readonly rankOf?: (entry: Entry) => number | undefined;
}

/** What is said of a group. */
export interface Words<Entry> {
  text(group: Group<Entry>): string;
  change(group: Group<Entry>): string | undefined;
  example(entry: Entry): FindingExample;
}

/** Groups entries by code and key, the largest groups first. */
export function groupsOf<Entry>(
  entries: Iterable<Entry>,
  examples: number,
  { codeOf, keyOf, rankOf }: Grouping<Entry>,
): Group<Entry>[] {
  const byKey = new Map<string, Entry[]>();
  for (const entry of entries) {
    const code = codeOf(entry);
    const own = keyOf?.(entry);
    const key = own === undefined ? code : `${code} ${own}`;
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, [entry]);
    else known.push(entry);
  }
  const groups = Array.from(byKey.values(), (group): Group<Entry> => {
    return {
      code: codeOf(group[0] as Entry),
      entries: group,
      shown: lowest(group, Math.max(examples, 1), rankOf) as unknown as Group<Entry>["shown"],
    };
  });
  return groups.sort(
    (a, b) => b.entries.length - a.entries.length || placeOf(a.code) - placeOf(b.code),
  );
}

/** Puts a group into words. */
export function told<Entry>(group: Group<Entry>, examples: number, words: Words<Entry>): Finding {
  const finding: Finding = {
    code: group.code,
    text: words.text(group),
    count: group.entries.length,
    examples: group.shown.slice(0, examples).map((entry) => words.example(entry)),
  };
  const change = words.change(group);
  if (change !== undefined) finding.change = change;
  return finding;
}

/** The entries of lowest rank in order, as many as are shown; else those that came first. */
function lowest<Entry>(
  entries: readonly Entry[],
  count: number,
  rankOf: Grouping<Entry>["rankOf"],
): Entry[] {
  if (rankOf?.(entries[0] as Entry) === undefined) return entries.slice(0, count);
  const ranked = entries.map((entry, at) => ({ entry, at, rank: rankOf(entry) ?? 0 }));
  ranked.sort((a, b) => a.rank - b.rank || a.at - b.at);
  return ranked.slice(0, count).map(({ entry }) => entry);
}

function placeOf(code: FindingCode): number {
  return findingCodes.indexOf(code);
}
