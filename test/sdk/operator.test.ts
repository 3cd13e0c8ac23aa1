import { afterEach, expect, test } from "vitest";
import { operatorMessageSchemas } from "../../contract/operator-api.ts";
import { OperatorClient } from "../../sdk/index.ts";
import { until } from "../support/until.ts";
import { type Call, FakeServer } from "./support/fake-server.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function connected(
  answer: (call: Call, fake: FakeServer) => void,
  requestMs: number | undefined = undefined,
) {
  const fake = await FakeServer.listen("operator", operatorMessageSchemas, 5050);
  fake.answer = answer;
  const options = { masters: "127.0.0.1:5050", dial: fake.dial };
  const client = await OperatorClient.connect({
    ...options,
    ...(requestMs === undefined ? {} : { requestMs }),
  });
  cleanups.push(
    () => fake.stop(),
    () => client.close(),
  );
  return { fake, client };
}

const respond = (fake: FakeServer, call: Call, rest: object): void =>
  fake.say({ type: "response", id: call["id"], ...rest });

test("answers find their questions, whatever their order", async () => {
  const held: Call[] = [];
  const { fake, client } = await connected((call) => held.push(call));
  const roles = client.request("roles", {});
  const offers = client.request("offers", {});
  await until("two questions", () => held.length === 2);
  for (const call of held.reverse()) {
    respond(fake, call, { result: call["method"] === "roles" ? { roles: [] } : { offers: [] } });
  }
  await expect(roles).resolves.toEqual({ roles: [] });
  await expect(offers).resolves.toEqual({ offers: [] });
});

test("a refusal keeps the master's code", async () => {
  const problem = { code: "TASK_UNKNOWN", message: "there is none", hint: "look" };
  const { client } = await connected((call, fake) => respond(fake, call, { problem }));
  await expect(client.request("kill-task", { taskId: "t1" as never })).rejects.toMatchObject(
    problem,
  );
});

test("lists are read page by page to the end", async () => {
  const rows = Array.from({ length: 2_500 }, (_, at) => ({ at }));
  const { fake, client } = await connected((call, server) => {
    const { offset, limit } = call["params"] as { offset: number; limit: number };
    const offers = rows.slice(offset, offset + limit);
    respond(server, call, { result: { offers, more: offset + limit < rows.length } });
  });
  const seen: unknown[] = [];
  for await (const offer of client.all("offers", {})) seen.push(offer);
  expect(seen).toEqual(rows);
  expect(fake.calls).toHaveLength(3);
});

test("a page may hold less than was asked for, and nothing is missed", async () => {
  const rows = Array.from({ length: 25 }, (_, at) => ({ at }));
  const { fake, client } = await connected((call, server) => {
    const { offset } = call["params"] as { offset: number };
    const offers = rows.slice(offset, offset + 10);
    respond(server, call, { result: { offers, more: offset + 10 < rows.length } });
  });
  const seen: unknown[] = [];
  for await (const offer of client.all("offers", {})) seen.push(offer);
  expect(seen).toEqual(rows);
  expect(fake.calls.map((call) => (call["params"] as { offset: number }).offset)).toEqual([
    0, 10, 20,
  ]);
});

test("after a break questions are asked again, orders are not", async () => {
  const { fake, client } = await connected((call, server) => {
    if (server.peers === 1) {
      if (server.calls.length === 2) server.drop();
    } else respond(server, call, { result: { roles: [] } });
  });
  const question = client.request("roles", {});
  const order = client.request("teardown", { frameworkId: "fw" as never });
  await expect(order).rejects.toMatchObject({ code: "REQUEST_INTERRUPTED" });
  await expect(question).resolves.toEqual({ roles: [] });
  expect(fake.calls.map((call) => call["method"])).toEqual(["roles", "teardown", "roles"]);
});

test("the stream of events goes on over a reconnection, and ends with the client", async () => {
  const { fake, client } = await connected((call, server) => respond(server, call, { result: {} }));
  const seen: string[] = [];
  const events = await client.events();
  const reading = (async () => {
    for await (const event of events) seen.push(event.name ?? "");
  })();
  fake.say({ type: "event", event: { kind: "agent-added", timeMs: 1, name: "first" } });
  await until("first", () => seen.length === 1);
  fake.drop();
  await until("asked again", () => fake.calls.length === 2);
  fake.say({ type: "event", event: { kind: "agent-added", timeMs: 2, name: "second" } });
  await until("second", () => seen.length === 2);
  await client.close();
  await reading;
  expect(seen).toEqual(["first", "second"]);
});

test("no answer in time and no master at all are errors of their own", async () => {
  const { fake, client } = await connected(() => {}, 100);
  await expect(client.request("roles", {})).rejects.toMatchObject({ code: "REQUEST_TIMED_OUT" });
  const nowhere = { masters: "127.0.0.1:9", dial: fake.dial, connectMs: 50 };
  await expect(OperatorClient.connect(nowhere)).rejects.toMatchObject({
    code: "MASTER_UNREACHABLE",
  });
});
