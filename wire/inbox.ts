/** How much an inbox may hold, and when whoever fills it is to be held back. */
export interface InboxLimits {
  readonly itemsMax: number;
  /** Sum of the sizes on the wire of what waits. */
  readonly bytesMax: number;
}

/** From this part of its bounds on, an inbox is emptied before anything more is read into it. */
const PRESSED_PART = 1 / 8;

/**
 * What has come over the wire and waits for a loop, in order, bounded by count and by bytes. It
 * takes whatever it is given: whoever asks `hasRoom` before it hands over what a peer has sent, and
 * cuts the peer off otherwise, keeps the bounds; ends of connections and the loop's own inputs are
 * few and must not get lost.
 */
export class Inbox<Item> {
  readonly #limits: InboxLimits;
  #items: Item[] = [];
  #sizes: number[] = [];
  #head = 0;
  #bytes = 0;

  constructor(limits: InboxLimits) {
    this.#limits = limits;
  }

  /** Items that wait. */
  get depth(): number {
    return this.#items.length - this.#head;
  }

  /** Bytes on the wire of what waits. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True when so much waits that its reader should empty it before it reads from sockets again. */
  get isPressed(): boolean {
    const { itemsMax, bytesMax } = this.#limits;
    return this.depth > itemsMax * PRESSED_PART || this.#bytes > bytesMax * PRESSED_PART;
  }

  /** Whether a frame of this size may still be added; an empty inbox takes any frame. */
  hasRoom(items: number, bytes: number): boolean {
    if (this.depth === 0) return true;
    const { itemsMax, bytesMax } = this.#limits;
    return this.depth + items <= itemsMax && this.#bytes + bytes <= bytesMax;
  }

  /** Adds an item; `bytes` is its part of the frame that it came in, 0 for what came otherwise. */
  push(item: Item, bytes = 0): void {
    this.#items.push(item);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  /** Removes at most so many items, the oldest first. */
  take(most: number): Item[] {
    const taken: Item[] = [];
    this.drain(most, (item) => taken.push(item) > 0);
    return taken;
  }

  /** Hands over at most so many items, the oldest first, while `use` wants more of them. */
  drain(most: number, use: (item: Item) => boolean): void {
    let wantsMore = true;
    for (let left = Math.min(most, this.depth); left > 0 && wantsMore; left--) {
      const at = this.#head++;
      this.#bytes -= this.#sizes[at] as number;
      wantsMore = use(this.#items[at] as Item);
    }
    this.#forgetTaken(most);
  }

  /** Forgets everything that waits. */
  clear(): void {
    this.#items = [];
    this.#sizes = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  /** Under steady load it is never empty: what has been taken must not stay referenced. */
  #forgetTaken(most: number): void {
    if (this.depth === 0) this.clear();
    else if (this.#head >= most * 4) {
      this.#items = this.#items.slice(this.#head);
      this.#sizes = this.#sizes.slice(this.#head);
      this.#head = 0;
    }
  }
}
