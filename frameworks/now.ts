/**
 * Milliseconds since 1970 by a clock that nobody sets: a step of the machine's clock would make the
 * patience of a job as long as the step.
 */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
