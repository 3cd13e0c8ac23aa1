import { serialize } from "node:v8";
import { expect, test } from "vitest";
import { FilterEnds } from "../../kernel/core/filters/ends.ts";
import { NONE } from "../../kernel/core/filters/lists.ts";
import { FilterStore } from "../../kernel/core/filters.ts";
import { takeSnapshot } from "../../kernel/core/snapshot/take.ts";
import { nextDeadlineMs } from "../../kernel/core/state.ts";
import { scenario } from "../support/scenario.ts";

const REFUSED = [{ name: "cpus", scalar: 1 }];

function soonest(filters: FilterStore): number[] {
  const into = {
    untilMs: new Float64Array(8),
    agent: new Uint32Array(8),
    client: new Uint32Array(8),
  };
  return Array.from(into.untilMs.subarray(0, filters.soonest(into)));
}

test("a refusal that was dropped and made again is listed once (C8)", () => {
  const filters = new FilterStore();
  filters.add(0, 0, REFUSED, 5_000);
  filters.dropClient(0);
  filters.add(0, 0, REFUSED, 5_000);
  expect([filters.size, soonest(filters)]).toEqual([1, [5_000]]);
  filters.dropAgent(0);
  expect([filters.size, soonest(filters), filters.nextMs]).toEqual([0, [], undefined]);
});

test("refusals that are dropped leave nothing, whoever drops them and whenever they end (C9)", () => {
  const filters = new FilterStore();
  // This one ends first, so that nothing goes because its time has come.
  filters.add(1, 1, REFUSED, 1);
  const sizes = [];
  for (let round = 0; round < 200; round++) {
    for (let agent = 0; agent < 50; agent++) {
      filters.add(0, agent, REFUSED, 1_000 + round);
      filters.add(2, agent, REFUSED, 9_000_000 - round * 50 - agent);
    }
    filters.dropClient(0);
    for (let agent = 0; agent < 50; agent++) if (agent !== 1) filters.dropAgent(agent);
    filters.dropClient(2);
    sizes.push(serialize(filters.save()).length);
  }
  expect(filters.size).toBe(1);
  // The version alone may take a few bytes more.
  expect((sizes.at(-1) as number) - (sizes[0] as number)).toBeLessThan(16);
  const restored = new FilterStore();
  restored.load(filters.save());
  expect([soonest(restored), restored.nextMs]).toEqual([[1], 1]);
  restored.expire(1, () => undefined);
  expect([restored.size, restored.nextMs]).toEqual([0, undefined]);
});

test("of the times at which refusals end, at most half are of none", () => {
  const ends = new FilterEnds();
  ends.setFirst(0, 0);
  for (let untilMs = 1; untilMs < 1_000; untilMs++) {
    ends.setFirst(untilMs, untilMs);
    if (untilMs % 100 !== 0) ends.setFirst(untilMs, NONE);
    const held = [...ends.ordered()];
    const alive = held.filter((time) => ends.first(time) !== NONE);
    expect(alive).toHaveLength(1 + Math.floor(untilMs / 100));
    expect(held.length).toBeLessThanOrEqual(2 * alive.length);
  }
});

const oneOfEach = `
  agent a1 cpus:4;mem:1024
  framework web failover=10000
`;

scenario("C9 who declines for long and revives leaves no timer behind", oneOfEach, (c) => {
  const timers = () => takeSnapshot(c.state).timers.heap.length;
  const before = timers();
  for (let round = 0; round < 20; round++) {
    c.do("web declines a1 refuse=31536000000");
    c.do("wait 7ms");
    c.do("web revives");
    c.told();
  }
  expect(timers()).toBeLessThanOrEqual(before + 1);
  c.do("web declines a1 refuse=5000");
  expect(nextDeadlineMs(c.state)).toBeLessThanOrEqual(c.nowMs + 5_000);
  expect(c.state.filters.nextMs).toBe(c.nowMs + 5_000);
});
