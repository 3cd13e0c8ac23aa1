import type { Ranges, Resource, Resources } from "../schema/resource.ts";
import { compareResources, identityKey, isPlain, isWhole, sameIdentity } from "./identity.ts";
import {
  containsRanges,
  equalRanges,
  normalizeRanges,
  subtractRanges,
  unionRanges,
} from "./ranges.ts";
import { containsSet, equalSets, normalizeSet, subtractSets, unionSets } from "./sets.ts";

// Lists are short (a handful of kinds, times a few reservations), so everything walks them: no
// maps, no keys, one copy of the list an operation.

/** No resources. */
export const NOTHING: Resources = Object.freeze([]);

/** True when the quantity is zero, no range or no item. */
function isZero(resource: Resource): boolean {
  if (resource.scalar !== undefined) return resource.scalar === 0;
  if (resource.ranges !== undefined) return resource.ranges.length === 0;
  return resource.set === undefined || resource.set.length === 0;
}

/** The same resource with another scalar. */
function withScalar(resource: Resource, scalar: number): Resource {
  return isPlain(resource) ? { name: resource.name, scalar } : { ...resource, scalar };
}

/** The same resource with other ranges. */
function withRanges(resource: Resource, ranges: Ranges): Resource {
  return isPlain(resource) ? { name: resource.name, ranges } : { ...resource, ranges };
}

/** Normal form of one resource: ranges and set sorted, empty reservations and disk left out. */
function tidy(resource: Resource): Resource {
  if (isPlain(resource) && resource.scalar !== undefined) return resource;
  const { reservations, disk, ranges, set, ...rest } = resource;
  return {
    ...rest,
    ...(ranges === undefined ? undefined : { ranges: normalizeRanges(ranges) }),
    ...(set === undefined ? undefined : { set: normalizeSet(set) }),
    ...(reservations === undefined || reservations.length === 0 ? undefined : { reservations }),
    ...(disk === undefined || Object.keys(disk).length === 0 ? undefined : { disk }),
  };
}

/**
 * Brings a list into normal form (E20): merges entries of the same identity, drops what is zero,
 * sorts canonically. Doing it twice changes nothing. Takes n log n for a list of n, since lists
 * come from peers.
 */
export function normalize(resources: readonly Resource[]): Resources {
  const keyed = resources.map(tidy).map((resource) => ({ key: identityKey(resource), resource }));
  keyed.sort((a, b) => {
    if (a.key !== b.key) return a.key < b.key ? -1 : 1;
    return (a.resource.scalar ?? 0) - (b.resource.scalar ?? 0);
  });
  const merged: Resource[] = [];
  let lastKey: string | undefined;
  for (const { key, resource } of keyed) {
    if (isZero(resource)) continue;
    const last = merged.length - 1;
    if (key === lastKey && !isWhole(resource)) {
      merged[last] = merge(merged[last] as Resource, resource);
    } else {
      merged.push(resource);
    }
    lastKey = key;
  }
  return merged;
}

/** Sum of two resources of one identity. */
function merge(a: Resource, b: Resource): Resource {
  if (a.scalar !== undefined) return withScalar(a, a.scalar + (b.scalar ?? 0));
  if (a.ranges !== undefined) return withRanges(a, unionRanges(a.ranges, b.ranges ?? []));
  return { ...a, set: unionSets(a.set ?? [], b.set ?? []) };
}

/** Where `wanted`'s identity is in `pool`, or -1. Whole resources must have the same size too. */
function find(pool: Resources, wanted: Resource): number {
  const whole = isWhole(wanted);
  for (let at = 0; at < pool.length; at++) {
    const candidate = pool[at] as Resource;
    if (candidate.name !== wanted.name || !sameIdentity(candidate, wanted)) continue;
    if (!whole || sameQuantity(candidate, wanted)) return at;
  }
  return -1;
}

function sameQuantity(a: Resource, b: Resource): boolean {
  if (a.scalar !== undefined) return a.scalar === b.scalar;
  if (a.ranges !== undefined) return equalRanges(a.ranges, b.ranges ?? []);
  return equalSets(a.set ?? [], b.set ?? []);
}

/** Sum. Ranges and sets unite, so numbers and items held by both are in the sum once (E20). */
export function add(a: Resources, b: Resources): Resources {
  if (b.length === 0) return a;
  if (a.length === 0) return b;
  const sum = a.slice();
  for (const resource of b) {
    const at = isWhole(resource) ? -1 : find(sum, resource);
    if (at >= 0) sum[at] = merge(sum[at] as Resource, resource);
    else insert(sum, resource);
  }
  return sum;
}

/** Puts a resource at its canonical place, after its equals. */
function insert(list: Resource[], resource: Resource): void {
  let at = list.length;
  while (at > 0 && compareResources(list[at - 1] as Resource, resource) > 0) at--;
  list.splice(at, 0, resource);
}

/** Difference, or `undefined` when `pool` does not contain all of `taken`. */
export function trySubtract(pool: Resources, taken: Resources): Resources | undefined {
  if (taken.length === 0) return pool;
  const left = pool.slice();
  for (const resource of taken) {
    const at = find(left, resource);
    if (at < 0) {
      if (isZero(resource)) continue;
      return undefined;
    }
    const rest = isWhole(resource) ? undefined : remainder(left[at] as Resource, resource);
    if (rest === null) return undefined;
    if (rest === undefined) left.splice(at, 1);
    else left[at] = rest;
  }
  return left;
}

/** What is left of one resource: `undefined` for nothing, `null` if there was too little. */
function remainder(pool: Resource, taken: Resource): Resource | undefined | null {
  if (pool.scalar !== undefined) {
    const scalar = pool.scalar - (taken.scalar ?? 0);
    if (scalar < 0) return null;
    return scalar === 0 ? undefined : withScalar(pool, scalar);
  }
  if (pool.ranges !== undefined) {
    const wanted = taken.ranges ?? [];
    if (!containsRanges(pool.ranges, wanted)) return null;
    const ranges = subtractRanges(pool.ranges, wanted);
    return ranges.length === 0 ? undefined : withRanges(pool, ranges);
  }
  const wanted = taken.set ?? [];
  if (!containsSet(pool.set ?? [], wanted)) return null;
  const set = subtractSets(pool.set ?? [], wanted);
  return set.length === 0 ? undefined : { ...pool, set };
}

/**
 * Difference of what is known to be contained. Throws when it is not: that is a mistake of ours
 * (what was handed out is more than there is), never of a user, whose wishes go through
 * `contains` or `trySubtract` first.
 */
export function subtract(pool: Resources, taken: Resources): Resources {
  const left = trySubtract(pool, taken);
  if (left === undefined) throw new Error("assertion: subtracted resources are not contained");
  return left;
}

/** True when `trySubtract(pool, wanted)` would succeed; a partial order on normalised lists. */
export function contains(pool: Resources, wanted: Resources): boolean {
  for (const resource of wanted) {
    // The same whole resource may be wanted twice, so those have to be counted off.
    if (isWhole(resource)) return trySubtract(pool, wanted) !== undefined;
    if (isZero(resource)) continue;
    const at = find(pool, resource);
    if (at < 0 || !covers(pool[at] as Resource, resource)) return false;
  }
  return true;
}

/** True when a resource is at least as much as another of its identity. */
function covers(pool: Resource, wanted: Resource): boolean {
  if (pool.scalar !== undefined) return pool.scalar >= (wanted.scalar ?? 0);
  if (pool.ranges !== undefined) return containsRanges(pool.ranges, wanted.ranges ?? []);
  return containsSet(pool.set ?? [], wanted.set ?? []);
}

/** True when both are the same resources; both in normal form, hence in the same order. */
export function equal(a: Resources, b: Resources): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) {
    const left = a[at] as Resource;
    const right = b[at] as Resource;
    if (!sameIdentity(left, right) || !sameQuantity(left, right)) return false;
  }
  return true;
}

/** True when there is nothing in it. */
export function isEmpty(resources: Resources): boolean {
  return resources.every(isZero);
}
