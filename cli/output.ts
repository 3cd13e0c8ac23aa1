import colors from "picocolors";
import { errors, reasonOf, TepuiError } from "../contract/errors.ts";
import { type Cell, type Column, type Tone, tableLines } from "./table.ts";

/** Where text goes; process.stdout is one. */
export interface Sink {
  write(chunk: string | Uint8Array): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  /** True while it takes what is written into memory, because its reader is slow. */
  readonly writableNeedDrain?: boolean | undefined;
  once?(event: "drain" | "error", act: () => void): unknown;
  off?(event: "drain" | "error", act: () => void): unknown;
}

/** What commands print: tables and text for people, or JSON for programs. */
export type Format = "json" | "table";

/** What an output is made of. */
export interface OutputOptions {
  readonly out?: Sink;
  readonly error?: Sink;
  /** NO_COLOR, when it is set to anything, turns colours off. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * The only place that writes to the terminal. Results go to the output stream; notes, progress and
 * errors go to the error stream, so that a pipe carries nothing but results.
 */
export class Output {
  format: Format = "table";
  readonly #out: Sink;
  readonly #error: Sink;
  readonly #outColors: ReturnType<typeof colors.createColors>;
  readonly #errorColors: ReturnType<typeof colors.createColors>;
  readonly #drains = new Map<Sink, Promise<void>>();
  #liveText = "";
  #pages = 0;

  constructor(options: OutputOptions = {}) {
    this.#out = options.out ?? process.stdout;
    this.#error = options.error ?? process.stderr;
    const { environment = process.env } = options;
    const wanted = (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb";
    this.#outColors = colors.createColors(wanted && this.#out.isTTY === true);
    this.#errorColors = colors.createColors(wanted && this.#error.isTTY === true);
  }

  /** True when notes are read by a person who sees them come. */
  get isLive(): boolean {
    return this.#error.isTTY === true && this.format === "table";
  }

  /** Columns of the terminal; 80 where there is none. */
  get columns(): number {
    return this.#error.columns ?? 80;
  }

  /** One line of the result. */
  line(text = ""): void {
    this.#aside(() => this.#out.write(`${text}\n`));
  }

  /** Bytes of the result as they are, such as what a task printed. */
  bytes(chunk: string | Uint8Array, to: "out" | "error" = "out"): void {
    this.#aside(() => (to === "out" ? this.#out : this.#error).write(chunk));
  }

  /** Resolves when what was written is on its way: what follows would only fill the memory. */
  drained(): Promise<void> {
    const full = [this.#out, this.#error].filter(({ writableNeedDrain }) => writableNeedDrain);
    return Promise.all(full.map((sink) => this.#drainOf(sink))).then(() => {});
  }

  /** One wait for each sink, however many ask for it. */
  #drainOf(sink: Sink): Promise<void> {
    const known = this.#drains.get(sink);
    if (known !== undefined) return known;
    const drain = new Promise<void>((resolve) => {
      const over = (): void => {
        sink.off?.("drain", over);
        sink.off?.("error", over);
        this.#drains.delete(sink);
        resolve();
      };
      sink.once?.("drain", over);
      // Nobody reads any more.
      sink.once?.("error", over);
    });
    this.#drains.set(sink, drain);
    return drain;
  }

  /** One JSON document on one line; lists that grow print one document for each entry. */
  json(value: unknown): void {
    this.line(JSON.stringify(value));
  }

  /** A table; nothing but its title line when there are no rows. */
  table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): void {
    for (const line of tableLines(columns, rows, (text, tone) => this.#paint(text, tone))) {
      this.line(line);
    }
  }

  /** Begins what takes the place of what was there before: on a terminal, at its top. */
  page(): void {
    if (this.#out.isTTY === true) this.bytes("\u001b[H\u001b[2J");
    else if (this.#pages > 0) this.line("");
    this.#pages++;
  }

  /** A remark for people; not printed with `-o json`. */
  note(text: string): void {
    if (this.format === "json") return;
    this.#aside(() => this.#error.write(`${text}\n`));
  }

  /** The line at the bottom that changes in place; the empty text takes it away. */
  live(text: string): void {
    if (!this.isLive) return;
    this.#liveText = text.slice(0, Math.max(0, this.columns - 1));
    this.#error.write(`\r\u001b[K${this.#liveText}`);
  }

  /** An error with its code, place, hint and details; one JSON line with `-o json`. */
  error(thrown: unknown): void {
    const error = thrown instanceof TepuiError ? thrown : errors.INTERNAL(reasonOf(thrown));
    const lines = this.format === "json" ? [JSON.stringify({ error })] : this.#errorLines(error);
    this.#aside(() => this.#error.write(`${lines.join("\n")}\n`));
  }

  /** A warning, in the form of an error. */
  warn(text: string): void {
    this.note(`${this.#errorColors.yellow("warning")}: ${text}`);
  }

  #errorLines(error: TepuiError): string[] {
    const { red, bold, dim } = this.#errorColors;
    return [
      `${red(bold(`error[${error.code}]`))}: ${error.message}`,
      ...(error.where === undefined ? [] : [`  ${dim("where:")} ${error.where}`]),
      ...(error.details ?? []).map((detail) => `  - ${detail}`),
      ...(error.hint === undefined ? [] : [`  ${dim("hint:")} ${error.hint}`]),
    ];
  }

  /** Writes around the live line: away with it first, back with it after. */
  #aside(write: () => void): void {
    const text = this.#liveText;
    if (text === "") {
      write();
      return;
    }
    this.#error.write("\r\u001b[K");
    write();
    this.#error.write(text);
  }

  #paint(text: string, tone: Tone): string {
    const { green, red, yellow, dim } = this.#outColors;
    const paints = { plain: (plain: string) => plain, good: green, bad: red, busy: yellow, dim };
    return paints[tone](text);
  }
}
