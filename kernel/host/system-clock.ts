import { performance } from "node:perf_hooks";
import type { Clock } from "../../contract/ports/clock.ts";

/** The clock of the machine. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, act) {
    const timer = setTimeout(act, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  every(periodMs, act) {
    const timer = setInterval(act, periodMs);
    return { cancel: () => clearInterval(timer) };
  },
};
