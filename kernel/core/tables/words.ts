import { RowPool, type SavedPool } from "./rows.ts";

/** Words and their numbers as plain data. */
export interface SavedWords {
  readonly pool: SavedPool;
  /** By number; the second list says how often each is used. */
  readonly words: readonly (string | undefined)[];
  readonly uses: readonly number[];
  readonly renumbered: number;
}

/**
 * Numbers for the words of agents' attributes, names and texts alike: policies compare numbers and
 * never see a word. A word has its number for as long as some attribute uses it; numbers that were
 * given up are used again, which `renumbered` tells. The same calls give the same numbers.
 */
export class Words {
  readonly #pool = new RowPool(1);
  readonly #numbers = new Map<string, number>();
  readonly #words: (string | undefined)[] = [];
  readonly #uses: number[] = [];
  #renumbered = 0;

  /** Grows when a number is given to another word than before. */
  get renumbered(): number {
    return this.#renumbered;
  }

  /** The number of a word that is in use, or 0. */
  numberOf(word: string): number {
    return this.#numbers.get(word) ?? 0;
  }

  /** The word behind a number that is in use. */
  wordOf(number: number): string | undefined {
    return this.#words[number];
  }

  /** Uses a word once more, and answers its number. */
  hold(word: string): number {
    const known = this.#numbers.get(word);
    if (known !== undefined) {
      this.#uses[known] = (this.#uses[known] as number) + 1;
      return known;
    }
    const usedBefore = this.#pool.peek < this.#pool.end;
    const number = this.#pool.take();
    if (usedBefore) this.#renumbered += 1;
    this.#numbers.set(word, number);
    this.#words[number] = word;
    this.#uses[number] = 1;
    return number;
  }

  /** Gives up one use of a number. */
  release(number: number): void {
    const uses = (this.#uses[number] as number) - 1;
    this.#uses[number] = uses;
    if (uses > 0) return;
    this.#numbers.delete(this.#words[number] as string);
    this.#words[number] = undefined;
    this.#pool.give(number);
  }

  /** Everything, to be loaded elsewhere. */
  save(): SavedWords {
    const words = Array.from(this.#words);
    const uses = Array.from(this.#uses, (count) => count ?? 0);
    return { pool: this.#pool.save(), words, uses, renumbered: this.#renumbered };
  }

  /** Becomes what was saved; it must be new. */
  load({ pool, words, uses, renumbered }: SavedWords): void {
    this.#pool.load(pool);
    for (const [number, word] of words.entries()) {
      this.#words[number] = word;
      this.#uses[number] = uses[number] ?? 0;
      if (word !== undefined) this.#numbers.set(word, number);
    }
    this.#renumbered = renumbered;
  }
}
