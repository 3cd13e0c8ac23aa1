import { beforeEach, describe, expect, test } from "vitest";
import type { ExecutorId, TaskId, UpdateId } from "../../contract/ids.ts";
import { limits } from "../../contract/limits.ts";
import type { ExecutorInfo } from "../../contract/schema/task.ts";
import { CoreBench, F1 } from "./support/core.ts";

let agent: CoreBench;
beforeEach(() => {
  agent = new CoreBench();
});

describe("custom executors (F23, B40, B43, B44, D17)", () => {
  const executor: ExecutorInfo = {
    executorId: "e1" as ExecutorId,
    command: { value: "./executor" },
    data: new Uint8Array([1, 2]),
  };
  const uuid = (text: string) => text.repeat(32).slice(0, 32) as UpdateId;
  const status = (taskId: string, state: "TASK_RUNNING" | "TASK_FINISHED", id: string) =>
    ({ taskId: taskId as TaskId, state, uuid: uuid(id) }) as const;

  test("tasks wait for it to subscribe and are then given to it in order", () => {
    agent.ready().launch("t1", { executor }).launch("t2", { executor }).held();
    expect(agent.did()).toEqual(["start e1", "release"]);
    agent.subscribe().launch("t3", { executor });
    expect(agent.did()).toEqual([
      "executor subscribed",
      "executor launch",
      "executor launch",
      "executor launch",
    ]);
    const launched = agent.executorEvents.flatMap((event) =>
      event.type === "launch" ? [event.task.taskId] : [],
    );
    expect(launched).toEqual(["t1", "t2", "t3"]);
  });

  test("its container holds it and the tasks that it has, as they come and go (F23)", () => {
    const cpus = (scalar: number) => [{ name: "cpus", scalar }];
    const info = { ...executor, resources: cpus(100) };
    agent
      .ready()
      .launch("t1", { executor: info, resources: cpus(1_000) })
      .held()
      .subscribe();
    expect(agent.resizes).toEqual([]);
    agent.launch("t2", { executor: info, resources: cpus(2_000) });
    agent.executorUpdate(status("t1", "TASK_RUNNING", "a"));
    agent.executorUpdate(status("t1", "TASK_FINISHED", "b"));
    const held = [...cpus(100), ...cpus(2_000)];
    expect(agent.resizes).toEqual([[...cpus(100), ...cpus(1_000), ...cpus(2_000)], held]);
    // The next agent in this folder knows it with the same.
    const kept = [...agent.state.containers.keys()].map((id) => agent.store.get(`container/${id}`));
    expect(kept).toMatchObject([{ plan: { resources: held } }]);
  });

  test("its updates are stored and forwarded; the same one again is only acknowledged", () => {
    agent.ready().launch("t1", { executor }).held().subscribe().did();
    agent.executorUpdate(status("t1", "TASK_RUNNING", "a"));
    expect(agent.did()).toEqual(["update t1 TASK_RUNNING", "executor acknowledged"]);
    agent.executorUpdate(status("t1", "TASK_RUNNING", "a"));
    expect(agent.did()).toEqual(["executor acknowledged"]);
    expect(agent.updates.at(-1)).toMatchObject({
      uuid: uuid("a"),
      source: "SOURCE_EXECUTOR",
      executorId: "e1",
    });
  });

  test("one that does not subscribe in time is ended, and its tasks have failed", () => {
    agent.ready().launch("t1", { executor }).held().did();
    agent.pass(60_000);
    expect(agent.did()).toContain("kill SIGKILL");
    agent.exited({ signal: "SIGKILL" });
    expect(agent.updates.at(-1)).toMatchObject({
      state: "TASK_FAILED",
      reason: "REASON_EXECUTOR_REGISTRATION_TIMEOUT",
    });
  });

  test("one with another description under the same id is an error of the task", () => {
    agent
      .ready()
      .launch("t1", { executor })
      .launch("t2", { executor: { ...executor, data: new Uint8Array([1, 3]) } });
    expect(agent.updates.at(-1)).toMatchObject({
      taskId: "t2",
      state: "TASK_ERROR",
      reason: "REASON_TASK_INVALID",
    });
  });

  test("its end fails what it ran, and the framework is told of it", () => {
    agent.ready().launch("t1", { executor }).launch("t2", { executor }).held().subscribe();
    agent.executorUpdate(status("t2", "TASK_FINISHED", "b")).did();
    agent.exited({ code: 2 });
    expect(agent.did()).toEqual(["update t1 TASK_FAILED", "executor-exited", "forget"]);
    expect(agent.sent.at(-1)).toMatchObject({ executorId: "e1", status: 512 });
  });

  test("shutdown asks it to end and kills it after its grace", () => {
    agent.ready().launch("t1", { executor }).held().subscribe().did();
    agent.order({ type: "shutdown-executor", frameworkId: F1, executorId: executor.executorId });
    agent.pass(4_999);
    expect(agent.did()).toEqual(["executor shutdown"]);
    agent.pass(1);
    expect(agent.did()).toEqual(["kill SIGKILL"]);
  });

  test("one whose every task was killed before it came is not kept", () => {
    agent.ready().launch("t1", { executor }).did();
    agent.kill("t1");
    expect(agent.did()).toEqual(["update t1 TASK_KILLED", "kill SIGKILL"]);
  });

  test("messages go both ways", () => {
    agent.ready().launch("t1", { executor }).held().subscribe().did();
    const data = new Uint8Array([9]);
    agent.order({
      type: "framework-message",
      frameworkId: F1,
      executorId: executor.executorId,
      data,
    });
    agent.executorCall({ type: "message", data });
    expect(agent.did()).toEqual(["executor message", "executor-message"]);
  });

  test("a status or a message that is too large is refused with both figures", () => {
    agent.ready().launch("t1", { executor }).held().subscribe().did();
    const data = new Uint8Array(limits.statusBytesMax);
    agent.executorUpdate({ ...status("t1", "TASK_RUNNING", "a"), data });
    const call = { type: "message", data: new Uint8Array(limits.messageBytesMax + 1) } as const;
    agent.executorCall(call);
    expect(agent.did()).toEqual(["executor error", "executor error"]);
    expect(agent.executorEvents.slice(-2)).toEqual([
      {
        type: "error",
        code: "UPDATE_INVALID",
        message: expect.stringMatching(
          /^an update of t1: it has 10486\d\d bytes, and may have 1048576$/,
        ),
      },
      {
        type: "error",
        code: "MESSAGE_TOO_LARGE",
        message: "data has 1048577 bytes, and may have 1048576",
      },
    ]);
  });

  test("a limit that it hit is what its end is called, also by the next agent (D15, F2)", () => {
    agent.ready().launch("t1", { executor }).held().subscribe();
    const reason = "REASON_CONTAINER_LIMITATION_MEMORY";
    const limitation = { reason, message: "too much", resources: [] } as const;
    const { containerId } = agent;
    agent.do({ type: "container-limit", containerId, limitation });
    agent.restart().do({ type: "container-adopted", containerId });
    agent.register().exited({ signal: "SIGKILL" });
    expect(agent.updates.at(-1)).toMatchObject({ taskId: "t1", state: "TASK_FAILED", reason });
  });

  test("after a restart it has two seconds to come back (B41)", () => {
    agent.ready().launch("t1", { executor }).held().subscribe();
    agent.executorUpdate(status("t1", "TASK_RUNNING", "c")).acknowledge();
    agent.restart().register().did();
    agent.do({ type: "container-adopted", containerId: agent.containerId }).pass(2_000);
    agent.exited({ signal: "SIGKILL" });
    expect(agent.updates.at(-1)).toMatchObject({
      state: "TASK_LOST",
      reason: "REASON_EXECUTOR_REREGISTRATION_TIMEOUT",
    });
  });

  describe("is waited for after a restart before the agent registers (B41)", () => {
    const adopt = (containerId = agent.containerId) =>
      agent.do({ type: "container-adopted", containerId });

    beforeEach(() => {
      agent.ready().launch("t1", { executor }).held().subscribe();
      agent.executorUpdate(status("t1", "TASK_RUNNING", "c")).acknowledge();
      agent.restart().did();
    });

    test("and until its time is over, whatever the link does", () => {
      adopt().do({ type: "link-up" }).pass(1_000);
      agent.do({ type: "link-down" }).do({ type: "link-up" }).pass(999);
      expect(agent.did()).toEqual([]);
      agent.pass(1);
      expect(agent.did()).toEqual(["kill SIGKILL", "reregister"]);
    });

    test("or until it has come back", () => {
      adopt().do({ type: "link-up" }).pass(1_500);
      expect(agent.did()).toEqual([]);
      agent.subscribe().pass(0);
      expect(agent.did()).toEqual(["executor subscribed", "reregister"]);
    });

    test("or until it has ended", () => {
      adopt().do({ type: "link-up" }).pass(1_500);
      agent.exited({ code: 0 }).pass(0);
      expect(agent.did()).toContain("reregister");
    });

    test("but not one that was launched since", () => {
      agent.exited({ code: 0 }).ready().launch("t2", { executor }).did();
      agent.do({ type: "link-down" }).do({ type: "link-up" }).pass(1_000);
      expect(agent.did()).toEqual(["reregister"]);
    });

    test("has its grace where it is ended meanwhile, and is told when it comes (D17)", () => {
      adopt().do({ type: "leave" });
      expect(agent.did()).toEqual([]);
      agent.subscribe().pass(4_999);
      expect(agent.did()).toEqual(["executor shutdown"]);
      agent.pass(1);
      expect(agent.did()).toEqual(["kill SIGKILL"]);
    });

    test("is ended after its grace where it does not come at all", () => {
      adopt().do({ type: "leave" }).pass(4_999);
      expect(agent.did()).toEqual([]);
      agent.pass(1);
      expect(agent.did()).toEqual(["kill SIGKILL"]);
    });
  });

  test("a kill is asked for again when it subscribes, for it may not have heard of it (D11)", () => {
    agent.ready().launch("t1", { executor }).launch("t2", { executor }).held().subscribe();
    agent.executorUpdate(status("t1", "TASK_RUNNING", "a")).acknowledge();
    agent.executorUpdate(status("t2", "TASK_RUNNING", "b")).acknowledge();
    agent.kill("t1", 7_000).did();
    agent.subscribe();
    expect(agent.did()).toEqual(["executor subscribed", "executor kill"]);
    const kill = { type: "kill", taskId: "t1", killPolicy: { gracePeriodMs: 7_000 } };
    expect(agent.executorEvents.at(-1)).toEqual(kill);
    agent.restart().do({ type: "container-adopted", containerId: agent.containerId });
    agent.did();
    agent.subscribe();
    expect(agent.did()).toEqual(["executor subscribed", "executor kill"]);
    expect(agent.executorEvents.at(-1)).toEqual(kill);
    agent.executorUpdate(status("t1", "TASK_FINISHED", "d")).did();
    agent.subscribe();
    expect(agent.did()).toEqual(["executor subscribed"]);
  });
});
