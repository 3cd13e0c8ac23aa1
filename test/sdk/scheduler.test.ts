import { expect, test } from "vitest";
import type { Offer, Scheduler, TaskStatus } from "../../sdk/index.ts";
import { pause, until } from "../support/until.ts";
import { fakeMaster, offerOf, schedulerFor, statusOf } from "./support/fake-master.ts";
import { FakeServer } from "./support/fake-server.ts";
import { cleanups, subscribed, task } from "./support/subscribed.ts";

function updatesOf(scheduler: Scheduler): TaskStatus[] {
  const seen: TaskStatus[] = [];
  scheduler.on("update", (status) => seen.push(status));
  return seen;
}

test("a framework checkpoints, may fail over, and is partition aware", async () => {
  const { fake, scheduler } = await subscribed();
  expect(scheduler.frameworkId).toBe("fw");
  expect(fake.of("subscribe")[0]).toMatchObject({
    framework: { name: "test", roles: ["*"], checkpoint: true, failoverTimeoutMs: 60_000 },
    suppressedRoles: [],
  });
  const [call] = fake.of("subscribe") as unknown as { framework: { capabilities: string[] } }[];
  expect(call?.framework.capabilities).toContain("PARTITION_AWARE");
});

test("tasks go to the offer's agent, with a filter for the rest (C5, C10)", async () => {
  const { fake, scheduler } = await subscribed();
  const offers: Offer[] = [];
  scheduler.on("offers", (list) => offers.push(...list));
  fake.say({ type: "offers", offers: [offerOf("o1")] });
  await until("an offer", () => offers.length === 1);
  expect(scheduler.outstandingOffers).toHaveLength(1);
  expect(scheduler.launch(offers[0] as Offer, [task("t1")], { refuseMs: 100 })).toBe(true);
  await until("accept", () => fake.of("accept").length === 1);
  expect(fake.of("accept")[0]).toMatchObject({
    offerIds: ["o1"],
    filters: { refuseMs: 100 },
    operations: [{ type: "LAUNCH", tasks: [{ taskId: "t1", name: "t1", agentId: "a1" }] }],
  });
  expect(scheduler.outstandingOffers).toHaveLength(0);
  expect(scheduler.liveTasks).toEqual(["t1"]);
});

test("an update with a uuid is acknowledged, one of the master's own is not (D6, D7)", async () => {
  const { fake, scheduler } = await subscribed();
  const seen = updatesOf(scheduler);
  fake.say({ type: "update", status: statusOf("t1", "TASK_RUNNING", "a") });
  fake.say({ type: "update", status: statusOf("t1", "TASK_LOST") });
  await until("updates", () => seen.length === 2);
  await until("acknowledgement", () => fake.of("acknowledge").length === 1);
  expect(fake.of("acknowledge")).toEqual([
    { type: "acknowledge", agentId: "a1", taskId: "t1", uuid: "a".repeat(32) },
  ]);
});

test("an update that is sent again is acknowledged again and told once (D5)", async () => {
  const { fake, scheduler } = await subscribed();
  const seen = updatesOf(scheduler);
  const status = statusOf("t1", "TASK_FINISHED", "b");
  fake.say({ type: "update", status });
  fake.say({ type: "update", status });
  await until("both acknowledged", () => fake.of("acknowledge").length === 2);
  expect(seen).toHaveLength(1);
});

test("with manual acknowledgement the framework says when", async () => {
  const { fake, scheduler } = await subscribed({ acknowledgement: "manual" });
  const seen = updatesOf(scheduler);
  const status = statusOf("t1", "TASK_RUNNING", "c");
  fake.say({ type: "update", status });
  fake.say({ type: "update", status });
  await until("told twice", () => seen.length === 2);
  expect(fake.of("acknowledge")).toHaveLength(0);
  scheduler.acknowledge(seen[0] as TaskStatus);
  await until("acknowledged", () => fake.of("acknowledge").length === 1);
  fake.say({ type: "update", status });
  await until("acknowledged again", () => fake.of("acknowledge").length === 2);
  expect(seen).toHaveLength(2);
});

test("after a break it keeps its id and asks until each task is answered (B2, D14)", async () => {
  const { fake, scheduler } = await subscribed();
  const again: boolean[] = [];
  const reconciled: number[] = [];
  scheduler.on("subscribed", (about) => again.push(about.again));
  scheduler.on("reconciled", (tasks) => reconciled.push(tasks));
  scheduler.launch(offerOf("o1"), [task("t1"), task("t2")]);
  await until("accept", () => fake.of("accept").length === 1);
  fake.drop();
  await until("three questions", () => fake.of("reconcile").length >= 3);
  expect(again).toEqual([true]);
  expect(fake.of("subscribe")[1]).toMatchObject({ framework: { id: "fw" } });
  expect(fake.of("reconcile")[0]).toMatchObject({
    tasks: [
      { taskId: "t1", agentId: "a1" },
      { taskId: "t2", agentId: "a1" },
    ],
  });
  fake.say({ type: "update", status: statusOf("t1", "TASK_RUNNING") });
  await until("a question about t2 alone", () =>
    fake
      .of("reconcile")
      .some((call) => JSON.stringify(call["tasks"]) === '[{"taskId":"t2","agentId":"a1"}]'),
  );
  fake.say({ type: "update", status: statusOf("t2", "TASK_GONE") });
  await until("all answered", () => reconciled.length === 1);
  expect(reconciled).toEqual([2]);
  expect(scheduler.liveTasks).toEqual(["t1"]);
  // What was said before this has been heard when this is.
  scheduler.kill("t1");
  await until("the kill", () => fake.of("kill").length === 1);
  const asked = fake.of("reconcile").length;
  await pause(100);
  expect(fake.of("reconcile")).toHaveLength(asked);
});

test("questions add up, and are asked again after a break (D14)", async () => {
  const { fake, scheduler } = await subscribed();
  const reconciled: number[] = [];
  scheduler.on("reconciled", (tasks) => reconciled.push(tasks));
  for (const taskId of ["s1", "s2", "s3"]) scheduler.reconcile([{ taskId, agentId: "a1" }]);
  expect(scheduler.unanswered.taskIds).toEqual(["s1", "s2", "s3"]);
  scheduler.launch(offerOf("o1"), [task("t1")]);
  await until("the first questions", () => fake.of("reconcile").length >= 3);
  fake.say({ type: "update", status: statusOf("s2", "TASK_RUNNING") });
  await until("an answer", () => scheduler.unanswered.taskIds.length === 2);
  const before = fake.of("reconcile").length;
  fake.drop();
  expect(scheduler.unanswered.forMs).toBeGreaterThanOrEqual(0);
  await until("all that is open", () =>
    fake
      .of("reconcile")
      .slice(before)
      .some(({ tasks }) => (tasks as { taskId: string }[]).length === 4),
  );
  for (const taskId of ["s1", "s2", "s3", "t1"]) {
    fake.say({ type: "update", status: statusOf(taskId, "TASK_RUNNING") });
  }
  await until("all answered", () => reconciled.length === 1);
  expect(reconciled).toEqual([4]);
});

test("tasks that cannot be sent to a master are reported as dropped, not forgotten", async () => {
  const fake = await fakeMaster();
  const scheduler = schedulerFor(fake);
  cleanups.push(
    () => fake.stop(),
    () => scheduler.stop(),
  );
  const seen = updatesOf(scheduler);
  expect(scheduler.launch(offerOf("o1"), [task("t1")])).toBe(false);
  await until("dropped", () => seen.length === 1);
  expect(seen[0]).toMatchObject({
    taskId: "t1",
    state: "TASK_DROPPED",
    reason: "REASON_MASTER_DISCONNECTED",
  });
  expect(scheduler.liveTasks).toEqual([]);
});

test("offers do not outlive the connection they came over", async () => {
  const { fake, scheduler } = await subscribed();
  fake.say({ type: "offers", offers: [offerOf("o1")] });
  await until("an offer", () => scheduler.outstandingOffers.length === 1);
  const seen: unknown[] = [];
  scheduler.on("disconnected", () =>
    seen.push([...scheduler.outstandingOffers], scheduler.decline("o1")),
  );
  fake.drop();
  await until("disconnected", () => seen.length === 2);
  expect(seen).toEqual([[], false]);
  await until("subscribed again", () => fake.of("subscribe").length === 2);
  expect(scheduler.outstandingOffers).toEqual([]);
});

test("wanting offers is said when it changes, and outlives a break (B10, C11)", async () => {
  const { fake, scheduler } = await subscribed();
  for (const wanted of [true, false, false, true, false]) scheduler.wantOffers(wanted);
  await until("two suppressions", () => fake.of("suppress").length === 2);
  expect(fake.of("revive")).toHaveLength(1);
  fake.drop();
  await until("subscribed again", () => fake.of("subscribe").length === 2);
  expect(fake.of("subscribe")[1]).toMatchObject({ suppressedRoles: ["*"] });
});

test("an error event of the master ends the client with the master's own code", async () => {
  const { fake, scheduler } = await subscribed();
  const codes: string[] = [];
  const ends: string[] = [];
  scheduler.on("error", (error) => codes.push(error.code)).on("closed", () => ends.push("closed"));
  fake.say({ type: "error", code: "FRAMEWORK_REMOVED", message: "it was torn down" });
  await until("closed", () => ends.length === 1);
  expect(codes).toEqual(["FRAMEWORK_REMOVED"]);
  expect(scheduler.state).toBe("closed");
  expect(fake.peers).toBe(1);
});

test("a standby master names the leader, and the client goes there (A6)", async () => {
  const leader = await fakeMaster(5051);
  const standby = await FakeServer.listen("framework", {}, 5050, leader.network, {
    code: "NOT_LEADER",
    message: "this is a standby",
    redirect: "127.0.0.1:5051",
  });
  const scheduler = schedulerFor(leader, { masters: "127.0.0.1:5050" });
  cleanups.push(
    () => leader.stop(),
    () => standby.stop(),
    () => scheduler.stop(),
  );
  await expect(scheduler.ready()).resolves.toBe("fw");
  expect(leader.peers).toBe(1);
});

test("masters are tried in turn until one answers", async () => {
  const fake = await fakeMaster(5052);
  const scheduler = schedulerFor(fake, { masters: "127.0.0.1:5050,127.0.0.1:5052" });
  cleanups.push(
    () => fake.stop(),
    () => scheduler.stop(),
  );
  await expect(scheduler.ready()).resolves.toBe("fw");
});

test("a final refusal is an error, not a reason to dial for ever", async () => {
  const fake = await FakeServer.listen("framework", {}, 5050, undefined, {
    code: "TOKEN_INVALID",
    message: "that token is not known",
    final: true,
  });
  const scheduler = schedulerFor(fake);
  cleanups.push(() => fake.stop());
  await expect(scheduler.ready()).rejects.toMatchObject({ code: "TOKEN_INVALID" });
  expect(scheduler.state).toBe("closed");
});

test("nobody at the address is MASTER_UNREACHABLE after the deadline", async () => {
  const fake = await fakeMaster(5053);
  const scheduler = schedulerFor(fake, { masters: "127.0.0.1:1" });
  cleanups.push(
    () => fake.stop(),
    () => scheduler.stop(),
  );
  await expect(scheduler.ready(60)).rejects.toMatchObject({ code: "MASTER_UNREACHABLE" });
});

test("who waits for a subscription hears at once that the client was stopped", async () => {
  const fake = await fakeMaster(5054);
  cleanups.push(() => fake.stop());
  const scheduler = schedulerFor(fake, { masters: "127.0.0.1:1" });
  const waiting = scheduler.ready(600_000);
  const rejected = expect(waiting).rejects.toMatchObject({ code: "CLIENT_CLOSED" });
  await scheduler.stop();
  await rejected;
  await expect(scheduler.ready(600_000)).rejects.toMatchObject({ code: "CLIENT_CLOSED" });
  const never = schedulerFor(fake);
  await never.stop();
  await expect(never.ready(600_000)).rejects.toMatchObject({ code: "CLIENT_CLOSED" });
  expect(fake.peers).toBe(0);
});

test("a teardown that no master hears says so", async () => {
  const { fake, scheduler } = await subscribed();
  expect(await scheduler.teardown()).toBe(true);
  await until("teardown", () => fake.of("teardown").length === 1);
  const away = schedulerFor(fake, { masters: "127.0.0.1:1" });
  away.start();
  expect(await away.teardown()).toBe(false);
});

test("an update of the framework waits for the master's answer (B7)", async () => {
  const { fake, scheduler } = await subscribed();
  const subscribe = fake.answer;
  fake.answer = (call, server) => {
    subscribe(call, server);
    if (call.type !== "update-framework") return;
    const { requestId, framework } = call as unknown as {
      requestId: number;
      framework: { roles: string[] };
    };
    const problem = { code: "ROLE_INVALID", message: "no" };
    const refused = framework.roles.includes("bad") ? { problem } : {};
    server.say({ type: "framework-updated", requestId, ...refused });
  };
  await scheduler.updateFramework({ roles: ["batch", "web"] });
  await expect(scheduler.updateFramework({ roles: ["bad"] })).rejects.toMatchObject({
    code: "ROLE_INVALID",
  });
  fake.drop();
  await until("subscribed again", () => fake.of("subscribe").length === 2);
  expect(fake.of("subscribe")[1]).toMatchObject({ framework: { roles: ["batch", "web"] } });
});

test("teardown is said before the connection ends, and nothing is sent after it", async () => {
  const { fake, scheduler } = await subscribed();
  await scheduler.teardown();
  await until("teardown", () => fake.of("teardown").length === 1);
  expect(scheduler.state).toBe("closed");
  expect(scheduler.kill("t1")).toBe(false);
});
