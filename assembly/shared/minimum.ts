// Least quantities worth offering (C13).
import { Slot, placeU32, placeVectors, read, vector, word } from "../abi";
import * as vectors from "./vector";

let firstMinimum: usize = 0, next: usize = 0, least: usize = 0;

export function placeMinimums(): void {
  firstMinimum = placeU32(Slot.ClientFirstMinimum, Slot.ClientsMax);
  next = placeU32(Slot.AlternativeNext, Slot.AlternativesMax);
  least = placeVectors(Slot.AlternativeLeast, Slot.AlternativesMax);
}

// @ts-ignore: decorator
@inline export function minimumOf(client: u32): u32 { return word(firstMinimum, client); }

// @ts-ignore: decorator
@inline export function defaultMinimum(): u32 { return read(Slot.DefaultMinimum); }

/** Is `quantity` worth offering to somebody with this list? An empty list takes anything. */
export function worthOffering(quantity: usize, first: u32): bool {
  if (!vectors.some(quantity)) return false;
  if (first == 0) return true;
  for (let row = first; row != 0; row = word(next, row)) {
    if (vectors.holds(quantity, vector(least, row))) return true;
  }
  return false;
}

/** A number that is another one, in all likelihood, when the list says something else. */
export function digestOfMinimum(first: u32): u32 {
  let digest: u32 = 0x811c9dc5;
  for (let row = first; row != 0; row = word(next, row)) {
    for (let at: u32 = 0; at < 16; at++) {
      digest = (digest ^ word(vector(least, row), at)) * 0x01000193;
    }
  }
  return digest;
}
