import type { Field, Lazy, Message, MessageDef } from "../definitions/define.ts";
import { integerDigits } from "./json-write.ts";

/** Texts up to this many characters are written byte by byte; their length fits one byte. */
const SHORT = 48;

/** Writes a message as protobuf: fields by rising number, unset ones left out. */
export function writeProto<M extends MessageDef>(def: M, value: Message<M>): Uint8Array {
  const writer = new Writer();
  writer.message(def, value as Tree);
  return writer.take();
}

/**
 * The same in pieces, with empty ones while an element of a list at a time is written: between any
 * two its maker can be left. The bytes come last, since the length of each message precedes it.
 */
export function* protoPieces<M extends MessageDef>(
  def: M,
  value: Lazy<Message<M>>,
): Generator<Uint8Array | ""> {
  yield* yield* protoChunks(def, value as Tree);
}

function* protoChunks(def: MessageDef, value: Tree): Generator<"", readonly Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let writer = new Writer();
  for (const field of def.byNumber.values()) {
    const given = value[field.name];
    if (given === undefined) continue;
    if (field.message !== undefined && field.label === "repeated") {
      for (const one of given as Iterable<Tree>) {
        writer.field(field, [one]);
        yield "";
      }
    } else if (field.message !== undefined && field.label !== "map") {
      const inner = yield* protoChunks(field.message, given as Tree);
      writer.measure(
        field.number,
        inner.reduce((sum, { length }) => sum + length, 0),
      );
      chunks.push(writer.take(), ...inner);
      writer = new Writer();
    } else writer.field(field, given);
  }
  return [...chunks, writer.take()];
}

type Tree = Readonly<Record<string, unknown>>;

class Writer {
  #bytes = Buffer.allocUnsafe(512);
  #at = 0;

  take(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#at));
  }

  message(def: MessageDef, value: Tree): void {
    for (const field of def.byNumber.values()) {
      const given = value[field.name];
      if (given !== undefined) this.field(field, given);
    }
  }

  field(field: Field, given: unknown): void {
    if (field.label === "repeated") {
      for (const one of given as readonly unknown[]) this.#field(field, field.number, one);
    } else if (field.label === "map") {
      for (const [key, one] of Object.entries(given as object)) {
        this.#tag(field.number, 2);
        this.#measured(() => {
          this.#tag(1, 2);
          this.#text(key);
          this.#field(field, 2, one);
        });
      }
    } else {
      this.#field(field, field.number, given);
    }
  }

  /** Begins a message of so many bytes, which are written elsewhere. */
  measure(number: number, bytes: number): void {
    this.#tag(number, 2);
    this.#varint(bytes);
  }

  #field(field: Field, number: number, value: unknown): void {
    const { message, enumeration } = field;
    if (message !== undefined) {
      this.#tag(number, 2);
      this.#measured(() => this.message(message, value as Tree));
      return;
    }
    if (enumeration !== undefined) {
      const named = enumeration.numbers.get(value as string);
      if (named === undefined) throw new Error(`${enumeration.name} has no value ${value}`);
      this.#tag(number, 0);
      this.#varint(named);
      return;
    }
    switch (field.scalar) {
      case "str":
        this.#tag(number, 2);
        this.#text(value as string);
        return;
      case "bytes":
        this.#tag(number, 2);
        this.#varint((value as Uint8Array).length);
        this.#room((value as Uint8Array).length);
        this.#bytes.set(value as Uint8Array, this.#at);
        this.#at += (value as Uint8Array).length;
        return;
      case "bool":
        this.#tag(number, 0);
        this.#varint(value === true ? 1 : 0);
        return;
      case "dbl":
        this.#tag(number, 1);
        this.#room(8);
        this.#at = this.#bytes.writeDoubleLE(value as number, this.#at);
        return;
      default:
        this.#tag(number, 0);
        this.#varint(value as number, field.scalar !== "u64");
    }
  }

  #tag(number: number, wire: number): void {
    this.#varint(number * 8 + wire);
  }

  #text(text: string): void {
    if (text.length <= SHORT && this.#shortAscii(text)) return;
    const bytes = Buffer.byteLength(text, "utf8");
    this.#varint(bytes);
    this.#room(bytes);
    this.#at += this.#bytes.write(text, this.#at, "utf8");
  }

  /** Writes a short text that is ASCII, as most are; answers false when it is not. */
  #shortAscii(text: string): boolean {
    this.#room(SHORT + 1);
    const start = this.#at + 1;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      this.#bytes[start + i] = code;
    }
    this.#bytes[this.#at] = text.length;
    this.#at = start + text.length;
    return true;
  }

  /** Writes something with its length before it. One byte is kept free; more are made on demand. */
  #measured(write: () => void): void {
    this.#room(1);
    const start = ++this.#at;
    write();
    const length = this.#at - start;
    let extra = 0;
    for (let rest = length >>> 7; rest > 0; rest >>>= 7) extra++;
    if (extra > 0) {
      this.#room(extra);
      this.#bytes.copyWithin(start + extra, start, this.#at);
    }
    this.#at = start - 1;
    this.#varint(length);
    this.#at += length;
  }

  /** Integers of any width; negative ones as 64 bits, as protobuf has it. */
  #varint(value: number, isSigned = false): void {
    this.#room(10);
    if (value >= 0 && value < 2 ** 32) {
      let rest = value >>> 0;
      while (rest > 0x7f) {
        this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
        rest >>>= 7;
      }
      this.#bytes[this.#at++] = rest;
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(integerDigits(value, isSigned)));
    while (rest > 0x7fn) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#at++] = Number(rest);
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}
