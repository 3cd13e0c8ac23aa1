import { expect, test } from "vitest";
import { TaskSet } from "../../frameworks/taskset/planner.ts";
import { resources } from "../../sdk/index.ts";
import { launch, offer, setOf, status } from "./support/items.ts";

test("as many tasks as fit go into each offer, and what nothing needs is refused for long", () => {
  const set = setOf(["a", "b", "c"]);
  const answers = set.plan([offer("x", 2), offer("y", 2), offer("z", 2)], 0);
  expect(answers.map(({ attempts }) => attempts.map(({ key }) => key))).toEqual([
    ["a", "b"],
    ["c"],
    [],
  ]);
  expect(answers[0]?.refuseMs).toBeUndefined();
  expect(answers[2]?.refuseMs).toBe(3_600_000);
  expect(set.wantsOffers).toBe(false);
});

test("an offer in which nothing fits is refused for the default time", () => {
  const set = setOf(["a"]);
  expect(set.plan([offer("x", 0.5)], 0)[0]).toMatchObject({ attempts: [], refuseMs: undefined });
  expect(set.wantsOffers).toBe(true);
});

test("an answer carries what one call can, and the rest of the offer comes back at once", () => {
  const set = new TaskSet();
  for (let at = 0; at < 2_500; at++) {
    set.add({ key: `t${at}`, resources: resources({ cpus: 0.001 }) }, 0);
  }
  const answers = set.plan([offer("x"), offer("y"), offer("z")], 0);
  expect(answers.map(({ attempts, refuseMs }) => [attempts.length, refuseMs])).toEqual([
    [1_000, 0],
    [1_000, 0],
    [500, 3_600_000],
  ]);
});

test("tasks of many bytes go out a few at a time, and one that is too large alone", () => {
  const set = setOf(["a", "b", "c", "d"]);
  const bytes: Record<string, number> = { a: 400_000, b: 600_000, c: 3_000_000, d: 1 };
  const next = () => {
    const [answer] = set.plan([offer("x", 8)], 0, ({ key }) => bytes[key] as number);
    return [answer?.attempts.map(({ taskId }) => taskId), answer?.refuseMs];
  };
  expect(next()).toEqual([["a", "b"], 0]);
  expect(set.counts).toMatchObject({ pending: 2, live: 2, launched: 2 });
  expect(next()).toEqual([["c"], 0]);
  expect(next()).toEqual([["d"], 3_600_000]);
});

test("no more attempts than allowed run at once", () => {
  const set = setOf(["a", "b", "c"], { concurrency: 2 });
  expect(launch(set, offer("x", 8))).toEqual(["a", "b"]);
  expect(set.wantsOffers).toBe(false);
  set.update(status("a", "TASK_FINISHED"), 1);
  expect(set.wantsOffers).toBe(true);
  expect(launch(set, offer("x", 8))).toEqual(["c"]);
});
