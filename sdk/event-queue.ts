/** Most items that wait for a reader; beyond it the oldest are dropped. */
const ITEMS_MAX = 100_000;

/** Pushed items as an async iteration, in order; the oldest are dropped for a slow reader. */
export class EventQueue<Item> implements AsyncIterableIterator<Item> {
  readonly #items: Item[] = [];
  readonly #onEnd: () => void;
  #waiting: ((result: IteratorResult<Item>) => void) | undefined;
  #isOver = false;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** Adds an item. */
  push(item: Item): void {
    if (this.#isOver) return;
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      waiting({ done: false, value: item });
      return;
    }
    this.#items.push(item);
    if (this.#items.length > ITEMS_MAX) this.#items.shift();
  }

  /** Ends the iteration after what is waiting. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiting?.({ done: true, value: undefined });
    this.#onEnd();
  }

  next(): Promise<IteratorResult<Item>> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve({ done: false, value: item });
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  return(): Promise<IteratorResult<Item>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
