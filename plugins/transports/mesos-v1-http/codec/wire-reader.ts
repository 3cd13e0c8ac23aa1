import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { errors, TepuiError } from "../../../../contract/errors.ts";

/** Groups are obsolete and skipped; this is how deep one that is skipped may nest. */
const GROUPS_MAX = 32;

/**
 * Reads the pieces that protobuf is made of, never beyond the end of the message around them, which
 * the library's reader does not know. What is thrown says where: `where` is kept by who reads.
 */
export class WireReader {
  /** What is being read, as the path of a field. */
  where = "";
  readonly #pieces: BinaryReader;

  constructor(bytes: Uint8Array) {
    this.#pieces = new BinaryReader(bytes);
  }

  /** The byte that is read next. */
  get at(): number {
    return this.#pieces.pos;
  }

  /** Goes on at another byte. */
  goTo(at: number): void {
    this.#pieces.pos = at;
  }

  /** Reads the number of a field with its wire type: `number << 3 | wire type`. */
  tag(end: number): number {
    const start = this.at;
    const tag = this.varint(end);
    if (tag >>> 3 === 0 || this.at - start > 5) throw this.problem("has a bad field number");
    return tag;
  }

  /** Reads a length and answers where what it measures ends. */
  length(end: number): number {
    const length = this.varint(end);
    if (length > end - this.at) throw this.problem("is cut off");
    return this.at + length;
  }

  /** Reads the lower 32 bits of a varint. */
  varint(end: number): number {
    const value = this.#pieces.uint32();
    this.#within(end);
    return value;
  }

  bool(end: number): boolean {
    const value = this.#pieces.bool();
    this.#within(end);
    return value;
  }

  /** Reads 64 bits as a number, which has the upper 53 of them right. */
  long(end: number, isSigned: boolean): number {
    const value = isSigned ? this.#pieces.int64() : this.#pieces.uint64();
    this.#within(end);
    return Number(value);
  }

  double(end: number): number {
    const value = this.#pieces.double();
    this.#within(end);
    return value;
  }

  text(end: number): string {
    const value = this.#pieces.string(true);
    this.#within(end);
    return value;
  }

  /** Bytes of their own: those of the body may be used again. */
  raw(end: number): Uint8Array {
    const value = this.#pieces.bytes();
    this.#within(end);
    return new Uint8Array(value);
  }

  /** Skips a field that is not known. */
  skip(tag: number, end: number): void {
    const wire = tag & 7;
    if (wire === WireType.EndGroup || wire > WireType.Bit32) throw this.wrongWire(wire);
    this.#pieces.skip(wire, tag >>> 3, GROUPS_MAX);
    this.#within(end);
  }

  wrongWire(wire: number): TepuiError {
    return this.problem(`has wire type ${wire}, which is not its own`);
  }

  problem(what: string): TepuiError {
    const at = this.where === "" ? "the message" : this.where;
    return errors.MESSAGE_INVALID(`${at} ${what} (at byte ${this.at})`, this.where);
  }

  /** What reading threw, with its place: the library throws errors without one. */
  placed(thrown: unknown): TepuiError {
    if (thrown instanceof TepuiError) return thrown;
    if (thrown instanceof RangeError) return this.problem("is cut off");
    if (thrown instanceof TypeError) return this.problem("is not UTF-8");
    return this.problem(`cannot be read: ${(thrown as Error).message}`);
  }

  #within(end: number): void {
    if (this.at > end) throw this.problem("is cut off");
  }
}
