import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as yieldOnce } from "node:timers/promises";
import { map } from "../../frameworks/mapreduce/jobs/wordcount.ts";
import type { InputFile } from "../../frameworks/mapreduce/splits.ts";

/**
 * Counts the words of files in this process alone, with the same idea of a word as the job and
 * none of its machinery: it says whether the cluster's count is right.
 */
export async function countWords(
  root: string,
  inputs: readonly InputFile[],
  onFile: (done: number) => void = () => {},
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const add = (word: string): void => {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  };
  for (const [at, { path }] of inputs.entries()) {
    signal?.throwIfAborted();
    const text = await readFile(join(root, path), "utf8");
    for (const line of text.split("\n")) map(line, add);
    onFile(at + 1);
    // The cluster is still there, and wants its heartbeats answered.
    await yieldOnce();
  }
  return counts;
}

/** The first difference between two counts in words; `undefined` when they agree in every word. */
export function firstDifference(
  counted: ReadonlyMap<string, unknown>,
  right: ReadonlyMap<string, number>,
): string | undefined {
  for (const [word, count] of right) {
    const found = counted.get(word);
    if (found !== count) return `"${word}" is there ${count} times, counted were ${found ?? 0}`;
  }
  for (const [word, count] of counted) {
    if (!right.has(word)) return `"${word}" is nowhere, counted were ${count}`;
  }
  return undefined;
}

/** The most frequent words with their counts; ties in the order of the words. */
export function topWords(
  records: ReadonlyMap<string, unknown>,
  count: number,
): readonly (readonly [word: string, count: number])[] {
  const entries = [...records].map(([word, value]) => [word, Number(value)] as const);
  entries.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return entries.slice(0, count);
}
