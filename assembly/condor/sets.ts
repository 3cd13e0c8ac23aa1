// Whether a string is one of many that the companion knew already: a hash table in the code, as
// plugins/allocators/condor/program/sets.ts lays it out, in words of two bytes:
//
//   longest member | slots less 1 | bytes that follow | slots | members: length, then bytes
//
// A slot is 0, or says how far from the first slot its member is.
import { lower } from "./strings";
import { Tag, lengthOf, setBoolean, setTag, tagOf, textOf } from "./values";

/** Case does not matter. */
// @ts-ignore: decorator
@inline const FOLDED: u32 = 1;
/** What is no string is not in the set: undefined and errors stay, or not even these. */
// @ts-ignore: decorator
@inline const OTHERS_FALSE: u32 = 2;
// @ts-ignore: decorator
@inline const OTHERS_NEVER: u32 = 4;

/** Replaces the value of a cell by whether it is in the set; answers where the set ends. */
export function askSet(flags: u32, at: usize, cell: usize): usize {
  const slots = at + 6, end = slots + load<u16>(at, 4), tag = tagOf(cell);
  if (tag == Tag.STRING) setBoolean(cell, isIn(flags, at, slots, textOf(cell), lengthOf(cell)));
  else if (flags & OTHERS_NEVER) setBoolean(cell, false);
  else if (tag == Tag.UNDEFINED || tag == Tag.ERROR) return end;
  else if (flags & OTHERS_FALSE) setBoolean(cell, false);
  else setTag(cell, Tag.ERROR);
  return end;
}

function isIn(flags: u32, at: usize, slots: usize, text: usize, length: u32): bool {
  if (length > <u32>load<u16>(at)) return false;
  const folded = (flags & FOLDED) != 0, mask = <u32>load<u16>(at, 2);
  let hash: u32 = 0x811c9dc5;
  for (let n: u32 = 0; n < length; n++) {
    const byte: u32 = load<u8>(text + n);
    hash = (hash ^ (folded ? lower(byte) : byte)) * 0x01000193;
  }
  let slot = hash & mask, offset: u32 = load<u16>(slots + (<usize>slot << 1));
  while (offset != 0) {
    const member = slots + offset;
    if (load<u16>(member) == length && isText(member + 2, text, length, folded)) return true;
    slot = (slot + 1) & mask;
    offset = load<u16>(slots + (<usize>slot << 1));
  }
  return false;
}

function isText(member: usize, text: usize, length: u32, folded: bool): bool {
  for (let n: u32 = 0; n < length; n++) {
    const byte: u32 = load<u8>(text + n);
    if ((folded ? lower(byte) : byte) != load<u8>(member + n)) return false;
  }
  return true;
}
