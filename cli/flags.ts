import { errors } from "../contract/errors.ts";

/**
 * A number given with a flag.
 * @throws CLI_USAGE when it is none, or outside the bounds.
 */
export function numberFlag(
  flag: string,
  text: string,
  bounds: { readonly least?: number; readonly whole?: boolean } = {},
): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  const { least = 0, whole = false } = bounds;
  if (Number.isFinite(value) && value >= least && (!whole || Number.isInteger(value))) return value;
  const kind = whole ? "a whole number" : "a number";
  throw errors.CLI_USAGE(`${flag} must be ${kind} of at least ${least}, not "${text}"`);
}

/**
 * `KEY=VALUE` given with a flag, any number of times.
 * @throws CLI_USAGE
 */
export function pairsFlag(flag: string, texts: readonly string[]): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const text of texts) {
    const at = text.indexOf("=");
    if (at <= 0) throw errors.CLI_USAGE(`${flag} must be KEY=VALUE, not "${text}"`);
    pairs[text.slice(0, at)] = text.slice(at + 1);
  }
  return pairs;
}

/** Gathers the values of a flag that may be given more than once. */
export function gather(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
