import { type Bench, BenchError } from "./bench.ts";

/** `npm run bench -- NAME [--help] [--json FILE] [--quick] [--key value …]`, taken apart. */
export interface Command {
  readonly name: string;
  readonly jsonFile: string | undefined;
  readonly quick: boolean;
  readonly help: boolean;
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * Reads the command line. `names` are the benchmarks that exist.
 * @throws BenchError BENCH_UNKNOWN with the nearest name, BENCH_ARGUMENT for a bad argument.
 */
export function readCommand(args: readonly string[], names: readonly string[]): Command {
  const settings: Record<string, string> = {};
  let name: string | undefined;
  let quick = false;
  let help = false;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (arg === "--quick") quick = true;
    else if (arg === "--help" || arg === "-h") help = true;
    else if (arg.startsWith("--")) {
      const value = args[++at];
      if (value === undefined) throw new BenchError("BENCH_ARGUMENT", `${arg} needs a value`);
      settings[arg.slice(2)] = value;
    } else if (name === undefined) name = arg;
    else throw new BenchError("BENCH_ARGUMENT", `"${arg}": one benchmark at a time`);
  }
  const known = `there are: ${[...names].sort().join(", ") || "none yet"}`;
  if (name === undefined) throw new BenchError("BENCH_ARGUMENT", `name a benchmark; ${known}`);
  if (!names.includes(name)) {
    const near = nearest(name, names);
    const hint = near === undefined ? known : `did you mean "${near}"? ${known}`;
    throw new BenchError("BENCH_UNKNOWN", `no benchmark "${name}"; ${hint}`);
  }
  const { json, ...others } = settings;
  return { name, jsonFile: json, quick, help, settings: others };
}

/**
 * Looks whether a benchmark takes all the settings that it was given.
 * @throws BenchError BENCH_ARGUMENT with the nearest name
 */
export function checkSettings(given: Command["settings"], declared: Bench["settings"] = {}): void {
  const names = Object.keys(declared);
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    const known = names.map((known) => `--${known}`).join(", ") || "no settings of its own";
    const hint = near === undefined ? "" : ` did you mean "--${near}"?`;
    throw new BenchError("BENCH_ARGUMENT", `--${name} is unknown;${hint} it takes ${known}`);
  }
}

/** What `npm run bench -- NAME --help` prints. */
export function helpOf(name: string, declared: Bench["settings"] = {}): string {
  const lines = {
    "json FILE": "writes the rows to a file",
    quick: "small figures, to see that it runs",
    ...declared,
  };
  const width = Math.max(...Object.keys(lines).map((key) => key.length));
  const rows = Object.entries(lines).map(([key, text]) => `  --${key.padEnd(width)}  ${text}`);
  return [`npm run bench -- ${name} [settings]`, ...rows, ""].join("\n");
}

/** The name that takes the fewest edits, if those are at most half of what was typed. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((name) => ({ name, edits: editsBetween(typed, name) }))
    .sort((a, b) => a.edits - b.edits || (a.name < b.name ? -1 : 1));
  const best = ranked[0];
  return best !== undefined && best.edits <= typed.length / 2 ? best.name : undefined;
}

/** Insertions, deletions and substitutions between two words (Levenshtein, one row at a time). */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const substituted = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(substituted, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
