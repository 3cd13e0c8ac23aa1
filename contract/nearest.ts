/**
 * Edits between two words: insertions, deletions, replacements, and swaps of neighbours count one
 * each (optimal string alignment, a restricted Damerau–Levenshtein). Cost grows with the
 * product of lengths.
 */
export function editDistance(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && swapped)
        best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[right.length] ?? 0;
}

/**
 * Words longer than this are not compared: nobody mistypes a name that long, but an attacker may
 * send one.
 */
const WORD_LENGTH_MAX = 64;

/**
 * A name without what people vary: `offer_timeout`, `offer-timeout` and `OfferTimeout` are one
 * name.
 */
function plain(name: string): string {
  return name.toLowerCase().replace(/[-_. ]/g, "");
}

/**
 * The known name that was probably meant, or `undefined` when none is near: at most a third of the
 * letters may differ. Case and separators count nothing, so Mesos' `offer_timeout` finds
 * `offerTimeout`.
 */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > WORD_LENGTH_MAX) return undefined;
  const wanted = plain(name);
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    if (candidate.length > WORD_LENGTH_MAX) continue;
    const distance = editDistance(wanted, plain(candidate));
    const length = Math.max(wanted.length, candidate.length);
    const allowed = length < 3 ? 0 : Math.floor(length / 3);
    if (distance <= allowed && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `did you mean "x"?`, or `undefined` when no known name is near. */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  const found = nearest(name, known);
  return found === undefined ? undefined : `did you mean "${found}"?`;
}
