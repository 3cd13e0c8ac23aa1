/**
 * Frames one record (§3.1): its length in bytes, a newline, the record. The result is written as
 * one HTTP chunk, because clients exist that take a chunk for a record (§3.2).
 */
export function frameRecord(record: string | Uint8Array): Uint8Array {
  const body = typeof record === "string" ? Buffer.from(record, "utf8") : record;
  return Buffer.concat([Buffer.from(`${body.length}\n`, "latin1"), body]);
}

/** Takes records apart again, however the bytes are cut; for clients and tests. */
export class RecordReader {
  #waiting: Buffer = Buffer.alloc(0);

  /**
   * Answers the records that are complete with these bytes.
   * @throws Error when the bytes are no records.
   */
  push(bytes: Uint8Array): Uint8Array[] {
    this.#waiting = Buffer.concat([this.#waiting, bytes]);
    const records: Uint8Array[] = [];
    while (true) {
      const newline = this.#waiting.indexOf(0x0a);
      if (newline < 0) return records;
      const header = this.#waiting.toString("latin1", 0, newline);
      if (!/^\d{1,10}$/.test(header)) throw new Error(`"${header}" is not the length of a record`);
      const end = newline + 1 + Number(header);
      if (this.#waiting.length < end) return records;
      records.push(this.#waiting.subarray(newline + 1, end));
      this.#waiting = this.#waiting.subarray(end);
    }
  }
}
