import { beforeEach, describe, expect, test } from "vitest";
import type { TaskId, UpdateId } from "../../contract/ids.ts";
import { CoreBench, F1 } from "./support/core.ts";

let agent: CoreBench;
beforeEach(() => {
  agent = new CoreBench();
});

const running = (
  taskId = "t1",
  ...more: Parameters<CoreBench["launch"]> extends [string, ...infer R] ? R : never
) => {
  agent
    .ready()
    .launch(taskId, ...more)
    .held()
    .acknowledge()
    .acknowledge()
    .did();
  return agent;
};

describe("update streams (D5, D6, D8, O3)", () => {
  test("one is in flight; the next follows its acknowledgement; latest state rides along", () => {
    agent.ready().launch("t1").held().exited({ code: 0 });
    expect(agent.did()).toEqual(["start t1", "update t1 TASK_STARTING", "release", "forget"]);
    agent.acknowledge();
    expect(agent.did()).toEqual(["update t1 TASK_RUNNING latest TASK_FINISHED"]);
    agent.acknowledge();
    expect(agent.did()).toEqual(["update t1 TASK_FINISHED"]);
    agent.acknowledge();
    expect([...agent.store.keys()]).toEqual(["agent", "framework/f1"]);
    expect(agent.state.tasks.size).toBe(0);
  });

  test("it is sent again after 10 s, then twice as long, up to 10 min, with the same uuid", () => {
    agent.ready().launch("t1").did();
    const waits: number[] = [];
    let lastMs = agent.nowMs;
    while (waits.length < 8) {
      agent.pass(1_000);
      // A master that pings is a master that is there.
      agent.order({ type: "ping", connected: true });
      if (!agent.did().some((what) => what.startsWith("update"))) continue;
      waits.push((agent.nowMs - lastMs) / 1_000);
      lastMs = agent.nowMs;
    }
    expect(waits).toEqual([10, 20, 40, 80, 160, 320, 600, 600]);
    expect(new Set(agent.updates.map(({ uuid }) => uuid)).size).toBe(1);
  });

  test("a wrong or repeated acknowledgement changes nothing", () => {
    agent.ready().launch("t1").did();
    const taskId = "t1" as TaskId;
    const uuid = "f".repeat(32) as UpdateId;
    agent.order({ type: "acknowledge", frameworkId: F1, taskId, uuid });
    agent.held();
    expect(agent.did()).toEqual(["release"]);
  });

  test("heads are sent at once after a new registration and after a failover", () => {
    agent.ready().launch("t1").did();
    agent.order({ type: "update-framework", framework: agent.framework() });
    expect(agent.did()).toEqual(["update t1 TASK_STARTING"]);
    agent.do({ type: "link-down" }).held().did();
    agent.register();
    expect(agent.did()).toEqual(["reregister", "update t1 TASK_STARTING latest TASK_RUNNING"]);
  });

  test("nothing is sent while there is no master", () => {
    agent.ready().do({ type: "link-down" }).launch("t1").held().exited({ code: 1 }).pass(30_000);
    expect(agent.did()).toEqual(["start t1", "release", "forget"]);
  });
});

describe("ends of commands (F20, D15, D16)", () => {
  const ends: [string, Parameters<CoreBench["exited"]>[0], object][] = [
    ["exit 0", { code: 0 }, { state: "TASK_FINISHED", exitCode: 0 }],
    [
      "exit 137",
      { code: 137 },
      { state: "TASK_FAILED", message: "Command exited with status 137" },
    ],
    [
      "a signal",
      { signal: "SIGSEGV" },
      {
        state: "TASK_FAILED",
        signal: "SIGSEGV",
        message: "Command terminated with signal SIGSEGV",
      },
    ],
    [
      "an exit nobody saw",
      undefined,
      { state: "TASK_FAILED", reason: "REASON_EXECUTOR_TERMINATED" },
    ],
  ];
  test.each(ends)("%s", (_name, exit, status) => {
    running().exited(exit);
    expect(agent.updates.at(-1)).toMatchObject(status);
  });

  test("a launch that failed carries its reason", () => {
    agent.ready().launch("t1").acknowledge();
    agent.do({ type: "container-failed", containerId: agent.containerId, message: "no such user" });
    expect(agent.updates.at(-1)).toMatchObject({
      state: "TASK_FAILED",
      reason: "REASON_CONTAINER_LAUNCH_FAILED",
      message: "Launch failed: no such user",
    });
  });

  test("a limit ends the container and says so, whatever the exit looks like", () => {
    const reason = "REASON_CONTAINER_LIMITATION_MEMORY";
    const resources = [{ name: "mem", scalar: 64_000 }];
    running().do({
      type: "container-limit",
      containerId: agent.containerId,
      limitation: { reason, message: "used 65 MiB of 64", resources },
    });
    expect(agent.did()).toEqual(["kill SIGKILL"]);
    agent.exited({ signal: "SIGKILL" });
    expect(agent.updates.at(-1)).toMatchObject({
      state: "TASK_FAILED",
      reason,
      limitation: resources,
    });
  });

  test("the maximum completion time ends it without grace (D19)", () => {
    running("t1", { maxCompletionMs: 5_000 }).pass(4_999);
    expect(agent.did()).toEqual([]);
    agent.pass(1);
    expect(agent.did()).toEqual(["kill SIGKILL"]);
    agent.exited({ signal: "SIGKILL" });
    expect(agent.updates.at(-1)).toMatchObject({
      state: "TASK_FAILED",
      reason: "REASON_MAX_COMPLETION_TIME_REACHED",
    });
  });
});

describe("kills (D3, D11, F22)", () => {
  test("SIGTERM, after three seconds SIGKILL; KILLED even if it exits 0", () => {
    running().kill("t1");
    expect(agent.did()).toEqual(["kill SIGTERM"]);
    agent.pass(2_999);
    expect(agent.did()).toEqual([]);
    agent.pass(1);
    expect(agent.did()).toEqual(["kill SIGKILL"]);
    agent.exited({ code: 0 });
    expect(agent.updates.at(-1)).toMatchObject({ state: "TASK_KILLED" });
  });

  test("a second kill can shorten the grace, not lengthen it", () => {
    running().kill("t1", 60_000).kill("t1", 90_000).kill("t1", 1_000);
    expect(agent.did()).toEqual(["kill SIGTERM"]);
    agent.pass(1_000);
    expect(agent.did()).toEqual(["kill SIGKILL"]);
  });

  test("KILLING is only told to frameworks that know it", () => {
    running("t1", {}, agent.framework(["TASK_KILLING_STATE"])).kill("t1");
    expect(agent.did()).toEqual(["update t1 TASK_KILLING", "kill SIGTERM"]);
  });

  test("a task that is killed while it is launched never runs", () => {
    agent.ready().launch("t1").acknowledge().did();
    agent.kill("t1").held();
    expect(agent.did()).toEqual(["kill SIGKILL"]);
    agent.do({ type: "container-failed", containerId: agent.containerId, message: "killed" });
    expect(agent.updates.at(-1)).toMatchObject({
      state: "TASK_KILLED",
      reason: "REASON_TASK_KILLED_DURING_LAUNCH",
    });
  });

  test.each([
    ["TASK_LOST", []],
    ["TASK_DROPPED", ["PARTITION_AWARE"]],
  ] as const)("an unknown task is %s", (state, capabilities) => {
    running("t0", {}, agent.framework([...capabilities])).kill("nobody");
    expect(agent.updates.at(-1)).toMatchObject({ taskId: "nobody", state });
  });

  test("a framework that is gone has everything ended and hears of nothing", () => {
    running().order({ type: "shutdown-framework", frameworkId: F1 });
    expect(agent.did()).toEqual(["kill SIGTERM"]);
    agent.exited({ signal: "SIGTERM" });
    expect(agent.did()).toEqual(["forget"]);
    expect([...agent.store.keys()]).toEqual(["agent"]);
  });
});

describe("restarts (B21, F2, F3)", () => {
  test("what was not acknowledged is sent again with its uuid, what was is not", () => {
    agent.ready().launch("t1").held().acknowledge().did();
    const uuid = agent.updates.at(-1)?.uuid;
    agent.restart().register();
    expect(agent.did()).toEqual(["reregister", "update t1 TASK_RUNNING"]);
    expect(agent.updates.at(-1)?.uuid).toBe(uuid);
    const message = agent.sent.find(({ type }) => type === "reregister");
    expect(message).toMatchObject({ tasks: [{ taskId: "t1", state: "TASK_RUNNING" }] });
  });

  test("uuids of the new process are not those of the old", () => {
    running().restart().register();
    agent.do({ type: "container-adopted", containerId: agent.containerId }).exited({ code: 3 });
    const uuids = agent.updates.map(({ uuid }) => uuid);
    expect(new Set(uuids).size).toBe(uuids.length);
    expect(agent.updates.at(-1)).toMatchObject({ exitCode: 3 });
  });

  test("a task that never ran is dropped, one that a reboot ended has failed", () => {
    agent.ready().launch("t1").acknowledge();
    agent.restart().register();
    agent.do({ type: "container-never-ran", containerId: agent.containerId });
    expect(agent.updates.at(-1)).toMatchObject({
      state: "TASK_LOST",
      reason: "REASON_AGENT_RESTARTED",
    });
    agent.acknowledge();
    agent.launch("t2").held().acknowledge().acknowledge().restart().register();
    agent.do({ type: "container-rebooted", containerId: agent.containerId });
    expect(agent.updates.at(-1)).toMatchObject({ taskId: "t2", state: "TASK_FAILED" });
  });

  test("what was being ended when the machine was started anew is told to be that (F3)", () => {
    const rebooted = () => {
      agent.restart().register();
      agent.do({ type: "container-rebooted", containerId: agent.containerId });
      return agent.updates.at(-1);
    };
    running().kill("t1").did();
    const message = "Command was killed on request: The machine was started anew";
    expect(rebooted()).toMatchObject({ taskId: "t1", state: "TASK_KILLED", message });
    const executor = { executorId: "e1" as never, command: { value: "./executor" } };
    agent.acknowledge().launch("t2", { executor }).held().subscribe().kill("t2");
    expect(rebooted()).toMatchObject({ taskId: "t2", state: "TASK_KILLED" });
    agent.acknowledge().launch("t3", { executor }).held().subscribe();
    const { executorId } = executor;
    agent.order({ type: "shutdown-executor", frameworkId: F1, executorId });
    expect(rebooted()).toMatchObject({ taskId: "t3", state: "TASK_FAILED" });
  });

  test("what ended before the machine was started anew is told truly (F3)", () => {
    running().restart().register();
    const { containerId } = agent;
    agent.do({ type: "container-rebooted", containerId, exit: { code: 0 } });
    expect(agent.updates.at(-1)).toMatchObject({ taskId: "t1", state: "TASK_FINISHED" });
  });

  test("a kill that was under way goes on", () => {
    running().kill("t1").did();
    agent.restart().register().did();
    agent.do({ type: "container-adopted", containerId: agent.containerId }).pass(3_000);
    expect(agent.did()).toEqual(["kill SIGKILL"]);
  });

  test("tasks that only the master knows are told to be lost", () => {
    agent.ready().launch("t1").did();
    agent.restart().do({ type: "link-up" }).pass(1_000);
    agent.order({
      type: "reregistered",
      agentId: "a1" as never,
      master: { id: "m", hostname: "h", ip: "i", port: 1, version: "0" },
      masterPingTimeoutMs: 75_000,
      reconcile: [{ frameworkId: F1, taskId: "t9" as TaskId }],
    });
    expect(agent.updates.at(-1)).toMatchObject({ taskId: "t9", state: "TASK_LOST" });
  });
});

test("an agent that leaves ends everything, then itself (B28, F5)", () => {
  running().do({ type: "leave" });
  expect(agent.did()).toEqual(["unregister", "kill SIGTERM"]);
  agent.exited({ signal: "SIGTERM" });
  expect(agent.did()).toEqual(["forget", "shutdown AGENT_LEFT"]);
  expect(agent.store.size).toBe(0);
});
