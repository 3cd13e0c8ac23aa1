interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly act: () => void;
}

/** What will happen in virtual time: the earliest first, and of one time the first that was set. */
export class Agenda {
  readonly #heap: Entry[] = [];
  #order = 0;

  /** When the next thing happens; Infinity for never. */
  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** Plans something. */
  add(atMs: number, act: () => void): void {
    const heap = this.#heap;
    const entry = { atMs, order: this.#order++, act };
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!isBefore(entry, heap[up] as Entry)) break;
      heap[at] = heap[up] as Entry;
      at = up;
    }
    heap[at] = entry;
  }

  /** Does everything that is due. */
  run(nowMs: number): void {
    while (this.nextMs <= nowMs) this.#take().act();
  }

  #take(): Entry {
    const heap = this.#heap;
    const first = heap[0] as Entry;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Entry)) child += 1;
      const below = heap[child];
      if (below === undefined || !isBefore(below, last)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
