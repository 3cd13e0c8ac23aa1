import { KINDS, type Vector } from "./shape.ts";

/** Nothing of any kind. */
export const EMPTY: Vector = new Float64Array(KINDS);

/** A vector in a column of vectors, as a view. */
export function vectorAt(column: Float64Array, row: number): Float64Array {
  return column.subarray(row * KINDS, (row + 1) * KINDS);
}

/** Is there nothing above zero? */
export function isEmpty(vector: Vector): boolean {
  for (let kind = 0; kind < KINDS; kind++) if ((vector[kind] ?? 0) > 0) return false;
  return true;
}

/** Overwrites a vector; true when some kind grew. */
export function copyVector(column: Float64Array, row: number, vector: Vector): boolean {
  let grew = false;
  for (let kind = 0; kind < KINDS; kind++) {
    const at = row * KINDS + kind;
    const value = vector[kind] ?? 0;
    if (value > (column[at] as number)) grew = true;
    column[at] = value;
  }
  return grew;
}

/** Adds to a vector; true when some kind grew. */
export function addVector(
  column: Float64Array,
  row: number,
  vector: Vector,
  sign: 1 | -1,
): boolean {
  let grew = false;
  for (let kind = 0; kind < KINDS; kind++) {
    const value = vector[kind] ?? 0;
    if (sign * value > 0) grew = true;
    const at = row * KINDS + kind;
    column[at] = (column[at] as number) + sign * value;
  }
  return grew;
}
