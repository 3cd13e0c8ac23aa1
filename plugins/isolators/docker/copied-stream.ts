import { cutOf, type LogRecord } from "./log-frames.ts";
import type { StreamPosition } from "./log-position.ts";
import type { OutputFile } from "./output-file.ts";

/** A line without an end does not keep a file from being rotated for more than this. */
const LINE_BYTES_MAX = 65_536;

const NEWLINE = Buffer.from("\n");

/**
 * One stream of a container on its way into the sandbox. Records come from a while before the last
 * one that was copied: those that are in the sandbox already are left out, and so are bytes that
 * reached the file while the agent died before it could note that.
 */
export class CopiedStream {
  readonly #output: OutputFile;
  readonly #at: StreamPosition;
  readonly #note: (at: StreamPosition) => Promise<void>;
  /** The last record that was copied, and how many of its time are still to come again. */
  readonly #last: { readonly time: string; count: number };
  #isPastLast = false;
  /** Bytes in the file that are not noted. */
  #unnoted: number;
  #parts: Buffer[] = [];
  #pending = 0;

  private constructor(
    output: OutputFile,
    at: StreamPosition,
    unnoted: number,
    note: (at: StreamPosition) => Promise<void>,
  ) {
    this.#output = output;
    this.#at = { ...at };
    this.#last = { time: at.time, count: at.count };
    this.#unnoted = unnoted;
    this.#note = note;
  }

  /** Goes on from where it was noted to be; `note` notes where it is by then. */
  static async from(
    output: OutputFile,
    at: StreamPosition,
    note: (at: StreamPosition) => Promise<void>,
  ): Promise<CopiedStream> {
    const size = await output.size();
    if (size >= at.fileSize) return new CopiedStream(output, at, size - at.fileSize, note);
    // It was rotated, or cut off by its container: nothing of it is unnoted.
    const mended = { ...at, fileSize: size };
    await note(mended);
    return new CopiedStream(output, mended, 0, note);
  }

  /** Takes a record over into the file, by the next `flush` at the latest. */
  async take(record: LogRecord): Promise<void> {
    if (this.#wasCopied(record)) return;
    const at = this.#at;
    this.#endLine();
    if (this.#isFull()) {
      await this.flush();
      await this.#output.rotate();
      at.fileSize = await this.#output.size();
      await this.#note(at);
    }
    at.count = at.time === record.time ? at.count + 1 : 1;
    at.time = record.time;
    at.cut = cutOf(record.data, at.cut);
    this.#add(record.data);
  }

  /** Writes what was taken, and notes it. */
  async flush(): Promise<void> {
    if (this.#parts.length === 0) return;
    const all = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#pending = 0;
    const known = Math.min(this.#unnoted, all.length);
    this.#unnoted -= known;
    await this.#output.append(all.subarray(known));
    this.#at.fileSize = (await this.#output.size()) - this.#unnoted;
    await this.#note(this.#at);
  }

  /** A line that the engine cut and that was the last one is still without its newline. */
  finish(): Promise<void> {
    this.#endLine();
    return this.flush();
  }

  #endLine(): void {
    if (this.#at.cut !== "end") return;
    this.#at.cut = "whole";
    this.#add(NEWLINE);
  }

  #add(data: Buffer): void {
    this.#parts.push(data);
    this.#pending += data.length;
  }

  /** A file ends with a line, unless that is very long, and once all that is in it is noted. */
  #isFull(): boolean {
    const { fileSize, cut } = this.#at;
    const over = fileSize + this.#pending - this.#output.bytesMax;
    return over >= (cut === "piece" ? LINE_BYTES_MAX : 0) && this.#pending >= this.#unnoted;
  }

  /** True for a record that is in the sandbox already. */
  #wasCopied({ time }: LogRecord): boolean {
    const last = this.#last;
    if (!this.#isPastLast && time < last.time) return true;
    if (!this.#isPastLast && time === last.time && last.count > 0) {
      last.count--;
      return true;
    }
    this.#isPastLast = true;
    return false;
  }
}
