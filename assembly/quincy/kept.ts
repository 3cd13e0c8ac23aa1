// What is remembered from round to round lies in one block, the private state: a head of words, and
// then the columns that the modules reserve. So an instance that takes the block over goes on just
// as the one before would have. Everything else is worked out anew in each round.
import { Slot, read, reserve, write } from "../abi";

/** Words of the head. Two in a row are a double or a long. */
export const enum Kept {
  DIGEST = 0, PROGRAM = 2, RACK_PRICE = 4, CORE_PRICE = 6, STARTED = 8, SLOTS = 9, MINIMUMS = 10,
  IDLE_ROUNDS = 11, SETTLED = 12, UNITS = 13, GROUPS_END = 14, GROUPS_FREED = 15, GROUPS_LIVE = 16,
  QUEUE_HEAD = 17, QUEUE_COUNT = 18, CELLS_USED = 19, CELLS_FREED = 20,
}

// @ts-ignore: decorator
@inline const HEAD_BYTES: u32 = 128;

let block: usize = 0, bytes: u32 = 0;

/** Begins the block; what is reserved until `endKept` is in it. */
export function beginKept(): void { block = reserve(HEAD_BYTES); }

/** Ends the block, and names it as the private state. */
export function endKept(): void {
  bytes = <u32>(reserve(0) - block);
  write(Slot.StateAddress, <u32>block);
  write(Slot.StateBytes, bytes);
}

/** Length of the block for these sizes. */
export function keptBytes(): u32 { return bytes; }

// @ts-ignore: decorator
@inline export function kept(at: Kept): u32 { return load<u32>(block + (<usize>at << 2)); }
// @ts-ignore: decorator
@inline export function keep(at: Kept, value: u32): void {
  store<u32>(block + (<usize>at << 2), value);
}
// @ts-ignore: decorator
@inline export function keptDouble(at: Kept): f64 { return load<f64>(block + (<usize>at << 2)); }
// @ts-ignore: decorator
@inline export function keepDouble(at: Kept, value: f64): void {
  store<f64>(block + (<usize>at << 2), value);
}
// @ts-ignore: decorator
@inline export function keptLong(at: Kept): u64 { return load<u64>(block + (<usize>at << 2)); }
// @ts-ignore: decorator
@inline export function keepLong(at: Kept, value: u64): void {
  store<u64>(block + (<usize>at << 2), value);
}

/**
 * Ends a round: the digest is right from now on. `end` is where what is in use of the block ends.
 */
export function seal(end: usize): void { keepLong(Kept.DIGEST, digestUpTo(end)); }

/** Is the block, which another instance left, as it was sealed? `end` is as it was then. */
export function isSealed(end: usize): bool {
  if (end < block + HEAD_BYTES || end > block + <usize>bytes) return false;
  return keptLong(Kept.DIGEST) == digestUpTo(end);
}

/** Where digests start: far from all numbers that there are, which are small. */
// @ts-ignore: decorator
@inline export const DIGEST_START: u64 = 0x243f6a8885a308d3;

// @ts-ignore: decorator
@inline export function mixLong(digest: u64, value: u64): u64 {
  const mixed = (digest ^ value) * 0x9e3779b97f4a7c15;
  return mixed ^ (mixed >> 29);
}

/** Of everything behind the digest itself. */
function digestUpTo(end: usize): u64 { return digestOf(block + 8, end); }

/** A number that is another one, in all likelihood, when these bytes are others. */
export function digestOf(from: usize, end: usize): u64 {
  // Four chains, so that one multiplication need not wait for the other.
  let a = DIGEST_START, b = a + 2, c = a + 4, d = a + 6, at = from;
  for (; at + 32 <= end; at += 32) {
    a = mixLong(a, load<u64>(at));
    b = mixLong(b, load<u64>(at, 8));
    c = mixLong(c, load<u64>(at, 16));
    d = mixLong(d, load<u64>(at, 24));
  }
  for (; at + 8 <= end; at += 8) a = mixLong(a, load<u64>(at));
  let rest: u64 = end - from;
  for (; at < end; at++) rest = (rest << 8) | <u64>load<u8>(at);
  a = mixLong(a, rest);
  return mixLong(mixLong(mixLong(a, b), c), d);
}
