import type { Row } from "../event.ts";

/** The end of a list of slots. */
export const NONE = 0xffff_ffff;

/** Puts a slot before the one that was first in its list. */
export function link(next: Uint32Array, before: Uint32Array, head: number, slot: number): void {
  next[slot] = head;
  before[slot] = NONE;
  if (head !== NONE) before[head] = slot;
}

/** Takes a slot out of its list; true when it was the first, so that its next is now. */
export function unlink(next: Uint32Array, before: Uint32Array, slot: number): boolean {
  const after = next[slot] as number;
  const ahead = before[slot] as number;
  if (after !== NONE) before[after] = ahead;
  if (ahead === NONE) return true;
  next[ahead] = after;
  return false;
}

/** Sets the first slot of the list of `row`. */
export function setHead(heads: number[], row: Row, slot: number): void {
  while (heads.length <= row) heads.push(NONE);
  heads[row] = slot;
}
