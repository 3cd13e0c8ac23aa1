import { afterEach, expect, test } from "vitest";
import { findTask } from "../../cli/master-client.ts";
import { operatorMessageSchemas } from "../../contract/operator-api.ts";
import { OperatorClient } from "../../sdk/index.ts";
import { FakeServer } from "../sdk/support/fake-server.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const t1 = { task: { taskId: "t1", frameworkId: "f1", state: "TASK_RUNNING" } };

/** A master that waits for the agent of t1, which comes back before the question of that number. */
async function awaitingUntil(question: number): Promise<OperatorClient> {
  const fake = await FakeServer.listen("operator", operatorMessageSchemas, 5050);
  let asked = 0;
  fake.answer = ({ id, method, params }) => {
    const isBack = ++asked >= question;
    const isMeant = (params as { taskId?: string }).taskId === "t1";
    const tasks = { tasks: isBack && isMeant ? [t1] : [], more: false };
    const cluster = { agents: { recovering: isBack ? 0 : 1 } };
    fake.say({ type: "response", id, result: method === "tasks" ? tasks : cluster });
  };
  const client = await OperatorClient.connect({ masters: "127.0.0.1:5050", dial: fake.dial });
  cleanups.push(
    () => fake.stop(),
    () => client.close(),
  );
  return client;
}

test("a task whose agent comes back between two questions is found (B26)", async () => {
  expect(await findTask(await awaitingUntil(2), "t1")).toEqual(t1);
});

test("a task is not known while its agent is awaited, and missing when none is", async () => {
  const awaited = findTask(await awaitingUntil(3), "t1");
  await expect(awaited).rejects.toMatchObject({ code: "TASK_AWAITED" });
  const missing = findTask(await awaitingUntil(1), "t2");
  await expect(missing).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
});
