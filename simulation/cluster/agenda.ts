import { Heap } from "../../kernel/core/heap.ts";

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly act: () => void;
}

/** What will happen in virtual time: the earliest first, and of one time the first that was set. */
export class Agenda {
  readonly #entries = new Heap<Entry>(
    (a, b) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order),
  );
  #order = 0;

  /** When the next thing happens; Infinity for never. */
  get nextMs(): number {
    return this.#entries.first?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** Plans something. */
  add(atMs: number, act: () => void): void {
    this.#entries.push({ atMs, order: this.#order++, act });
  }

  /** Does everything that is due. */
  run(nowMs: number): void {
    while (this.nextMs <= nowMs) this.#entries.pop()?.act();
  }
}
