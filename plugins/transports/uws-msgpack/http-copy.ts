import { errors } from "../../../contract/errors.ts";

/** Bodies up to this size are kept in the chunks in which they come. */
const SMALL_BYTES = 64 * 1024;
const SLAB_BYTES = 512 * 1024;
/** So many slabs are kept for the next. */
const SLABS_MAX = 64;
/** So many bytes are put together at a time; then whatever else waits has its turn. */
const TURN_BYTES = 1024 * 1024;

/**
 * Memory for bodies while they come, used again and again: new memory for each of them would have
 * all of the process's memory collected many times a second, which holds up everybody.
 */
export class Slabs {
  readonly #free: Uint8Array[] = [];

  take(): Uint8Array {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
  }

  /** Whoever gives a slab back has no part in it any more. */
  give(slab: Uint8Array): void {
    if (this.#free.length < SLABS_MAX) this.#free.push(slab);
  }
}

/** A copy of a body that is wanted in one, made of the chunks in which it comes. */
export class BodyCopy {
  readonly #shared: Slabs;
  readonly #small: Uint8Array[] = [];
  #smallBytes = 0;
  readonly #slabs: Uint8Array[] = [];
  /** Of all slabs together. */
  #used = 0;

  constructor(slabs: Slabs) {
    this.#shared = slabs;
  }

  /** Copies a chunk. */
  add(chunk: ArrayBuffer): void {
    const bytes = new Uint8Array(chunk);
    if (bytes.length === 0) return;
    if (this.#used === 0 && this.#smallBytes + bytes.length <= SMALL_BYTES) {
      this.#small.push(Buffer.from(bytes));
      this.#smallBytes += bytes.length;
      return;
    }
    for (let at = 0; at < bytes.length; ) {
      const offset = this.#used % SLAB_BYTES;
      if (offset === 0) this.#slabs.push(this.#shared.take());
      const some = bytes.subarray(at, at + SLAB_BYTES - offset);
      this.#slabs.at(-1)?.set(some, offset);
      at += some.length;
      this.#used += some.length;
    }
  }

  /**
   * All of it in one; to be called once. What is large takes some turns of the event loop: memory
   * that was not in use has to be made ready by the system, which takes longer than the copying.
   * @throws REQUEST_ABORTED when it was meanwhile
   */
  async whole(isAborted: () => boolean): Promise<Uint8Array> {
    if (this.#used === 0) {
      const [first, ...others] = this.#small;
      if (first !== undefined && others.length === 0) return first;
      return Buffer.concat(this.#small, this.#smallBytes);
    }
    const end = this.#smallBytes + this.#used;
    const whole = Buffer.allocUnsafeSlow(end);
    whole.set(Buffer.concat(this.#small), 0);
    let pauseAt = TURN_BYTES;
    for (let at = this.#smallBytes; at < end; at += SLAB_BYTES) {
      if (at >= pauseAt) {
        pauseAt = at + TURN_BYTES;
        await new Promise((resolve) => setImmediate(resolve));
        if (isAborted()) {
          this.drop();
          throw errors.REQUEST_ABORTED();
        }
      }
      const slab = this.#slabs.shift() as Uint8Array;
      whole.set(slab.subarray(0, end - at), at);
      this.#shared.give(slab);
    }
    return whole;
  }

  /** Nobody wants it. */
  drop(): void {
    for (const slab of this.#slabs.splice(0)) this.#shared.give(slab);
    this.#used = 0;
  }
}
