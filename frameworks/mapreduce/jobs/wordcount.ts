import type { Emit } from "../job-module.ts";

/** Words: letters, digits and apostrophes inside, of any script. */
const WORD = /[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*/gu;

/** Emits 1 for each word of a line, in lower case. */
export function map(line: string, emit: Emit): void {
  for (const word of line.toLowerCase().match(WORD) ?? []) emit(word, 1);
}

/** Adds the counts of one map task. */
export function combine(_word: string, counts: readonly unknown[]): unknown {
  return sum(counts);
}

/** Adds all counts of a word. */
export function reduce(_word: string, counts: readonly unknown[]): unknown {
  return sum(counts);
}

function sum(counts: readonly unknown[]): number {
  let total = 0;
  for (const count of counts) total += count as number;
  return total;
}
