// Loops before any export is called: instantiation itself must have a deadline.
export const allocator_abi_v1: u32 = 0;
export const state_schema: u32 = 1;
export function header(): usize { return 1024; }
export function init(): i32 { return 0; }
export function allocate(): i32 { return 0; }
export function restore(schema: u32, bytes: u32): i32 { return 0; }
let turns: u32 = 0;
while (true) {
  turns += 1;
  store<u32>(1024, turns);
}
