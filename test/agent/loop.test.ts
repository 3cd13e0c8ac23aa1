import { expect, test } from "vitest";
import type { Effect } from "../../agent/core/effect.ts";
import { inSlices } from "../../agent/io/loop.ts";
import type { Clock } from "../../contract/ports/clock.ts";

test("thousands of effects are carried out in order, and other work is done between", async () => {
  let nowMs = 0;
  const done: string[] = [];
  let flushed = 0;
  const effects = Array.from({ length: 100 }, (_, at): Effect[] => [
    { type: "checkpoint", key: `k${at}`, value: at },
    { type: "release-container", containerId: `c${at}` as never },
  ]).flat();
  setImmediate(() => done.push("a ping"));
  await inSlices(effects, {
    clock: { nowMs: () => nowMs } as Clock,
    perform: (effect) => {
      nowMs += 10;
      done.push((effect as { containerId: string }).containerId);
    },
    flush: () => {
      flushed += 1;
    },
  });
  expect(done.filter((one) => one !== "a ping")).toEqual(
    Array.from({ length: 100 }, (_, at) => `c${at}`),
  );
  // The first slice ends after the third effect, when 30 ms have gone by.
  expect(done[3]).toBe("a ping");
  expect(flushed).toBe(34);
});
