// Random numbers that replay: they come from the seed of the master and the number of the round,
// and from nothing else.
import { Slot, read } from "../abi";

let state: u32 = 0;

/** Starts the sequence of this round. */
export function beginRandom(): void {
  state = mix(mix(mix(mix(0, Slot.SeedLow), Slot.SeedHigh), Slot.RoundLow), Slot.RoundHigh);
}

function mix(bits: u32, slot: Slot): u32 {
  let mixed = (bits ^ read(slot)) * 0x9e3779b1;
  mixed = (mixed ^ (mixed >>> 15)) * 0x85ebca6b;
  return mixed ^ (mixed >>> 13);
}

/** A number in [0, 1), a multiple of 2^-32 (mulberry32). */
export function draw(): f64 {
  state += 0x6d2b79f5;
  let bits = (state ^ (state >>> 15)) * (state | 1);
  bits ^= bits + (bits ^ (bits >>> 7)) * (bits | 61);
  return <f64>(bits ^ (bits >>> 14)) / 4294967296;
}
