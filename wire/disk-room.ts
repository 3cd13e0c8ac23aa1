import { statfsSync } from "node:fs";

/**
 * What is kept back on a disk: more than any one commit writes. LMDB spoils its own memory when a
 * write fails for want of room, and takes the process down with it sooner or later.
 */
const RESERVE_BYTES = 8 * 2 ** 20;

/** Files that a process makes when it starts, and some: stores, locks, folders. */
const RESERVE_FILES = 64;

/**
 * Why a process cannot start to work in a folder: its disk is as good as full, of bytes or of
 * files. Answers `undefined` when it can.
 */
export function roomProblem(folder: string): string | undefined {
  const { bavail, bsize, files, ffree } = statfsSync(folder);
  const free = bavail * bsize;
  if (free < RESERVE_BYTES) return `${free} bytes are free, and ${RESERVE_BYTES} are needed`;
  // Where files are not counted, there is no end of them.
  if (files === 0 || ffree >= RESERVE_FILES) return undefined;
  return `${ffree} more files can be made, and ${RESERVE_FILES} are needed`;
}

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
