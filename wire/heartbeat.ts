import { wireLimits } from "../contract/limits/wire.ts";

/**
 * How much silence of the other side is still no death, from one heartbeat to the next. A beat that
 * is late shows that this process itself was held up: what was said meanwhile may not have been
 * read yet, so that much more silence is allowed.
 */
export class SilenceAllowance {
  readonly #heartbeatMs: number;
  #beatMs: number;

  constructor(heartbeatMs: number, nowMs: number) {
    this.#heartbeatMs = heartbeatMs;
    this.#beatMs = nowMs;
  }

  /** To be called at each beat: the longest silence that is allowed at this one. */
  atBeat(nowMs: number): number {
    const lateMs = Math.max(0, nowMs - this.#beatMs - this.#heartbeatMs);
    this.#beatMs = nowMs;
    return this.#heartbeatMs * wireLimits.heartbeatsMissedMax + lateMs;
  }
}
