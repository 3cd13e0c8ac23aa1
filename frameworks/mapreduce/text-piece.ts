import { closeSync, openSync, readSync } from "node:fs";

const NEWLINE = 0x0a;
/** Read beyond the end of a piece at a time, to complete its last line. */
const STEP_BYTES = 64 << 10;

/**
 * The lines of a file that begin in a part of it, as one text. A line belongs to the part that its
 * first byte is in, so parts that cover a file give each of its lines exactly once, wherever the
 * cuts are: in the middle of a line, of a character, or of `\r\n`.
 */
export function readLines(file: string, start: number, end: number): string {
  const fd = openSync(file, "r");
  try {
    // The byte before tells whether the part begins with a line or in the middle of one.
    const from = Math.max(0, start - 1);
    let bytes = readRange(fd, from, end - from);
    let first = 0;
    if (start > 0) {
      const newline = bytes.indexOf(NEWLINE);
      if (newline === -1 || from + newline + 1 >= end) return "";
      first = newline + 1;
    }
    if (bytes[bytes.length - 1] !== NEWLINE) bytes = Buffer.concat([bytes, restOfLine(fd, end)]);
    return bytes.toString("utf8", first);
  } finally {
    closeSync(fd);
  }
}

function restOfLine(fd: number, at: number): Buffer {
  const parts: Buffer[] = [];
  for (let from = at; ; from += STEP_BYTES) {
    const part = readRange(fd, from, STEP_BYTES);
    const newline = part.indexOf(NEWLINE);
    parts.push(newline === -1 ? part : part.subarray(0, newline + 1));
    if (newline !== -1 || part.length < STEP_BYTES) return Buffer.concat(parts);
  }
}

function readRange(fd: number, from: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const got = readSync(fd, bytes, filled, length - filled, from + filled);
    if (got === 0) break;
    filled += got;
  }
  return bytes.subarray(0, filled);
}
