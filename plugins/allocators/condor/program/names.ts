import { CodeTooLarge } from "./code.ts";

/** Numbers for the names that some expression refers to, in the order of their first use. */
export class Names {
  readonly #most: number;
  readonly #indexes = new Map<string, number>();

  constructor(most: number, first: readonly string[] = []) {
    this.#most = most;
    for (const name of first) this.indexOf(name);
  }

  get size(): number {
    return this.#indexes.size;
  }

  /**
   * The number of a name, which may be a new one.
   * @throws CodeTooLarge when there are too many
   */
  indexOf(name: string): number {
    const known = this.#indexes.get(name);
    if (known !== undefined) return known;
    if (this.#indexes.size === this.#most) throw new CodeTooLarge();
    this.#indexes.set(name, this.#indexes.size);
    return this.#indexes.size - 1;
  }

  /** Names with their numbers, in order. */
  [Symbol.iterator](): IterableIterator<[string, number]> {
    return this.#indexes.entries();
  }
}
