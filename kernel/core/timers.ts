/** What a timer is for; `key` of the timer says whose. */
export type TimerKind =
  | "batch"
  | "freed"
  | "ping"
  | "reregister"
  | "failover"
  | "reconcile"
  | "recovery"
  | "allocation-recovery"
  | "removal"
  | "registry-gc";

/** Something to look at when its time has come. */
export interface Timer {
  readonly atMs: number;
  readonly kind: TimerKind;
  /** Id of the agent or framework, or a time; whoever takes it checks that it still applies. */
  readonly key: string;
}

/** All timers as plain data. */
export interface SavedTimers {
  /** The heap as it is: replaying keeps even the order of equal times. */
  readonly heap: readonly Readonly<Entry>[];
  readonly order: number;
}

interface Entry extends Timer {
  /** Timers of the same time fire in the order in which they were set. */
  readonly order: number;
}

/**
 * Due times as a binary heap. Nothing is ever cancelled: a timer that does not apply any more is
 * found out when it fires, which costs less than finding it before.
 */
export class Timers {
  readonly #heap: Entry[] = [];
  #order = 0;

  /** The earliest due time, or `undefined` when there is none. */
  get nextMs(): number | undefined {
    return this.#heap[0]?.atMs;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Adds a timer. */
  set(atMs: number, kind: TimerKind, key = ""): void {
    const heap = this.#heap;
    const entry: Entry = { atMs, kind, key, order: this.#order++ };
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as Entry;
      if (!before(entry, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = entry;
  }

  /** Takes the earliest timer that is due, or `undefined`. */
  take(nowMs: number): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    const last = heap.pop() as Entry;
    if (heap.length > 0) sink(heap, last);
    return first;
  }

  /** All timers, to be loaded elsewhere. */
  save(): SavedTimers {
    return { heap: [...this.#heap], order: this.#order };
  }

  /** Takes over saved timers in place of its own. */
  load({ heap, order }: SavedTimers): void {
    this.#heap.length = 0;
    for (const entry of heap) this.#heap.push(entry);
    this.#order = order;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** Puts an entry at the root and lets it sink to its place. */
function sink(heap: Entry[], entry: Entry): void {
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    const right = heap[child + 1];
    if (right !== undefined && before(right, heap[child] as Entry)) child += 1;
    const below = heap[child];
    if (below === undefined || !before(below, entry)) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = entry;
}
