import type { FrameRefusal } from "./guard.ts";

/**
 * Frames that are larger than a server takes in one message come to it in parts. A part is this
 * byte, which begins no msgpack value, then how many bytes of the frame are left with this part
 * (32 bits, the highest first), then the part's own bytes. So the first part says how large the
 * frame will be, and the last one has as many bytes as it says are left.
 */
export const PART = 0xc1;

const HEADER_BYTES = 5;
/** What is made room for at least, so that small parts do not cost a copy each. */
const ROOM_BYTES_MIN = 64 * 1024;

/** Hands out a frame in messages of at most so many bytes: the frame itself where it is one. */
export function inParts(
  frame: Uint8Array,
  messageBytesMax: number,
  send: (message: Uint8Array) => void,
): void {
  if (frame.length <= messageBytesMax) {
    send(frame);
    return;
  }
  const room = messageBytesMax - HEADER_BYTES;
  for (let at = 0; at < frame.length; at += room) {
    const bytes = frame.subarray(at, at + room);
    const message = Buffer.allocUnsafe(HEADER_BYTES + bytes.length);
    message[0] = PART;
    message.writeUInt32BE(frame.length - at, 1);
    message.set(bytes, HEADER_BYTES);
    send(message);
  }
}

/** What became of a part: the whole frame with its last one, or why there will be none. */
export type Joined =
  | { readonly frame: Uint8Array | undefined }
  | { readonly refusal: FrameRefusal };

const refuse = (message: string): Joined => ({ refusal: { code: "FRAME_MALFORMED", message } });

/** Joins the parts of one peer's frames, one frame at a time. */
export class PartJoiner {
  readonly #frameBytesMax: number;
  #bytes: Buffer | undefined;
  #size = 0;
  #total = 0;

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  /** Whether a frame was begun and is not complete. */
  get isOpen(): boolean {
    return this.#bytes !== undefined;
  }

  /** Bytes that are held for the frame that was begun. */
  get heldBytes(): number {
    return this.#bytes?.length ?? 0;
  }

  /** Takes one message that begins with `PART`; keeps nothing of `message`. */
  take(message: Uint8Array): Joined {
    const size = message.length - HEADER_BYTES;
    if (size < 1) return refuse("a part of a frame has no bytes");
    const left = Buffer.from(message.buffer, message.byteOffset, HEADER_BYTES).readUInt32BE(1);
    if (this.#bytes === undefined) {
      if (left > this.#frameBytesMax) {
        const text = `it has ${left} bytes, at most ${this.#frameBytesMax} are taken`;
        return { refusal: { code: "FRAME_TOO_LARGE", message: text } };
      }
      this.#total = left;
      this.#size = 0;
    }
    const due = this.#total - this.#size;
    if (left !== due || size > due) {
      return refuse(`a part of a frame says ${left} bytes with ${size} of them, ${due} were due`);
    }
    this.#reserve(this.#size + size);
    this.#bytes?.set(message.subarray(HEADER_BYTES), this.#size);
    this.#size += size;
    if (size < due) return { frame: undefined };
    const frame = this.#bytes?.subarray(0, this.#size);
    this.clear();
    return { frame };
  }

  /** Forgets what was begun. */
  clear(): void {
    this.#bytes = undefined;
  }

  /** Room grows with what has come, not with what was announced: that costs a sender nothing. */
  #reserve(size: number): void {
    const has = this.#bytes?.length ?? 0;
    if (size <= has) return;
    const room = Math.min(this.#total, Math.max(ROOM_BYTES_MIN, 2 * has, size));
    const grown = Buffer.allocUnsafeSlow(room);
    this.#bytes?.copy(grown, 0, 0, this.#size);
    this.#bytes = grown;
  }
}
