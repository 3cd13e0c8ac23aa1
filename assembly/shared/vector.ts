// Arithmetic on vectors of eight doubles by address, two lanes at a time.

// @ts-ignore: decorator
@inline export function copy(to: usize, from: usize): void {
  v128.store(to, v128.load(from), 0);
  v128.store(to, v128.load(from, 16), 16);
  v128.store(to, v128.load(from, 32), 32);
  v128.store(to, v128.load(from, 48), 48);
}

// @ts-ignore: decorator
@inline export function clear(at: usize): void {
  const zero = f64x2.splat(0);
  v128.store(at, zero, 0);
  v128.store(at, zero, 16);
  v128.store(at, zero, 32);
  v128.store(at, zero, 48);
}

// @ts-ignore: decorator
@inline export function addTo(to: usize, from: usize): void {
  v128.store(to, f64x2.add(v128.load(to), v128.load(from)), 0);
  v128.store(to, f64x2.add(v128.load(to, 16), v128.load(from, 16)), 16);
  v128.store(to, f64x2.add(v128.load(to, 32), v128.load(from, 32)), 32);
  v128.store(to, f64x2.add(v128.load(to, 48), v128.load(from, 48)), 48);
}

// @ts-ignore: decorator
@inline export function subtractFrom(to: usize, from: usize): void {
  v128.store(to, f64x2.sub(v128.load(to), v128.load(from)), 0);
  v128.store(to, f64x2.sub(v128.load(to, 16), v128.load(from, 16)), 16);
  v128.store(to, f64x2.sub(v128.load(to, 32), v128.load(from, 32)), 32);
  v128.store(to, f64x2.sub(v128.load(to, 48), v128.load(from, 48)), 48);
}

/** Is some kind above zero? */
// @ts-ignore: decorator
@inline export function some(at: usize): bool {
  const zero = f64x2.splat(0);
  return v128.any_true(v128.or(
    v128.or(f64x2.gt(v128.load(at), zero), f64x2.gt(v128.load(at, 16), zero)),
    v128.or(f64x2.gt(v128.load(at, 32), zero), f64x2.gt(v128.load(at, 48), zero)),
  ));
}

/** Does `at` hold every quantity of `least`? */
// @ts-ignore: decorator
@inline export function holds(at: usize, least: usize): bool {
  return !v128.any_true(v128.or(
    v128.or(
      f64x2.lt(v128.load(at), v128.load(least)),
      f64x2.lt(v128.load(at, 16), v128.load(least, 16)),
    ),
    v128.or(
      f64x2.lt(v128.load(at, 32), v128.load(least, 32)),
      f64x2.lt(v128.load(at, 48), v128.load(least, 48)),
    ),
  ));
}

/** Is every kind above zero? */
export function allPositive(at: usize): bool {
  const zero = f64x2.splat(0);
  return !v128.any_true(v128.or(
    v128.or(f64x2.le(v128.load(at), zero), f64x2.le(v128.load(at, 16), zero)),
    v128.or(f64x2.le(v128.load(at, 32), zero), f64x2.le(v128.load(at, 48), zero)),
  ));
}

/** Is some kind above zero in both? */
export function meet(a: usize, b: usize): bool {
  const zero = f64x2.splat(0);
  for (let byte: usize = 0; byte < 64; byte += 16) {
    const least = f64x2.pmin(v128.load(a + byte), v128.load(b + byte));
    if (v128.any_true(f64x2.gt(least, zero))) return true;
  }
  return false;
}

/** Replaces what is below zero by zero. */
export function raiseToZero(at: usize): void {
  const zero = f64x2.splat(0);
  for (let byte: usize = 0; byte < 64; byte += 16) {
    v128.store(at + byte, f64x2.pmax(zero, v128.load(at + byte)));
  }
}

/** Lowers every quantity to that of `most`, but not below zero; true when that changed one. */
export function lowerTo(at: usize, most: usize): bool {
  if (holds(most, at)) return false;
  const zero = f64x2.splat(0);
  for (let byte: usize = 0; byte < 64; byte += 16) {
    const room = f64x2.pmax(zero, v128.load(most + byte));
    v128.store(at + byte, f64x2.pmin(v128.load(at + byte), room));
  }
  return true;
}

/**
 * The greatest of used/whole over the kinds. `whole` has Infinity where a kind does not count, so
 * that its quotient is 0. True division: equal fractions must compare equal.
 */
// @ts-ignore: decorator
@inline export function dominantShare(used: usize, whole: usize): f64 {
  const low = f64x2.pmax(
    f64x2.div(v128.load(used), v128.load(whole)),
    f64x2.div(v128.load(used, 16), v128.load(whole, 16)),
  );
  const high = f64x2.pmax(
    f64x2.div(v128.load(used, 32), v128.load(whole, 32)),
    f64x2.div(v128.load(used, 48), v128.load(whole, 48)),
  );
  const both = f64x2.pmax(low, high);
  return max<f64>(max<f64>(f64x2.extract_lane(both, 0), f64x2.extract_lane(both, 1)), 0);
}

/** The same over the first four kinds, for clusters that have no others. */
// @ts-ignore: decorator
@inline export function dominantShareOf4(used: usize, whole: usize): f64 {
  const both = f64x2.pmax(
    f64x2.div(v128.load(used), v128.load(whole)),
    f64x2.div(v128.load(used, 16), v128.load(whole, 16)),
  );
  return max<f64>(max<f64>(f64x2.extract_lane(both, 0), f64x2.extract_lane(both, 1)), 0);
}
