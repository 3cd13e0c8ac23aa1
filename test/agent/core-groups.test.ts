import { beforeEach, describe, expect, test } from "vitest";
import type { ExecutorId } from "../../contract/ids.ts";
import type { ExecutorInfo } from "../../contract/schema/task.ts";
import { CoreBench, F1 } from "./support/core.ts";

let agent: CoreBench;
beforeEach(() => {
  agent = new CoreBench().register();
  agent.did();
});

const executorId = "e1" as ExecutorId;
const pod: ExecutorInfo = { executorId, type: "DEFAULT", frameworkId: F1 };
const custom: ExecutorInfo = { ...pod, type: "CUSTOM", command: { value: "./executor" } };

/** A group that runs. */
function running(...taskIds: string[]): void {
  agent.launchGroup(pod, ...taskIds);
  for (const taskId of taskIds) {
    agent.acknowledge().held(agent.containerOf(taskId));
  }
  while (agent.updates.at(-1)?.state !== "TASK_RUNNING") agent.pass(10_000);
  agent.did();
}

/** The newest status of a task that was sent. */
function lastOf(taskId: string): unknown {
  return agent.updates.findLast((status) => status.taskId === taskId);
}

/** The state that a task is in, told or not. */
function stateOf(taskId: string): string | undefined {
  return [...agent.state.tasks.values()].find(({ info }) => info.taskId === taskId)?.state;
}

describe("a task group under the built-in executor (F24)", () => {
  test("nothing of it runs before all of it can", () => {
    agent.launchGroup(pod, "t1", "t2");
    expect(agent.did()).toEqual([
      "start t1",
      "update t1 TASK_STARTING",
      "start t2",
      "update t2 TASK_STARTING",
    ]);
    agent.held(agent.containerOf("t1"));
    expect(agent.did()).toEqual([]);
    agent.held(agent.containerOf("t2"));
    expect(agent.did()).toEqual(["release", "release"]);
    expect([stateOf("t1"), stateOf("t2")]).toEqual(["TASK_RUNNING", "TASK_RUNNING"]);
    expect(lastOf("t1")).toMatchObject({ executorId: "e1" });
  });

  test("its tasks have the network of their executor, and folders of one sandbox (F58, F60)", () => {
    const networkInfos = [{ name: "overlay" }];
    agent.launchGroup({ ...pod, container: { type: "MESOS", networkInfos } }, "t1", "t2");
    const plans = [...agent.state.containers.values()].map(({ plan }) => plan);
    const container = { type: "MESOS", networkInfos };
    expect(plans).toMatchObject([{ container }, { container }]);
    expect(plans.map(({ parent }) => parent)).toEqual([undefined, undefined]);
  });

  test("one that cannot be launched leaves none to run", () => {
    agent.launchGroup(pod, "t1", "t2").held(agent.containerOf("t1")).did();
    const bad = agent.containerOf("t2");
    agent.do({ type: "container-failed", containerId: bad, message: "no image" });
    expect(agent.did()).toEqual(["kill SIGKILL", "forget"]);
    expect([stateOf("t1"), stateOf("t2")]).toEqual(["TASK_STARTING", "TASK_FAILED"]);
    agent.do({ type: "container-never-ran", containerId: agent.containerOf("t1") });
    expect(agent.did()).toEqual(["executor-exited", "forget"]);
    agent.acknowledge();
    expect(stateOf("t1")).toBe("TASK_KILLED");
  });

  test("one that fails ends the rest, with their grace; one that finishes does not", () => {
    running("t1", "t2", "t3");
    agent.exited({ code: 0 }, agent.containerOf("t1"));
    expect(agent.did()).toEqual(["forget"]);
    agent.exited({ code: 3 }, agent.containerOf("t2"));
    expect(agent.did()).toEqual(["kill SIGTERM", "forget"]);
    agent.pass(3_000);
    expect(agent.did()).toEqual(["kill SIGKILL"]);
    agent.exited({ signal: "SIGKILL" }, agent.containerOf("t3"));
    expect(agent.did()).toContain("executor-exited");
    expect(stateOf("t3")).toBe("TASK_KILLED");
    const task = [...agent.state.tasks.values()].find(({ info }) => info.taskId === "t3");
    expect(task?.statuses.at(-1)?.message).toBe(
      "Task t2 of the same group ended as TASK_FAILED: Command terminated with signal SIGKILL",
    );
  });

  test("all that a reboot has ended have failed by that, none by another's end (F3)", () => {
    running("t1", "t2");
    agent.restart().register();
    for (const taskId of ["t1", "t2"]) {
      agent.do({ type: "container-rebooted", containerId: agent.containerOf(taskId) });
    }
    const newest = [...agent.state.tasks.values()].map(({ statuses }) => statuses.at(-1));
    const failed = { state: "TASK_FAILED", reason: "REASON_AGENT_RESTARTED" };
    expect(newest).toMatchObject([failed, failed]);
  });

  test("one that is killed ends its group, but not another one of the same executor", () => {
    running("t1", "t2");
    running("t3");
    agent.kill("t1", 1_000);
    expect(agent.did()).toEqual(["kill SIGTERM"]);
    agent.exited({ signal: "SIGTERM" }, agent.containerOf("t1"));
    expect(agent.did()).toEqual(["kill SIGTERM", "forget"]);
    agent.exited({ signal: "SIGTERM" }, agent.containerOf("t2"));
    expect(agent.did()).toEqual(["forget"]);
    expect([stateOf("t1"), stateOf("t2"), stateOf("t3")]).toEqual([
      "TASK_KILLED",
      "TASK_KILLED",
      "TASK_RUNNING",
    ]);
    agent.exited({ code: 0 }, agent.containerOf("t3"));
    expect(agent.did()).toEqual(["executor-exited", "forget"]);
    expect(agent.sent.findLast(({ type }) => type === "executor-exited")).toMatchObject({
      executorId: "e1",
      status: 0,
    });
  });

  test("its executor is shut down with all of its tasks (D17)", () => {
    running("t1", "t2");
    agent.order({ type: "shutdown-executor", frameworkId: F1, executorId });
    expect(agent.did()).toEqual(["kill SIGTERM", "kill SIGTERM"]);
  });

  test("a restart of the agent forgets neither group nor executor (F2, B21)", () => {
    running("t1", "t2");
    agent.restart().register();
    expect(agent.sent.findLast(({ type }) => type === "reregister")).toMatchObject({
      executors: [{ frameworkId: F1, executor: pod }],
      tasks: [{ executorId: "e1" }, { executorId: "e1" }],
    });
    agent.did();
    agent.exited({ code: 1 }, agent.containerOf("t1"));
    expect(agent.did()).toEqual(["kill SIGTERM", "forget"]);
    agent.restart().exited({ signal: "SIGTERM" }, agent.containerOf("t2"));
    expect(stateOf("t2")).toBe("TASK_KILLED");
    agent.restart();
    expect(agent.state.groupExecutors.size).toBe(0);
  });

  test("how its executor ended while no master was there is told to the next (O7)", () => {
    running("t1", "t2");
    agent.restart();
    for (const name of ["t1", "t2"]) agent.exited({ code: 0 }, agent.containerOf(name));
    expect(agent.did()).not.toContain("executor-exited");
    agent.restart().register();
    // A master asks nobody how one ended that it is not told of as being here.
    expect(agent.sent.findLast(({ type }) => type === "reregister")).toMatchObject({
      executors: [{ frameworkId: F1, executor: pod }],
    });
    const exits = () => agent.sent.filter(({ type }) => type === "executor-exited");
    expect(exits()).toMatchObject([{ frameworkId: F1, executorId: "e1", status: 0 }]);
    agent.restart().register();
    expect(exits()).toHaveLength(1);
  });

  test("an agent that dies before all of it can run has run none", () => {
    agent.launchGroup(pod, "t1", "t2").held(agent.containerOf("t1")).restart();
    const phases = [...agent.state.containers.values()].map(({ phase }) => phase);
    expect(phases).toEqual(["starting", "starting"]);
  });

  test("what is wrong with one is the error of all", () => {
    running("t1");
    agent.launchGroup({ ...pod, name: "other" }, "t2", "t3");
    expect(agent.did()).toEqual(["update t2 TASK_ERROR", "update t3 TASK_ERROR"]);
    expect(lastOf("t2")).toMatchObject({ reason: "REASON_TASK_GROUP_INVALID" });
    agent.launchGroup(pod, "t1", "t4");
    expect(agent.did()).toEqual(["update t4 TASK_ERROR"]);
    agent.launchGroup(pod, "t1");
    expect(agent.did()).toEqual([]);
  });
});

describe("a task group under a custom executor (F23, F24, B43)", () => {
  const groups = () =>
    agent.executorEvents.flatMap((event) =>
      event.type === "launch-group" ? [event.tasks.map(({ taskId }) => taskId)] : [],
    );

  test("is handed over in one event, before and after the executor has come", () => {
    agent.launchGroup(custom, "t1", "t2").launchGroup(custom, "t3").held().subscribe();
    agent.launchGroup(custom, "t4", "t5");
    expect(groups()).toEqual([["t1", "t2"], ["t3"], ["t4", "t5"]]);
  });

  test("goes whole when one is killed before it was handed over", () => {
    agent.launchGroup(custom, "t1", "t2").launchGroup(custom, "t3").held().did();
    agent.kill("t2");
    expect(agent.did()).toEqual(["update t1 TASK_KILLED", "update t2 TASK_KILLED"]);
    agent.restart().subscribe();
    expect(groups()).toEqual([["t3"]]);
  });

  test("an executor that ends fails all of it, also after a restart of the agent", () => {
    agent.launchGroup(custom, "t1", "t2").held().subscribe().restart().register().did();
    agent.exited({ code: 1 });
    expect(agent.did()).toEqual([
      "update t1 TASK_FAILED",
      "update t2 TASK_FAILED",
      "executor-exited",
      "forget",
    ]);
  });
});
