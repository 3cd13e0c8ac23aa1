import type { Range, Ranges } from "../schema/resource.ts";

// Everything here but `normalizeRanges` takes normalised lists (sorted, apart by at least one
// number) and gives normalised lists, so each operation is one walk and a port range of thousands
// costs as much as one of two. Lists are never changed in place; they may be returned as they came.

/** True when `ranges` is sorted and no two neighbours touch. */
function isNormalized(ranges: Ranges): boolean {
  let before = -2;
  for (const range of ranges) {
    if (range.begin <= before + 1 || range.end < range.begin) return false;
    before = range.end;
  }
  return true;
}

/** Sorts, merges what overlaps or touches, and drops ranges that end before they begin. */
export function normalizeRanges(ranges: Ranges): Ranges {
  if (isNormalized(ranges)) return ranges;
  const sorted = ranges.filter((range) => range.begin <= range.end);
  sorted.sort((a, b) => a.begin - b.begin);
  const merged: Range[] = [];
  for (const range of sorted) append(merged, range);
  return merged;
}

/** Adds a range that does not begin before the last one, growing that one if they touch. */
function append(merged: Range[], range: Range): void {
  const last = merged[merged.length - 1];
  if (last === undefined || range.begin > last.end + 1) merged.push(range);
  else if (range.end > last.end) merged[merged.length - 1] = { begin: last.begin, end: range.end };
}

/** Numbers in either list (E20: ranges merge). */
export function unionRanges(a: Ranges, b: Ranges): Ranges {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const merged: Range[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    if (right === undefined || (left !== undefined && left.begin <= right.begin)) {
      append(merged, left as Range);
      i++;
    } else {
      append(merged, right);
      j++;
    }
  }
  return merged;
}

/** Numbers of `pool` that are not in `taken`; numbers only in `taken` do not matter. */
export function subtractRanges(pool: Ranges, taken: Ranges): Ranges {
  if (pool.length === 0 || taken.length === 0) return pool;
  const left: Range[] = [];
  let j = 0;
  for (const range of pool) {
    let begin = range.begin;
    while (j < taken.length && (taken[j] as Range).end < begin) j++;
    // One taken range may reach into the next pool range, so `j` stays on the last that overlaps.
    for (let k = j; k < taken.length && begin <= range.end; k++) {
      const hole = taken[k] as Range;
      if (hole.begin > range.end) break;
      if (hole.begin > begin) left.push({ begin, end: hole.begin - 1 });
      begin = hole.end + 1;
      j = k;
    }
    if (begin === range.begin) left.push(range);
    else if (begin <= range.end) left.push({ begin, end: range.end });
  }
  return left;
}

/** True when every number of `wanted` is in `pool`: a binary search for each wanted range. */
export function containsRanges(pool: Ranges, wanted: Ranges): boolean {
  let low = 0;
  for (const range of wanted) {
    let high = pool.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((pool[middle] as Range).end < range.begin) low = middle + 1;
      else high = middle;
    }
    const found = pool[low];
    if (found === undefined || found.begin > range.begin || found.end < range.end) return false;
  }
  return true;
}

/** True when both hold the same numbers. */
export function equalRanges(a: Ranges, b: Ranges): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const left = a[i] as Range;
    const right = b[i] as Range;
    if (left.begin !== right.begin || left.end !== right.end) return false;
  }
  return true;
}

/** How many numbers there are. */
export function countRanges(ranges: Ranges): number {
  let count = 0;
  for (const range of ranges) count += range.end - range.begin + 1;
  return count;
}

/** The lowest `count` numbers, for a task that asks for any ports; `undefined` if too few. */
export function takeRanges(ranges: Ranges, count: number): Ranges | undefined {
  const taken: Range[] = [];
  let missing = count;
  for (const range of ranges) {
    if (missing <= 0) break;
    const size = range.end - range.begin + 1;
    if (size <= missing) taken.push(range);
    else taken.push({ begin: range.begin, end: range.begin + missing - 1 });
    missing -= size;
  }
  return missing > 0 ? undefined : taken;
}
