import { unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ExecutorId, FrameworkId, TaskId } from "../../contract/ids.ts";
import type { ExecutorInfo } from "../../contract/schema/task.ts";
import { Event } from "../../plugins/transports/mesos-v1-http/definitions/executor.ts";
import { ask, stream } from "../mesos/support/client.ts";
import { pause, until } from "../support/until.ts";
import { AgentRig } from "./support/agent-rig.ts";

vi.setConfig({ testTimeout: 120_000 });

/** How long an agent may take, wide of what it needs, to see that a connection has ended. */
const SEEN_MS = 1_000;

let rig: AgentRig;
beforeEach(async () => {
  rig = await new AgentRig().open();
});
afterEach(() => rig.close());

const frameworkId = "f1" as FrameworkId;
const executorId = "e1" as ExecutorId;
const sdk = join(import.meta.dirname, "..", "..", "dist", "sdk", "index.js");

/** Dials its agent through a door of its own, which is shut while there is a file `cut`. */
const program = `
  import { existsSync } from "node:fs";
  import { connect, createServer } from "node:net";
  import { Executor } from "${sdk}";
  const [host, port] = process.env.TEPUI_AGENT_ENDPOINT.split(":");
  const open = new Set();
  const isCut = () => existsSync("cut");
  const door = createServer((near) => {
    if (isCut()) return near.destroy();
    const far = connect(Number(port), host);
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one.on("error", () => {}).on("close", () => { other.destroy(); open.delete(one); }));
    }
    near.pipe(far).pipe(near);
  }).listen(0, "127.0.0.1", () => {
    process.env.TEPUI_AGENT_ENDPOINT = "127.0.0.1:" + door.address().port;
    const executor = new Executor({ redialMsMax: 100 });
    const tell = (taskId, state) => executor.sendUpdate({ taskId, state });
    executor.on("launch", ({ taskId }) => tell(taskId, "TASK_RUNNING"));
    executor.on("launch-group", (tasks) => tasks.forEach((t) => tell(t.taskId, "TASK_RUNNING")));
    executor.on("kill", (taskId) => tell(taskId, "TASK_KILLED"));
    executor.on("message", (data) => executor.sendMessage(data));
    executor.on("shutdown", () => process.exit(7));
    executor.start();
  });
  setInterval(() => isCut() && open.forEach((socket) => socket.destroy()), 20);`;

const words = ["node", "--input-type=module", "-e", program];
const command = { value: process.execPath, shell: false, arguments: words };
const executor: ExecutorInfo = { executorId, type: "CUSTOM", command };

/** Tasks, a message and a kill for the executor that is described so. */
function order(described: ExecutorInfo): void {
  const { master } = rig;
  const data = new TextEncoder().encode("hello");
  master.launch({ later: "" }, { executor: described, command: undefined } as never);
  master.launch({ g1: "", g2: "" }, { command: undefined } as never, described);
  master.send({ type: "framework-message", frameworkId, executorId, data });
  master.send({ type: "kill", frameworkId, taskId: "first" as TaskId });
}

test("a native executor that was cut off is told all that it missed", async () => {
  await rig.start();
  const { master } = rig;
  master.launch({ first: "", doomed: "" }, { executor, command: undefined } as never);
  for (const task of ["first", "doomed"]) {
    await rig.told(task, ({ state }) => state === "TASK_RUNNING");
  }
  const runs = join(rig.workDir, "slaves/m1-S0/frameworks/f1/executors/e1/runs/latest");
  const cut = join(runs, "cut");
  writeFileSync(cut, "");
  await pause(SEEN_MS);
  order(executor);
  await pause(SEEN_MS);
  expect(master.statesOf("later")).toEqual([]);
  unlinkSync(cut);
  for (const task of ["later", "g1", "g2"]) {
    await rig.told(task, ({ state }) => state === "TASK_RUNNING");
  }
  expect(await rig.ended("first")).toMatchObject({ state: "TASK_KILLED" });
  await until("its message has come back", () =>
    master.heard.some((one) => one.type === "executor-message"),
  );
  writeFileSync(cut, "");
  await pause(SEEN_MS);
  master.send({ type: "shutdown-executor", frameworkId, executorId });
  unlinkSync(cut);
  const exited = await until("it has ended", () =>
    master.heard.find((one) => one.type === "executor-exited"),
  );
  // By itself, within its grace.
  expect(exited).toMatchObject({ executorId, status: 7 << 8 });
});

test("an executor of the HTTP API that was cut off is told all that it missed", async () => {
  const agent = await rig.start();
  const { master } = rig;
  const port = Number(agent.address?.split(":")[1]);
  const path = "/api/v1/executor";
  const ids = { framework_id: { value: frameworkId }, executor_id: { value: executorId } };
  const subscribe = (unacknowledged_updates: object[] = []) =>
    stream(
      port,
      { path, body: { ...ids, type: "SUBSCRIBE", subscribe: { unacknowledged_updates } } },
      Event,
    );
  const status = (task: string, state: string) => {
    const uuid = Buffer.from(task.padEnd(16, state)).toString("base64");
    return { task_id: { value: task }, state, source: "SOURCE_EXECUTOR", uuid };
  };
  const sleeps = { ...executor, command: { value: "exec sleep 600" } };
  master.launch({ first: "" }, { executor: sleeps, command: undefined } as never);
  const events = await until("it may subscribe", async () => {
    const opened = await subscribe();
    return opened.status === 200 ? opened : undefined;
  });
  const update = { status: status("first", "TASK_RUNNING") };
  const answer = await ask(port, { path, body: { ...ids, type: "UPDATE", update } });
  expect(answer.status).toBe(202);
  await rig.told("first", ({ state }) => state === "TASK_RUNNING");
  events.close();
  await pause(SEEN_MS);
  order(sleeps);
  await pause(SEEN_MS);
  const again = await subscribe([{ status: status("first", "TASK_RUNNING") }]);
  const told: string[] = [];
  while (told.at(-1) !== "MESSAGE") told.push((await again.any())?.type ?? "the end");
  expect(told).toEqual([
    ...["SUBSCRIBED", "ACKNOWLEDGED", "KILL", "LAUNCH", "LAUNCH_GROUP", "MESSAGE"],
  ]);
  again.close();
  await pause(SEEN_MS);
  master.send({ type: "shutdown-executor", frameworkId, executorId });
  const last = await subscribe();
  expect((await last.any())?.type).toBe("SHUTDOWN");
  await until("it has ended", () => master.heard.some((one) => one.type === "executor-exited"));
});
