import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ExecutorId, FrameworkId } from "../../contract/ids.ts";
import type { ExecutorInfo } from "../../contract/schema/task.ts";
import { until } from "../support/until.ts";
import { AgentRig } from "./support/agent-rig.ts";
import { keptPort } from "./support/kept-port.ts";

vi.setConfig({ testTimeout: 180_000 });

let rig: AgentRig;
beforeEach(async () => {
  rig = await new AgentRig().open();
});
afterEach(() => rig.close());

const sdk = join(import.meta.dirname, "..", "..", "dist", "sdk", "index.js");

/** An executor on the SDK; `onLaunch` is what it does with a task `taskId`. */
function executor(onLaunch: string): ExecutorInfo {
  const program = `
    import { existsSync, writeFileSync } from "node:fs";
    import { Executor } from "${sdk}";
    const executor = new Executor();
    const tell = (taskId, state, more) => executor.sendUpdate({ taskId, state, ...more });
    executor.on("launch", ({ taskId }) => {
      tell(taskId, "TASK_RUNNING");
      ${onLaunch}
    });
    executor.start();`;
  const words = ["node", "--input-type=module", "-e", program];
  const command = { value: process.execPath, shell: false, arguments: words };
  return { executorId: "e1" as ExecutorId, command };
}

function launch(names: readonly string[], described: ExecutorInfo): void {
  const tasks = Object.fromEntries(names.map((name) => [name, ""]));
  rig.master.launch(tasks, { executor: described, command: undefined } as never);
}

test("an executor with more updates than fit a frame is heard by the next agent (B41)", async () => {
  const settings = { "listen.port": await keptPort(), executorReregistrationTimeout: "15secs" };
  const first = await rig.start(settings);
  const [go, gone] = [join(rig.folder, "go"), join(rig.folder, "gone")];
  const names = Array.from({ length: 300 }, (_, at) => `t${at}`);
  const finish = `
    const timer = setInterval(() => {
      if (!existsSync("${go}")) return;
      clearInterval(timer);
      tell(taskId, "TASK_FINISHED", { data: new Uint8Array(20_000) });
      if (executor.unacknowledged.length === 300) writeFileSync("${gone}", "");
    }, 50);`;
  launch(names, executor(finish));
  for (const name of names) await rig.told(name, ({ state }) => state === "TASK_RUNNING");
  await first.kill("SIGKILL");
  writeFileSync(go, "");
  await until("all have ended", () => existsSync(gone));
  await rig.start(settings);
  for (const name of names) expect(await rig.ended(name)).toMatchObject({ state: "TASK_FINISHED" });
});

test("a flood of updates of one task is told whole, in order, and its end after it", async () => {
  await rig.start();
  const total = 1_000;
  const flood = `
    for (let at = 0; at < ${total}; at++) tell(taskId, "TASK_RUNNING", { message: String(at) });
    tell(taskId, "TASK_FINISHED");`;
  launch(["t1"], executor(flood));
  expect(await rig.ended("t1")).toMatchObject({ state: "TASK_FINISHED" });
  const said = rig.master.statuses.get("t1")?.flatMap(({ message }) => message ?? []);
  expect(said).toEqual(Array.from({ length: total }, (_, at) => String(at)));
});

test("how a group's executor ended while its agent was away is told (F24)", async () => {
  const settings = { "listen.port": await keptPort() };
  const first = await rig.start(settings);
  const executorId = "pod" as ExecutorId;
  const frameworkId = "f1" as FrameworkId;
  const go = join(rig.folder, "go");
  const waits = `while ! [ -e ${go} ]; do sleep 0.05; done`;
  const pod = { executorId, frameworkId, type: "DEFAULT" } as const;
  rig.master.launch({ t1: `${waits}; exit 0`, t2: `${waits}; exit 0` }, {}, pod);
  for (const name of ["t1", "t2"]) {
    await rig.told(name, ({ state }) => state === "TASK_RUNNING");
  }
  await first.kill("SIGKILL");
  writeFileSync(go, "");
  await until("both have ended", () => rig.left().length === 0);
  await rig.start(settings);
  const exited = await until("its end is told", () =>
    rig.master.heard.find(({ type }) => type === "executor-exited"),
  );
  expect(exited).toMatchObject({ executorId, status: 0 });
  expect(rig.master.registrations.at(-1)).toMatchObject({ executors: [{ frameworkId }] });
});
