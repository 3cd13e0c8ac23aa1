import type { Clock, Timer } from "../contract/ports/clock.ts";

/** The machine's own time. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, act): Timer {
    const timer = setTimeout(act, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  every(periodMs, act): Timer {
    const timer = setInterval(act, periodMs);
    return { cancel: () => clearInterval(timer) };
  },
};
