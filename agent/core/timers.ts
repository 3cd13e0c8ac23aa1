/** Something that is due: what kind of thing, and of whom. */
export interface Timer {
  readonly dueMs: number;
  readonly kind:
    | "register"
    | "master"
    | "resend"
    | "operation"
    | "kill"
    | "completion"
    | "health"
    | "check"
    | "subscribe"
    | "shutdown";
  /** A task key, an executor key, the uuid of an operation, or nothing. */
  readonly of: string;
}

/**
 * Times at which to look at something, earliest first. Nothing is ever taken out before its time:
 * whoever is woken compares with its own record and finds out whether the time still counts.
 */
export class Timers {
  readonly #heap: Timer[] = [];

  /** Adds a time. */
  add(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as Timer;
      if (parent.dueMs <= timer.dueMs) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = timer;
  }

  /** When the earliest is due. */
  get nextMs(): number | undefined {
    return this.#heap[0]?.dueMs;
  }

  /** Takes the earliest out if it is due. */
  takeDue(nowMs: number): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.dueMs > nowMs) return undefined;
    const last = heap.pop() as Timer;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(timer: Timer): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= heap.length) break;
      const right = heap[down + 1];
      if (right !== undefined && right.dueMs < (heap[down] as Timer).dueMs) down++;
      const child = heap[down] as Timer;
      if (child.dueMs >= timer.dueMs) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = timer;
  }
}
