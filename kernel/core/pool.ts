import type { RoleName } from "../../contract/ids.ts";
import {
  isAllocatableTo,
  isPlain,
  normalize,
  type Resource,
  type Resources,
} from "../../contract/resources.ts";

/** Normal form of a list from outside. The usual list is in it already, which is cheap to see. */
export function normal(resources: readonly Resource[]): Resources {
  let before = "";
  for (const resource of resources) {
    const ordered = resource.name > before && resource.scalar !== undefined && resource.scalar > 0;
    if (!ordered || !isBare(resource)) return normalize(resources);
    before = resource.name;
  }
  return resources;
}

/** Plain, and not even with empty lists where a stack or disk could be. */
function isBare(resource: Resource): boolean {
  return isPlain(resource) && resource.ranges === undefined && resource.set === undefined;
}

/** What a framework can deal with, as far as it decides which resources it may see (C20). */
export interface Sight {
  readonly revocable: boolean;
  readonly shared: boolean;
  readonly refinement: boolean;
}

/** The part of `free` that a framework in `role` may be offered (C20, E5); often `free` itself. */
export function visibleTo(free: Resources, role: RoleName, sight: Sight): Resources {
  for (const resource of free) {
    if (!isVisible(resource, role, sight)) {
      return free.filter((each) => isVisible(each, role, sight));
    }
  }
  return free;
}

function isVisible(resource: Resource, role: RoleName, sight: Sight): boolean {
  if (isPlain(resource)) return true;
  if (resource.revocable === true && !sight.revocable) return false;
  if (resource.shared === true && !sight.shared) return false;
  if ((resource.reservations?.length ?? 0) > 1 && !sight.refinement) return false;
  return isAllocatableTo(resource, role);
}

/**
 * The part of `free` that has these amounts of its unreserved scalars; ports and sets come along in
 * the proportion of the largest of the amounts, rounded down. `undefined` when it is not there.
 */
export function partOf(
  free: Resources,
  amounts: readonly number[],
  kindNames: readonly string[],
): Resources | undefined {
  const part: Resource[] = [];
  let share = 0;
  for (const [kind, amount] of amounts.entries()) {
    if (amount === 0) continue;
    const name = kindNames[kind];
    const there = free.find((each) => each.name === name && isPlain(each))?.scalar ?? 0;
    if (name === undefined || amount > there) return undefined;
    part.push({ name, scalar: amount });
    share = Math.max(share, amount / there);
  }
  for (const resource of free) {
    if (resource.scalar !== undefined || !isPlain(resource)) continue;
    const some = shareOf(resource, share);
    if (some !== undefined) part.push(some);
  }
  return normalize(part);
}

/** The first so many numbers or items of a resource. */
function shareOf(resource: Resource, share: number): Resource | undefined {
  if (resource.set !== undefined) {
    const set = resource.set.slice(0, Math.floor(resource.set.length * share));
    return set.length === 0 ? undefined : { ...resource, set };
  }
  const ranges = resource.ranges ?? [];
  const size = ranges.reduce((sum, { begin, end }) => sum + end - begin + 1, 0);
  let wanted = Math.floor(size * share);
  const taken = [];
  for (const { begin, end } of ranges) {
    if (wanted <= 0) break;
    const last = Math.min(end, begin + wanted - 1);
    taken.push({ begin, end: last });
    wanted -= last - begin + 1;
  }
  return taken.length === 0 ? undefined : { ...resource, ranges: taken };
}
