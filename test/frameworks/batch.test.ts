import { afterEach, expect, test } from "vitest";
import { runBatch } from "../../frameworks/batch/batch.ts";
import type { Outcome } from "../../frameworks/taskset/model.ts";
import { resources } from "../../sdk/index.ts";
import { fakeMaster, offerOf, statusOf } from "../sdk/support/fake-master.ts";
import type { FakeServer } from "../sdk/support/fake-server.ts";
import { pause, until } from "../support/until.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** Runs one task `t` on agent a1 of a scripted master, and answers what came of it. */
async function running(more: { awayMs?: number } = {}) {
  const fake = await fakeMaster();
  cleanups.push(() => fake.stop());
  const outcomes: Outcome[] = [];
  const repeated: string[] = [];
  const result = runBatch(
    {
      tasks: [{ id: "t", name: "t", command: { value: "true" } }],
      resources: resources({ cpus: 1, mem: 32 }),
    },
    {
      masters: "127.0.0.1:5050",
      dial: fake.dial,
      framework: { name: "test" },
      onOutcome: (outcome) => outcomes.push(outcome),
      onRetry: (why) => repeated.push(why),
      ...more,
    },
  );
  await until("it subscribes", () => fake.of("subscribe").length === 1);
  await launchedOn(fake, "a1", 1);
  fake.say({ type: "update", status: statusOf("t", "TASK_RUNNING", "a") });
  await until("it is known to run", () => fake.of("acknowledge").length === 1);
  return { fake, outcomes, repeated, result };
}

/** Offers an agent until the task has been launched so often. */
async function launchedOn(fake: FakeServer, agentId: string, times: number): Promise<void> {
  let offers = 0;
  const launches = () => fake.of("accept").filter((call) => call["operations"] !== undefined);
  await until(`launch ${times}`, () => {
    const isAnswered = fake.of("accept").length + fake.of("decline").length >= offers;
    if (isAnswered && launches().length < times) {
      offers = fake.of("accept").length + fake.of("decline").length + 1;
      fake.say({ type: "offers", offers: [offerOf(`o${agentId}${offers}`, agentId)] });
    }
    return launches().length === times;
  });
}

const finish = (fake: FakeServer, taskId: string, agentId: string) =>
  fake.say({
    type: "update",
    status: { ...statusOf(taskId, "TASK_FINISHED", "b"), agentId, exitCode: 0 },
  });

test("the loss of an agent starts second attempts, and what is told of the first counts no more", async () => {
  const { fake, outcomes, repeated, result } = await running();
  fake.say({ type: "failure", agentId: "a1" });
  await launchedOn(fake, "a2", 2);
  expect(repeated).toEqual(["lost"]);
  // The master's own words for the same loss, and a late end of the first attempt.
  fake.say({ type: "update", status: statusOf("t", "TASK_UNREACHABLE") });
  fake.say({ type: "update", status: { ...statusOf("t", "TASK_FAILED", "c"), exitCode: 9 } });
  finish(fake, "t.2", "a2");
  const { counts, outcomes: all } = await result;
  expect(outcomes).toMatchObject([{ key: "t", state: "TASK_FINISHED", exitCode: 0, attempts: 2 }]);
  expect(all).toEqual(outcomes);
  expect(counts).toMatchObject({ items: 1, launched: 2, reruns: 1, retries: 0, finished: 1 });
  expect(repeated).toEqual(["lost"]);
});

test("the end of an executor, or the loss of another agent, starts nothing", async () => {
  const { fake, repeated, result } = await running();
  fake.say({ type: "failure", agentId: "a1", executorId: "e1", status: 9 });
  fake.say({ type: "failure", agentId: "a9" });
  finish(fake, "t", "a1");
  const { counts } = await result;
  expect([counts.launched, repeated]).toEqual([1, []]);
});

test("a task whose agent stays away from a new master is run again, and killed if it returns", async () => {
  const { fake, outcomes, repeated, result } = await running({ awayMs: 600 });
  fake.drop();
  await until("it asks the new master", () => fake.of("reconcile").length > 0);
  await launchedOn(fake, "a2", 2);
  expect(repeated).toEqual(["lost"]);
  fake.say({ type: "update", status: statusOf("t", "TASK_RUNNING", "d") });
  await until("the first attempt is killed", () =>
    fake.of("kill").some((call) => call["taskId"] === "t"),
  );
  finish(fake, "t.2", "a2");
  await result;
  expect(outcomes).toMatchObject([{ attempts: 2, attempt: { place: { agentId: "a2" } } }]);
});

test("a task that a new master speaks of stays where it is", async () => {
  const { fake, repeated, result } = await running({ awayMs: 1_500 });
  fake.drop();
  await until("it asks the new master", () => fake.of("reconcile").length > 0);
  fake.say({ type: "update", status: statusOf("t", "TASK_RUNNING") });
  await pause(2_500);
  finish(fake, "t", "a1");
  const { counts } = await result;
  expect([counts.launched, repeated]).toEqual([1, []]);
});
