import { BenchError } from "./bench.ts";

/**
 * A setting that is a number above 0, or `fallback` when it was not given.
 * @throws BenchError BENCH_ARGUMENT
 */
export function numberOf<const F extends number | undefined>(
  settings: Readonly<Record<string, string>>,
  name: string,
  fallback: F,
): number | F {
  const text = settings[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new BenchError("BENCH_ARGUMENT", `--${name} ${text}: it is a number above 0`);
}

/**
 * A setting that is one of a few words, or `fallback` when it was not given.
 * @throws BenchError BENCH_ARGUMENT
 */
export function wordOf<W extends string, const F>(
  settings: Readonly<Record<string, string>>,
  name: string,
  words: readonly W[],
  fallback: F,
): W | F {
  const text = settings[name];
  if (text === undefined) return fallback;
  const word = words.find((candidate) => candidate === text);
  if (word !== undefined) return word;
  throw new BenchError("BENCH_ARGUMENT", `--${name} ${text}: it is one of ${words.join(", ")}`);
}
