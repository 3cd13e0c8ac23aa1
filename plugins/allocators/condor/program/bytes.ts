/** Bytes that are appended to and filled in later, words in little-endian order. */
export class ByteWriter {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written; the writer goes on with other memory. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Reserves zeroed words and answers where they begin. */
  words(count: number): number {
    return this.#reserve(count * 4);
  }

  setWord(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  setDouble(at: number, value: number): void {
    this.#view.setFloat64(at, value, true);
  }

  /** Appends bytes on the next multiple of four. */
  bytes(bytes: Uint8Array): number {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return at;
  }

  /** Appends a string: a word with its length, then its bytes. */
  string(bytes: Uint8Array): number {
    const at = this.#reserve(4 + bytes.length);
    this.setWord(at, bytes.length);
    this.#bytes.set(bytes, at + 4);
    return at;
  }

  #reserve(count: number): number {
    const at = (this.#length + 3) & ~3;
    this.#length = at + count;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}
