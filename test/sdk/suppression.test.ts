import { expect, test } from "vitest";
import type { Scheduler } from "../../sdk/index.ts";
import { pause, until } from "../support/until.ts";
import type { FakeServer } from "./support/fake-server.ts";
import { subscribed } from "./support/subscribed.ts";

/** Changes the roles, and waits until the fake master has said yes or no. */
async function change(fake: FakeServer, scheduler: Scheduler, roles: string[], problem?: object) {
  const before = fake.of("update-framework").length;
  const changed = scheduler.updateFramework({ roles });
  await until("the change", () => fake.of("update-framework").length > before);
  const call = fake.of("update-framework").at(-1) as unknown as { requestId: number };
  fake.say({ type: "framework-updated", requestId: call.requestId, ...(problem && { problem }) });
  await changed.catch(() => {});
}

async function subscribedAgain(fake: FakeServer): Promise<unknown> {
  fake.drop();
  await until("subscribed again", () => fake.of("subscribe").length === 2);
  return fake.of("subscribe")[1]?.["suppressedRoles"];
}

test("a role that left the framework is not suppressed any more (B7, B10, C11)", async () => {
  const { fake, scheduler } = await subscribed({ roles: ["a", "b"] });
  scheduler.wantOffers(false);
  await change(fake, scheduler, ["a"]);
  for (let event = 0; event < 5; event++) scheduler.wantOffers(true);
  await until("revive", () => fake.of("revive").length > 0);
  await pause(20);
  expect(fake.of("revive")).toHaveLength(1);
  expect(await subscribedAgain(fake)).toEqual([]);
});

test("a name that is none of the framework's roles is the master's to refuse, once", async () => {
  const { fake, scheduler } = await subscribed({ roles: ["a", "b"] });
  // The master refuses a call with a stranger as a whole, so its other roles are not meant either.
  expect(scheduler.suppress(["a", "typo"])).toBe(true);
  expect(scheduler.suppress(["b"])).toBe(true);
  expect(scheduler.revive(["b", "typo"])).toBe(true);
  expect(await subscribedAgain(fake)).toEqual(["b"]);
});

test("a role that was asked for can be suppressed before the master has answered", async () => {
  const { fake, scheduler } = await subscribed({ roles: ["a"] });
  const changed = change(fake, scheduler, ["a", "c"]);
  scheduler.suppress(["c"]);
  await changed;
  await change(fake, scheduler, ["a", "d"], { code: "FRAMEWORK_INVALID", message: "no" });
  expect(await subscribedAgain(fake)).toEqual(["c"]);
});

test("suppressing a role that the master then refuses does not spoil the subscription", async () => {
  const { fake, scheduler } = await subscribed({ roles: ["a"] });
  const problem = { code: "FRAMEWORK_INVALID", message: "no" };
  const refused = change(fake, scheduler, ["a", "c"], problem);
  scheduler.suppress();
  await refused;
  expect(await subscribedAgain(fake)).toEqual(["a"]);
});
