import { expect, test } from "vitest";
import { limits } from "../../contract/limits.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { silentMetrics } from "../../contract/ports/metrics.ts";
import type { Effect } from "../../kernel/core/effect.ts";
import type { ClusterInput } from "../../kernel/core/event.ts";
import { Loop } from "../../kernel/io/loop.ts";
import { systemClock } from "../../wire/index.ts";

interface Run {
  readonly stepped: ClusterInput[];
  readonly performed: Effect[];
  readonly loop: Loop;
  readonly failures: unknown[];
}

function runLoop(step: (input: ClusterInput, out: Effect[]) => void = () => {}): Run {
  const stepped: ClusterInput[] = [];
  const performed: Effect[] = [];
  const failures: unknown[] = [];
  const loop = new Loop(
    {
      step: (input, _, out) => {
        stepped.push(input);
        step(input, out);
      },
      nextDeadlineMs: () => undefined,
      roundDue: () => false,
      allocate: () => undefined,
      commit: (_, release) => release(),
      perform: (effect) => performed.push(effect),
      flush: () => {},
    },
    {
      clock: systemClock,
      log: silentLog,
      metrics: silentMetrics,
      fail: (cause) => failures.push(cause),
    },
  );
  return { stepped, performed, loop, failures };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const input = (peer: number): ClusterInput => ({ type: "agent-closed", peer });

test("inputs are stepped in their order, a bounded number of them a turn", async () => {
  const { loop, stepped } = runLoop();
  for (let peer = 0; peer < limits.tickEventsMax + 1; peer++) loop.enqueue(input(peer));
  await turn();
  expect(stepped).toHaveLength(limits.tickEventsMax);
  await turn();
  expect(stepped.map((one) => (one as { peer: number }).peer)).toEqual(
    Array.from({ length: limits.tickEventsMax + 1 }, (_, peer) => peer),
  );
});

test("a turn ends early when much is to be sent, and what waits keeps its order", async () => {
  const each = limits.tickEffectsMax / 4;
  const effect: Effect = { type: "close-peer", peer: 1, code: "OVERLOADED", message: "" };
  const { loop, stepped, performed } = runLoop((_, out) => {
    for (let at = 0; at < each; at++) out.push(effect);
  });
  for (let peer = 0; peer < 10; peer++) loop.enqueue(input(peer));
  for (const done of [4, 8, 10]) {
    await turn();
    expect(stepped.map((one) => (one as { peer: number }).peer)).toEqual(
      Array.from({ length: done }, (_, peer) => peer),
    );
    expect(performed).toHaveLength(done * each);
    expect(loop.depth).toBe(10 - done);
  }
});

test("an inbox that is never empty loses nothing when it forgets what has been taken", async () => {
  const { loop, stepped } = runLoop();
  // One more than a turn takes, again and again: something is always left.
  let sent = 0;
  const send = (count: number): void => {
    for (let at = 0; at < count; at++) loop.enqueue(input(sent++));
  };
  send(1);
  for (let turns = 0; turns < 20; turns++) {
    send(limits.tickEventsMax);
    await turn();
    expect(loop.depth).toBeGreaterThan(0);
    expect(loop.depth).toBeLessThanOrEqual(limits.tickEventsMax);
  }
  expect(stepped.map((one) => (one as { peer: number }).peer)).toEqual(
    Array.from({ length: stepped.length }, (_, peer) => peer),
  );
});

test("a step that throws stops the loop and is told once", async () => {
  const { loop, stepped, failures } = runLoop(() => {
    throw new Error("ours");
  });
  loop.enqueue(input(1));
  loop.enqueue(input(2));
  await turn();
  loop.enqueue(input(3));
  await turn();
  expect(failures).toHaveLength(1);
  expect(stepped).toHaveLength(1);
});
