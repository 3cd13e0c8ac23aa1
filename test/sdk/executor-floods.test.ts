import { afterEach, expect, test } from "vitest";
import { executorCallSchemas } from "../../contract/executor-api.ts";
import type { TaskStatus } from "../../contract/schema/task.ts";
import { Executor, type ExecutorOptions } from "../../sdk/index.ts";
import { HandClock } from "../support/hand-clock.ts";
import { until } from "../support/until.ts";
import { type Call, FakeServer } from "./support/fake-server.ts";

const environment = {
  TEPUI_AGENT_ENDPOINT: "127.0.0.1:5051",
  MESOS_FRAMEWORK_ID: "fw",
  TEPUI_EXECUTOR_ID: "ex",
  TEPUI_CHECKPOINT: "1",
  TEPUI_RECOVERY_TIMEOUT: "2mins",
  TEPUI_SANDBOX: "/sandbox",
};
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function connected(options: Partial<ExecutorOptions> = {}) {
  const fake = await FakeServer.listen("executor", executorCallSchemas, 5051);
  fake.answer = (call) => {
    if (call.type === "subscribe") fake.say({ type: "subscribed", agent: { id: "a1" } });
  };
  const executor = new Executor({ environment, dial: fake.dial, ...options });
  cleanups.push(
    () => fake.stop(),
    () => executor.stop(0),
  );
  executor.start();
  await until("subscribed", () => fake.of("subscribe").length === 1);
  return { fake, executor };
}

/** Every status that the fake agent was sent, those of subscriptions among them, in order. */
function sent(calls: readonly Call[]): TaskStatus[] {
  return calls.flatMap(({ type, status, unacknowledgedUpdates = [] }) => {
    return (type === "update" ? [status] : unacknowledgedUpdates) as TaskStatus[];
  });
}

const numberOf = ({ message }: TaskStatus) => Number(message);

test("an executor with more updates than fit a frame subscribes again and sends all", async () => {
  const { fake, executor } = await connected();
  const data = new Uint8Array(20_000);
  for (let at = 0; at < 300; at++) {
    executor.sendUpdate({ taskId: `t${at}`, state: "TASK_FINISHED", data });
  }
  fake.drop();
  fake.calls.length = 0;
  await until("all again", () => sent(fake.calls).length === 300);
  expect(fake.calls[0]?.type).toBe("subscribe");
  expect(new Set(sent(fake.calls).map(({ taskId }) => taskId)).size).toBe(300);
});

test("tasks that are larger than a frame together are named to an agent that is back", async () => {
  const { fake, executor } = await connected();
  let launched = 0;
  executor.on("launch", () => launched++);
  const more = { agentId: "a1", resources: [], data: new Uint8Array(1_000_000) };
  for (let at = 0; at < 6; at++) {
    fake.say({ type: "launch", task: { taskId: `t${at}`, name: "n", ...more } });
  }
  await until("six tasks", () => launched === 6);
  fake.drop();
  await until("subscribed again", () => fake.of("subscribe").length === 2);
  const tasks = [..."012345"].map((digit) => expect.objectContaining({ taskId: `t${digit}` }));
  expect(fake.of("subscribe")[1]).toMatchObject({ unacknowledgedTasks: tasks });
});

test("what cannot be said to the agent at all is told as an error", async () => {
  const { fake, executor } = await connected();
  const codes: string[] = [];
  executor.on("error", ({ code }) => codes.push(code));
  let launched = 0;
  executor.on("launch-group", (tasks) => {
    launched += tasks.length;
  });
  const long = "x".repeat(240);
  for (let group = 0; group < 20; group++) {
    const tasks = Array.from({ length: 1_000 }, (_, at) => {
      return { taskId: `${long}${group}-${at}`, name: "", agentId: "a1", resources: [] };
    });
    fake.say({ type: "launch-group", tasks });
  }
  await until("all tasks", () => launched === 20_000);
  fake.drop();
  await until("an error", () => codes.length > 0);
  expect(codes).toEqual(["MESSAGE_TOO_LARGE"]);
});

test("a flood of updates is sent in order, as the agent stores those before", async () => {
  const { fake, executor } = await connected();
  const total = 5_000;
  for (let at = 0; at < total; at++) {
    executor.sendUpdate({ taskId: "t1", state: "TASK_RUNNING", message: String(at) });
  }
  await until("some", () => fake.of("update").length > 0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const first = fake.of("update").length;
  expect(first).toBeLessThan(1_000);
  fake.answer = ({ type, status }) => {
    if (type !== "update") return;
    const { taskId, uuid } = status as TaskStatus;
    fake.say({ type: "acknowledged", taskId, uuid });
  };
  for (const { taskId, uuid } of sent(fake.calls)) fake.say({ type: "acknowledged", taskId, uuid });
  await until("all stored", () => executor.unacknowledged.length === 0);
  expect(sent(fake.calls).map(numberOf)).toEqual(Array.from({ length: total }, (_, at) => at));
});

test("a task's end goes ahead of updates that get nowhere", async () => {
  const clock = new HandClock();
  const { fake, executor } = await connected({ clock });
  for (let at = 0; at < 600; at++) executor.sendUpdate({ taskId: "t1", state: "TASK_RUNNING" });
  executor.sendUpdate({ taskId: "t1", state: "TASK_FINISHED" });
  const ends = () => sent(fake.calls).filter(({ state }) => state === "TASK_FINISHED");
  clock.move(10_000);
  await until("sent again", () => fake.of("update").length >= 512);
  expect(ends()).toEqual([]);
  clock.move(10_000);
  await until("the end", () => ends().length > 0);
  const [end] = ends();
  fake.say({ type: "acknowledged", taskId: "t1", uuid: end?.uuid ?? "" });
  await until("it is stored", () => executor.unacknowledged.length === 600);
});
