import { checksum } from "./checksum.ts";

/**
 * A frame is what one write made durable together: sixteen bytes of header, then the payload.
 *
 *     0  magic, "TPJ1"
 *     4  length of the payload, little endian, as all numbers here
 *     8  CRC-32 of the payload
 *    12  CRC-32 of the twelve bytes before
 */
export const FRAME_HEADER_BYTES = 16;

const MAGIC = 0x314a5054;

/** Longest payload that is believed; a turn of the loop stays far below it. */
export const FRAME_BYTES_MAX = 1 << 30;

/** Fills in the header before a payload; returns the frame. */
export function sealed(frame: Buffer): Buffer {
  const payload = frame.subarray(FRAME_HEADER_BYTES);
  frame.writeUInt32LE(MAGIC, 0);
  frame.writeUInt32LE(payload.length, 4);
  frame.writeUInt32LE(checksum(payload), 8);
  frame.writeUInt32LE(checksum(frame.subarray(0, 12)), 12);
  return frame;
}

/** What is said of bytes that do not begin as frames do. */
export const NO_FRAME = "no frame begins here";

/** A good frame, or why there is none at this place. */
export type FrameAt =
  | { readonly payload: Buffer; readonly end: number; readonly problem?: never }
  | { readonly problem: string };

/** Reads the frame that begins at `offset`; the payload is a view. */
export function frameAt(bytes: Buffer, offset: number): FrameAt {
  const left = bytes.length - offset;
  if (left < FRAME_HEADER_BYTES) return { problem: `${left} bytes are less than a header` };
  if (bytes.readUInt32LE(offset) !== MAGIC) return { problem: NO_FRAME };
  const header = bytes.subarray(offset, offset + 12);
  const length = bytes.readUInt32LE(offset + 4);
  if (checksum(header) !== bytes.readUInt32LE(offset + 12) || length > FRAME_BYTES_MAX) {
    return { problem: "the header of the frame is damaged" };
  }
  const start = offset + FRAME_HEADER_BYTES;
  const end = start + length;
  if (end > bytes.length) {
    return { problem: `the frame has ${length} bytes, and ${bytes.length - start} are there` };
  }
  const payload = bytes.subarray(start, end);
  if (checksum(payload) !== bytes.readUInt32LE(offset + 8)) {
    return { problem: "the checksum of the frame is wrong" };
  }
  return { payload, end };
}

/** How a file of frames ends. */
export interface FramesEnd {
  /** Offset of the first byte that belongs to no good frame; the length of the file if all do. */
  readonly offset: number;
  /** Why reading stopped there; none when the file ends with its last frame. */
  readonly problem?: string;
  /** A good frame follows later: this is no torn end, something in the middle is damaged. */
  readonly isDamaged: boolean;
}

/** Goes through the frames of a file, one payload at a time, and tells how they end. */
export function* framesOf(bytes: Buffer): Generator<Buffer, FramesEnd> {
  let offset = 0;
  while (offset < bytes.length) {
    const frame = frameAt(bytes, offset);
    const { problem } = frame;
    if (problem !== undefined) {
      return { offset, problem, isDamaged: hasFrameAfter(bytes, offset + 1) };
    }
    yield frame.payload;
    offset = frame.end;
  }
  return { offset, isDamaged: false };
}

/** Is there a good frame anywhere from `offset` on? */
function hasFrameAfter(bytes: Buffer, offset: number): boolean {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(MAGIC);
  for (let at = bytes.indexOf(magic, offset); at >= 0; at = bytes.indexOf(magic, at + 1)) {
    if ("payload" in frameAt(bytes, at)) return true;
  }
  return false;
}
