import { statSync } from "node:fs";
import { basename } from "node:path";
import { errors, TepuiError } from "../../contract/errors.ts";
import type { JournalFile } from "../../kernel/io/journal/folder.ts";
import { journalFiles, type ReadSegment, readSegment } from "../../kernel/io/journal/reader.ts";
import { goesOnFrom, type SegmentHeader } from "../../kernel/io/journal/records.ts";
import { Extraction } from "./extraction.ts";
import type { ArrivalRule, Extracted, LeftOut } from "./gathered.ts";

/**
 * Puts the files of a journal together, over the masters that wrote them. Where something is
 * missing between two files, what is before is left out: nobody knows what became of it.
 */
class Joining {
  extraction: Extraction | undefined;
  readonly leftOut: LeftOut[] = [];
  /** The last state in which the registry was known, for weights and quotas. */
  known: Extraction | undefined;
  /** Number of the file before. */
  #number: number | undefined;
  /** Why nothing goes on behind the file before. */
  #broken: string | undefined;

  /** The next file. `isAlone` when there is no other: then what is wrong with it is thrown. */
  pass(file: JournalFile, isAlone: boolean): void {
    const segment = this.#read(file, isAlone);
    const missing = this.#number === undefined ? 0 : file.number - this.#number - 1;
    this.#number = file.number;
    if (missing === 1) this.#broken ??= "a file is missing between";
    else if (missing > 1) this.#broken ??= `${missing} files are missing between`;
    if (segment === undefined || !this.#enter(segment)) return;
    const extraction = this.extraction as Extraction;
    for (const turns of segment.turns()) for (const turn of turns) extraction.apply(turn);
    if (extraction.state.recovered) this.known = extraction;
    const { end } = segment;
    if (end?.isDamaged !== true) return;
    this.#broken = `${basename(end.file)} is damaged at byte ${end.offset}: ${end.problem}`;
    this.#leaveOut(`what is behind the damage of ${basename(end.file)}`, 0, this.#broken);
  }

  /** A file that a crash left without even its header has nothing in it. */
  #read({ path, isNewest }: JournalFile, isAlone: boolean): ReadSegment | undefined {
    try {
      const segment = readSegment(path, isNewest);
      if (segment !== undefined || isNewest || statSync(path).size === 0) return segment;
      this.#broken = `${basename(path)} has no header`;
    } catch (thrown) {
      if (isAlone || !(thrown instanceof TepuiError) || thrown.code !== "JOURNAL_DAMAGED") {
        throw thrown;
      }
      this.#broken = `${basename(path)} is damaged at its beginning: ${thrown.message}`;
    }
    this.#leaveOut(basename(path), 0, this.#broken);
    return undefined;
  }

  /** Goes on into a file, or begins anew with it; false when it cannot be begun with. */
  #enter(segment: ReadSegment): boolean {
    const { extraction } = this;
    const { header, snapshot, file } = segment;
    const why = this.#broken ?? (extraction && gapBefore(header, extraction));
    if (extraction !== undefined && why === undefined) {
      // The next master begins with nobody, and hears from the agents what runs.
      if (header.run !== extraction.run) this.extraction = new Extraction(segment, extraction);
      return true;
    }
    if (header.hasSnapshot && snapshot === undefined) {
      this.#broken = `the beginning of ${basename(file)} was not written to its end`;
      this.#leaveOut(basename(file), 0, this.#broken);
      return false;
    }
    if (extraction !== undefined && why !== undefined) {
      this.#leaveOut(`what is before ${basename(file)}`, extraction.gathered.tasks, why);
    }
    this.#broken = undefined;
    this.extraction = new Extraction(segment);
    return true;
  }

  #leaveOut(part: string, tasks: number, why: string): void {
    this.leftOut.push({ part, tasks, why });
  }
}

/** What is missing between a segment and what was gone through before it. */
function gapBefore(header: SegmentHeader, before: Extraction): string | undefined {
  const { run, turn, createdMs, missesFrom } = header;
  if (missesFrom !== undefined) {
    return `the journal was off until ${new Date(createdMs).toISOString()}`;
  }
  if (goesOnFrom(header, before) || (run !== before.run && turn === 0)) return undefined;
  return "turns are missing between";
}

/**
 * Takes a workload from a journal: who was there when, and which tasks ran for how long, whatever
 * the number of masters that wrote it. Of a journal with gaps it is the last part without one.
 * @throws TepuiError when there is no journal, or nothing in it to begin with
 */
export function extractWorkload(path: string, arrivals: ArrivalRule): Extracted {
  const files = journalFiles(path);
  const joining = new Joining();
  for (const file of files) joining.pass(file, files.length === 1);
  const { extraction, known, leftOut } = joining;
  if (extraction === undefined) throw errors.JOURNAL_NO_BEGINNING(path);
  const { state } = known ?? extraction;
  return { ...extraction.gathered.finish(arrivals, state), leftOut };
}
