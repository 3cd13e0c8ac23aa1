import type { CloseCode } from "../contract/wire-protocol.ts";

/** Bounds on one frame; `frameLimits` fills in those that are the same everywhere. */
export interface FrameLimits {
  readonly frameBytesMax: number;
  readonly frameMessagesMax: number;
  readonly frameValuesMax: number;
  readonly frameDepthMax: number;
}

/** Why bytes are not a frame: the code to close with, and what was found where. */
export interface FrameRefusal {
  readonly code: CloseCode;
  readonly message: string;
}

/** Deepest nesting that the guard can follow, whatever the limit says. */
const STACK_DEPTH_MAX = 64;

const SCALAR = 0;
const INT64 = 1;
const BYTES = 2;
const STRING = 3;
const ARRAY = 4;
const MAP = 5;
const REFUSED = 6;

/**
 * For each first byte: what it begins, how many bytes its size takes, and its size where that takes
 * none.
 */
const kinds = new Uint8Array(256);
const widths = new Uint8Array(256);
const sizes = new Uint8Array(256);

function define(from: number, to: number, kind: number, width: number, size: number): void {
  kinds.fill(kind, from, to + 1);
  widths.fill(width, from, to + 1);
  for (let byte = from; byte <= to; byte++) sizes[byte] = size < 0 ? byte & -size : size;
}

// A negative size is a mask: those low bits of the first byte are the size.
define(0x80, 0x8f, MAP, 0, -0x0f);
define(0x90, 0x9f, ARRAY, 0, -0x0f);
define(0xa0, 0xbf, STRING, 0, -0x1f);
define(0xc1, 0xc1, REFUSED, 0, 0);
define(0xc7, 0xc9, REFUSED, 0, 0);
define(0xd4, 0xd8, REFUSED, 0, 0);
for (const [at, width] of [1, 2, 4].entries()) {
  define(0xc4 + at, 0xc4 + at, BYTES, width, 0);
  define(0xcc + at, 0xcc + at, SCALAR, 0, width);
  define(0xd0 + at, 0xd0 + at, SCALAR, 0, width);
  define(0xd9 + at, 0xd9 + at, STRING, width, 0);
}
for (const [at, width] of [2, 4].entries()) {
  define(0xca + at, 0xca + at, SCALAR, 0, 2 * width);
  define(0xdc + at, 0xdc + at, ARRAY, width, 0);
  define(0xde + at, 0xde + at, MAP, width, 0);
}
define(0xcf, 0xcf, INT64, 0, 8);
define(0xd3, 0xd3, INT64, 0, 8);

/** Values still to come in each open container, and whether it is a map; reused by every call. */
const lefts = new Float64Array(STACK_DEPTH_MAX + 1);
const maps = new Uint8Array(STACK_DEPTH_MAX + 1);

const malformed = (message: string): FrameRefusal => ({ code: "FRAME_MALFORMED", message });
const truncated = (at: number): FrameRefusal => malformed(`it ends within the value at byte ${at}`);

/** Keys that could reach a prototype; nothing of ours is called so. */
const forbiddenKeys = ["__proto__", "prototype", "constructor"].map((key) => Buffer.from(key));

function isForbidden(bytes: Uint8Array, from: number, length: number): boolean {
  return forbiddenKeys.some(
    (key) => key.length === length && key.every((byte, at) => bytes[from + at] === byte),
  );
}

/**
 * Skims msgpack bytes once, front to back, before anything is decoded, and says why they must not
 * be, or
 * `undefined` when they may. It allocates nothing and reads no content but map keys. What passes is
 * exactly one value, no deeper than `frameDepthMax`, with at most `frameValuesMax` values, whose
 * every length lies within the bytes, whose map keys are strings that reach no prototype, whose
 * integers are exact in a double, and which holds no extension types (their decoders run code).
 *
 * The rest of the frame's rules (an array of maps with a `type`) are cheaper to check on decoded
 * values.
 */
export function frameProblem(bytes: Uint8Array, limits: FrameLimits): FrameRefusal | undefined {
  const end = bytes.length;
  if (end > limits.frameBytesMax) {
    const message = `it has ${end} bytes, at most ${limits.frameBytesMax} are taken`;
    return { code: "FRAME_TOO_LARGE", message };
  }
  const depthMax = Math.min(limits.frameDepthMax, STACK_DEPTH_MAX);
  let values = 1;
  let depth = 0;
  let left = 1; // Values still to come in the container that is being read; the frame itself first.
  let inMap = 0;
  let at = 0;
  while (true) {
    if (at >= end) return malformed(`it ends at byte ${end} where a value is due`);
    const start = at;
    const byte = bytes[at++] as number;
    const kind = kinds[byte] as number;
    const width = widths[byte] as number;
    if (kind === REFUSED) return notTaken(start, byte);
    if (width > end - at) return truncated(start);
    const size = width === 0 ? (sizes[byte] as number) : sizeAt(bytes, at, width);
    at += width;
    left--;
    // The values of a map are counted down from an even number: an odd rest means that this was a
    // key.
    if (inMap === 1 && (left & 1) === 1) {
      if (kind !== STRING) return malformed(`the map key at byte ${start} is not a string`);
      if ((size === 9 || size === 11) && isForbidden(bytes, at, size)) return badKey(start);
    }
    if (kind < ARRAY) {
      if (size > end - at) return truncated(start);
      if (kind === INT64 && !isExact(bytes, at, byte === 0xd3)) return inexact(start);
      at += size;
    } else {
      const items = kind === MAP ? 2 * size : size;
      if (items > end - at) return malformed(`the container at byte ${start} exceeds the rest`);
      values += items;
      if (values > limits.frameValuesMax) return tooMany(limits.frameValuesMax);
      // Empty containers count as well, for a decoder descends into them all the same.
      if (depth >= depthMax) return tooDeep(depthMax);
      lefts[depth] = left;
      maps[depth] = inMap;
      depth++;
      left = items;
      inMap = kind === MAP ? 1 : 0;
    }
    while (left === 0) {
      if (depth === 0) break;
      depth--;
      left = lefts[depth] as number;
      inMap = maps[depth] as number;
    }
    if (left > 0) continue;
    return at === end ? undefined : malformed(`${end - at} bytes follow its one value`);
  }
}

const notTaken = (at: number, byte: number): FrameRefusal =>
  malformed(`byte ${at} is 0x${byte.toString(16)}, an extension type or unused`);
const badKey = (at: number): FrameRefusal =>
  malformed(`the map key at byte ${at} is not a name that is taken`);
const inexact = (at: number): FrameRefusal => malformed(`the integer at byte ${at} is beyond 2^53`);
const tooMany = (valuesMax: number): FrameRefusal => ({
  code: "FRAME_TOO_LARGE",
  message: `it has more than ${valuesMax} values`,
});
const tooDeep = (depthMax: number): FrameRefusal => ({
  code: "FRAME_TOO_DEEP",
  message: `it is nested deeper than ${depthMax}`,
});

function sizeAt(bytes: Uint8Array, at: number, width: number): number {
  if (width === 1) return bytes[at] as number;
  if (width === 2) return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  return uint32(bytes, at);
}

function uint32(bytes: Uint8Array, at: number): number {
  const low = ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8);
  return (bytes[at] as number) * 0x1000000 + low + (bytes[at + 3] as number);
}

/** Whether 64 bits hold an integer that a double holds exactly and no other integer rounds to. */
function isExact(bytes: Uint8Array, at: number, signed: boolean): boolean {
  const high = uint32(bytes, at);
  if (high <= 0x1fffff) return true;
  if (!signed || high < 0xffe00000) return false;
  return high > 0xffe00000 || uint32(bytes, at + 4) > 0;
}
