import { wireLimits } from "../contract/limits/wire.ts";
import { type Decoded, decodeFrame } from "./codec.ts";
import type { FrameLimits } from "./guard.ts";
import { type Joined, PART, PartJoiner } from "./parts.ts";

/** Who holds no more than this is not asked to give way to others. */
export const FAIR_BYTES = 64 * 1024;

/**
 * Counts what is held for all connections of a server together, for peers that are behind with
 * reading and for frames that have begun to come: a bound for each of them alone is none when there
 * are many.
 */
export class HeldBytes {
  readonly bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Bytes that are held at present. */
  get bytes(): number {
    return this.#bytes;
  }

  /** One connection holds `now` bytes and held `before`; answers whether it has to give way. */
  change(before: number, now: number): boolean {
    this.#bytes += now - before;
    return now > before && now > FAIR_BYTES && this.#bytes > this.bytesMax;
  }
}

/** Counts connections that were not welcomed yet, in all and by address. */
export class Unwelcomed {
  readonly #perAddress = new Map<string, number>();
  #count = 0;

  /** How many there are in all. */
  get count(): number {
    return this.#count;
  }

  /** How many there are of one address. */
  of(remote: string): number {
    return this.#perAddress.get(remote) ?? 0;
  }

  add(remote: string): void {
    this.#count++;
    this.#perAddress.set(remote, this.of(remote) + 1);
  }

  remove(remote: string): void {
    const left = this.of(remote) - 1;
    this.#count--;
    if (left <= 0) this.#perAddress.delete(remote);
    else this.#perAddress.set(remote, left);
  }
}

/** What was read, and how many bytes the frame had. */
export type Read = Decoded & { readonly bytes: number };

/** Reads a frame that came whole. */
export function readWhole(frame: Uint8Array, limits: FrameLimits): Read {
  return { ...decodeFrame(frame, limits), bytes: frame.length };
}

/**
 * What one connection makes its server hold: the frame that it has begun, and what it has not read.
 */
export class Holding {
  readonly #all: HeldBytes;
  readonly #parts: PartJoiner;
  #unread = 0;
  #held = 0;
  #begunMs = 0;

  constructor(all: HeldBytes, frameBytesMax: number) {
    this.#all = all;
    this.#parts = new PartJoiner(frameBytesMax);
  }

  /** So many bytes wait for a peer that is behind; answers whether it has to give way to others. */
  setUnread(bytes: number): boolean {
    this.#unread = bytes;
    return this.#count();
  }

  /**
   * Takes a message of a peer that was welcomed: answers the frame that is complete with it, or why
   * it is refused; nothing while parts of the frame are missing.
   */
  read(message: Uint8Array, limits: FrameLimits, nowMs: number): Read | undefined {
    const joined = this.#join(message, nowMs);
    if ("refusal" in joined) return { ok: false, refusal: joined.refusal, bytes: message.length };
    return joined.frame === undefined ? undefined : readWhole(joined.frame, limits);
  }

  #join(message: Uint8Array, nowMs: number): Joined {
    if (message[0] !== PART) {
      if (!this.#parts.isOpen) return { frame: message };
      const text = "another frame came before the last part of one that was begun";
      return { refusal: { code: "FRAME_MALFORMED", message: text } };
    }
    if (!this.#parts.isOpen) this.#begunMs = nowMs;
    const joined = this.#parts.take(message);
    if (!this.#count()) return joined;
    const text = `unfinished frames and slow readers hold more than ${this.#all.bytesMax} bytes`;
    return { refusal: { code: "OVERLOADED", message: text } };
  }

  /** Whether a frame was begun and has not come in time. */
  isLate(nowMs: number): boolean {
    return this.#parts.isOpen && nowMs - this.#begunMs > wireLimits.frameDeadlineMs;
  }

  /** The connection has ended. */
  release(): void {
    this.#parts.clear();
    this.#unread = 0;
    this.#count();
  }

  #count(): boolean {
    const before = this.#held;
    this.#held = this.#unread + this.#parts.heldBytes;
    return this.#all.change(before, this.#held);
  }
}
