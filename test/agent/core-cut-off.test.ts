import { beforeEach, describe, expect, test } from "vitest";
import type { ExecutorEvent } from "../../contract/executor-api.ts";
import type { ExecutorId, TaskId, UpdateId } from "../../contract/ids.ts";
import { limits } from "../../contract/limits.ts";
import type { ExecutorInfo, TaskInfo } from "../../contract/schema/task.ts";
import { CoreBench, F1 } from "./support/core.ts";

const executor: ExecutorInfo = {
  executorId: "e1" as ExecutorId,
  command: { value: "./executor" },
};
const status = (taskId: string, state: "TASK_RUNNING" | "TASK_KILLED") =>
  ({ taskId: taskId as TaskId, state, uuid: taskId.padEnd(32, state) as UpdateId }) as const;
const message = (data: Uint8Array) =>
  ({ type: "framework-message", frameworkId: F1, executorId: executor.executorId, data }) as const;

let agent: CoreBench;
beforeEach(() => {
  agent = new CoreBench();
  agent.ready().launch("t1", { executor }).held().subscribe();
  agent.executorUpdate(status("t1", "TASK_RUNNING")).acknowledge();
  agent.did();
});

/** What the executor is told, in words, from now on. */
function told(events: readonly ExecutorEvent[]): string[] {
  return events.map((event) => {
    if (event.type === "launch") return `launch ${event.task.taskId}`;
    if (event.type === "launch-group") return `group ${event.tasks.map(({ taskId }) => taskId)}`;
    if (event.type === "message") return `message ${event.data[0]}`;
    return event.type === "kill" ? `kill ${event.taskId}` : event.type;
  });
}

function back(): string[] {
  agent.executorEvents.length = 0;
  agent.subscribe();
  return told(agent.executorEvents);
}

describe("an executor that is cut off while it and its agent go on", () => {
  test("is told nothing until it is back, and then everything in order (D21)", () => {
    agent.cutExecutor().launch("t2", { executor });
    agent.launch("t3", { executor }).order(message(new Uint8Array([1])));
    agent.kill("t1").order(message(new Uint8Array([2])));
    expect(agent.did().filter((what) => what.startsWith("executor"))).toEqual([]);
    expect(back()).toEqual([
      ...["subscribed", "kill t1", "launch t2", "launch t3", "message 1", "message 2"],
    ]);
    expect(back()).toEqual(["subscribed", "kill t1"]);
  });

  test("is given a group whole once it is back (F24)", () => {
    const pod: ExecutorInfo = { ...executor, executorId: "e2" as ExecutorId, type: "CUSTOM" };
    agent.launchGroup(pod, "g1", "g2").held().subscribe("e2").cutExecutor();
    agent.launchGroup(pod, "h1", "h2");
    agent.executorEvents.length = 0;
    agent.subscribe("e2");
    expect(told(agent.executorEvents)).toContain("group h1,h2");
  });

  test("gives up a task that was killed before it is back, and a group with it (D11)", () => {
    agent.cutExecutor().launch("t2", { executor }).kill("t2");
    expect(agent.updates.at(-1)).toMatchObject({
      taskId: "t2",
      state: "TASK_KILLED",
      reason: "REASON_TASK_KILLED_DURING_LAUNCH",
    });
    expect(back()).toEqual(["subscribed"]);
  });

  test("is still given the task by the next agent in the folder (F2)", () => {
    agent.cutExecutor().launch("t2", { executor });
    agent.restart().do({ type: "container-adopted", containerId: agent.containerId });
    expect(back()).toEqual(["subscribed", "launch t2"]);
  });

  test("is acknowledged what it says again, and shut down though it heard nothing (D17)", () => {
    agent.cutExecutor();
    agent.order({ type: "shutdown-executor", frameworkId: F1, executorId: executor.executorId });
    agent.executorEvents.length = 0;
    agent.connection++;
    agent.executorCall({
      type: "subscribe",
      frameworkId: F1,
      executorId: executor.executorId,
      unacknowledgedTasks: [],
      unacknowledgedUpdates: [status("t1", "TASK_KILLED")],
    });
    expect(told(agent.executorEvents)).toEqual(["shutdown", "acknowledged"]);
    expect(agent.updates.at(-1)).toMatchObject({ taskId: "t1", state: "TASK_KILLED" });
    agent.pass(5_000);
    expect(agent.did()).toContain("kill SIGKILL");
  });

  test("has so many messages kept as there is room for, and loses the later ones (F28)", () => {
    agent.cutExecutor();
    for (let at = 0; at <= limits.executorMessagesMax; at++) {
      agent.order(message(new Uint8Array([at])));
    }
    const events = back();
    expect(events).toHaveLength(1 + limits.executorMessagesMax);
    expect(events.at(-1)).toBe(`message ${limits.executorMessagesMax - 1}`);
    agent.cutExecutor();
    const large = new Uint8Array(limits.messageBytesMax).fill(7);
    for (let at = 0; at < 3; at++) agent.order(message(large));
    expect(back()).toEqual(["subscribed", "message 7", "message 7"]);
    expect(agent.state.tallies.get("invalid_framework_messages")).toBe(2);
  });

  test("is given what did not leave before its connection broke", () => {
    const { containerId } = agent;
    agent.launch("t2", { executor }).cutExecutor();
    const task = agent.state.tasks.get("f1/t2" as never)?.info as TaskInfo;
    agent.do({ type: "executor-missed", containerId, event: { type: "launch", task } });
    const data = new Uint8Array([3]);
    agent.do({ type: "executor-missed", containerId, event: { type: "message", data } });
    expect(back()).toEqual(["subscribed", "launch t2", "message 3"]);
  });

  test("has lost what was sent and never came (v1-wire 7.5)", () => {
    agent.launch("t2", { executor });
    expect(back()).toEqual(["subscribed"]);
    expect(agent.updates.at(-1)).toMatchObject({ taskId: "t2", state: "TASK_LOST" });
  });

  test("is heard on its newest connection alone, once it has subscribed there", () => {
    agent.connection++;
    agent.executorUpdate(status("t1", "TASK_KILLED"));
    expect(agent.did()).toEqual(["executor error"]);
    // The end of the one before is no news once it is back.
    agent.subscribe().do({
      type: "executor-gone",
      containerId: agent.containerId,
      connection: agent.connection - 1,
    });
    agent.did();
    agent.launch("t2", { executor });
    expect(agent.did()).toEqual(["executor launch"]);
  });

  test("may be back before the next agent knows that it runs on (B41)", () => {
    agent.restart().subscribe().did();
    agent.do({ type: "container-adopted", containerId: agent.containerId }).pass(60_000);
    expect(agent.did()).toEqual([]);
  });
});
