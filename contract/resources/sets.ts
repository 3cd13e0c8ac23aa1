// Sets of names as sorted arrays without duplicates, so that equal sets look equal. Items sort by
// code unit, which no locale changes.

/** A normalised set: sorted by code unit, each item once. */
export type NameSet = readonly string[];

/** Sorts and drops duplicates. */
export function normalizeSet(items: NameSet): NameSet {
  for (let i = 1; i < items.length; i++) {
    if ((items[i - 1] as string) >= (items[i] as string)) return [...new Set(items)].sort();
  }
  return items;
}

/** Items of either set (E20: sets merge). */
export function unionSets(a: NameSet, b: NameSet): NameSet {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  return normalizeSet([...a, ...b]);
}

/** Items of `pool` that are not in `taken`. */
export function subtractSets(pool: NameSet, taken: NameSet): NameSet {
  let j = 0;
  return pool.filter((item) => {
    while (j < taken.length && (taken[j] as string) < item) j++;
    return taken[j] !== item;
  });
}

/** True when every item of `wanted` is in `pool`. */
export function containsSet(pool: NameSet, wanted: NameSet): boolean {
  let i = 0;
  for (const item of wanted) {
    while (i < pool.length && (pool[i] as string) < item) i++;
    if (pool[i] !== item) return false;
  }
  return true;
}

/** True when both hold the same items. */
export function equalSets(a: NameSet, b: NameSet): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}
