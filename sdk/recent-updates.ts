import type { UpdateId } from "../contract/ids.ts";

/** The last acknowledged updates, so that one that is resent is acknowledged but not told twice. */
export class RecentUpdates {
  readonly #seen = new Set<UpdateId>();
  readonly #most: number;

  constructor(most = 65_536) {
    this.#most = most;
  }

  /** Whether it was added, and not so long ago that it was forgotten. */
  has(uuid: UpdateId): boolean {
    return this.#seen.has(uuid);
  }

  /** Remembers one, and forgets the oldest beyond the bound. */
  add(uuid: UpdateId): void {
    this.#seen.add(uuid);
    if (this.#seen.size <= this.#most) return;
    for (const oldest of this.#seen) {
      this.#seen.delete(oldest);
      return;
    }
  }
}
