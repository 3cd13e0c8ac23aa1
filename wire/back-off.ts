/**
 * How long to wait before round `round` (from 0) of dialling: it doubles from `minMs` to `maxMs`,
 * and half of it is random, so that a thousand agents that lost one master do not come back in one
 * instant.
 */
export function redialDelayMs(
  round: number,
  minMs: number,
  maxMs: number,
  random: () => number,
): number {
  const ceilingMs = Math.min(maxMs, minMs * 2 ** Math.min(round, 30));
  return ceilingMs / 2 + (random() * ceilingMs) / 2;
}

/**
 * Which address comes next, and when: all of them in turn without much delay, then a wait that
 * grows.
 */
export class Redialling {
  readonly #urls: readonly string[];
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #at = 0;
  #failures = 0;

  constructor(urls: readonly string[], minMs: number, maxMs: number, random: () => number) {
    this.#urls = urls;
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  /** The address to dial now. */
  next(): string {
    return this.#urls[this.#at++ % this.#urls.length] as string;
  }

  /**
   * How long to wait before `next`, after an attempt that failed, or a connection that lasted
   * `lastedMs`. A server that welcomes and drops at once must not be dialled in a tight loop, so
   * only what lasted longer than the longest wait makes the failures forgotten.
   */
  delayMs(lastedMs: number | undefined): number {
    if (lastedMs !== undefined) {
      this.#at = 0;
      if (lastedMs >= this.#maxMs) this.#failures = 0;
    }
    const round = Math.floor(this.#failures++ / this.#urls.length);
    if (this.#at % this.#urls.length !== 0) return this.#random() * this.#minMs;
    return redialDelayMs(round, this.#minMs, this.#maxMs, this.#random);
  }
}
