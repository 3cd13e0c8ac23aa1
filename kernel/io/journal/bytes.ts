/** Capacity of a new buffer, and the largest that is kept to be used again. */
const FIRST_BYTES = 64 << 10;
const KEPT_BYTES = 4 << 20;

/** Characters above which a text is cheaper to write by the runtime than here. */
const SHORT_TEXT = 64;

/**
 * A buffer that grows as it is written. Numbers are little endian; a count is written seven bits a
 * byte, the low ones first.
 */
export class ByteWriter {
  #bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #spare: Buffer | undefined;
  /** Where the next byte goes. */
  at = 0;

  /** Makes room for so many bytes more. */
  reserve(count: number): void {
    const wanted = this.at + count;
    if (wanted <= this.#bytes.length) return;
    let capacity = this.#bytes.length * 2;
    while (capacity < wanted) capacity *= 2;
    const grown = Buffer.allocUnsafe(capacity);
    this.#bytes.copy(grown, 0, 0, this.at);
    this.#bytes = grown;
  }

  u8(value: number): void {
    if (this.at === this.#bytes.length) this.reserve(1);
    this.#bytes[this.at++] = value;
  }

  /** A whole number from 0 up to but without 2^32. */
  count(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.u8((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.u8(rest);
  }

  f64(value: number): void {
    this.reserve(8);
    this.at = this.#bytes.writeDoubleLE(value, this.at);
  }

  /** A text after its length. Ids are short and plain; anything else takes longer. */
  text(text: string): void {
    const { length } = text;
    this.reserve(length * 3 + 5);
    const bytes = this.#bytes;
    const start = this.at;
    if (length <= SHORT_TEXT) {
      bytes[start] = length;
      let seen = 0;
      for (let at = 0; at < length; at++) {
        const code = text.charCodeAt(at);
        seen |= code;
        bytes[start + 1 + at] = code;
      }
      if (seen < 0x80) {
        this.at = start + 1 + length;
        return;
      }
    }
    this.count(Buffer.byteLength(text));
    this.at += bytes.write(text, this.at);
  }

  bytes(from: Uint8Array): void {
    this.reserve(from.length);
    this.#bytes.set(from, this.at);
    this.at += from.length;
  }

  /** Writes a number where four bytes were skipped before. */
  u32At(at: number, value: number): void {
    this.#bytes.writeUInt32LE(value, at);
  }

  /** The same for eight bytes. */
  f64At(at: number, value: number): void {
    this.#bytes.writeDoubleLE(value, at);
  }

  /**
   * Hands over what was written before `end` and goes on with the rest, `start` bytes into another
   * buffer. What was handed over is good until the next call.
   */
  take(end: number, start: number): Buffer {
    const taken = this.#bytes;
    const spare = this.#spare ?? Buffer.allocUnsafe(FIRST_BYTES);
    this.#spare = taken.length > KEPT_BYTES ? undefined : taken;
    const rest = taken.subarray(end, this.at);
    this.#bytes = spare;
    this.at = start;
    this.bytes(rest);
    return taken.subarray(0, end);
  }
}

/** Reads what a `ByteWriter` wrote. */
export class ByteReader {
  readonly #bytes: Buffer;
  /** Where the next byte is. */
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** True behind the last byte. */
  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.at++);
  }

  count(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  u32(): number {
    this.at += 4;
    return this.#bytes.readUInt32LE(this.at - 4);
  }

  f64(): number {
    this.at += 8;
    return this.#bytes.readDoubleLE(this.at - 8);
  }

  text(): string {
    return this.bytes(this.count()).toString();
  }

  /** A view. */
  bytes(count: number): Buffer {
    this.at += count;
    return this.#bytes.subarray(this.at - count, this.at);
  }
}
