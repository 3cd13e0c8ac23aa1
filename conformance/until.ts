/** Wide of what a machine with ten busy processes a core needs; below the time limit of a test. */
let patienceMs = 60_000;

/** For tests in which something is never to come: how long `until` waits in this process. */
export function setPatience(ms: number): void {
  patienceMs = ms;
}

/**
 * Waits until `look` gives something other than false and undefined, and gives that back. A count
 * or a state that others still change is compared in here, never once after it.
 * @throws after a generous while, saying what never came.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  forMs: number = patienceMs,
): Promise<Exclude<T, false | undefined>> {
  const endMs = performance.now() + forMs;
  for (let waitMs = 1; ; waitMs = Math.min(2 * waitMs, 50)) {
    const found = await look();
    if (found !== false && found !== undefined) return found as Exclude<T, false | undefined>;
    if (performance.now() > endMs) throw new Error(`not within ${forMs} ms: ${what}`);
    await pause(waitMs);
  }
}

/** Resolves after `ms`. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
