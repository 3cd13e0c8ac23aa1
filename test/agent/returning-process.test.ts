import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ExecutorId, FrameworkId, TaskId } from "../../contract/ids.ts";
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
const program = `
  import { Executor } from "${sdk}";
  const executor = new Executor();
  const tell = (taskId, state) => executor.sendUpdate({ taskId, state });
  executor.on("launch", ({ taskId }) => tell(taskId, "TASK_RUNNING"));
  executor.on("kill", (taskId) => tell(taskId, "TASK_KILLED"));
  executor.on("message", (data) => executor.sendMessage(data));
  executor.start();`;

function executor(id: string): ExecutorInfo {
  const words = ["node", "--input-type=module", "-e", program];
  const command = { value: process.execPath, shell: false, arguments: words };
  return { executorId: id as ExecutorId, command };
}

test("orders that waited for an agent's return reach all of its executors (B41, D10)", async () => {
  const settings = { "listen.port": await keptPort(), executorReregistrationTimeout: "15secs" };
  const first = await rig.start(settings);
  const names = ["a", "b", "c"];
  for (const name of names) rig.master.launch({ [name]: "" }, { executor: executor(name) });
  for (const name of names) await rig.told(name, ({ state }) => state === "TASK_RUNNING");
  await first.kill("SIGKILL");
  const frameworkId = "f1" as FrameworkId;
  // Like a master that kept them: they follow its answer to the registration at once.
  rig.master.afterRegistration = () => {
    rig.master.afterRegistration = () => {};
    for (const name of names) {
      const executorId = name as ExecutorId;
      const data = new TextEncoder().encode(name);
      rig.master.send({ type: "framework-message", frameworkId, executorId, data });
      rig.master.send({ type: "kill", frameworkId, taskId: name as TaskId });
    }
  };
  await rig.start(settings);
  for (const name of names) expect(await rig.ended(name)).toMatchObject({ state: "TASK_KILLED" });
  const echoes = await until("every message has come back", () => {
    const all = rig.master.heard.flatMap((message) =>
      message.type === "executor-message" ? [new TextDecoder().decode(message.data)] : [],
    );
    return all.length >= names.length ? all : undefined;
  });
  expect(echoes.sort()).toEqual(names);
});
