import { beforeEach, describe, expect, test } from "vitest";
import { agentMetrics } from "../../agent/io/metrics.ts";
import type { ExecutorId, TaskId, UpdateId } from "../../contract/ids.ts";
import { CoreBench, F1 } from "./support/core.ts";

let agent: CoreBench;
beforeEach(() => {
  agent = new CoreBench();
});

const ground = { startedMs: 0, nowMs: () => 0 };

/** The metrics that do not stand at 0, less `slave/`; what agents have anyway is left out. */
function counted(): Record<string, number> {
  const source = { state: agent.state, agent: { figures: () => ({}) } };
  const found = Object.entries(agentMetrics(source, ground)).filter(
    ([name, value]) => value !== 0 && !/registered|active|_(total|used|percent)$/.test(name),
  );
  return Object.fromEntries(found.map(([name, value]) => [name.replace("slave/", ""), value]));
}

describe("what an agent counts (H8)", () => {
  test("ends of tasks, once each, whoever has acknowledged them", () => {
    agent.ready().launch("t1").held();
    expect(counted()).toEqual({ tasks_running: 1, valid_status_updates: 2 });
    agent.exited({ code: 0 }).launch("t2").held().exited({ code: 1 });
    const ends = { tasks_finished: 1, tasks_failed: 1, valid_status_updates: 6 };
    expect(counted()).toEqual(ends);
    agent.acknowledge().acknowledge().acknowledge().acknowledge();
    expect(counted()).toEqual(ends);
  });

  test("launches that fail, and not those that were called off", () => {
    agent.ready().launch("t1");
    const message = "no such image";
    agent.do({ type: "container-failed", containerId: agent.containerId, message });
    expect(counted()).toMatchObject({ container_launch_errors: 1, tasks_failed: 1 });
    agent.launch("t2").kill("t2");
    agent.do({ type: "container-failed", containerId: agent.containerId, message });
    expect(counted()).toMatchObject({ container_launch_errors: 1, tasks_killed: 1 });
  });

  test("no end of what was never here", () => {
    agent.ready().kill("t9");
    expect(counted()).toEqual({ valid_status_updates: 1 });
  });

  test("executors, their updates and messages", () => {
    const executorId = "e1" as ExecutorId;
    const executor = { executorId, command: { value: "./executor" } };
    const data = new Uint8Array([1]);
    const toIt = { type: "framework-message", frameworkId: F1, executorId, data } as const;
    agent.ready().launch("t1", { executor }).order(toIt).held().subscribe().order(toIt);
    const uuid = "a".repeat(32) as UpdateId;
    agent.executorCall({ type: "message", data });
    agent.executorUpdate({ taskId: "t1" as TaskId, state: "TASK_RUNNING", uuid });
    agent.executorUpdate({ taskId: "t1" as TaskId, state: "TASK_RUNNING" });
    agent.exited({ code: 1 });
    expect(counted()).toEqual({
      executors_terminated: 1,
      valid_framework_messages: 2,
      invalid_framework_messages: 1,
      valid_status_updates: 2,
      invalid_status_updates: 1,
      tasks_failed: 1,
    });
  });

  test("nothing of before its process began", () => {
    agent.ready().launch("t1").held().exited({ code: 0 });
    agent.restart();
    expect(counted()).toEqual({});
  });
});
