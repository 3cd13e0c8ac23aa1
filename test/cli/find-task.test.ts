import { afterEach, expect, test } from "vitest";
import { findAgent, findTask } from "../../cli/master-client.ts";
import { operatorMessageSchemas } from "../../contract/operator-api.ts";
import { OperatorClient } from "../../sdk/index.ts";
import { FakeServer } from "../sdk/support/fake-server.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const t1 = { task: { taskId: "t1", frameworkId: "f1", state: "TASK_RUNNING" } };

/** A client of a master that answers so. */
async function answering(answer: (method: string, params: unknown) => Record<string, unknown>) {
  const fake = await FakeServer.listen("operator", operatorMessageSchemas, 5050);
  fake.answer = ({ id, method, params }) => {
    const result = answer(String(method), params);
    fake.say({ type: "response", id, result });
  };
  const client = await OperatorClient.connect({ masters: "127.0.0.1:5050", dial: fake.dial });
  cleanups.push(
    () => fake.stop(),
    () => client.close(),
  );
  return client;
}

/** A master that waits for the agent of t1, which comes back before the question of that number. */
function awaitingUntil(question: number): Promise<OperatorClient> {
  let asked = 0;
  return answering((method, params) => {
    const isBack = ++asked >= question;
    const isMeant = (params as { taskId?: string }).taskId === "t1";
    if (method === "tasks") return { tasks: isBack && isMeant ? [t1] : [], more: false };
    return { agents: { recovering: isBack ? 0 : 1 } };
  });
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

test("the name of a machine means its agent that is not away, if there is one", async () => {
  const listed = (id: string, hostname: string, state: string) => ({
    agent: { id, hostname, ip: "10.0.0.1", port: 5051, resources: [] },
    state,
  });
  const agents = [
    listed("S1", "one", "unreachable"),
    listed("S2", "one", "active"),
    listed("S3", "two", "gone"),
    listed("S4", "two", "unreachable"),
    listed("S5", "three", "unreachable"),
  ];
  const client = await answering(() => ({ agents, more: false }));
  expect(await findAgent(client, "one")).toMatchObject({ id: "S2" });
  expect(await findAgent(client, "three")).toMatchObject({ id: "S5" });
  expect(await findAgent(client, "S1")).toMatchObject({ id: "S1" });
  await expect(findAgent(client, "two")).rejects.toMatchObject({ code: "AGENT_NAME_AMBIGUOUS" });
});
