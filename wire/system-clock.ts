import type { Clock, Timer } from "../contract/ports/clock.ts";
import type { Logger } from "../contract/ports/log.ts";
import { SteadyTime } from "./steady-time.ts";

/** Further off than this, somebody has stepped the machine's clock. */
const OFF_MS = 5_000;
const LOOK_MS = 10_000;

const time = new SteadyTime(
  () => Date.now(),
  () => performance.now(),
);

/** The machine's own time. */
export const systemClock: Clock = {
  nowMs: () => time.nowMs(),
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

/** Says in the log when the machine's clock was stepped, which this process follows slowly. */
export function watchClock(log: Logger): Timer {
  let wasOff = false;
  const look = (): void => {
    const offMs = Math.round(time.offMs());
    const isOff = Math.abs(offMs) > OFF_MS;
    if (isOff === wasOff) return;
    wasOff = isOff;
    if (isOff) log.warn({ offMs }, "the machine's clock was stepped: deadlines follow it slowly");
    else log.info("the machine's clock is followed again");
  };
  // It keeps no process alive.
  const timer = setInterval(look, LOOK_MS).unref();
  return { cancel: () => clearInterval(timer) };
}
