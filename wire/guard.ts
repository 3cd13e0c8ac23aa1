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

/**
 * For each first byte, what follows it: 0 a value of this one byte, 1..9 that many bytes in all,
 * and from 16 on a case of the switch below.
 */
const CASE_FIXSTR = 16;
const CASE_FIXARRAY = 17;
const CASE_FIXMAP = 18;
const CASE_STR8 = 19;
const CASE_STR16 = 20;
const CASE_STR32 = 21;
const CASE_BIN8 = 22;
const CASE_BIN16 = 23;
const CASE_BIN32 = 24;
const CASE_ARRAY16 = 25;
const CASE_ARRAY32 = 26;
const CASE_MAP16 = 27;
const CASE_MAP32 = 28;
const CASE_UINT64 = 29;
const CASE_INT64 = 30;
const CASE_REFUSED = 31;

const kinds = new Uint8Array(256);
for (let byte = 0x80; byte < 0x90; byte++) kinds[byte] = CASE_FIXMAP;
for (let byte = 0x90; byte < 0xa0; byte++) kinds[byte] = CASE_FIXARRAY;
for (let byte = 0xa0; byte < 0xc0; byte++) kinds[byte] = CASE_FIXSTR;
kinds[0xc1] = CASE_REFUSED;
kinds[0xc4] = CASE_BIN8;
kinds[0xc5] = CASE_BIN16;
kinds[0xc6] = CASE_BIN32;
for (let byte = 0xc7; byte < 0xca; byte++) kinds[byte] = CASE_REFUSED;
kinds[0xca] = 4;
kinds[0xcb] = 8;
kinds[0xcc] = 1;
kinds[0xcd] = 2;
kinds[0xce] = 4;
kinds[0xcf] = CASE_UINT64;
kinds[0xd0] = 1;
kinds[0xd1] = 2;
kinds[0xd2] = 4;
kinds[0xd3] = CASE_INT64;
for (let byte = 0xd4; byte < 0xd9; byte++) kinds[byte] = CASE_REFUSED;
kinds[0xd9] = CASE_STR8;
kinds[0xda] = CASE_STR16;
kinds[0xdb] = CASE_STR32;
kinds[0xdc] = CASE_ARRAY16;
kinds[0xdd] = CASE_ARRAY32;
kinds[0xde] = CASE_MAP16;
kinds[0xdf] = CASE_MAP32;

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
 * Skims msgpack bytes once, front to back, before anything is decoded, and says why they must not be, or
 * `undefined` when they may. It allocates nothing and reads no content but map keys. What passes is exactly one
 * value, no deeper than `frameDepthMax`, with at most `frameValuesMax` values, whose every length lies within the
 * bytes, whose map keys are strings that reach no prototype, whose integers are exact in a double, and which holds
 * no extension types (their decoders run code).
 *
 * The rest of the frame's rules (an array of maps with a `type`) are cheaper to check on decoded values.
 */
export function frameProblem(bytes: Uint8Array, limits: FrameLimits): FrameRefusal | undefined {
  const end = bytes.length;
  if (end > limits.frameBytesMax) {
    const message = `it has ${end} bytes, at most ${limits.frameBytesMax} are taken`;
    return { code: "FRAME_TOO_LARGE", message };
  }
  const depthMax = Math.min(limits.frameDepthMax, STACK_DEPTH_MAX);
  const valuesMax = limits.frameValuesMax;
  let values = 1;
  let depth = 0;
  let left = 1; // Values still to come in the container that is being read; the frame itself at first.
  let inMap = 0;
  let at = 0;
  while (true) {
    if (at >= end) return malformed(`it ends at byte ${end} where a value is due`);
    const start = at;
    const byte = bytes[at++] as number;
    const kind = kinds[byte] as number;
    left--;
    let length = kind;
    let items = -1; // Elements of a container that begins here.
    let itemsInMap = 0;
    let isString = false;
    if (kind >= CASE_FIXSTR) {
      switch (kind) {
        case CASE_FIXSTR:
          length = byte & 0x1f;
          isString = true;
          break;
        case CASE_STR8:
          length = 1 + (bytes[at] as number);
          isString = true;
          break;
        case CASE_BIN8:
          length = 1 + (bytes[at] as number);
          break;
        case CASE_STR16:
          length = 2 + (((bytes[at] as number) << 8) | (bytes[at + 1] as number));
          isString = true;
          break;
        case CASE_BIN16:
          length = 2 + (((bytes[at] as number) << 8) | (bytes[at + 1] as number));
          break;
        case CASE_STR32:
          length = 4 + uint32(bytes, at);
          isString = true;
          break;
        case CASE_BIN32:
          length = 4 + uint32(bytes, at);
          break;
        case CASE_FIXARRAY:
          length = 0;
          items = byte & 0x0f;
          break;
        case CASE_ARRAY16:
          length = 2;
          items = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
          break;
        case CASE_ARRAY32:
          length = 4;
          items = uint32(bytes, at);
          break;
        case CASE_FIXMAP:
          length = 0;
          items = (byte & 0x0f) << 1;
          itemsInMap = 1;
          break;
        case CASE_MAP16:
          length = 2;
          items = (((bytes[at] as number) << 8) | (bytes[at + 1] as number)) << 1;
          itemsInMap = 1;
          break;
        case CASE_MAP32:
          length = 4;
          items = uint32(bytes, at) * 2;
          itemsInMap = 1;
          break;
        case CASE_UINT64:
        case CASE_INT64:
          length = 8;
          if (start + 9 <= end && !isExact(bytes, at, kind === CASE_INT64)) {
            return malformed(`the integer at byte ${start} is beyond 2^53`);
          }
          break;
        default:
          return malformed(`byte ${start} is 0x${byte.toString(16)}, an extension type or unused`);
      }
    }
    // A header cut short reads `undefined` above; every such sum is NaN, and this comparison refuses NaN as well.
    if (!(length <= end - at)) return truncated(start);
    if (inMap === 1 && (left & 1) === 1) {
      if (!isString) return malformed(`the map key at byte ${start} is not a string`);
      const chars = keyLength(kind, length);
      if ((chars === 9 || chars === 11) && isForbidden(bytes, at + length - chars, chars)) {
        return malformed(`the map key at byte ${start} is not a name that is taken`);
      }
    }
    at += length;
    if (items >= 0) {
      if (items > end - at)
        return malformed(`the container at byte ${start} is longer than the rest`);
      values += items;
      if (values > valuesMax) {
        return { code: "FRAME_TOO_LARGE", message: `it has more than ${valuesMax} values` };
      }
      // Empty containers count too: a decoder recurses into them all the same.
      if (depth >= depthMax) {
        return { code: "FRAME_TOO_DEEP", message: `it is nested deeper than ${depthMax}` };
      }
      if (items > 0) {
        lefts[depth] = left;
        maps[depth] = inMap;
        depth++;
        left = items;
        inMap = itemsInMap;
        continue;
      }
    }
    while (left === 0) {
      if (depth === 0) {
        return at === end ? undefined : malformed(`${end - at} bytes follow its one value`);
      }
      depth--;
      left = lefts[depth] as number;
      inMap = maps[depth] as number;
    }
  }
}

function keyLength(kind: number, length: number): number {
  if (kind === CASE_FIXSTR) return length;
  if (kind === CASE_STR8) return length - 1;
  return kind === CASE_STR16 ? length - 2 : length - 4;
}

function uint32(bytes: Uint8Array, at: number): number {
  const high = (bytes[at] as number) * 0x1000000;
  return (
    high +
    (((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8)) +
    (bytes[at + 3] as number)
  );
}

/** Whether 64 bits hold an integer that a double holds exactly and no other integer rounds to. */
function isExact(bytes: Uint8Array, at: number, signed: boolean): boolean {
  const high = uint32(bytes, at);
  if (high <= 0x1fffff) return true;
  if (!signed || high < 0xffe00000) return false;
  return high > 0xffe00000 || uint32(bytes, at + 4) > 0;
}
