import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { ExecutorId, FrameworkId } from "../../contract/ids.ts";
import type { ExecutorInfo } from "../../contract/schema/task.ts";
import type { AgentProcess } from "../agent/support/agent-process.ts";
import { AgentRig } from "../agent/support/agent-rig.ts";
import { BOUND } from "../agent/support/stand-in-master.ts";
import { Dockerd } from "../support/dockerd.ts";
import { describeWith } from "../support/require.ts";
import { until } from "../support/until.ts";
import { IMAGE } from "./docker/bench.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const container = { type: "DOCKER" as const, docker: { image: IMAGE, network: "NONE" as const } };
const more = {
  container,
  resources: [
    { name: "cpus", scalar: 100 },
    { name: "mem", scalar: 32_000 },
  ],
};
const executor: ExecutorInfo = {
  executorId: "e1" as ExecutorId,
  frameworkId: "f2" as FrameworkId,
  type: "CUSTOM",
  container,
  command: { value: "sleep 600" },
};

describeWith("docker", "what frameworks run in an engine that do not checkpoint", () => {
  let dockerd: Dockerd;
  let rig: AgentRig;

  beforeAll(async () => {
    dockerd = new Dockerd();
    await dockerd.start();
    await dockerd.makeImage(IMAGE);
  });
  afterAll(() => dockerd?.close());
  beforeEach(async () => {
    rig = await new AgentRig().open();
  });
  afterEach(() => rig.close());

  const start = () => rig.start(settings());
  const settings = () => ({
    plugins: [
      { plugin: "uws-msgpack" },
      { plugin: "process" },
      { plugin: "docker", config: { socket: dockerd.socket, engineTimeout: "2secs" } },
    ],
  });
  const count = () => dockerd.docker("ps", "--all", "--quiet").split("\n").filter(Boolean).length;

  /** One task that outlives the agent, and those of all kinds that do not. */
  async function all(polite = "exec sleep 600"): Promise<AgentProcess> {
    const agent = await start();
    const { master } = rig;
    master.launch({ kept: "exec sleep 600" }, more);
    // It leaves with a word where it is asked to; the first process of a container is deaf else.
    master.launch({ polite, deaf: "trap '' TERM; sleep 600 & wait; wait" }, more, undefined, BOUND);
    const custom = { command: undefined, executor, container: undefined } as never;
    master.launch({ x1: "" }, custom, undefined, BOUND);
    for (const task of ["kept", "polite", "deaf"]) {
      await rig.told(task, ({ state }) => state === "TASK_RUNNING");
    }
    await until("all of them run", () => count() === 4);
    return agent;
  }

  const heardOf = (from: number): string[] =>
    rig.master.heard
      .slice(from)
      .flatMap((one) => (one.type === "update" ? [one.status.taskId as string] : []))
      .filter((task) => task !== "kept");

  async function endKept(): Promise<void> {
    expect(rig.lastOf("kept")).toMatchObject({ state: "TASK_RUNNING" });
    rig.master.kill("kept");
    await rig.ended("kept");
    await until("nothing is left", () => count() === 0);
  }

  test("is ended by the next agent before that registers, unheard of", async () => {
    const agent = await all();
    const from = rig.master.heard.length;
    await agent.kill("SIGKILL");
    expect(count()).toBe(4);
    await start();
    expect(count()).toBe(1);
    expect(rig.master.registrations.at(-1)).toMatchObject({
      type: "reregister",
      tasks: [{ taskId: "kept" }],
      executors: [],
    });
    expect(heardOf(from)).toEqual([]);
    await endKept();
  });

  test("ends with an agent that stops, in order and in its grace (F5)", async () => {
    const says = "echo bye > /mnt/mesos/sandbox/bye; exit 0";
    const agent = await all(`trap '${says}' TERM; while :; do sleep 0.1; done`);
    const from = rig.master.heard.length;
    await agent.kill("SIGTERM");
    expect(agent.child.exitCode, agent.output).toBe(0);
    expect(count()).toBe(1);
    const run = join(rig.workDir, "slaves/m1-S0/frameworks/f2/executors/polite/runs/latest");
    expect(readFileSync(join(run, "bye"), "utf8")).toBe("bye\n");
    await start();
    expect(heardOf(from)).toEqual([]);
    await endKept();
  });

  test("is ended once the engine is back that was away when its agent came", async () => {
    const agent = await all();
    await agent.kill("SIGKILL");
    await dockerd.kill();
    await start();
    await dockerd.start();
    await until("one is left", () => count() === 1);
    await endKept();
  });

  test("is ended by the next agent where the engine was away when its agent stopped", async () => {
    const agent = await all();
    await dockerd.kill();
    await agent.kill("SIGTERM");
    await dockerd.start();
    await start();
    await until("one is left", () => count() === 1);
    await endKept();
  });
});
