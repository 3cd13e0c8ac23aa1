import { afterEach, expect, test } from "vitest";
import { Pace } from "../../bench/fleet/pace.ts";
import { until } from "../support/until.ts";

const paces: Pace[] = [];
afterEach(() => {
  for (const pace of paces.splice(0)) pace.stop();
});

test("work comes due at its rate, also while nobody can take it, and none is left out", async () => {
  const due: number[] = [];
  const pace = new Pace(1_000, () => due.push(...pace.take(7)));
  paces.push(pace);
  await until("some", () => due.length > 20);
  // A process that is held up must not slow its own questions down.
  const endMs = performance.now() + 150;
  while (performance.now() < endMs);
  await until("what came due meanwhile", () => due.length > 250);
  const gaps = due.slice(1).map((atMs, at) => atMs - (due[at] ?? 0));
  for (const gap of gaps) expect(gap).toBeCloseTo(1, 6);
});

test("a pace that was stopped has nothing more to do", async () => {
  const pace = new Pace(1_000, () => {});
  await until("some", () => pace.waiting > 5);
  pace.stop();
  expect(pace.waiting).toBe(0);
  expect(pace.take(10)).toEqual([]);
});
