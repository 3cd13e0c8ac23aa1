import { errors } from "../../../../contract/errors.ts";

/** Wire type of integers, booleans and enums. */
export const VARINT = 0;
/** Wire type of doubles. */
export const FIXED64 = 1;
/** Wire type of whatever has a length. */
export const BYTES = 2;
const GROUP = 3;
const GROUP_END = 4;
const FIXED32 = 5;

/** Groups are obsolete and skipped; this is how deep one that is skipped may nest. */
const GROUPS_MAX = 32;

/** Texts up to this many bytes are read without a decoder when they are ASCII. */
const SHORT = 48;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the pieces that protobuf is made of, never beyond the end that it is given. What it throws
 * names the field and the byte.
 */
export class WireReader {
  /** All that there is to read. */
  readonly bytes: Uint8Array;
  /** Where the next byte is read. */
  at = 0;
  /** Upper half of the last varint; the lower half is what `varint` returns. */
  high = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  text(stop: number, where: string): string {
    const from = this.at;
    this.at = stop;
    if (stop - from <= SHORT) {
      // Most texts are short and ASCII; a decoder costs more to call than they cost to read.
      let text = "";
      let at = from;
      for (; at < stop; at++) {
        const byte = this.bytes[at] as number;
        if (byte > 0x7f) break;
        text += String.fromCharCode(byte);
      }
      if (at === stop) return text;
    }
    try {
      return utf8.decode(this.bytes.subarray(from, stop));
    } catch {
      throw this.problem("is not UTF-8", where);
    }
  }

  /** Reads a length and answers where what it measures ends. */
  length(end: number, where: string): number {
    const length = this.varint(end, where) >>> 0;
    if (this.high !== 0 || length > end - this.at) throw this.problem("is cut off", where);
    return this.at + length;
  }

  /** Reads a varint: answers its lower 32 bits, and leaves the upper ones in `#high`. */
  varint(end: number, where: string): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= end) throw this.problem("is cut off", where);
      const byte = this.bytes[this.at++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.high = high;
        return low;
      }
    }
    throw this.problem("has a number of more than ten bytes", where);
  }

  skip(number: number, wire: number, end: number, where: string, groups: number): void {
    switch (wire) {
      case VARINT:
        this.varint(end, where);
        return;
      case FIXED64:
        this.need(8, end, where);
        this.at += 8;
        return;
      case BYTES:
        this.at = this.length(end, where);
        return;
      case FIXED32:
        this.need(4, end, where);
        this.at += 4;
        return;
      case GROUP:
        this.#skipGroup(number, end, where, groups);
        return;
      default:
        throw this.wrongWire(where, wire);
    }
  }

  #skipGroup(number: number, end: number, where: string, groups: number): void {
    if (groups >= GROUPS_MAX) throw this.problem("is nested too deeply", where);
    while (true) {
      const tag = this.varint(end, where);
      const inner = tag >>> 3;
      if ((tag & 7) === GROUP_END) {
        if (inner === number) return;
        throw this.problem("ends a group that it did not begin", where);
      }
      this.skip(inner, tag & 7, end, where, groups + 1);
    }
  }

  need(bytes: number, end: number, where: string): void {
    if (bytes > end - this.at) throw this.problem("is cut off", where);
  }

  wrongWire(where: string, wire: number): Error {
    return this.problem(`has wire type ${wire}, which is not its own`, where);
  }

  problem(what: string, where: string): Error {
    const at = where === "" ? "the message" : where;
    return errors.MESSAGE_INVALID(`${at} ${what} (at byte ${this.at})`, where);
  }
}
