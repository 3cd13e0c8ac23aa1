/**
 * One measured line of a benchmark: parameters and figures, units in the key names
 * (`agents`, `fullMs`, `launchesPerSecond`, `masterRssMib`, `decisionsHash`).
 */
export type Row = Readonly<Record<string, string | number | boolean>>;

/** What the command line gave a benchmark. */
export interface BenchOptions {
  /** Small parameters: proves in seconds that the benchmark still runs (`--quick`). */
  readonly quick: boolean;
  /** `--key value` pairs that the benchmark declares in its `settings`. */
  readonly settings: Readonly<Record<string, string>>;
  /** Says how far it is, on the error stream; the rows are the result. */
  readonly progress: (text: string) => void;
}

/** What `bench/<name>.ts` exports. Fixed seeds; a hash of the result guards against shortcuts. */
export interface Bench {
  /** The settings that it takes, by name without dashes, each with what it means. */
  readonly settings?: Readonly<Record<string, string>>;
  run(options: BenchOptions): Promise<readonly Row[]>;
}

/** A wrong command line: `BENCH_UNKNOWN`, `BENCH_ARGUMENT` or `BENCH_SHAPE`. */
export class BenchError extends Error {
  readonly code: "BENCH_UNKNOWN" | "BENCH_ARGUMENT" | "BENCH_SHAPE";

  constructor(code: BenchError["code"], message: string) {
    super(`${code}: ${message}`);
    this.name = "BenchError";
    this.code = code;
  }
}
