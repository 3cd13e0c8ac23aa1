// Groups that may have slots to pass on, each once, in the order in which they came.
import { Slot, read, reserve, setWord, word } from "../abi";
import { Kept, keep, kept } from "./kept";

/** A ring of groups, and per group whether it is in it. */
let ring: usize = 0, isIn: usize = 0;
let size: u32 = 0;

/** Reserves room for every group there can be, which is kept. */
export function keepQueue(): void {
  size = read(Slot.AgentsMax) + 1;
  ring = reserve(size << 2);
  isIn = reserve(size);
}

/** Takes all groups out. */
export function clearQueue(): void {
  keep(Kept.QUEUE_HEAD, 0);
  keep(Kept.QUEUE_COUNT, 0);
  memory.fill(isIn, 0, size);
}

/** Puts a group last, unless it is in the queue. */
export function enqueue(group: u32): void {
  if (load<u8>(isIn + <usize>group) != 0) return;
  store<u8>(isIn + <usize>group, 1);
  const count = kept(Kept.QUEUE_COUNT);
  setWord(ring, (kept(Kept.QUEUE_HEAD) + count) % size, group);
  keep(Kept.QUEUE_COUNT, count + 1);
}

/** The first group, which stays; 0 when there is none. */
export function firstInQueue(): u32 {
  return kept(Kept.QUEUE_COUNT) == 0 ? 0 : word(ring, kept(Kept.QUEUE_HEAD));
}

/** Takes the first group out. */
export function dequeue(): void {
  const head = kept(Kept.QUEUE_HEAD);
  store<u8>(isIn + <usize>word(ring, head), 0);
  keep(Kept.QUEUE_HEAD, (head + 1) % size);
  keep(Kept.QUEUE_COUNT, kept(Kept.QUEUE_COUNT) - 1);
}
