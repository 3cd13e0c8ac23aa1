/** How often work that has come due is looked for, in milliseconds. */
const LOOK_MS = 2;

/**
 * Work that comes due at a fixed rate, whether or not anybody is ready for it: what waits, waits
 * from the moment it was due, so that a slow answer shows in its latency and does not slow the
 * questions down (no "coordinated omission").
 */
export class Pace {
  readonly #periodMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #due: number[] = [];
  #nextMs: number;

  /** `onDue` is called when something is waiting. */
  constructor(perSecond: number, onDue: () => void) {
    this.#periodMs = 1_000 / perSecond;
    // Not all at the same instants: every pace begins somewhere in its own period.
    this.#nextMs = performance.now() + this.#periodMs * Math.random();
    this.#timer = setInterval(() => {
      this.#look();
      if (this.#due.length > 0) onDue();
    }, LOOK_MS);
  }

  /** Pieces of work that wait. */
  get waiting(): number {
    return this.#due.length;
  }

  /** Takes at most so many pieces, the oldest first: when each was due. */
  take(most: number): number[] {
    return this.#due.splice(0, most);
  }

  /** Nothing comes due any more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#due.length = 0;
  }

  #look(): void {
    const nowMs = performance.now();
    for (; this.#nextMs <= nowMs; this.#nextMs += this.#periodMs) this.#due.push(this.#nextMs);
  }
}
