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

/** One file of a journal. */
export interface JournalFile {
  readonly path: string;
  /** Number of its segment, by its name; 0 for a file with another name. */
  readonly number: number;
  /** None follows it: only here is a torn end what a crash leaves. */
  readonly isNewest: boolean;
}

/** The files of a journal among those of a folder, the oldest first. */
export function journalFilesAmong(folder: string, names: readonly string[]): JournalFile[] {
  const segments = segmentsAmong(names);
  return segments.map(({ number, name }, at) => ({
    path: join(folder, name),
    number,
    isNewest: at === segments.length - 1,
  }));
}

/** What was cut off a segment. */
export interface TornTail {
  readonly file: string;
  /** Where the last good frame ends, which is where the file ends now. */
  readonly offset: number;
  readonly bytes: number;
  readonly problem: string;
}

/** Bytes that are checked before others get their turn. */
const SLICE_BYTES = 8 << 20;

/**
 * Cuts off what a crash or a disk that failed left half written at the end of the newest segment,
 * so that no segment with others behind it ends torn. Damage in the middle, behind which there is
 * more, is left as it is: whoever reads the journal is told.
 */
export async function cutTornTail(disk: Disk, folder: string): Promise<TornTail | undefined> {
  const newest = segmentsAmong(await disk.list(folder)).at(-1);
  if (newest === undefined) return undefined;
  const file = join(folder, newest.name);
  const bytes = await disk.read(file);
  const frames = framesOf(bytes);
  let frame = frames.next();
  for (let checked = 0; frame.done !== true; frame = frames.next()) {
    checked += frame.value.length;
    if (checked < SLICE_BYTES) continue;
    checked = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { offset, problem, isDamaged } = frame.value;
  if (problem === undefined || isDamaged) return undefined;
  await disk.truncate(file, offset);
  return { file, offset, bytes: bytes.length - offset, problem };
}
