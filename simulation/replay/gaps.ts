import type { JournalFile } from "../../kernel/io/journal/folder.ts";
import type { ReadSegment } from "../../kernel/io/journal/reader.ts";

/** What is missing between a file of a journal and the one before it. */
export interface Gap {
  /** The file behind it. */
  readonly file: string;
  /** Files that are missing, by their numbers; and turns that were written, as the file says. */
  readonly files: number;
  readonly turns: number;
  /** When the journal was on again, if it was off: what happened meanwhile was never in it. */
  readonly offUntilMs?: number;
}

/** Finds what is missing between files that are passed one after the other. */
export class GapFinder {
  readonly found: Gap[] = [];
  /** Number of the file before. */
  #number: number | undefined;
  /** Where its master's turns were left: of which run, and the number of the next. */
  #run: string | undefined;
  #turn = 0;

  /** The next file, with what could be read of it. */
  pass(file: JournalFile, segment: ReadSegment | undefined): void {
    const before = this.#number;
    const files = before === undefined ? 0 : file.number - before - 1;
    this.#number = file.number;
    // What went before the first was forgotten with the oldest files, as the config says.
    const turns = before === undefined ? 0 : this.#missingTurns(segment);
    const { header } = segment ?? {};
    const isOff = header?.missesFrom !== undefined;
    if (files + turns > 0 || isOff) {
      const off = isOff ? { offUntilMs: header.createdMs } : {};
      this.found.push({ file: file.path, files, turns, ...off });
    }
    if (segment !== undefined) this.#leave(segment);
  }

  #missingTurns(segment: ReadSegment | undefined): number {
    if (segment === undefined) return 0;
    const { run, turn, missesFrom = turn } = segment.header;
    return Math.max(0, missesFrom - (run === this.#run ? this.#turn : 0));
  }

  #leave({ header, turns }: ReadSegment): void {
    this.#run = header.run;
    this.#turn = header.turn;
    for (const frame of turns()) this.#turn += frame.length;
  }
}
