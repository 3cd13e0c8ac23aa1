/** A binary heap: what comes before all others is first, and is taken first. */
export class Heap<Item> {
  readonly #items: Item[] = [];
  readonly #before: (a: Item, b: Item) => boolean;

  constructor(before: (a: Item, b: Item) => boolean) {
    this.#before = before;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  get size(): number {
    return this.#items.length;
  }

  push(item: Item): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = items[up] as Item;
      if (!this.#before(item, parent)) break;
      items[at] = parent;
      at = up;
    }
    items[at] = item;
  }

  /** Takes the first, or gives `undefined` when there is none. */
  pop(): Item | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const right = items[child + 1];
      if (right !== undefined && this.#before(right, items[child] as Item)) child += 1;
      const below = items[child];
      if (below === undefined || !this.#before(below, last)) break;
      items[at] = below;
      at = child;
    }
    items[at] = last;
    return first;
  }

  /** All items in order, without taking them; costs what is read. Nothing may change meanwhile. */
  *ordered(): Generator<Item> {
    const items = this.#items;
    const open = new Heap<number>((a, b) => this.#before(items[a] as Item, items[b] as Item));
    if (items.length > 0) open.push(0);
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      yield items[place] as Item;
      for (const child of [2 * place + 1, 2 * place + 2]) {
        if (child < items.length) open.push(child);
      }
    }
  }
}
