import { statfsSync } from "node:fs";

/**
 * What is kept back on a disk: more than any one commit writes. LMDB spoils its own memory when a
 * write fails for want of room, and takes the process down with it sooner or later.
 */
const RESERVE_BYTES = 8 * 2 ** 20;

/**
 * Sees that a disk has room for another commit. It takes some microseconds.
 * @throws an error as the file system has it, ENOSPC, while there still is a little room
 */
export function needRoom(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= RESERVE_BYTES) return;
  const text = `ENOSPC: No space left on device, ${folder}: ${free} bytes are free`;
  throw Object.assign(new Error(`${text}, and ${RESERVE_BYTES} are kept back`), { code: "ENOSPC" });
}
