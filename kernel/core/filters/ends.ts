import { Heap } from "../heap.ts";
import { NONE } from "./lists.ts";

/** The first slot of the list of each time, as plain data. */
export type SavedEnds = readonly (readonly [untilMs: number, first: number])[];

/**
 * The times at which refusals end, each with the first slot of its list. A time whose list has
 * emptied stays until it is the first, or until half of all times are such: then they are swept
 * out together, which costs each of them the same as staying would have.
 */
export class FilterEnds {
  /**
   * `first` is `NONE` for a time whose list has emptied; the heap has the same times. Objects,
   * because the first changes with most refusals that come and go: one look at the map is enough.
   */
  readonly #lists = new Map<number, { first: number }>();
  #times = heapOf([]);
  #emptied = 0;

  /** The soonest time, or `undefined` when there is none. */
  get nextMs(): number | undefined {
    return this.#times.first;
  }

  /** First slot of the list of a time. */
  first(untilMs: number): number {
    return this.#lists.get(untilMs)?.first ?? NONE;
  }

  /** Sets the first slot of the list of a time; `NONE` when it has emptied. */
  setFirst(untilMs: number, slot: number): void {
    const list = this.#lists.get(untilMs);
    if (list === undefined) {
      this.#lists.set(untilMs, { first: slot });
      this.#times.push(untilMs);
      return;
    }
    if (list.first === NONE) this.#emptied -= 1;
    list.first = slot;
    if (slot !== NONE) return;
    this.#emptied += 1;
    this.#sweep();
  }

  /**
   * All times, the soonest first, those with empty lists, too: at most as many as the others. Costs
   * what is read; nothing may change meanwhile.
   */
  ordered(): Iterable<number> {
    return this.#times.ordered();
  }

  /** Everything, to be loaded elsewhere. */
  save(): SavedEnds {
    const saved: [number, number][] = [];
    for (const [untilMs, { first }] of this.#lists)
      if (first !== NONE) saved.push([untilMs, first]);
    return saved;
  }

  /** Becomes what was saved; it must be new. */
  load(saved: SavedEnds): void {
    for (const [untilMs, first] of saved) this.setFirst(untilMs, first);
  }

  #sweep(): void {
    for (let at = this.#times.first; at !== undefined; at = this.#times.first) {
      if (this.first(at) !== NONE) break;
      this.#times.pop();
      this.#lists.delete(at);
      this.#emptied -= 1;
    }
    if (this.#emptied * 2 <= this.#lists.size) return;
    for (const [at, { first }] of this.#lists) if (first === NONE) this.#lists.delete(at);
    this.#times = heapOf(this.#lists.keys());
    this.#emptied = 0;
  }
}

function heapOf(times: Iterable<number>): Heap<number> {
  const heap = new Heap<number>((a, b) => a < b);
  for (const at of times) heap.push(at);
  return heap;
}
