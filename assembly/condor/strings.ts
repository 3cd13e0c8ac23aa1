// Strings are bytes of UTF-8. Only the letters of ASCII have a case. New strings are made in a
// block that is empty again before each evaluation; when it is full, the result is an error.
import { reserve } from "../abi";
import { Tag, lengthOf, setString, setTag, textOf } from "./values";

// @ts-ignore: decorator
@inline const BLOCK_BYTES: u32 = 16384;

let block: usize = 0, used: u32 = 0;

export function placeStrings(): void { block = reserve(BLOCK_BYTES); }

/** Forgets the strings of the evaluation before. */
export function beginStrings(): void { used = 0; }

/** Room for a new string, or 0 when there is none. */
export function newString(length: u32): usize {
  if (length > BLOCK_BYTES - used) return 0;
  const at = block + used;
  used += length;
  return at;
}

// @ts-ignore: decorator
@inline export function lower(byte: u32): u32 { return byte - 65 < 26 ? byte + 32 : byte; }

// @ts-ignore: decorator
@inline function upper(byte: u32): u32 { return byte - 97 < 26 ? byte - 32 : byte; }

/** Below, equal or above zero as the first comes before the second; `folded` ignores case. */
export function compareBytes(a: usize, aLength: u32, b: usize, bLength: u32, folded: bool): i32 {
  const length = min<u32>(aLength, bLength);
  for (let at: u32 = 0; at < length; at++) {
    let x: u32 = load<u8>(a + at), y: u32 = load<u8>(b + at);
    if (folded) {
      x = lower(x);
      y = lower(y);
    }
    if (x != y) return x < y ? -1 : 1;
  }
  return aLength == bLength ? 0 : aLength < bLength ? -1 : 1;
}

/** The same for two cells that hold strings. */
export function compareStrings(a: usize, b: usize, folded: bool): i32 {
  return compareBytes(textOf(a), lengthOf(a), textOf(b), lengthOf(b), folded);
}

/** The same where only equality is asked: most strings that differ do so in their length. */
export function areEqual(a: usize, b: usize, folded: bool): bool {
  return lengthOf(a) == lengthOf(b) && compareStrings(a, b, folded) == 0;
}

/** Makes the string in a cell one of small or of capital letters. */
export function changeCase(cell: usize, toUpper: bool): void {
  const length = lengthOf(cell), from = textOf(cell), to = newString(length);
  if (to == 0 && length != 0) {
    setTag(cell, Tag.ERROR);
    return;
  }
  for (let at: u32 = 0; at < length; at++) {
    const byte: u32 = load<u8>(from + at);
    store<u8>(to + at, toUpper ? upper(byte) : lower(byte));
  }
  setString(cell, to, length);
}

/** Joins `count` strings in consecutive cells into the first. */
export function joinStrings(cells: usize, count: u32): void {
  let length: u32 = 0;
  for (let n: u32 = 0; n < count; n++) length += lengthOf(cells + <usize>n * 16);
  const to = newString(length);
  if (to == 0 && length != 0) {
    setTag(cells, Tag.ERROR);
    return;
  }
  let at = to;
  for (let n: u32 = 0; n < count; n++) {
    const cell = cells + <usize>n * 16;
    memory.copy(at, textOf(cell), lengthOf(cell));
    at += lengthOf(cell);
  }
  setString(cells, to, length);
}

/** Part of a string; negative numbers count from its end, what lies outside is cut off. */
export function cutString(cell: usize, offset: f64, length: f64): void {
  const whole = <f64>lengthOf(cell);
  const start = offset < 0 ? max<f64>(whole + offset, 0) : min<f64>(offset, whole);
  const rest = whole - start;
  const taken = length < 0 ? max<f64>(rest + length, 0) : min<f64>(length, rest);
  setString(cell, textOf(cell) + <u32>start, <u32>taken);
}

/** A bit for each byte that parts a list. */
const partingBits: usize = memory.data(32, 16);

/** Is `item` one of those that `list` holds, parted by any of the bytes in `parting`? */
export function isListed(
  item: usize, list: usize, parting: usize, partingLength: u32, folded: bool,
): bool {
  memory.fill(partingBits, 0, 32);
  for (let at: u32 = 0; at < partingLength; at++) {
    const byte: u32 = load<u8>(parting + at), bits = partingBits + (byte >> 3);
    const bit: u32 = 1 << (byte & 7);
    store<u8>(bits, load<u8>(bits) | <u8>bit);
  }
  const wanted = lengthOf(item), end = textOf(list) + lengthOf(list);
  let from = textOf(list);
  while (from < end) {
    let to = from;
    while (to < end && !parts(load<u8>(to))) to += 1;
    const length = <u32>(to - from);
    if (length != 0 && length == wanted) {
      if (compareBytes(textOf(item), wanted, from, length, folded) == 0) return true;
    }
    from = to + 1;
  }
  return false;
}

// @ts-ignore: decorator
@inline function parts(byte: u32): bool {
  const bits: u32 = load<u8>(partingBits + (byte >> 3));
  return ((bits >> (byte & 7)) & 1) != 0;
}
