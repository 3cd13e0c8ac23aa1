import type { Output } from "./output.ts";

const BAR_CELLS = 24;
const LIVE_EVERY_MS = 100;
const PLAIN_EVERY_MS = 2_000;

/** How far something has come. */
export interface ProgressState {
  readonly done: number;
  readonly total: number;
  /** What else is worth knowing: `12 running, 1 retried`. */
  readonly remark?: string;
}

/** The bar of a state, as wide as it always is: `[######......]  50% 100/200 12 running`. */
export function progressLine(label: string, { done, total, remark }: ProgressState): string {
  const part = total === 0 ? 1 : Math.min(1, done / total);
  const cells = Math.floor(part * BAR_CELLS);
  const bar = `${"#".repeat(cells)}${".".repeat(BAR_CELLS - cells)}`;
  const percent = `${Math.floor(part * 100)}%`.padStart(4);
  return `${label} [${bar}] ${percent} ${done}/${total}${remark ? ` ${remark}` : ""}`;
}

/**
 * Shows how far something has come: a bar that moves on a terminal, a plain line every two seconds
 * elsewhere, nothing with `-o json`.
 */
export class Progress {
  readonly #output: Output;
  readonly #label: string;
  readonly #now: () => number;
  #shownMs = Number.NEGATIVE_INFINITY;
  #shown = "";
  #last: ProgressState | undefined;

  constructor(output: Output, label: string, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#label = label;
    this.#now = now;
  }

  /** Shows a new state, unless the last was shown a moment ago. */
  update(state: ProgressState): void {
    this.#last = state;
    const everyMs = this.#output.isLive ? LIVE_EVERY_MS : PLAIN_EVERY_MS;
    if (this.#now() - this.#shownMs >= everyMs) this.#show(state);
  }

  /** Shows the last state and ends the line. */
  end(): void {
    if (this.#last === undefined) return;
    if (this.#output.isLive) this.#output.live("");
    const line = progressLine(this.#label, this.#last);
    if (this.#output.isLive || line !== this.#shown) this.#output.note(line);
    this.#last = undefined;
  }

  #show(state: ProgressState): void {
    const line = progressLine(this.#label, state);
    this.#shownMs = this.#now();
    if (line === this.#shown) return;
    this.#shown = line;
    if (this.#output.isLive) this.#output.live(line);
    else this.#output.note(line);
  }
}
