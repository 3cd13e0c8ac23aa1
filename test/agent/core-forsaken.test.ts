import { beforeEach, describe, expect, test } from "vitest";
import type { ExecutorId, FrameworkId, TaskId } from "../../contract/ids.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import type { ExecutorInfo } from "../../contract/schema/task.ts";
import { CoreBench, F1 } from "./support/core.ts";

const F2 = "f2" as FrameworkId;
const executor: ExecutorInfo = {
  executorId: "e1" as ExecutorId,
  command: { value: "./executor" },
  shutdownGracePeriodMs: 600_000,
};
const pod: ExecutorInfo = { executorId: "pod" as ExecutorId, frameworkId: F2, type: "DEFAULT" };

let agent: CoreBench;
let bound: FrameworkInfo;
beforeEach(() => {
  agent = new CoreBench();
  const { checkpoint: _, ...unsaid } = agent.framework();
  bound = { ...unsaid, id: F2 };
});

/** A task of a framework that checkpoints, and all kinds of them of one that does not say so. */
function both(): CoreBench {
  agent.ready().launch("kept").held();
  agent.launch("t1", {}, bound).held();
  agent.launchGroupOf(bound, pod, "g1");
  agent.held(agent.containerOf("g1"));
  agent.launch("e1-t1", { executor }, bound).held();
  const ids = { frameworkId: F2, executorId: executor.executorId };
  const call = { ...ids, unacknowledgedTasks: [], unacknowledgedUpdates: [] };
  agent.executorCall({ type: "subscribe", ...call });
  agent.did();
  return agent;
}

describe("an agent that starts anew (F2, B23)", () => {
  test("takes up nothing of frameworks that do not checkpoint, and says nothing of it", () => {
    both().restart().register();
    const update = "update kept TASK_STARTING latest TASK_RUNNING";
    expect(agent.did()).toEqual(["reregister", update]);
    const message = agent.sent.findLast(({ type }) => type === "reregister");
    expect(message).toMatchObject({ frameworks: [{ id: F1 }], executors: [] });
    expect(message).toHaveProperty("tasks.length", 1);
    expect([...agent.store.keys()].filter((key) => key.includes("f2"))).toEqual([]);
    const kinds = [...agent.store.keys()].map((key) => key.split("/")[0]);
    expect(kinds.sort()).toEqual(["agent", "container", "framework", "task", "update", "update"]);
  });

  test("forgets updates that were not acknowledged: they were of tasks that are lost", () => {
    agent.ready().launch("t1", {}, bound).held().exited({ code: 0 }).did();
    agent.restart().register();
    expect(agent.did()).toEqual(["reregister"]);
    expect([...agent.store.keys()]).toEqual(["agent"]);
  });

  test("ends what a framework left that was shut down meanwhile", () => {
    agent.ready().launch("t1", {}, bound).held();
    agent.order({ type: "shutdown-framework", frameworkId: F2 }).did();
    agent.restart();
    expect(agent.state.containers.size + agent.state.tasks.size).toBe(0);
    expect([...agent.store.keys()]).toEqual(["agent"]);
  });

  test("goes by what the framework says now, not by what it said at the launch", () => {
    agent.ready().launch("t1", {}, bound).held();
    agent.order({ type: "update-framework", framework: { ...bound, checkpoint: true } });
    agent.restart();
    expect([...agent.state.tasks.values()].map(({ info }) => info.taskId)).toEqual(["t1"]);
  });
});

describe("an agent that stops (F5, B42)", () => {
  test("asks what does not outlive it to end, kills it after the grace, and tells nobody", () => {
    both().do({ type: "stop" });
    expect(agent.did()).toEqual(["executor shutdown", "kill SIGTERM", "kill SIGTERM"]);
    agent.pass(2_999);
    expect(agent.did()).toEqual([]);
    // Commands have three seconds by default; an executor that was granted more has no more here.
    agent.pass(1);
    expect(agent.did()).toEqual(["kill SIGKILL", "kill SIGKILL"]);
    agent.pass(2_000);
    expect(agent.did()).toEqual(["kill SIGKILL"]);
    for (const { plan } of [...agent.state.containers.values()]) {
      if (plan.frameworkId === F2) agent.exited({ signal: "SIGKILL" }, plan.id);
    }
    // Executors are told of, and nobody is there to hear it: the link is closed.
    expect(agent.did().filter((what) => what.startsWith("update"))).toEqual([]);
    const left = [...agent.state.tasks.values()].map(({ info }) => info.taskId);
    expect(left).toEqual(["kept" as TaskId]);
    const tasks = [...agent.store.keys()].filter((key) => key.startsWith("task/"));
    expect(tasks).toHaveLength(1);
  });

  test("brings a kill that was under way nearer", () => {
    agent
      .ready()
      .launch("t1", { killPolicy: { gracePeriodMs: 600_000 } }, bound)
      .held();
    const order = { type: "kill", frameworkId: F2, taskId: "t1" as TaskId } as const;
    agent.order(order).did();
    agent.do({ type: "stop" }).pass(5_000);
    expect(agent.did()).toEqual(["kill SIGKILL"]);
  });

  test("leaves alone what outlives it", () => {
    agent.ready().launch("kept").held().did();
    agent.do({ type: "stop" }).pass(60_000);
    expect(agent.did()).toEqual([]);
  });
});
