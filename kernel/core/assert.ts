/**
 * Stops at a mistake of our own. What peers send is never asserted: it gets a coded answer.
 * @throws Error starting with "assertion:" when `holds` is false.
 */
export function assert(holds: boolean, why: string): asserts holds {
  if (!holds) throw new Error(`assertion: ${why}`);
}

/** For the end of a `switch` over everything there is; the compiler proves it is never reached. */
export function unreachable(value: never): never {
  throw new Error(`assertion: unexpected ${JSON.stringify(value)}`);
}
