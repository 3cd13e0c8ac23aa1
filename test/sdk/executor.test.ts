import { afterEach, expect, test } from "vitest";
import { executorCallSchemas } from "../../contract/executor-api.ts";
import { Executor, executorEnvironment, type TaskInfo } from "../../sdk/index.ts";
import { until } from "../support/until.ts";
import { FakeServer } from "./support/fake-server.ts";

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

async function connected(changes: Record<string, string | undefined> = {}) {
  const fake = await FakeServer.listen("executor", executorCallSchemas, 5051);
  fake.answer = (call) => {
    if (call.type === "subscribe") fake.say({ type: "subscribed", agent: { id: "a1" } });
  };
  const executor = new Executor({ environment: { ...environment, ...changes }, dial: fake.dial });
  const launched: TaskInfo[] = [];
  executor.on("launch", (task) => launched.push(task));
  cleanups.push(
    () => fake.stop(),
    () => executor.stop(0),
  );
  executor.start();
  await until("subscribed", () => fake.of("subscribe").length === 1);
  return { fake, executor, launched };
}

test("the environment is read by its own names and by those of Mesos (v1-wire 7.1)", () => {
  expect(executorEnvironment(environment)).toMatchObject({
    agentEndpoint: "127.0.0.1:5051",
    frameworkId: "fw",
    executorId: "ex",
    checkpoint: true,
    recoveryTimeoutMs: 120_000,
    shutdownGracePeriodMs: 5_000,
  });
  expect(() => executorEnvironment({})).toThrow(
    expect.objectContaining({ code: "EXECUTOR_ENVIRONMENT" }),
  );
});

test("updates are kept until the agent has them, over breaks too (7.5)", async () => {
  const { fake, executor, launched } = await connected();
  fake.say({ type: "launch", task: { taskId: "t1", name: "t1", agentId: "a1", resources: [] } });
  await until("launched", () => launched.length === 1);
  const uuid = executor.sendUpdate({ taskId: "t1", state: "TASK_RUNNING" });
  await until("update", () => fake.of("update").length === 1);
  expect(fake.of("update")[0]).toMatchObject({
    status: { taskId: "t1", state: "TASK_RUNNING", uuid, source: "SOURCE_EXECUTOR" },
  });
  fake.drop();
  await until("subscribed again", () => fake.of("subscribe").length === 2);
  expect(fake.of("subscribe")[1]).toMatchObject({
    unacknowledgedTasks: [{ taskId: "t1" }],
    unacknowledgedUpdates: [{ taskId: "t1", uuid }],
  });
  fake.say({ type: "acknowledged", taskId: "t1", uuid });
  await until("acknowledged", () => executor.unacknowledged.length === 0);
  fake.drop();
  await until("subscribed a third time", () => fake.of("subscribe").length === 3);
  expect(fake.of("subscribe")[2]).toMatchObject({
    unacknowledgedTasks: [],
    unacknowledgedUpdates: [],
  });
});

test("an executor that stops waits for its last update to be stored", async () => {
  const { fake, executor } = await connected();
  const uuid = executor.sendUpdate({ taskId: "t1", state: "TASK_FINISHED" });
  let stopped = false;
  const stopping = executor.stop(60_000).then(() => {
    stopped = true;
  });
  await until("update", () => fake.of("update").length === 1);
  expect(stopped).toBe(false);
  fake.say({ type: "acknowledged", taskId: "t1", uuid });
  await stopping;
  expect(executor.unacknowledged).toEqual([]);
});

test("kills, messages and shutdown arrive as events", async () => {
  const { fake, executor } = await connected();
  const seen: unknown[] = [];
  executor.on("kill", (taskId, graceMs) => seen.push(["kill", taskId, graceMs]));
  executor.on("message", (data) => seen.push(["message", [...data]]));
  executor.on("shutdown", () => seen.push(["shutdown"]));
  fake.say({ type: "kill", taskId: "t1", killPolicy: { gracePeriodMs: 10 } });
  fake.say({ type: "message", data: new Uint8Array([7]) });
  fake.say({ type: "shutdown" });
  await until("three events", () => seen.length === 3);
  expect(seen).toEqual([["kill", "t1", 10], ["message", [7]], ["shutdown"]]);
});

test("an executor that does not checkpoint ends at once without its agent (B42)", async () => {
  const without = await connected({ TEPUI_CHECKPOINT: undefined });
  const reasons: string[] = [];
  without.executor.on("shutdown", (why) => reasons.push(why));
  without.fake.drop();
  await until("shutdown", () => reasons.length === 1);
  expect(reasons[0]).toContain("does not checkpoint");
});

test("an executor that checkpoints shuts down when its agent stays away (B42)", async () => {
  const { fake, executor } = await connected({ TEPUI_RECOVERY_TIMEOUT: "200ms" });
  const reasons: string[] = [];
  executor.on("shutdown", (why) => reasons.push(why));
  const beganMs = performance.now();
  await fake.stop();
  await until("shutdown", () => reasons.length === 1);
  expect(reasons[0]).toContain("200 ms");
  // Timers of Node may be a millisecond early.
  expect(performance.now() - beganMs).toBeGreaterThan(198);
});

test("what no agent would take is refused where it is made, and not kept", async () => {
  const { fake, executor } = await connected();
  const update = { taskId: "t1", state: "TASK_RUNNING" } as const;
  const large = new Uint8Array(1_100_000);
  const rows: readonly [() => unknown, string][] = [
    [() => executor.sendUpdate({ ...update, message: 5 as never }), "MESSAGE_INVALID"],
    [() => executor.sendUpdate({ ...update, data: large }), "MESSAGE_TOO_LARGE"],
    [() => executor.sendMessage("text" as never), "MESSAGE_INVALID"],
    [() => executor.sendMessage(large), "MESSAGE_TOO_LARGE"],
  ];
  for (const [call, code] of rows) expect(call).toThrow(expect.objectContaining({ code }));
  fake.drop();
  await until("subscribed again", () => fake.of("subscribe").length === 2);
  expect(fake.of("subscribe")[1]).toMatchObject({ unacknowledgedUpdates: [] });
  expect([fake.of("update"), fake.of("message")]).toEqual([[], []]);
});
