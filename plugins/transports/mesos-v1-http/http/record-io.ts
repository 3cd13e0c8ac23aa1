const NEWLINE = 0x0a;
const LENGTH_DIGITS_MAX = 10;

/**
 * Frames one record (§3.1): its length in bytes, a newline, the record. The result is written as
 * one HTTP chunk, because clients exist that take a chunk for a record (§3.2).
 */
export function frameRecord(record: string | Uint8Array): Uint8Array {
  const body = typeof record === "string" ? Buffer.from(record, "utf8") : record;
  return Buffer.concat([Buffer.from(`${body.length}\n`, "latin1"), body]);
}

/** Takes records apart again, however the bytes are cut. */
export class RecordReader {
  readonly #bytesMax: number;
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  /** With fewer bytes than this the next record is not complete. */
  #needed = 0;

  /** `bytesMax` bounds a record. */
  constructor(bytesMax: number = Number.MAX_SAFE_INTEGER) {
    this.#bytesMax = bytesMax;
  }

  /** True between two records. */
  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /**
   * Answers the records that are complete with these bytes.
   * @throws Error when the bytes are no records.
   */
  push(bytes: Uint8Array): Uint8Array[] {
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes < this.#needed) return [];
    let rest = Buffer.concat(this.#waiting);
    const records: Uint8Array[] = [];
    for (let end = this.#endOf(rest); end <= rest.length; end = this.#endOf(rest)) {
      records.push(rest.subarray(rest.indexOf(NEWLINE) + 1, end));
      rest = rest.subarray(end);
    }
    this.#waiting = [rest];
    this.#bytes = rest.length;
    return records;
  }

  /** Where the first record ends, or infinity while nobody knows. */
  #endOf(bytes: Buffer): number {
    const newline = bytes.indexOf(NEWLINE);
    this.#needed = 0;
    if (newline < 0 && bytes.length <= LENGTH_DIGITS_MAX) return Number.POSITIVE_INFINITY;
    const length = bytes.toString("latin1", 0, newline < 0 ? LENGTH_DIGITS_MAX + 1 : newline);
    if (!/^\d+$/.test(length) || length.length > LENGTH_DIGITS_MAX) {
      throw new Error(`${JSON.stringify(length)} is not the length of a record`);
    }
    if (Number(length) > this.#bytesMax) {
      throw new Error(`a record of ${length} bytes is longer than ${this.#bytesMax}`);
    }
    this.#needed = newline + 1 + Number(length);
    return this.#needed;
  }
}
