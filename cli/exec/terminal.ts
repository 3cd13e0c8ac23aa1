import { errors } from "../../contract/errors.ts";
import type { TerminalSize } from "../../contract/exec-api.ts";
import { execLimits } from "../../contract/limits/exec.ts";

const cells = (count: number | undefined, fallback: number): number =>
  Math.min(execLimits.terminalMax, Math.max(1, count || fallback));

function size(): TerminalSize {
  return { columns: cells(process.stdout.columns, 80), rows: cells(process.stdout.rows, 24) };
}

/** The terminal that somebody sits at, while it stands for one in a task. */
export class LocalTerminal {
  readonly #isRaw: boolean;
  #onResize: (() => void) | undefined;

  /**
   * Takes it. When it is typed into, every key is for the task, Ctrl-C too.
   * @throws EXEC_NO_TERMINAL
   */
  constructor(isTypedInto: boolean) {
    const isThere = process.stdout.isTTY && (!isTypedInto || process.stdin.isTTY);
    if (!isThere) throw errors.EXEC_NO_TERMINAL();
    this.#isRaw = isTypedInto;
  }

  get size(): TerminalSize {
    return size();
  }

  /** From here on keys are not interpreted here; `act` is told of each new size. */
  begin(act: (size: TerminalSize) => void): void {
    if (this.#isRaw) process.stdin.setRawMode(true);
    this.#onResize = () => act(size());
    process.stdout.on("resize", this.#onResize);
  }

  /** Gives it back as it was. */
  end(): void {
    if (this.#onResize === undefined) return;
    process.stdout.off("resize", this.#onResize);
    if (this.#isRaw) process.stdin.setRawMode(false);
  }
}

/** What is typed, or piped, into this program. */
export function localInput(): AsyncIterable<Uint8Array> {
  return process.stdin as AsyncIterable<Buffer>;
}
