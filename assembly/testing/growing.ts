// Lets its memory grow in a round, which takes it away from under the views of the host.
import { HEADER, Slot, beginLayout, endLayout, placeDecisions, read } from "../abi";

export const allocator_abi_v1: u32 = 0;
export const state_schema: u32 = 1;
export function header(): usize { return HEADER; }
export function init(): i32 {
  beginLayout();
  placeDecisions();
  return endLayout();
}
export function allocate(): i32 { return read(Slot.Candidates) > 0 ? memory.grow(1) & 0 : 0; }
export function restore(schema: u32, bytes: u32): i32 { return 0; }
