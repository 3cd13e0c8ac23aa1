import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { Unpackr } from "msgpackr";
import { errors, reasonOf } from "../../../contract/errors.ts";
import type { ClusterSnapshot } from "../../core/snapshot.ts";
import { type JournalFile, journalFilesAmong } from "./folder.ts";
import { frameAt, framesOf, NO_FRAME } from "./frames.ts";
import { Assembly, type Part } from "./parts.ts";
import { FrameKind, JOURNAL_FORMAT, type SegmentHeader, type Turn } from "./records.ts";
import { TurnReader } from "./turns.ts";

/** How the frames of a segment end, where it is not with the last of them. */
export interface SegmentEnd {
  readonly file: string;
  readonly offset: number;
  readonly problem: string;
  /**
   * Something in the middle is damaged, or the end of a segment with others behind it; else the
   * end is torn, as a crash leaves it.
   */
  readonly isDamaged: boolean;
}

/** One segment of a journal, as read from its file. */
export interface ReadSegment {
  readonly file: string;
  readonly bytes: number;
  readonly header: SegmentHeader;
  /** The state before its first turn; none when it is not complete, or the cluster was empty. */
  readonly snapshot: ClusterSnapshot | undefined;
  /** Its turns, frame by frame; each time from the first. */
  turns(): Iterable<readonly Turn[]>;
  readonly end: SegmentEnd | undefined;
}

/** The files of a journal, the oldest segment first: all of a folder, or one. */
export function journalFiles(path: string): readonly JournalFile[] {
  try {
    if (!statSync(path).isDirectory()) return [fileAmongOthers(path)];
    const files = journalFilesAmong(path, readdirSync(path));
    if (files.length > 0) return files;
  } catch (thrown) {
    throw errors.JOURNAL_UNREADABLE(path, reasonOf(thrown));
  }
  throw errors.JOURNAL_UNREADABLE(path, "there are no .journal files in it");
}

/** One file by itself, as it stands among those of its folder. */
function fileAmongOthers(path: string): JournalFile {
  const name = basename(path);
  const files = journalFilesAmong("", readdirSync(dirname(resolve(path))));
  const found = files.find((file) => file.path === name);
  return { number: 0, isNewest: true, ...found, path };
}

/**
 * Reads one segment whole. Only the newest may end torn, which is what a file by itself counts as.
 * @returns undefined for a file that a crash left without even its header.
 * @throws JOURNAL_UNREADABLE, JOURNAL_FORMAT, or JOURNAL_DAMAGED for one whose header is damaged
 */
export function readSegment(file: string, isNewest = true): ReadSegment | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (thrown) {
    throw errors.JOURNAL_UNREADABLE(file, reasonOf(thrown));
  }
  const unpackr = new Unpackr({ moreTypes: true });
  const turnFrames: Buffer[] = [];
  const assembly = new Assembly();
  let header: SegmentHeader | undefined;
  let isWhole = false;
  const frames = framesOf(bytes);
  let frame = frames.next();
  for (; frame.done !== true; frame = frames.next()) {
    const payload = frame.value.subarray(1);
    switch (frame.value[0]) {
      case FrameKind.HEADER:
        header = checkedHeader(file, unpackr.unpack(payload));
        break;
      case FrameKind.TURNS:
        turnFrames.push(payload);
        break;
      case FrameKind.SNAPSHOT:
        unpackr.unpackMultiple(payload, (part: unknown) => assembly.add(part as Part));
        break;
      case FrameKind.SNAPSHOT_END:
        isWhole = true;
        break;
      default:
    }
  }
  const { offset, problem, isDamaged } = frame.value;
  if (header === undefined) {
    // A crash leaves no bytes, a part of the header, or zeros: never other text.
    const isOther = !isDamaged && frameAt(bytes, 0).problem === NO_FRAME && bytes[0] !== 0;
    if (bytes.length > 0 && isOther) throw errors.JOURNAL_UNREADABLE(file, "it is no journal");
    if (!isDamaged) return undefined;
    throw errors.JOURNAL_DAMAGED(file, offset, problem ?? "it has no header");
  }
  return {
    file,
    bytes: bytes.length,
    header,
    snapshot: isWhole ? (assembly.value as ClusterSnapshot) : undefined,
    turns: () => turnsOf(turnFrames),
    // Who begins another segment cuts off what is torn first: a file before it was whole once.
    end:
      problem === undefined
        ? undefined
        : { file, offset, problem, isDamaged: isDamaged || !isNewest },
  };
}

function* turnsOf(frames: readonly Buffer[]): Generator<readonly Turn[]> {
  const reader = new TurnReader();
  for (const frame of frames) yield reader.turns(frame);
}

function checkedHeader(file: string, header: unknown): SegmentHeader {
  const { format } = (header ?? {}) as Partial<SegmentHeader>;
  if (format === JOURNAL_FORMAT) return header as SegmentHeader;
  throw errors.JOURNAL_FORMAT(file, format, JOURNAL_FORMAT);
}
