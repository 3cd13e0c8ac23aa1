import { fromMilli, type Resources, scalarOf } from "../../contract/resources.ts";

/** A time span in its largest unit, as short as a column wants it: `3s`, `12m`, `5h`, `9d`. */
export function age(spanMs: number): string {
  const seconds = Math.max(0, Math.floor(spanMs / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** Seconds with as many decimals as say something: `0.42 s`, `12.3 s`, `128 s`. */
export function seconds(spanMs: number): string {
  const value = spanMs / 1000;
  const decimals = value < 10 ? 2 : value < 100 ? 1 : 0;
  return `${value.toFixed(decimals)} s`;
}

/** Bytes in decimal megabytes. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** How much of a scalar is used of how much there is: `1.5/4`. */
export function usedOf(used: Resources, total: Resources, name: string): string {
  const all = scalarOf(total, name);
  return all === 0 ? "" : `${amount(scalarOf(used, name))}/${amount(all)}`;
}

/** A scalar of the resources in whole units, empty when there is none of it. */
export function scalar(resources: Resources, name: string): string {
  const milli = scalarOf(resources, name);
  return milli === 0 ? "" : amount(milli);
}

function amount(milli: number): string {
  return String(Math.round(fromMilli(milli) * 100) / 100);
}

/** A count with its noun: `1 task`, `3 tasks`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** The part of an id that tells it from its neighbours: `S0` of `<master>-S0`. */
export function shortId(id: string): string {
  return /-([SO]\d+|\d{4,})$/.exec(id)?.[1] ?? id;
}
