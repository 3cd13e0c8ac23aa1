import pc from "picocolors";
import { stringify } from "yaml";
import { TepuiError } from "../contract/errors.ts";
import { type Column, tableLines } from "./format/table.ts";

/** How results are printed. */
export const formats = ["table", "json", "yaml"] as const;
/** See `formats`. */
export type Format = (typeof formats)[number];

/** A stream to print to. */
export interface Sink {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string | Uint8Array): unknown;
}

/** Where a command prints to. */
export interface OutputOptions {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

type Paint = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/**
 * All that a command prints goes through here; nothing else writes to the terminal. Results go to
 * stdout and are the same in every pipe; everything that is only for people goes to stderr. Colours
 * and a bar that moves are for terminals only, and `NO_COLOR` turns colours off.
 */
export class Output {
  format: Format = "table";
  readonly #stdout: Sink;
  readonly #stderr: Sink;
  readonly #colors: { readonly stdout: boolean; readonly stderr: boolean };
  #bar = "";

  constructor(options: OutputOptions) {
    this.#stdout = options.stdout;
    this.#stderr = options.stderr;
    const { NO_COLOR, FORCE_COLOR, TERM } = options.environment;
    const off = (NO_COLOR ?? "") !== "" || TERM === "dumb";
    const forced = (FORCE_COLOR ?? "") !== "" && FORCE_COLOR !== "0";
    const colored = (sink: Sink): boolean => !off && (forced || sink.isTTY === true);
    this.#colors = { stdout: colored(this.#stdout), stderr: colored(this.#stderr) };
  }

  /** Whether results go to a terminal. */
  get isTerminal(): boolean {
    return this.#stdout.isTTY === true;
  }

  /** Whether there is a terminal to draw a moving bar on. */
  get canDraw(): boolean {
    return this.#stderr.isTTY === true;
  }

  /** A line of the result. */
  line(text = ""): void {
    this.#clear();
    this.#stdout.write(`${text}\n`);
    this.#redraw();
  }

  /** Bytes of a task, as they are. */
  raw(bytes: Uint8Array, to: "stdout" | "stderr" = "stdout"): void {
    this.#clear();
    (to === "stdout" ? this.#stdout : this.#stderr).write(bytes);
    this.#redraw();
  }

  /** A line for people, beside the result. */
  note(text: string): void {
    this.#clear();
    this.#stderr.write(`${text}\n`);
    this.#redraw();
  }

  /** A line that warns people. */
  warn(text: string): void {
    this.note(`${this.paint("yellow", "warning:", "stderr")} ${text}`);
  }

  /** A list: a table for people, or the very objects for programs. */
  list<Row>(columns: readonly Column<Row>[], rows: readonly Row[], data: unknown = rows): void {
    if (this.format !== "table") {
      this.data(data);
      return;
    }
    const [head = "", ...lines] = tableLines(columns, rows);
    this.line(this.paint("bold", head));
    for (const text of lines) this.line(this.#colors.stdout ? paintStates(text) : text);
  }

  /** One object for programs, or its lines for people. */
  item(data: unknown, lines: () => readonly string[]): void {
    if (this.format !== "table") this.data(data);
    else for (const text of lines()) this.line(text);
  }

  /** An object in the chosen format; JSON where the format is for people only. */
  data(data: unknown): void {
    if (this.format === "yaml") this.line(stringify(data, replacer).trimEnd());
    else this.line(JSON.stringify(data, replacer, 2));
  }

  /** An object on one line: streams of events. */
  record(data: unknown): void {
    this.line(JSON.stringify(data, replacer));
  }

  /** An error, with its code, place and what to do about it. */
  error(thrown: unknown): void {
    if (!(thrown instanceof TepuiError)) {
      const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      this.note(`${this.paint("red", "error[INTERNAL]:", "stderr")} ${text}`);
      return;
    }
    const { code, message, where, details = [], hint } = thrown;
    this.note(`${this.paint("red", `error[${code}]:`, "stderr")} ${message}`);
    if (where !== undefined && where !== "command line") this.note(`  at ${where}`);
    for (const detail of details) this.note(`  - ${detail}`);
    if (hint !== undefined) this.note(`  ${this.paint("cyan", "hint:", "stderr")} ${hint}`);
  }

  /** Draws, moves or (without text) removes the bar at the bottom; nothing off a terminal. */
  bar(text = ""): void {
    if (!this.canDraw) return;
    this.#clear();
    this.#bar = text.slice(0, Math.max(10, (this.#stderr.columns ?? 80) - 1));
    this.#redraw();
  }

  /** Colours a text where colours are wanted. */
  paint(color: Paint, text: string, to: "stdout" | "stderr" = "stdout"): string {
    return pc.createColors(this.#colors[to])[color](text);
  }

  #clear(): void {
    if (this.#bar !== "") this.#stderr.write("\r\x1b[2K");
  }

  #redraw(): void {
    if (this.#bar !== "") this.#stderr.write(this.#bar);
  }
}

/** Bytes are shown as base64; Infinity, which JSON has not, as text. */
function replacer(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value === Number.POSITIVE_INFINITY) return "Infinity";
  return value;
}

const colors = pc.createColors(true);

function paintStates(line: string): string {
  return line
    .replace(/\b(RUNNING|FINISHED|active)\b/g, (word) => colors.green(word))
    .replace(/\b(FAILED|ERROR|LOST|GONE|DROPPED|unreachable)\b/g, (word) => colors.red(word))
    .replace(/\b(KILLED|KILLING|UNREACHABLE|disconnected|recovering)\b/g, (word) =>
      colors.yellow(word),
    );
}

/** The output of this process. */
export function processOutput(): Output {
  const { stdout, stderr, env } = process;
  // A reader that went away (`tepui ps | head`) is no error of ours.
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit(0);
    });
  }
  return new Output({ stdout, stderr, environment: env });
}
