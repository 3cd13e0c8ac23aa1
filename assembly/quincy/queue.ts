// Groups that may have slots to pass on, each once, in the order in which they came.
import { Slot, read, reserve, setWord, word } from "../abi";

/** A ring of groups, and per group whether it is in it. */
let ring: usize = 0, isIn: usize = 0;
let size: u32 = 0, head: u32 = 0, count: u32 = 0;

/** Reserves room for every group there can be. */
export function placeQueue(): void {
  size = read(Slot.AgentsMax) + 1;
  ring = reserve(size << 2);
  isIn = reserve(size);
}

/** Takes all groups out. */
export function clearQueue(): void {
  head = count = 0;
  memory.fill(isIn, 0, size);
}

/** Puts a group last, unless it is in the queue. */
export function enqueue(group: u32): void {
  if (load<u8>(isIn + <usize>group) != 0) return;
  store<u8>(isIn + <usize>group, 1);
  setWord(ring, (head + count) % size, group);
  count += 1;
}

/** The first group, which stays; 0 when there is none. */
export function firstInQueue(): u32 { return count == 0 ? 0 : word(ring, head); }

/** Takes the first group out. */
export function dequeue(): void {
  store<u8>(isIn + <usize>word(ring, head), 0);
  head = (head + 1) % size;
  count -= 1;
}
