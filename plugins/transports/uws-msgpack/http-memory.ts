import { Slabs } from "./http-copy.ts";

/** Who holds no more than this is not asked to give way to others. */
export const FAIR_BYTES = 64 * 1024;

/**
 * Counts the bytes that bodies on their way in and streams on their way out hold for all clients
 * together: a bound for each of them alone is none when there are many.
 */
export class HttpMemory {
  readonly bytesMax: number;
  /** What bodies are copied into while they come. */
  readonly slabs = new Slabs();
  #bytes = 0;
  readonly #holders = new WeakMap<Uint8Array, number>();

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

  /** One more holds these bytes: they count once, however many hold them. */
  share(bytes: Uint8Array): void {
    const holders = this.#holders.get(bytes) ?? 0;
    if (holders === 0) this.take(bytes.length);
    this.#holders.set(bytes, holders + 1);
  }

  /** One of those who held them does no more. */
  unshare(bytes: Uint8Array): void {
    const holders = (this.#holders.get(bytes) ?? 0) - 1;
    this.#holders.set(bytes, holders);
    if (holders === 0) this.give(bytes.length);
  }
}
