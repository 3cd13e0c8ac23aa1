import { limits } from "../../contract/limits.ts";
import { type Parsed, parsed, unparsed } from "../../contract/parsed.ts";
import { PRIORITY_MAX } from "../../contract/schema/framework.ts";
import { SCALAR_MILLI_MAX } from "../../contract/schema/resource.ts";
import { parseBytes, parseDurationMs, printDurationMs } from "../../contract/units.ts";

/** Milliseconds: `30s`, `1.5hrs`, or `0`. */
export function readDuration(text: string): Parsed<number> {
  if (text === "0") return parsed(0);
  const duration = parseDurationMs(text);
  return duration.ok ? parsed(Math.round(duration.value)) : duration;
}

/** As `readDuration` reads it. */
export function printDuration(durationMs: number): string {
  return durationMs === 0 ? "0" : printDurationMs(Math.round(durationMs));
}

/** Thousandths of a decimal with up to three decimals. */
export function readAmount(text: string): Parsed<number> {
  if (!/^\d+(\.\d{1,3})?$/.test(text)) {
    return unparsed(0, `"${text}" is not an amount with up to three decimals, as in 0.5`);
  }
  const milli = Math.round(Number(text) * 1000);
  if (milli > SCALAR_MILLI_MAX) return unparsed(0, `"${text}" is too large`);
  return parsed(milli);
}

/** Thousandths of a megabyte, of a plain number or a size: `512`, `2GB`. */
export function readMegabytes(text: string): Parsed<number> {
  if (/^[\d.]+$/.test(text)) return readAmount(text);
  const bytes = parseBytes(text);
  if (!bytes.ok) return bytes;
  const milli = Math.round((bytes.value / 2 ** 20) * 1000);
  return milli > SCALAR_MILLI_MAX ? unparsed(0, `"${text}" is too large`) : parsed(milli);
}

/** A whole number from `least` on. */
export function readWhole(text: string, least: number): Parsed<number> {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= Number.MAX_SAFE_INTEGER) {
    return parsed(value);
  }
  return unparsed(0, `"${text}" is not a whole number from ${least} on`);
}

/** A whole number that a framework may have for its priority. */
export function readPriority(text: string): Parsed<number> {
  const value = Number(text);
  if (/^-?\d+$/.test(text) && Math.abs(value) <= PRIORITY_MAX) return parsed(value);
  return unparsed(0, `"${text}" is not a whole number from ${-PRIORITY_MAX} to ${PRIORITY_MAX}`);
}

/** Thousandths of a decimal with up to three decimals, which may be negative. */
export function readNumber(text: string): Parsed<number> {
  const amount = readAmount(text.replace(/^-/, ""));
  if (!amount.ok) return unparsed(0, `"${text}" is not a number with up to three decimals`);
  return parsed(text.startsWith("-") ? -amount.value || 0 : amount.value);
}

/** `true` or `false`. */
export function readTruth(text: string): Parsed<boolean> {
  if (text === "true" || text === "false") return parsed(text === "true");
  return unparsed(0, `"${text}" is neither true nor false`);
}

/** Any text. */
export const readText = (text: string): Parsed<string> => parsed(text);

/** A weight that a role may have. */
export function readWeight(text: string): Parsed<number> {
  const value = Number(text);
  const { weightMin, weightMax } = limits;
  const isWithin = value >= weightMin && value <= weightMax;
  if (/^[\d.]+(e-?\d+)?$/.test(text) && isWithin) return parsed(value);
  return unparsed(0, `"${text}" is not a number from ${weightMin} to ${weightMax}`);
}
