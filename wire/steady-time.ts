/** How much faster or slower than real time it runs, at most, while it follows the wall clock. */
const SLEW = 1 / 8;

/**
 * Wall time that never jumps and never goes back. Deadlines are reckoned by it, and a machine's
 * clock may be stepped by hours at any moment (a wrong clock at boot that is then put right, a
 * virtual machine that was moved): with the wall clock itself, tasks would be killed whose time is
 * not over, or nothing would be due for hours. It follows a step at an eighth of the pace of time,
 * an hour in eight. Time in which the machine slept counts as a step, too.
 */
export class SteadyTime {
  readonly #wallMs: () => number;
  readonly #monotonicMs: () => number;
  #steadyMs: number;
  #lookedMs: number;

  /** Two clocks, in milliseconds: one of the wall, and one that only counts what has passed. */
  constructor(wallMs: () => number, monotonicMs: () => number) {
    this.#wallMs = wallMs;
    this.#monotonicMs = monotonicMs;
    this.#steadyMs = wallMs();
    this.#lookedMs = monotonicMs();
  }

  /** Milliseconds since 1970, whole ones. */
  nowMs(): number {
    const lookedMs = this.#monotonicMs();
    const passedMs = lookedMs - this.#lookedMs;
    this.#lookedMs = lookedMs;
    const mostMs = passedMs * SLEW;
    const behindMs = this.#wallMs() - (this.#steadyMs + passedMs);
    this.#steadyMs += passedMs + Math.min(mostMs, Math.max(-mostMs, behindMs));
    return Math.floor(this.#steadyMs);
  }

  /** How far the wall clock is ahead of it, in milliseconds; negative when it is behind. */
  offMs(): number {
    return this.#wallMs() - this.nowMs();
  }
}
