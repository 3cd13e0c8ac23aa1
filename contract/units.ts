import { type Parsed, parsed, unparsed } from "./parsed.ts";

/** A number with a fraction allowed, then a unit; the unit may stand apart. */
const AMOUNT = /^\s*(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z]*)\s*$/;

const DURATION_UNITS_MS: ReadonlyMap<string, number> = new Map([
  ["ns", 1e-6],
  ["us", 1e-3],
  ["ms", 1],
  ["secs", 1000],
  ["mins", 60_000],
  ["hrs", 3_600_000],
  ["days", 86_400_000],
  ["weeks", 604_800_000],
]);

const DURATION_SHORT: ReadonlyMap<string, string> = new Map([
  ["s", "secs"],
  ["sec", "secs"],
  ["m", "mins"],
  ["min", "mins"],
  ["h", "hrs"],
  ["hr", "hrs"],
  ["d", "days"],
  ["day", "days"],
  ["w", "weeks"],
  ["week", "weeks"],
]);

const BYTE_UNITS: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ["KB", 2 ** 10],
  ["MB", 2 ** 20],
  ["GB", 2 ** 30],
  ["TB", 2 ** 40],
]);

/** Splits an amount from its unit; the position of an unknown unit is where it stands. */
function parseAmount(
  text: string,
  scaleOf: (unit: string) => number | undefined,
  right: string,
): Parsed<number> {
  const match = AMOUNT.exec(text);
  if (match === null) return unparsed(0, `"${text}" is not a number with a unit, as in ${right}`);
  const [, amount = "", unit = ""] = match;
  const at = text.indexOf(amount) + amount.length;
  if (unit === "") return unparsed(at, `"${text}" has no unit, as in ${right}`);
  const scale = scaleOf(unit);
  if (scale === undefined) {
    return unparsed(text.indexOf(unit, at), `"${unit}" is not a unit, as in ${right}`);
  }
  const value = Number(amount) * scale;
  if (value > Number.MAX_SAFE_INTEGER) return unparsed(0, `"${text}" is too large`);
  return parsed(value);
}

/**
 * Milliseconds of a duration such as `15secs`, `1.5mins`, `500ms` or short `10s` (A9, P3).
 * Nanoseconds and microseconds give fractions of a millisecond.
 */
export function parseDurationMs(text: string): Parsed<number> {
  const duration = parseAmount(
    text,
    (unit) => DURATION_UNITS_MS.get(DURATION_SHORT.get(unit) ?? unit),
    "15secs (units: ns us ms secs mins hrs days weeks)",
  );
  // Whole nanoseconds, so that 1.1mins is 66000 ms and not a hair more.
  return duration.ok ? parsed(Math.round(duration.value * 1e6) / 1e6) : duration;
}

/** A duration in the largest unit that divides it, which `parseDurationMs` reads: `2hrs`. */
export function printDurationMs(durationMs: number): string {
  if (durationMs === 0) return "0ns";
  const units = [...DURATION_UNITS_MS].reverse();
  for (const [unit, scale] of units) {
    if (scale >= 1 && durationMs % scale === 0) return `${durationMs / scale}${unit}`;
  }
  const nanoseconds = Math.round(durationMs * 1e6);
  return nanoseconds % 1000 === 0 ? `${nanoseconds / 1000}us` : `${nanoseconds}ns`;
}

/** A time for people, to three digits or so: `4.2 s`, `12 mins`, `3.5 hrs`; never below zero. */
export function roughDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  const [amount, unit] =
    seconds < 120
      ? [seconds, "s"]
      : seconds < 7_200
        ? [seconds / 60, "mins"]
        : seconds < 172_800
          ? [seconds / 3_600, "hrs"]
          : [seconds / 86_400, "days"];
  return `${Number(amount.toFixed(1))} ${unit}`;
}

/** Bytes of a size such as `64MB` or `1.5GB`; a KB is 1024 bytes (A9). Must be whole bytes. */
export function parseBytes(text: string): Parsed<number> {
  const bytes = parseAmount(
    text,
    (unit) => BYTE_UNITS.get(unit.toUpperCase()),
    "64MB (units: B KB MB GB TB)",
  );
  if (bytes.ok && !Number.isInteger(bytes.value)) {
    return unparsed(0, `"${text}" is not a whole number of bytes`);
  }
  return bytes;
}

/** A size in the largest unit that divides it, as `parseBytes` reads it: `1536MB`, `2GB`. */
export function printBytes(bytes: number): string {
  if (bytes === 0) return "0B";
  for (const [unit, scale] of [...BYTE_UNITS].reverse()) {
    if (bytes % scale === 0) return `${bytes / scale}${unit}`;
  }
  return `${bytes}B`;
}
