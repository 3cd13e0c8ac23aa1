import { cpus, loadavg, release, totalmem } from "node:os";
import type { Row } from "./bench.ts";

/** The machine a figure was measured on. Figures without it mean nothing. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memMib: number;
  readonly platform: string;
  readonly node: string;
  /** Averages over 1, 5 and 15 minutes when the benchmark began; above 0.5 the run is noisy. */
  readonly loadAverage: readonly number[];
}

/** What `--json FILE` writes. */
export interface Report {
  readonly bench: string;
  readonly machine: Machine;
  readonly rows: readonly Row[];
}

/** Describes this machine, now: call it before the work, or the load is the benchmark's own. */
export function describeMachine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memMib: Math.round(totalmem() / 2 ** 20),
    platform: `${process.platform} ${process.arch} ${release()}`,
    node: process.version,
    loadAverage: loadavg().map((load) => Math.round(load * 100) / 100),
  };
}

/** Rows as an aligned table: a header of all keys in order of appearance, numbers to the right. */
export function tableOf(rows: readonly Row[]): string {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => keys.map((key) => cellOf(row[key])));
  const isNumeric = keys.map((key) =>
    rows.every((row) => row[key] === undefined || typeof row[key] === "number"),
  );
  const lines = [keys, ...cells];
  const widths = keys.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, at) => {
          const width = widths[at] ?? 0;
          return isNumeric[at] ? cell.padStart(width) : cell.padEnd(width);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Four significant digits for fractions; whole numbers whole; a dash for what a row lacks. */
function cellOf(value: string | number | boolean | undefined): string {
  if (value === undefined) return "-";
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(4)));
}

/** The text of the JSON file, with a line break at its end. */
export function jsonOf(report: Report): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
