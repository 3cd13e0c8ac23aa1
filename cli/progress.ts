import type { Output } from "./output.ts";

const BAR_CELLS = 28;
/** Off a terminal, a line at most this often. */
const LINE_MS = 2_000;

/** The part of something that is done as a bar of fixed width: `[##########------------------]`. */
export function barText(done: number, total: number, cells = BAR_CELLS): string {
  const full = total === 0 ? cells : Math.floor((Math.min(done, total) / total) * cells);
  return `[${"#".repeat(full)}${"-".repeat(cells - full)}]`;
}

/** Shows how far something is: a bar that moves on a terminal, now and then a line elsewhere. */
export class Progress {
  readonly #out: Output;
  readonly #nowMs: () => number;
  #lineMs = Number.NEGATIVE_INFINITY;
  #last = "";

  constructor(out: Output, nowMs: () => number = Date.now) {
    this.#out = out;
    this.#nowMs = nowMs;
  }

  /** Shows a state; `words` follow the bar. */
  show(done: number, total: number, words: string): void {
    const text = `${done}/${total} ${words}`;
    if (this.#out.canDraw) {
      this.#out.bar(`${barText(done, total)} ${text}`);
      return;
    }
    const nowMs = this.#nowMs();
    if (nowMs - this.#lineMs < LINE_MS || text === this.#last) return;
    this.#lineMs = nowMs;
    this.#last = text;
    this.#out.note(text);
  }

  /** Takes the bar away. */
  end(): void {
    this.#out.bar();
  }
}
