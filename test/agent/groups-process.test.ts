import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ExecutorId, FrameworkId } from "../../contract/ids.ts";
import type { Volume } from "../../contract/schema/container.ts";
import { until } from "../support/until.ts";
import { AgentRig } from "./support/agent-rig.ts";

vi.setConfig({ testTimeout: 180_000 });

let rig: AgentRig;
beforeEach(async () => {
  rig = await new AgentRig().open();
});
afterEach(() => rig.close());

const pod = {
  executorId: "pod" as ExecutorId,
  frameworkId: "f1" as FrameworkId,
  type: "DEFAULT",
} as const;

function launch(commands: Readonly<Record<string, string>>): void {
  rig.master.launch(commands, { killPolicy: { gracePeriodMs: 300 } }, pod);
}

async function running(commands: Readonly<Record<string, string>>): Promise<void> {
  launch(commands);
  for (const task of Object.keys(commands)) {
    await rig.told(task, ({ state }) => state === "TASK_RUNNING");
  }
}

const executorExited = () =>
  until("the executor has ended", () =>
    rig.master.heard.find(({ type }) => type === "executor-exited"),
  );

describe("a task group on a real agent (F24)", () => {
  test("its tasks run together, each in a sandbox of its own, and the last ends all", async () => {
    const agent = await rig.start();
    const go = join(rig.folder, "go");
    const waits = `while ! [ -e ${go} ]; do sleep 0.05; done`;
    await running({ t1: `echo one; ${waits}`, t2: `echo two; ${waits}` });
    writeFileSync(go, "");
    for (const [task, said] of Object.entries({ t1: "one\n", t2: "two\n" })) {
      expect(await rig.ended(task)).toMatchObject({ state: "TASK_FINISHED", executorId: "pod" });
      expect((await rig.get(agent, `/sandbox/f1/${task}/stdout`)).text).toBe(said);
    }
    expect(await executorExited()).toMatchObject({ executorId: "pod", status: 0 });
  });

  test("one that fails ends the others, by force where they do not obey", async () => {
    await rig.start();
    const [fail, deaf] = [join(rig.folder, "fail"), join(rig.folder, "deaf")];
    await running({
      bad: `while ! [ -e ${fail} ]; do sleep 0.05; done; exit 5`,
      good: "exec sleep 600",
      stubborn: `trap '' TERM; touch ${deaf}; while :; do sleep 0.05; done`,
    });
    await until("it hears nothing", () => existsSync(deaf));
    writeFileSync(fail, "");
    expect(await rig.ended("bad")).toMatchObject({ state: "TASK_FAILED", exitCode: 5 });
    const message = expect.stringContaining("Task bad of the same group ended as TASK_FAILED");
    const ends = { good: "SIGTERM", stubborn: "SIGKILL" };
    for (const [task, signal] of Object.entries(ends)) {
      expect(await rig.ended(task)).toMatchObject({ state: "TASK_KILLED", signal, message });
    }
    await until("nothing is left", () => rig.left().length === 0);
  });

  test("killing one ends its group, and leaves another group of the executor alone", async () => {
    await rig.start();
    await running({ t1: "exec sleep 600", t2: "exec sleep 600" });
    await running({ t3: "exec sleep 600" });
    rig.master.kill("t1");
    expect(await rig.ended("t1")).toMatchObject({ state: "TASK_KILLED" });
    expect(await rig.ended("t2")).toMatchObject({ state: "TASK_KILLED" });
    expect(rig.lastOf("t3")).toMatchObject({ state: "TASK_RUNNING" });
    expect(rig.left()).toHaveLength(1);
    rig.master.kill("t3");
    await rig.ended("t3");
    await executorExited();
    await until("nothing is left", () => rig.left().length === 0);
  });

  test("one that cannot be launched lets none of them run", async () => {
    await rig.start();
    const ran = join(rig.folder, "ran");
    const uris = [{ value: "/no/such/file" }];
    const group = { good: `touch ${ran}; exec sleep 600`, bad: `touch ${ran}; exec sleep 600` };
    const tasks = Object.entries(group).map(([taskId, value]) => ({
      name: taskId,
      taskId: taskId as never,
      agentId: "m1-S0" as never,
      resources: [{ name: "cpus", scalar: 100 }],
      command: taskId === "bad" ? { value, uris } : { value },
    }));
    const info = { id: pod.frameworkId, name: "f1", user: "", roles: [], checkpoint: true };
    rig.master.send({
      type: "launch",
      frameworkId: pod.frameworkId,
      framework: info,
      role: "*" as never,
      tasks,
      groupExecutor: pod,
    });
    expect(await rig.ended("bad")).toMatchObject({
      state: "TASK_FAILED",
      reason: "REASON_CONTAINER_LAUNCH_FAILED",
    });
    expect(await rig.ended("good")).toMatchObject({ state: "TASK_KILLED" });
    expect(rig.master.statesOf("good")).not.toContain("TASK_RUNNING");
    await executorExited();
    expect(existsSync(ran)).toBe(false);
    await until("nothing is left", () => rig.left().length === 0);
  });

  test("its tasks share folders of their executor's sandbox, over groups, until it ends (F58)", async () => {
    const agent = await rig.start({ gcDelay: "0secs", diskWatchInterval: "100ms" });
    const volume = (containerPath: string): Volume => ({
      mode: "RW",
      containerPath,
      source: { type: "SANDBOX_PATH", sandboxPath: { type: "PARENT", path: "a/data" } },
    });
    const shares = (at: string) => ({
      container: { type: "MESOS" as const, volumes: [volume(at)] },
    });
    const waits = "until [ -e shared/go ]; do sleep 0.05; done";
    rig.master.launch(
      {
        t1: `echo one > shared/t1; ${waits}`,
        t2: `until cat shared/t1; do sleep 0.05; done; ${waits}`,
      },
      shares("shared"),
      pod,
    );
    const said = async () => (await rig.get(agent, "/sandbox/f1/t2/stdout")).text;
    await until("the one reads what the other wrote", async () => (await said()) === "one\n");
    const runs = join(rig.workDir, "slaves/m1-S0/frameworks/f1/executors/pod/runs");
    rig.master.launch({ t3: "cat in/it/t1; touch in/it/go" }, shares("in/it"), pod);
    for (const task of ["t1", "t2", "t3"]) {
      expect(await rig.ended(task)).toMatchObject({ state: "TASK_FINISHED" });
    }
    await executorExited();
    await until("its sandbox goes with theirs", () => !existsSync(runs));
    rig.master.launch({ alone: "true" }, shares("shared"));
    expect((await rig.ended("alone")).message).toContain("only tasks of a group");
  });

  test("an agent that is killed and started again still ends it as one (F2, B21)", async () => {
    const agent = await rig.start();
    const fail = join(rig.folder, "fail");
    await running({
      bad: `while ! [ -e ${fail} ]; do sleep 0.05; done; exit 5`,
      good: "exec sleep 600",
    });
    await agent.kill("SIGKILL");
    await rig.start();
    expect(rig.master.registrations.at(-1)).toMatchObject({
      type: "reregister",
      executors: [{ executor: pod }],
    });
    expect(rig.left().length).toBeGreaterThan(0);
    writeFileSync(fail, "");
    expect(await rig.ended("bad")).toMatchObject({ state: "TASK_FAILED", exitCode: 5 });
    expect(await rig.ended("good")).toMatchObject({ state: "TASK_KILLED", signal: "SIGTERM" });
    await until("nothing is left", () => rig.left().length === 0);
  });

  test("one that failed while no agent was there ends the others when it is back", async () => {
    const agent = await rig.start();
    const [fail, failed] = [join(rig.folder, "fail"), join(rig.folder, "failed")];
    await running({
      bad: `while ! [ -e ${fail} ]; do sleep 0.05; done; touch ${failed}; exit 5`,
      good: "exec sleep 600",
    });
    await agent.kill("SIGKILL");
    writeFileSync(fail, "");
    await until("it has failed", () => existsSync(failed));
    await rig.start();
    expect(await rig.ended("bad")).toMatchObject({ state: "TASK_FAILED", exitCode: 5 });
    expect(await rig.ended("good")).toMatchObject({ state: "TASK_KILLED", signal: "SIGTERM" });
    await until("nothing is left", () => rig.left().length === 0);
  });
});
