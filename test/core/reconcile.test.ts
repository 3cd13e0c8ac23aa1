import { expect } from "vitest";
import type { Effect } from "../../kernel/core/effect.ts";
import { nextDeadlineMs, type Task } from "../../kernel/core/state.ts";
import { step } from "../../kernel/core/step.ts";
import { scenario } from "../support/scenario.ts";

const running = `
  agent a1 cpus:4;mem:1024
  framework web failover=600000 checkpoint aware
`;

type Cluster = Parameters<Parameters<typeof scenario>[2]>[0];

/** Brings up a task that runs; nothing of it is left to read. */
function runTask(c: Cluster): void {
  c.do("web accepts a1 t1(cpus:1;mem:64) refuse=3600000");
  c.do("a1 updates t1 RUNNING");
  c.do("web acks t1");
  c.told();
}

function taskOf(c: Cluster): Task | undefined {
  return [...c.state.frameworks.values()][0]?.tasks.get("t1" as never);
}

scenario("D12, D13 an answer about a task that has ended says how it ended", running, (c) => {
  runTask(c);
  c.do("a1 updates t1 FAILED exit=7");
  c.expect("web < t1 FAILED:7 ack?");
  c.do("web reconciles");
  c.do("web reconciles t1@a1");
  c.expect("web < t1 FAILED:7 RECONCILIATION\nweb < t1 FAILED:7 RECONCILIATION");
});

scenario("B21, D12 a new master says how a task ended that it never heard of", running, (c) => {
  c.do("web leaves");
  c.do("a1 leaves");
  c.told();
  c.do("a1 returns web/t1=FAILED:7(cpus:1;mem:64)");
  c.told();
  c.do("web returns");
  c.told();
  c.do("web reconciles");
  c.expect("web < t1 FAILED:7 RECONCILIATION");
});

scenario("B21, D12 so does one from which the agent was cut off when it ended", running, (c) => {
  runTask(c);
  c.do("a1 leaves");
  c.do("a1 returns web/t1=FAILED:7(cpus:1;mem:64)");
  c.told();
  c.do("web reconciles");
  c.expect("web < t1 FAILED:7 RECONCILIATION");
  expect(taskOf(c)?.statuses.map(({ state }) => state)).toEqual(["TASK_RUNNING", "TASK_FAILED"]);
});

scenario("B25, D12 and one that had given the agent up", running, (c) => {
  runTask(c);
  c.do("a1 falls silent");
  c.do("wait 95s");
  c.do("a1 returns web/t1=FAILED:7(cpus:1;mem:64)");
  c.told();
  c.do("web reconciles");
  c.expect("web < t1 FAILED:7 RECONCILIATION");
});

scenario("D12 who asks for everything again and again is told once a turn", running, (c) => {
  runTask(c);
  const asked = { peer: c.peerOf("web"), type: "framework-call" } as const;
  const out: Effect[] = [];
  for (let at = 0; at < 2_000; at++) {
    step(c.state, { ...asked, call: { type: "reconcile", tasks: [] } }, c.nowMs, out);
  }
  expect(out).toEqual([]);
  expect(nextDeadlineMs(c.state)).toBe(c.nowMs);
  step(c.state, { type: "tick" }, c.nowMs, out);
  expect(out).toHaveLength(1);
  expect(nextDeadlineMs(c.state)).toBeGreaterThan(c.nowMs);
  c.do("web reconciles");
  c.expect("web < t1 RUNNING RECONCILIATION");
});

scenario("D12 what happens in the same turn is in the answer", running, (c) => {
  runTask(c);
  c.call("web", { type: "reconcile", tasks: [] });
  c.expect("web < t1 RUNNING RECONCILIATION");
  const call = { type: "reconcile" as const, tasks: [] };
  step(c.state, { type: "framework-call", peer: c.peerOf("web"), call }, c.nowMs, []);
  c.do("a1 updates t1 FAILED exit=7");
  c.expect("web < t1 FAILED:7 ack?\nweb < t1 FAILED:7 RECONCILIATION");
});

scenario("D12 who leaves in the same turn is told nothing, and may ask again", running, (c) => {
  runTask(c);
  const call = { type: "reconcile" as const, tasks: [] };
  step(c.state, { type: "framework-call", peer: c.peerOf("web"), call }, c.nowMs, []);
  c.do("web leaves");
  c.expect("");
  c.do("web returns");
  c.told();
  c.do("web reconciles");
  c.expect("web < t1 RUNNING RECONCILIATION");
});

scenario("D13 a task that is named many times is answered once", running, (c) => {
  runTask(c);
  c.do("web reconciles t1 t1@a1 t9 t1 t9");
  c.expect("web < t1 RUNNING RECONCILIATION\nweb < t9 UNKNOWN RECONCILIATION");
});

scenario("D8, D12 what has been told is answered, not what is still to be told", running, (c) => {
  runTask(c);
  c.do("a1 updates t1 RUNNING latest=FAILED");
  c.told();
  c.do("web reconciles");
  c.expect("web < t1 RUNNING RECONCILIATION");
});
