import { expect, test } from "vitest";
import { SteadyTime } from "../../wire/steady-time.ts";

const HOUR_MS = 3_600_000;

function machine(startMs = 1_000_000_000_000) {
  const clocks = { wallMs: startMs, monotonicMs: 0 };
  const time = new SteadyTime(
    () => clocks.wallMs,
    () => clocks.monotonicMs,
  );
  const pass = (ms: number): void => {
    clocks.wallMs += ms;
    clocks.monotonicMs += ms;
  };
  const step = (ms: number): void => {
    clocks.wallMs += ms;
  };
  return { clocks, time, pass, step };
}

test("it is the wall clock's time while nobody steps that", () => {
  const { clocks, time, pass } = machine();
  for (let at = 0; at < 100; at++) {
    pass(0.3 + at);
    expect(Math.abs(time.nowMs() - clocks.wallMs)).toBeLessThanOrEqual(1);
  }
  expect(Math.abs(time.offMs())).toBeLessThanOrEqual(1);
});

test.each([
  ["forward", HOUR_MS],
  ["back", -HOUR_MS],
])("a step %s is followed at an eighth of the pace, and never goes back", (_, stepMs) => {
  const { clocks, time, pass, step } = machine();
  const start = time.nowMs();
  step(stepMs);
  expect(time.nowMs()).toBe(start);
  let last = start;
  for (let second = 1; second <= 600; second++) {
    pass(1_000);
    const now = time.nowMs();
    expect(now).toBeGreaterThan(last);
    last = now;
  }
  expect(last - start).toBeCloseTo(600_000 * (stepMs > 0 ? 9 / 8 : 7 / 8), -1);
  expect(Math.sign(time.offMs())).toBe(Math.sign(stepMs));
  for (let minute = 0; minute < 8 * 60; minute++) {
    pass(60_000);
    time.nowMs();
  }
  expect(Math.abs(time.nowMs() - clocks.wallMs)).toBeLessThanOrEqual(1);
});

test("however seldom it is asked, a step alone moves it by nothing", () => {
  const { time, pass, step } = machine();
  pass(HOUR_MS);
  const before = time.nowMs();
  for (let at = 0; at < 10; at++) {
    step(at % 2 === 0 ? HOUR_MS : -HOUR_MS);
    expect(time.nowMs()).toBe(before);
  }
});
