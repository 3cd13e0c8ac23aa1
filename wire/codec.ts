import { Packr, Unpackr } from "msgpackr";
import { errors, reasonOf } from "../contract/errors.ts";
import { wireLimits } from "../contract/limits/wire.ts";
import type { WireMessage } from "../contract/wire-protocol.ts";
import { type FrameLimits, type FrameRefusal, frameProblem } from "./guard.ts";

/** The limits of frames, with some of them changed. */
export function frameLimits(changed: Partial<FrameLimits> = {}): FrameLimits {
  const { frameBytesMax, frameMessagesMax, frameValuesMax, frameDepthMax } = wireLimits;
  return { frameBytesMax, frameMessagesMax, frameValuesMax, frameDepthMax, ...changed };
}

/**
 * Plain msgpack and nothing of msgpackr's own: no records (they define code), no extension types
 * (moreTypes and structuredClone off, no bigints), byte strings copied because the transport's
 * buffer dies with its callback.
 */
const options = {
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  int64AsType: "number",
  moreTypes: false,
  structuredClone: false,
  bundleStrings: false,
  copyBuffers: true,
  encodeUndefinedAsNil: true,
  skipValues: [undefined],
  useBigIntExtension: false,
  useToJSON: false,
} as const;

const unpackr = new Unpackr({ ...options });
const packr = new Packr({ ...options });
/**
 * Makes msgpackr hand out its own buffer with `start` and `end` instead of a copy, and begin there
 * next time.
 */
const IN_PLACE = 512 | 1024;

/** Messages of a frame, or why it is none. */
export type Decoded =
  | { readonly ok: true; readonly messages: WireMessage[] }
  | { readonly ok: false; readonly refusal: FrameRefusal };

const refuse = (refusal: FrameRefusal): Decoded => ({ ok: false, refusal });

/**
 * Reads one frame. Never throws, keeps nothing of `bytes`, and costs no more than one pass over
 * bytes that it refuses.
 */
export function decodeFrame(bytes: Uint8Array, limits: FrameLimits): Decoded {
  const problem = frameProblem(bytes, limits);
  if (problem !== undefined) return refuse(problem);
  let value: unknown;
  try {
    value = unpackr.unpack(bytes);
  } catch (thrown) {
    return refuse({ code: "FRAME_MALFORMED", message: reasonOf(thrown) });
  }
  if (!Array.isArray(value)) {
    return refuse({ code: "FRAME_MALFORMED", message: "it is not an array of messages" });
  }
  if (value.length > limits.frameMessagesMax) {
    const message = `it has ${value.length} messages, at most ${limits.frameMessagesMax} are taken`;
    return refuse({ code: "FRAME_TOO_LARGE", message });
  }
  for (let at = 0; at < value.length; at++) {
    const message: unknown = value[at];
    if (typeof message !== "object" || message === null || !hasType(message)) {
      return refuse({
        code: "FRAME_MALFORMED",
        message: `message ${at} is not a map with a "type" that is a string`,
      });
    }
  }
  return { ok: true, messages: value as WireMessage[] };
}

function hasType(message: object): message is WireMessage {
  return typeof (message as { type?: unknown }).type === "string";
}

/** Room before the messages of a frame for the longest array header. */
const HEADER_BYTES = 5;
const CAPACITY_KEPT = 16 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Collects encoded messages and hands them out as frames. A message is encoded when it is appended,
 * so the caller's object may change afterwards, sizes are exact, and a bad message harms no other.
 * Frames that would grow over the limits are sealed and the next one is begun.
 */
export class FrameWriter {
  readonly #limits: FrameLimits;
  /** Limits of one message: the frame's own array takes one level and one value. */
  readonly #messageLimits: FrameLimits;
  #bytes: Buffer = NOTHING;
  /** Where the open frame begins (its header room), where its messages end, and how many it has. */
  #start = 0;
  #end = HEADER_BYTES;
  #count = 0;
  #values = 1;
  /** Start and end of each sealed frame, header included. */
  #sealed: number[] = [];
  #queuedBytes = 0;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
    this.#messageLimits = {
      ...limits,
      frameDepthMax: limits.frameDepthMax - 1,
      frameValuesMax: limits.frameValuesMax - 1,
    };
  }

  /** Bytes of the messages that wait. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get isEmpty(): boolean {
    return this.#queuedBytes === 0;
  }

  /**
   * Encodes a message into the open frame and answers its size in bytes.
   * @throws MESSAGE_UNENCODABLE, MESSAGE_TOO_LARGE; nothing has been appended then.
   */
  append(message: WireMessage): number {
    const bytes = encodeInPlace(message);
    const { start, end } = bytes;
    const length = end - start;
    const { frameBytesMax, frameMessagesMax } = this.#limits;
    if (length + HEADER_BYTES > frameBytesMax) {
      throw errors.MESSAGE_TOO_LARGE(message.type, length, frameBytesMax);
    }
    this.#check(message, bytes.subarray(start, end));
    const full = this.#count >= frameMessagesMax;
    // A value has at least one byte, so a frame of fewer bytes than values cannot have too many of
    // them.
    const values = this.#values + length;
    const crowded = values > this.#limits.frameValuesMax;
    if (full || crowded || this.#end - this.#start + length > frameBytesMax) this.#seal();
    this.#reserve(length);
    bytes.copy(this.#bytes, this.#end, start, end);
    this.#end += length;
    this.#values += length;
    this.#count++;
    this.#queuedBytes += length;
    return length;
  }

  /**
   * Hands out every frame in order and forgets them. `take` must be done with the bytes when it
   * returns; answering false makes it the last one that is handed out, and the rest is dropped (the
   * connection is gone).
   */
  drain(take: (frame: Uint8Array) => boolean): void {
    if (this.#queuedBytes === 0) return;
    this.#seal();
    const sealed = this.#sealed;
    // The buffer is taken away while it is handed out, for what is appended meanwhile must not
    // write over it.
    const bytes = this.#bytes;
    this.#bytes = NOTHING;
    this.clear();
    for (let at = 0; at < sealed.length; at += 2) {
      if (!take(bytes.subarray(sealed[at], sealed[at + 1]))) break;
    }
    if (this.#bytes === NOTHING && bytes.length <= CAPACITY_KEPT) this.#bytes = bytes;
  }

  /** Forgets everything that waits. */
  clear(): void {
    // A large buffer must not be kept for a peer that is idle.
    if (this.#bytes.length > CAPACITY_KEPT) this.#bytes = NOTHING;
    this.#sealed = [];
    this.#queuedBytes = 0;
    this.#open(0);
  }

  #open(start: number): void {
    this.#start = start;
    this.#end = start + HEADER_BYTES;
    this.#count = 0;
    this.#values = 1;
  }

  #seal(): void {
    if (this.#count === 0) return;
    this.#sealed.push(writeHeader(this.#bytes, this.#start, this.#count), this.#end);
    this.#open(this.#end);
  }

  #reserve(length: number): void {
    const needed = this.#end + length;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(1024, 2 ** Math.ceil(Math.log2(needed))));
    this.#bytes.copy(grown, 0, 0, this.#end);
    this.#bytes = grown;
  }

  /**
   * What leaves here must pass the guard over there; better to hear of it from the caller's own
   * stack.
   */
  #check(message: WireMessage, encoded: Uint8Array): void {
    if (typeof message.type !== "string") {
      throw errors.MESSAGE_UNENCODABLE(String(message.type), "its type is not a string");
    }
    const problem = frameProblem(encoded, this.#messageLimits);
    if (problem !== undefined) throw errors.MESSAGE_UNENCODABLE(message.type, problem.message);
  }
}

/** msgpackr's own buffer, and where in it the message is; good until the next call. */
type InPlace = Buffer & { readonly start: number; readonly end: number };

function encodeInPlace(message: WireMessage): InPlace {
  try {
    return packr.pack(message, IN_PLACE) as InPlace;
  } catch (thrown) {
    throw errors.MESSAGE_UNENCODABLE(String(message.type), reasonOf(thrown));
  }
}

/** Writes an array header so that it ends where the room for it ends; answers where it begins. */
function writeHeader(bytes: Buffer, room: number, count: number): number {
  if (count < 16) {
    bytes[room + 4] = 0x90 | count;
    return room + 4;
  }
  if (count < 0x10000) {
    bytes[room + 2] = 0xdc;
    bytes.writeUInt16BE(count, room + 3);
    return room + 2;
  }
  bytes[room] = 0xdd;
  bytes.writeUInt32BE(count, room + 1);
  return room;
}

/** Encodes messages into as many frames as they need, each with bytes of its own. */
export function encodeFrames(messages: readonly WireMessage[], limits = frameLimits()): Buffer[] {
  const writer = new FrameWriter(limits);
  for (const message of messages) writer.append(message);
  const frames: Buffer[] = [];
  writer.drain((frame) => {
    frames.push(Buffer.from(frame));
    return true;
  });
  return frames;
}
