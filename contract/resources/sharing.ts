import type { Resource, Resources } from "../schema/resource.ts";
import { add, contains, NOTHING, trySubtract } from "./arithmetic.ts";

// A shared volume is there for any number of users at once (E13). So whatever is handed out from
// has it once, and keeps it however many take it; all else is handed out once. Where nothing is
// shared, this is plain arithmetic.

const isShared = (resource: Resource): boolean => resource.shared === true;

/** What several tasks may use at once (E13). */
export function shared(resources: Resources): Resources {
  return resources.some(isShared) ? resources.filter(isShared) : NOTHING;
}

/** What only one can use at a time; the list itself when nothing in it is shared. */
export function unshared(resources: Resources): Resources {
  return resources.some(isShared) ? resources.filter((each) => !isShared(each)) : resources;
}

/** What is left of a pool when someone takes these, or `undefined` when they are not in it. */
export function tryTake(pool: Resources, wanted: Resources): Resources | undefined {
  const own = unshared(wanted);
  if (own !== wanted && !shared(wanted).every((volume) => contains(pool, [volume]))) {
    return undefined;
  }
  return trySubtract(pool, own);
}

/**
 * What is left of a pool that is known to have these.
 * @throws Error starting with "assertion:" when it has not: a mistake of ours.
 */
export function take(pool: Resources, wanted: Resources): Resources {
  const left = tryTake(pool, wanted);
  if (left === undefined) throw new Error("assertion: taken resources are not in the pool");
  return left;
}

/** A pool with these given back; also a sum in which a shared volume counts once. */
export function giveBack(pool: Resources, resources: Resources): Resources {
  const own = unshared(resources);
  let sum = add(pool, own);
  if (own === resources) return sum;
  for (const volume of shared(resources)) {
    if (!contains(sum, [volume])) sum = add(sum, [volume]);
  }
  return sum;
}
