import { expect, test } from "vitest";
import { Timings } from "../../kernel/io/timings.ts";

function shown(timings: Timings, nowMs: number): Record<string, number> {
  const out: Record<string, number> = {};
  timings.show("t", nowMs, out);
  return out;
}

test("H8 nothing is told of what never happened", () => {
  expect(shown(new Timings(1_000), 0)).toEqual({});
});

test("H8 percentiles are drawn straight from one time to the next", () => {
  const timings = new Timings(1_000);
  for (const tookMs of [5, 1, 4, 2, 3]) timings.add(tookMs, 0);
  expect(shown(timings, 0)).toEqual({
    t: 3,
    "t/count": 5,
    "t/min": 1,
    "t/max": 5,
    "t/p50": 3,
    "t/p90": expect.closeTo(4.6),
    "t/p95": expect.closeTo(4.8),
    "t/p99": expect.closeTo(4.96),
    "t/p999": expect.closeTo(4.996),
    "t/p9999": expect.closeTo(4.9996),
  });
});

test("H8 the last thousand count, as long as they are not too old", () => {
  const timings = new Timings(1_000);
  for (let at = 0; at < 1_500; at++) timings.add(at, at);
  expect(shown(timings, 1_499)).toMatchObject({ t: 1_499, "t/count": 1_000, "t/min": 500 });
  expect(shown(timings, 1_999)).toMatchObject({ t: 1_499, "t/count": 501, "t/min": 999 });
  expect(shown(timings, 9_999)).toEqual({ t: 1_499, "t/count": 0 });
});
