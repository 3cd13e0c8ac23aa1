import { expect, test } from "vitest";
import type { Offer, Scheduler } from "../../sdk/index.ts";
import { pause, until } from "../support/until.ts";
import { fakeMaster, offerOf, schedulerFor, statusOf } from "./support/fake-master.ts";
import type { FakeServer } from "./support/fake-server.ts";
import { cleanups, subscribed, task } from "./support/subscribed.ts";

async function offered(fake: FakeServer, scheduler: Scheduler, id = "o1"): Promise<Offer> {
  fake.say({ type: "offers", offers: [offerOf(id)] });
  await until("an offer", () => scheduler.outstandingOffers.some((offer) => offer.id === id));
  return scheduler.outstandingOffers.find((offer) => offer.id === id) as Offer;
}

test("a call of the wrong shape is refused where it is made, and nothing has happened", async () => {
  const { fake, scheduler } = await subscribed();
  const offer = await offered(fake, scheduler);
  const wrong = {
    ...task("t1"),
    resources: [{ name: "cpus", scalar: 1, reservations: [{ type: "STATIC" }] }],
  } as never;
  expect(() => scheduler.launch(offer, [wrong])).toThrow(
    expect.objectContaining({ code: "MESSAGE_INVALID" }),
  );
  expect([scheduler.liveTasks, scheduler.outstandingOffers.length]).toEqual([[], 1]);
  await expect(scheduler.updateFramework({ webuiUrl: 5 as never })).rejects.toMatchObject({
    code: "MESSAGE_INVALID",
  });
  expect(scheduler.launch(offer, [task("t2")])).toBe(true);
  await until("accept", () => fake.of("accept").length === 1);
});

test("no call of the wrong shape is sent or remembered, with a subscription or without", async () => {
  const { fake, scheduler } = await subscribed();
  const calls: readonly (() => unknown)[] = [
    () => scheduler.acknowledge({ ...statusOf("t1", "TASK_RUNNING", "a"), uuid: 5 } as never),
    () => scheduler.decline(["o1"], { refuseMs: "x" as never }),
    () => scheduler.kill(5 as never),
    () => scheduler.revive([5] as never),
    () => scheduler.suppress([5] as never),
    () => scheduler.reconcile([{ taskId: 5 }] as never),
    () => scheduler.message("a1", "e1", "text" as never),
    () => scheduler.shutdown("a1", 5 as never),
    () => scheduler.acceptInverseOffers([5] as never),
    () => scheduler.declineInverseOffers([5] as never),
  ];
  const before = fake.calls.length;
  const refuseAll = (): void => {
    for (const call of calls) {
      const invalid = { code: "MESSAGE_INVALID", where: expect.stringMatching(/^\//) };
      expect(call, call.toString()).toThrow(expect.objectContaining(invalid));
    }
  };
  refuseAll();
  expect(scheduler.unanswered.taskIds).toEqual([]);
  fake.drop();
  await until("subscribed again", () => fake.of("subscribe").length === 2);
  expect(fake.of("subscribe")[1]).toMatchObject({ suppressedRoles: [] });
  expect(fake.calls).toHaveLength(before + 1);
  await scheduler.stop();
  refuseAll();
});

test("a description that no master could read ends the client, and is waited for by nobody", async () => {
  const many = Array.from({ length: 90 }, (_, at) => [`label${at}`, "x".repeat(60_000)]);
  for (const [options, code] of [
    [{ webuiUrl: 5 as never }, "MESSAGE_INVALID"],
    [{ labels: Object.fromEntries(many) }, "MESSAGE_TOO_LARGE"],
  ] as const) {
    const fake = await fakeMaster();
    cleanups.push(() => fake.stop());
    const scheduler = schedulerFor(fake, options);
    await expect(scheduler.ready(600_000)).rejects.toMatchObject({ code });
    expect([scheduler.state, fake.of("subscribe").length]).toEqual(["closed", 0]);
  }
});

test("an accept that fits no frame is refused, and its offer can be answered", async () => {
  const { fake, scheduler } = await subscribed();
  const offer = await offered(fake, scheduler);
  const large = (taskId: string) => ({ ...task(taskId), data: new Uint8Array(900_000) });
  const five = ["a", "b", "c", "d", "e"].map(large);
  expect(() => scheduler.launch(offer, five)).toThrow(
    expect.objectContaining({ code: "MESSAGE_TOO_LARGE" }),
  );
  expect([scheduler.liveTasks, scheduler.outstandingOffers.length]).toEqual([[], 1]);
  expect(scheduler.decline(offer.id)).toBe(true);
  await until("decline", () => fake.of("decline").length === 1);
});

test("a message that the master does not understand costs that message alone", async () => {
  const { fake, scheduler } = await subscribed();
  const rejected: string[] = [];
  scheduler.on("rejected", (call, { code }) => rejected.push(`${call} ${code}`));
  scheduler.launch(await offered(fake, scheduler), [task("t1")]);
  await until("accept", () => fake.of("accept").length === 1);
  fake.say({ type: "error", code: "MESSAGE_INVALID", message: "accept: no", of: "accept" });
  // Whether its tasks run is asked for, since nobody says so.
  await until("a question", () => fake.of("reconcile").length > 0);
  expect(fake.of("reconcile")[0]).toMatchObject({ tasks: [{ taskId: "t1" }] });
  expect([rejected, scheduler.state]).toEqual([["accept MESSAGE_INVALID"], "subscribed"]);
});

test("what was changed of a framework stays when something else is changed (B7)", async () => {
  const { fake, scheduler } = await subscribed();
  const confirm = (at: number) => {
    const { requestId } = fake.of("update-framework")[at] as unknown as { requestId: number };
    fake.say({ type: "framework-updated", requestId });
  };
  const first = scheduler.updateFramework({ webuiUrl: "http://a", labels: { team: "x" } });
  const second = scheduler.updateFramework({ name: "renamed" });
  await until("both", () => fake.of("update-framework").length === 2);
  confirm(0);
  confirm(1);
  await Promise.all([first, second]);
  expect(fake.of("update-framework")[1]).toMatchObject({
    framework: { name: "renamed", webuiUrl: "http://a", labels: [{ key: "team", value: "x" }] },
  });
  const refused = scheduler.updateFramework({ name: "again" });
  await until("a third", () => fake.of("update-framework").length === 3);
  const { requestId } = fake.of("update-framework")[2] as unknown as { requestId: number };
  const problem = { code: "FRAMEWORK_INVALID", message: "no" };
  fake.say({ type: "framework-updated", requestId, problem });
  await expect(refused).rejects.toMatchObject({ code: "FRAMEWORK_INVALID" });
  const last = scheduler.updateFramework({ webuiUrl: "http://b" });
  await until("a fourth", () => fake.of("update-framework").length === 4);
  confirm(3);
  await last;
  expect(fake.of("update-framework")[3]).toMatchObject({
    framework: { name: "renamed", webuiUrl: "http://b" },
  });
});

test("a change that was refused is in none that is asked for afterwards", async () => {
  const { fake, scheduler } = await subscribed();
  const problem = { code: "FRAMEWORK_INVALID", message: "no" };
  const bad = scheduler.updateFramework({ webuiUrl: "bad" });
  const meanwhile = scheduler.updateFramework({ name: "meanwhile" });
  const both = Promise.allSettled([bad, meanwhile]);
  await until("both", () => fake.of("update-framework").length === 2);
  for (const { requestId } of fake.of("update-framework") as unknown as { requestId: number }[]) {
    fake.say({ type: "framework-updated", requestId, problem });
  }
  await both;
  const last = scheduler.updateFramework({ name: "later" });
  await until("a third", () => fake.of("update-framework").length === 3);
  const [, , third] = fake.of("update-framework") as unknown as {
    requestId: number;
    framework: object;
  }[];
  expect(third?.framework).toMatchObject({ name: "later" });
  expect(third?.framework).not.toHaveProperty("webuiUrl");
  fake.say({ type: "framework-updated", requestId: third?.requestId });
  await last;
});

test("a change that cannot be sent takes nothing from one that waits for its answer", async () => {
  const { fake, scheduler } = await subscribed();
  const good = scheduler.updateFramework({ webuiUrl: "http://a" });
  await expect(scheduler.updateFramework({ webuiUrl: 5 as never })).rejects.toMatchObject({
    code: "MESSAGE_INVALID",
  });
  const sent = () => fake.of("update-framework") as unknown as { requestId: number }[];
  await until("the good one", () => sent().length === 1);
  fake.say({ type: "framework-updated", requestId: sent()[0]?.requestId });
  await good;
  const next = scheduler.updateFramework({ name: "next" });
  await until("another", () => sent().length === 2);
  expect(sent()[1]).toMatchObject({ framework: { name: "next", webuiUrl: "http://a" } });
  fake.say({ type: "framework-updated", requestId: sent()[1]?.requestId });
  await next;
});

test("wanting no offers suppresses every role, some of which may be suppressed already", async () => {
  const { fake, scheduler } = await subscribed({ roles: ["a", "b"] });
  scheduler.suppress(["a"]);
  scheduler.wantOffers(false);
  await until("two calls", () => fake.of("suppress").length === 2);
  expect(fake.of("suppress")[1]).not.toHaveProperty("roles");
  scheduler.wantOffers(false);
  scheduler.wantOffers(true);
  scheduler.wantOffers(true);
  await until("revive", () => fake.of("revive").length > 0);
  await pause(20);
  expect([fake.of("suppress").length, fake.of("revive").length]).toEqual([2, 1]);
});
