/** Who holds no more than this is not asked to give way to others. */
export const FAIR_BYTES = 64 * 1024;

/**
 * Counts the bytes that bodies on their way in and streams on their way out hold for all clients
 * together: a bound for each of them alone is none when there are many.
 */
export class HttpMemory {
  readonly bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** True while more is held than there is room for; then those with much of it have to go. */
  get isFull(): boolean {
    return this.#bytes > this.bytesMax;
  }

  take(bytes: number): void {
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}
