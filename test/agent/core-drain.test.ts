import { beforeEach, describe, expect, test } from "vitest";
import type { ExecutorEvent } from "../../contract/executor-api.ts";
import type { ExecutorId, TaskId, UpdateId } from "../../contract/ids.ts";
import type { DrainConfig } from "../../contract/schema/agent.ts";
import type { ExecutorInfo, TaskInfo, TaskStatus } from "../../contract/schema/task.ts";
import { CoreBench } from "./support/core.ts";

let agent: CoreBench;
let uuids: number;
beforeEach(() => {
  agent = new CoreBench();
  uuids = 0;
});

const reason = "REASON_AGENT_DRAINING";
const executor: ExecutorInfo = {
  executorId: "e1" as ExecutorId,
  command: { value: "./executor" },
  shutdownGracePeriodMs: 60_000,
};

function policy(gracePeriodMs: number): Partial<TaskInfo> {
  return { executor, killPolicy: { gracePeriodMs } };
}

function drain(config: DrainConfig = {}): CoreBench {
  return agent.order({ type: "drain", config });
}

function status(taskId: string, state: TaskStatus["state"]): TaskStatus {
  const uuid = String(++uuids).padStart(32, "0") as UpdateId;
  return { taskId: taskId as TaskId, state, uuid };
}

function kills(): Extract<ExecutorEvent, { type: "kill" }>[] {
  return agent.executorEvents.splice(0).filter((event) => event.type === "kill");
}

function isEnding(): boolean {
  return agent.executorEvents.some(({ type }) => type === "shutdown");
}

/** Tasks that run on one custom executor. */
function running(tasks: Record<string, Partial<TaskInfo>>): void {
  agent.ready();
  for (const [taskId, more] of Object.entries(tasks)) agent.launch(taskId, more);
  agent.held().subscribe();
  for (const taskId of Object.keys(tasks)) agent.executorUpdate(status(taskId, "TASK_RUNNING"));
  agent.executorEvents.length = 0;
  for (const taskId of Object.keys(tasks)) {
    expect(agent.updates.some((one) => one.taskId === taskId)).toBe(true);
  }
  agent.did();
}

/** The newest status of a task, whether it was sent or waits behind another. */
function newest(taskId: string): TaskStatus | undefined {
  const all = [...agent.state.tasks.values()];
  return all.find(({ info }) => info.taskId === taskId)?.statuses.at(-1);
}

describe("a drain and custom executors (I5, F22, F23)", () => {
  test("each task is killed by its executor, with no more grace than the drain has", () => {
    running({ long: policy(60_000), short: policy(2_000), own: { executor } });
    drain({ maxGracePeriodMs: 30_000 });
    expect(kills()).toEqual([
      { type: "kill", taskId: "long", killPolicy: { gracePeriodMs: 30_000 } },
      { type: "kill", taskId: "short" },
      { type: "kill", taskId: "own", killPolicy: { gracePeriodMs: 30_000 } },
    ]);
    expect(agent.did()).toEqual(["executor kill", "executor kill", "executor kill"]);
  });

  test("what it says meanwhile is taken; of kills, the reason is the drain", () => {
    running({ a: policy(60_000), b: policy(60_000), c: policy(60_000) });
    drain();
    agent.executorUpdate(status("a", "TASK_KILLING"));
    expect(newest("a")).toMatchObject({ state: "TASK_KILLING", source: "SOURCE_EXECUTOR", reason });
    agent.executorUpdate({ ...status("a", "TASK_KILLED"), reason: "REASON_CONTAINER_LIMITATION" });
    expect(newest("a")).toMatchObject({ state: "TASK_KILLED", source: "SOURCE_EXECUTOR", reason });
    agent.executorUpdate(status("b", "TASK_FINISHED"));
    expect(newest("b")).toMatchObject({ state: "TASK_FINISHED" });
    expect(newest("b")?.reason).toBeUndefined();
    expect(isEnding()).toBe(false);
    agent.executorUpdate({ ...status("c", "TASK_FAILED"), message: "broken" });
    expect(newest("c")).toMatchObject({ state: "TASK_FAILED", message: "broken" });
    // It has nothing left to do, and nothing will come.
    expect(isEnding()).toBe(true);
  });

  test("it is ended when the longest grace of its tasks is over, by its own grace at most", () => {
    running({ long: policy(20_000), short: policy(1_000) });
    drain({ maxGracePeriodMs: 30_000 });
    agent.did();
    agent.pass(19_999);
    expect(agent.did()).not.toContain("executor shutdown");
    agent.pass(1);
    expect(agent.did()).toContain("executor shutdown");
    agent.pass(29_999);
    expect(agent.did()).not.toContain("kill SIGKILL");
    agent.pass(1);
    expect(agent.did()).toContain("kill SIGKILL");
    agent.exited({ signal: "SIGKILL" });
    expect(newest("long")).toMatchObject({ state: "TASK_KILLED", reason });
    expect(newest("short")).toMatchObject({ state: "TASK_KILLED", reason });
  });

  test("the last task that obeys is not waited for where the others had their time", () => {
    running({ long: policy(20_000), short: policy(1_000) });
    drain();
    agent.pass(1_500);
    expect(isEnding()).toBe(false);
    agent.executorUpdate(status("long", "TASK_KILLED"));
    expect(isEnding()).toBe(true);
  });

  test("without any policy it may take its time, until a drain says how long", () => {
    running({ t: { executor } });
    drain();
    expect(kills()).toEqual([{ type: "kill", taskId: "t" }]);
    agent.pass(600_000);
    expect(isEnding()).toBe(false);
    drain({ maxGracePeriodMs: 1_000 });
    expect(kills()).toEqual([{ type: "kill", taskId: "t", killPolicy: { gracePeriodMs: 1_000 } }]);
    agent.pass(1_000);
    expect(isEnding()).toBe(true);
  });

  test("told again it gives nobody more time, and says nothing twice", () => {
    running({ t: policy(60_000) });
    drain({ maxGracePeriodMs: 10_000 });
    agent.pass(6_000);
    agent.executorEvents.length = 0;
    drain({ maxGracePeriodMs: 10_000 });
    expect(kills()).toEqual([]);
    agent.pass(4_000);
    expect(isEnding()).toBe(true);
  });

  test("tasks that it was not given yet are killed, and so is it", () => {
    agent.ready().launch("t1", { executor }).launch("t2", { executor }).held().did();
    drain({ maxGracePeriodMs: 60_000 });
    expect(agent.did()).toEqual(["update t1 TASK_KILLED", "update t2 TASK_KILLED", "kill SIGKILL"]);
    expect(agent.updates.at(-1)).toMatchObject({ state: "TASK_KILLED", reason });
  });

  test("one without a task is ended, and one that is ending has no more time than the drain", () => {
    running({ t: { executor } });
    agent.executorUpdate(status("t", "TASK_FINISHED"));
    agent.did();
    drain();
    expect(agent.did()).toEqual(["executor shutdown"]);
    drain({ maxGracePeriodMs: 1_000 });
    agent.pass(1_000);
    expect(agent.did()).toContain("kill SIGKILL");
  });

  test("an executor that ends at its kills has killed its tasks", () => {
    running({ t: policy(60_000) });
    drain();
    agent.exited({ code: 0 });
    expect(newest("t")).toMatchObject({ state: "TASK_KILLED", reason });
  });

  test("a limit that it hits meanwhile is what it ended by", () => {
    running({ t: policy(60_000) });
    drain();
    const { containerId } = agent;
    const limit = { reason: "REASON_CONTAINER_LIMITATION_MEMORY", message: "big" } as const;
    agent.do({ type: "container-limit", containerId, limitation: { ...limit, resources: [] } });
    agent.exited({ signal: "SIGKILL" });
    expect(newest("t")).toMatchObject({ state: "TASK_FAILED", reason: limit.reason });
  });

  test("tasks of an agent that will be gone are gone, where frameworks can tell", () => {
    const aware = agent.framework(["PARTITION_AWARE"]);
    agent.ready().launch("t", policy(9_000), aware).held().subscribe();
    agent.executorUpdate(status("t", "TASK_RUNNING"));
    drain({ markGone: true }).executorUpdate(status("t", "TASK_KILLED"));
    expect(newest("t")).toMatchObject({ state: "TASK_GONE_BY_OPERATOR", reason });
  });

  test("to others they were killed", () => {
    running({ t: policy(9_000) });
    drain({ markGone: true }).executorUpdate(status("t", "TASK_KILLED"));
    expect(newest("t")).toMatchObject({ state: "TASK_KILLED", reason });
  });
});

describe("an agent that dies in a drain (I5, F2)", () => {
  test("an executor that comes back is told what is left of its time", () => {
    running({ t: policy(60_000) });
    drain({ maxGracePeriodMs: 30_000 });
    agent.restart();
    agent.nowMs += 10_000;
    agent.do({ type: "container-adopted", containerId: agent.containerId });
    agent.executorEvents.length = 0;
    agent.subscribe();
    expect(kills()).toEqual([{ type: "kill", taskId: "t", killPolicy: { gracePeriodMs: 20_000 } }]);
    agent.pass(19_999);
    expect(isEnding()).toBe(false);
    agent.pass(1);
    expect(isEnding()).toBe(true);
  });

  test("what ended while nobody looked is told truly, though its time is over", () => {
    running({ a: policy(5_000), b: policy(5_000) });
    drain();
    agent.restart();
    agent.nowMs += 60_000;
    agent.do({ type: "container-adopted", containerId: agent.containerId }).do({ type: "tick" });
    expect(isEnding()).toBe(false);
    agent.executorEvents.length = 0;
    agent.executorCall({
      type: "subscribe",
      frameworkId: agent.framework().id as never,
      executorId: executor.executorId,
      unacknowledgedTasks: [],
      unacknowledgedUpdates: [status("a", "TASK_FINISHED"), status("b", "TASK_KILLED")],
    });
    expect(newest("a")).toMatchObject({ state: "TASK_FINISHED" });
    expect(newest("b")).toMatchObject({ state: "TASK_KILLED", reason });
    expect(isEnding()).toBe(true);
  });
});

describe("a drain and commands (I5, D3)", () => {
  test("frameworks that know TASK_KILLING are told it, with the reason", () => {
    agent
      .ready()
      .launch("t", {}, agent.framework(["TASK_KILLING_STATE"]))
      .held();
    drain();
    expect(newest("t")).toMatchObject({ state: "TASK_KILLING", reason, source: "SOURCE_EXECUTOR" });
    agent.exited({ signal: "SIGTERM" });
    expect(newest("t")).toMatchObject({ state: "TASK_KILLED", reason });
  });

  test("tasks of a group under the built-in executor end each with its own grace", () => {
    const built: ExecutorInfo = { type: "DEFAULT", executorId: "pod" as ExecutorId };
    agent.ready().launchGroup(built, "a", "b");
    for (const taskId of ["a", "b"]) agent.held(agent.containerOf(taskId));
    agent.did();
    drain({ maxGracePeriodMs: 1_000 });
    expect(agent.did()).toEqual(["kill SIGTERM", "kill SIGTERM"]);
    agent.pass(1_000);
    expect(agent.did()).toEqual(["kill SIGKILL", "kill SIGKILL"]);
    for (const taskId of ["a", "b"]) {
      agent.exited({ signal: "SIGKILL" }, agent.containerOf(taskId));
      expect(newest(taskId)).toMatchObject({ state: "TASK_KILLED", reason });
    }
  });
});
