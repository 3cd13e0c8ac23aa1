import { fstatSync, writeFileSync } from "node:fs";
import type { Sink } from "./output.ts";

/**
 * Writes to a descriptor that is a file; `undefined` for a terminal, a pipe or a device. Node's own
 * stream takes what a disk that is nearly full makes of a write, the first part of it, for the
 * whole, and the rest would be missing without a word.
 */
export function fileSink(fd: number, onError: (error: Error) => void): Sink | undefined {
  try {
    if (!fstatSync(fd).isFile()) return undefined;
  } catch {
    return undefined;
  }
  const write = (chunk: string | Uint8Array): void => {
    try {
      // Goes on after a short write until it is all there or fails.
      writeFileSync(fd, chunk);
    } catch (thrown) {
      process.nextTick(onError, thrown as Error);
    }
  };
  return { write, isTTY: false };
}
