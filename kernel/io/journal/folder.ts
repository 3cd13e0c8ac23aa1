import { join } from "node:path";
import type { Disk } from "./disk.ts";
import { framesOf } from "./frames.ts";

/** Number of a segment in the name of its file. */
const NAME = /^(\d{8})\.journal$/;

/** The file of a segment. */
export function segmentName(segment: number): string {
  return `${String(segment).padStart(8, "0")}.journal`;
}

/** The segments among the files of a folder, the oldest first. */
export function segmentsAmong(names: readonly string[]): { number: number; name: string }[] {
  return names
    .flatMap((name) => {
      const number = NAME.exec(name)?.[1];
      return number === undefined ? [] : [{ number: Number(number), name }];
    })
    .sort((a, b) => a.number - b.number);
}

/** What was cut off a segment. */
export interface TornTail {
  readonly file: string;
  /** Where the last good frame ends, which is where the file ends now. */
  readonly offset: number;
  readonly bytes: number;
  readonly problem: string;
}

/**
 * Cuts off what a crash left half written at the end of the newest segment. Damage in the middle,
 * behind which there is more, is left as it is: whoever reads the journal is told.
 */
export async function cutTornTail(disk: Disk, folder: string): Promise<TornTail | undefined> {
  const newest = segmentsAmong(await disk.list(folder)).at(-1);
  if (newest === undefined) return undefined;
  const file = join(folder, newest.name);
  const bytes = await disk.read(file);
  const frames = framesOf(bytes);
  let frame = frames.next();
  while (frame.done !== true) frame = frames.next();
  const { offset, problem, isDamaged } = frame.value;
  if (problem === undefined || isDamaged) return undefined;
  await disk.truncate(file, offset);
  return { file, offset, bytes: bytes.length - offset, problem };
}
