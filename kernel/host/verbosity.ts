import type { LogConfig } from "../../contract/config/shared.ts";
import { errors } from "../../contract/errors.ts";
import type { Clock, Timer } from "../../contract/ports/clock.ts";
import type { Verbosity } from "../../contract/ports/log.ts";
import type { ProcessLog } from "./pino-log.ts";

/** As long as a timer can be set for: what is to last longer is set again and again. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * Mesos counts how much is logged beyond what always is: 0 is what is configured, and what is 1 or
 * more there are debug lines here. Nothing is ever logged less than it is configured.
 */
export class LogVerbosity implements Verbosity {
  readonly #log: Pick<ProcessLog, "setLevel">;
  readonly #configured: LogConfig["level"];
  readonly #clock: Clock;
  #level: number;
  #back: Timer | undefined;

  constructor(log: Pick<ProcessLog, "setLevel">, configured: LogConfig["level"], clock: Clock) {
    this.#log = log;
    this.#configured = configured;
    this.#clock = clock;
    this.#level = this.#original;
  }

  get #original(): number {
    return this.#configured === "debug" ? 1 : 0;
  }

  level(): number {
    return this.#level;
  }

  set(level: number, durationMs: number): void {
    if (level < this.#original) throw errors.LOG_LEVEL_TOO_LOW(level, this.#original);
    this.#apply(level);
    if (level !== this.#original) this.#backAt(this.#clock.monotonicMs() + durationMs);
  }

  /** Leaves no timer behind. */
  close(): void {
    this.#back?.cancel();
  }

  #apply(level: number): void {
    this.#back?.cancel();
    this.#level = level;
    this.#log.setLevel(level === 0 ? this.#configured : "debug");
  }

  #backAt(endMs: number): void {
    const restMs = Math.max(0, endMs - this.#clock.monotonicMs());
    this.#back = this.#clock.after(Math.min(restMs, TIMER_MS_MAX), () => {
      if (restMs > TIMER_MS_MAX) this.#backAt(endMs);
      else this.#apply(this.#original);
    });
  }
}
