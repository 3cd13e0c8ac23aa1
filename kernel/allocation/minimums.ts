import { KINDS, NO_ROW } from "../core/tables/shape.ts";
import type { AllocationTables } from "../core/tables.ts";

/** Does the quantity at an offset hold one of the client's minimum alternatives (C13)? */
export function worthOffering(
  tables: AllocationTables,
  column: Float64Array,
  at: number,
  client: number,
): boolean {
  const { alternatives } = tables;
  if (!some(column, at)) return false;
  const first = tables.clients.firstMinimum[client] as number;
  if (first === NO_ROW) return true;
  const { least, next } = alternatives;
  for (let row = first; row !== NO_ROW; row = next[row] as number) {
    if (holds(column, at, least, row * KINDS)) return true;
  }
  return false;
}

/** A list of alternatives as (kind, least) pairs, without the kinds that it does not ask for. */
export function sparse(tables: AllocationTables, first: number): number[][] {
  const { least, next } = tables.alternatives;
  const lists: number[][] = [];
  for (let row = first; row !== NO_ROW; row = next[row] as number) {
    const pairs: number[] = [];
    for (let kind = 0; kind < KINDS; kind++) {
      const asked = least[row * KINDS + kind] as number;
      if (asked > 0) pairs.push(kind, asked);
    }
    // One that asks for nothing takes anything that is not empty, which is for the long way.
    if (pairs.length > 0) lists.push(pairs);
  }
  return lists;
}

/** Does the quantity at an offset hold all pairs of one of the lists? */
export function holdsSparse(column: Float64Array, at: number, lists: readonly number[][]): boolean {
  for (let index = 0; index < lists.length; index++) {
    const pairs = lists[index] as number[];
    let pair = 0;
    while (pair < pairs.length) {
      if ((column[at + (pairs[pair] as number)] as number) < (pairs[pair + 1] as number)) break;
      pair += 2;
    }
    if (pair === pairs.length) return true;
  }
  return false;
}

function some(column: Float64Array, at: number): boolean {
  for (let index = at; index < at + KINDS; index++) if ((column[index] as number) > 0) return true;
  return false;
}

function holds(column: Float64Array, at: number, least: Float64Array, from: number): boolean {
  for (let kind = 0; kind < KINDS; kind++) {
    if ((column[at + kind] as number) < (least[from + kind] as number)) return false;
  }
  return true;
}
