// Places two columns over each other.
import { HEADER, MAGIC, Slot, write } from "../abi";

export const allocator_abi_v1: u32 = 0;
export const state_schema: u32 = 1;
export function header(): usize { return HEADER; }
export function init(): i32 {
  write(Slot.Magic, MAGIC);
  write(Slot.DecisionAgent, 65536);
  write(Slot.DecisionClient, 65536);
  write(Slot.DecisionFlags, 65536);
  return 0;
}
export function allocate(): i32 { return 0; }
export function restore(schema: u32, bytes: u32): i32 { return 0; }
