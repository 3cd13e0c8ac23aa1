import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ExecutorId } from "../../contract/ids.ts";
import type { ExecutorInfo } from "../../contract/schema/task.ts";
import { until } from "../support/until.ts";
import type { AgentProcess } from "./support/agent-process.ts";
import { AgentRig } from "./support/agent-rig.ts";
import { keptPort } from "./support/kept-port.ts";

vi.setConfig({ testTimeout: 180_000 });

let rig: AgentRig;
beforeEach(async () => {
  rig = await new AgentRig().open();
});
afterEach(() => rig.close());

const sdk = join(import.meta.dirname, "..", "..", "dist", "sdk", "index.js");
/** Ends a task as its name says some time after it was told to, and says what it was told. */
const program = `
  import { Executor } from "${sdk}";
  const executor = new Executor();
  const tell = (taskId, state) => executor.sendUpdate({ taskId, state });
  executor.on("launch", ({ taskId }) => tell(taskId, "TASK_RUNNING"));
  executor.on("kill", (taskId, graceMs) => {
    console.log("kill", taskId, graceMs);
    tell(taskId, "TASK_KILLING");
    const end = { saves: "TASK_FINISHED", ends: "TASK_KILLED" }[taskId];
    if (end !== undefined) setTimeout(() => tell(taskId, end), 1_500);
  });
  executor.on("shutdown", () => {
    console.log("shutdown");
    if (process.env.DEAF === undefined) executor.stop();
  });
  executor.start();`;

function executor(...environment: { name: string; value: string }[]): ExecutorInfo {
  return {
    executorId: "e1" as ExecutorId,
    // Less than its tasks need: were it asked to end instead, they would be cut off.
    shutdownGracePeriodMs: 500,
    command: {
      value: process.execPath,
      shell: false,
      arguments: ["node", "--input-type=module", "-e", program],
      environment,
    },
  };
}

/** Launches tasks without a command on the executor, and waits until they run. */
async function running(wanted: ExecutorInfo, ...taskIds: string[]): Promise<void> {
  const commands = Object.fromEntries(taskIds.map((taskId) => [taskId, ""]));
  rig.master.launch(commands, { executor: wanted, killPolicy: { gracePeriodMs: 60_000 } });
  for (const taskId of taskIds) await rig.told(taskId, ({ state }) => state === "TASK_RUNNING");
}

async function said(agent: AgentProcess, taskId: string): Promise<string> {
  return (await rig.get(agent, `/sandbox/f1/${taskId}/stdout`)).text;
}

const exited = () =>
  until("the executor has ended", () =>
    rig.master.heard.find(({ type }) => type === "executor-exited"),
  );
const reason = "REASON_AGENT_DRAINING";

describe("a custom executor on a real agent that is drained (I5)", () => {
  test("ends its tasks in its own way and time, and then itself", async () => {
    const agent = await rig.start();
    await running(executor(), "saves", "ends");
    rig.master.send({ type: "drain", config: { maxGracePeriodMs: 30_000 } });
    expect(await rig.ended("saves")).toMatchObject({ state: "TASK_FINISHED" });
    expect(await rig.ended("ends")).toMatchObject({ state: "TASK_KILLED", reason });
    expect(await rig.told("ends", ({ state }) => state === "TASK_KILLING")).toMatchObject({
      source: "SOURCE_EXECUTOR",
      reason,
    });
    expect(await exited()).toMatchObject({ executorId: "e1", status: 0 });
    const told = await said(agent, "ends");
    expect(told.split("\n")).toEqual(
      expect.arrayContaining(["kill saves 30000", "kill ends 30000", "shutdown"]),
    );
    expect(rig.left()).toEqual([]);
  });

  test("is ended by force where it does not obey in the time that the drain has", async () => {
    await rig.start();
    await running(executor({ name: "DEAF", value: "1" }), "stays");
    rig.master.send({ type: "drain", config: { maxGracePeriodMs: 1_000 } });
    expect(await rig.ended("stays")).toMatchObject({ state: "TASK_KILLED", reason });
    expect(await exited()).toMatchObject({ executorId: "e1", status: 9 });
    expect(rig.left()).toEqual([]);
  });

  test("has what is left of its time when the agent has died meanwhile (F2)", async () => {
    const patience = { executorReregistrationTimeout: "15secs" };
    const settings = { "listen.port": await keptPort(), ...patience };
    const first = await rig.start(settings);
    await running(executor({ name: "DEAF", value: "1" }), "stays");
    rig.master.send({ type: "drain", config: { maxGracePeriodMs: 6_000 } });
    await rig.told("stays", ({ state }) => state === "TASK_KILLING");
    expect(await said(first, "stays")).toBe("kill stays 6000\n");
    await first.kill("SIGKILL");
    const second = await rig.start(settings);
    const graces = async () =>
      Array.from((await said(second, "stays")).matchAll(/kill stays (\d+)/g), ([, ms]) =>
        Number(ms),
      );
    const [, leftMs] = await until("the second kill", async () => {
      const all = await graces();
      return all.length > 1 ? all : undefined;
    });
    expect(leftMs).toBeLessThan(6_000);
    // A drain that the master tells it of again gives no task more time than it had.
    rig.master.send({ type: "drain", config: { maxGracePeriodMs: 600_000 } });
    expect(await rig.ended("stays")).toMatchObject({ state: "TASK_KILLED", reason });
    expect(rig.left()).toEqual([]);
  });
});
