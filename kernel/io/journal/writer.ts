import { errors } from "../../../contract/errors.ts";
import type { Clock, Timer } from "../../../contract/ports/clock.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { segmentName } from "./folder.ts";
import type { Segment } from "./segment.ts";

/** How long one write may take. */
export const WRITE_TIMEOUT_MS = 10_000;
/**
 * Time between the beginnings of two writes of turns. Each costs about 0.3 ms of processor time,
 * whatever is in it; a turn after a pause is written at once.
 */
export const WRITE_EVERY_MS = 10;

/** A turn on its way to the disk. */
export interface Waiting {
  readonly segment: Segment;
  /** Its length; 0 if nothing happened in it, and it only waits for those before it. */
  readonly bytes: number;
  /** Lets out what the turn does to the world. Must not throw. */
  readonly release: () => void;
}

/** What a writer is made of. */
export interface WriterParts {
  readonly disk: Disk;
  readonly folder: string;
  readonly clock: Clock;
  /** See `WRITE_EVERY_MS`. */
  readonly writeEveryMs: number;
  /** Bytes are durable, after so long. */
  onWritten(bytes: number, tookMs: number): void;
  /** A segment can be replayed without those before it. */
  onComplete(segment: Segment): Promise<void>;
  /** The disk failed; nothing more is written until `begin` is called again. */
  onFailed(cause: unknown): void;
}

interface OpenFile {
  readonly segment: Segment;
  readonly file: DiskFile;
  /** Where the next frame goes. */
  offset: number;
}

/**
 * Writes segments in order, one frame and one sync at a time; turns that came during a write go
 * into the next one together. Slices of a snapshot go between turns.
 */
export class JournalWriter {
  readonly #parts: WriterParts;
  #waiting: Waiting[] = [];
  #writing: readonly Waiting[] = [];
  /** The frame that is being written, for those. */
  #frame: Buffer | undefined;
  #waitingBytes = 0;
  #newest: Segment | undefined;
  /** When the last write of turns began. */
  #wroteMs = Number.NEGATIVE_INFINITY;
  #open: OpenFile | undefined;
  #running: Promise<void> | undefined;
  /** Counts failures: what was under way during one must not go on after it. */
  #failures = 0;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** Bytes of turns that nobody writes yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** True when every turn is durable. */
  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#writing.length === 0;
  }

  /** Starts a segment, after all that waits. */
  begin(segment: Segment): void {
    this.#newest = segment;
    this.#wake();
  }

  /** Adds a turn of the newest segment or the one before it. */
  add(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#waitingBytes += waiting.bytes;
    this.#wake();
  }

  /** Gives up, closes the file and returns the turns that were not written, in their order. */
  abandon(): readonly Waiting[] {
    this.#failures += 1;
    const left = [...this.#writing, ...this.#waiting];
    const open = this.#open;
    this.#writing = [];
    this.#frame = undefined;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#newest = undefined;
    this.#open = undefined;
    this.#running = undefined;
    // Half a frame at the end is no harm, but a reader would report it.
    open?.file
      .truncate(open.offset)
      .then(
        () => open.file.close(),
        () => open.file.close(),
      )
      .catch(() => {});
    return left;
  }

  /** Resolves when nothing is left to be written. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Closes the file, after `settled`. */
  async close(): Promise<void> {
    this.#newest = undefined;
    await this.#open?.file.close();
    this.#open = undefined;
  }

  /**
   * Writes what waits, and so many bytes of a turn more, before it returns: for a process that is
   * about to end. What is being written is written again, to the same place: nobody waits for it.
   */
  writeNow(segment: Segment, bytes: number): void {
    const open = this.#open;
    if (open?.segment !== segment) return;
    const frame = this.#frame;
    if (frame !== undefined) open.file.writeNow(frame, open.offset);
    if (this.#waitingBytes + bytes === 0) return;
    open.file.writeNow(segment.turnsFrame(), open.offset + (frame?.length ?? 0));
  }

  #wake(): void {
    if (this.#running !== undefined) return;
    const before = this.#failures;
    this.#running = this.#run().then(
      () => {
        if (before === this.#failures) this.#running = undefined;
      },
      (cause: unknown) => {
        if (before === this.#failures) this.#parts.onFailed(cause);
      },
    );
  }

  async #run(): Promise<void> {
    const failures = this.#failures;
    while (failures === this.#failures) {
      const segment = this.#waiting[0]?.segment ?? this.#newest;
      if (segment === undefined) return;
      if (segment !== this.#open?.segment) await this.#switchTo(segment);
      else if (this.#waiting.length > 0) {
        await this.#pause();
        if (failures !== this.#failures) return;
        await this.#writeTurns(this.#open);
      }
      if (failures !== this.#failures || this.#open === undefined) return;
      if (segment.isIncomplete) await this.#writeSlice(this.#open);
      else if (this.#waiting.length === 0 && this.#newest === segment) return;
    }
  }

  async #switchTo(segment: Segment): Promise<void> {
    const { disk, folder } = this.#parts;
    await this.#open?.file.close();
    this.#open = undefined;
    const file = await this.#within(disk.create(folder, segmentName(segment.header.segment)));
    const open = { segment, file, offset: 0 };
    this.#open = open;
    await this.#append(open, segment.headerFrame());
    if (!segment.isIncomplete) await this.#parts.onComplete(segment);
  }

  /** Lets turns gather, so that one write does for them. */
  async #pause(): Promise<void> {
    const { clock, writeEveryMs } = this.#parts;
    const leftMs = this.#wroteMs + writeEveryMs - clock.monotonicMs();
    if (leftMs > 0) await new Promise<void>((resolve) => clock.after(leftMs, resolve));
    this.#wroteMs = clock.monotonicMs();
  }

  async #writeTurns(open: OpenFile): Promise<void> {
    const { segment } = open;
    const end = this.#waiting.findIndex((each) => each.segment !== segment);
    const batch = this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
    this.#writing = batch;
    const bytes = batch.reduce((sum, each) => sum + each.bytes, 0);
    this.#waitingBytes -= bytes;
    const failures = this.#failures;
    if (bytes > 0) {
      this.#frame = segment.turnsFrame();
      await this.#append(open, this.#frame);
    }
    if (failures !== this.#failures) return;
    this.#writing = [];
    this.#frame = undefined;
    for (const { release } of batch) release();
  }

  async #writeSlice(open: OpenFile): Promise<void> {
    await this.#append(open, open.segment.snapshotFrame());
    if (!open.segment.isIncomplete) await this.#parts.onComplete(open.segment);
  }

  async #append(open: OpenFile, frame: Buffer): Promise<void> {
    const { clock } = this.#parts;
    const began = clock.monotonicMs();
    await this.#within(open.file.write(frame, open.offset));
    open.offset += frame.length;
    this.#parts.onWritten(frame.length, clock.monotonicMs() - began);
  }

  async #within<T>(work: Promise<T>): Promise<T> {
    let timer: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = this.#parts.clock.after(WRITE_TIMEOUT_MS, () =>
        reject(
          errors.JOURNAL_WRITE_FAILED(`no answer from the disk within ${WRITE_TIMEOUT_MS} ms`),
        ),
      );
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      timer?.cancel();
    }
  }
}
