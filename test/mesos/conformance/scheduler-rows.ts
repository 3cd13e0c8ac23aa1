import { expect } from "vitest";
import { ask, subscribeCall } from "../support/client.ts";
import { encoded, type HttpFramework } from "../support/framework.ts";
import { both, type Client, jsonOnly, type Row } from "./suite.ts";

const REFUSED = "Failed to validate scheduler::Call: ";
const PROTO = { "content-type": "application/x-protobuf" };
const JSON_TYPE = { "content-type": "application/json" };
const STRANGER = "130ae4e3-6b13-4ef4-baa9-9f2e85c3e9af";

/** Every submessage that a call must hold, by type (§6.2). */
const needsBody = [
  "ACCEPT",
  "DECLINE",
  "ACCEPT_INVERSE_OFFERS",
  "DECLINE_INVERSE_OFFERS",
  "KILL",
  "SHUTDOWN",
  "ACKNOWLEDGE",
  "ACKNOWLEDGE_OPERATION_STATUS",
  "RECONCILE",
  "RECONCILE_OPERATIONS",
  "MESSAGE",
  "REQUEST",
  "UPDATE_FRAMEWORK",
];

/** §3: how records are framed. */
const framing: Row[] = [
  both("3.1", "a record is its length in bytes, a newline, the bytes", async (client) => {
    const framework = await client.framework({ name: "främing" });
    await framework.offer();
    for (const chunk of framework.events.chunks) {
      const newline = chunk.indexOf("\n");
      expect(chunk.toString("latin1", 0, newline)).toMatch(/^[1-9]\d*$/);
      expect(Number(chunk.toString("latin1", 0, newline))).toBe(chunk.length - newline - 1);
    }
  }),
  both("3.2", "each record is one chunk, and each chunk one record", async (client) => {
    const framework = await client.framework();
    await framework.offer();
    const { chunks } = framework.events;
    expect(chunks.length).toBeGreaterThanOrEqual(3);
    const lengths = chunks.map((chunk) => Number(chunk.toString("latin1").split("\n")[0]));
    expect(lengths.map((length) => `${length}\n`.length + length)).toEqual(
      chunks.map((chunk) => chunk.length),
    );
  }),
  jsonOnly("3.3", "records hold no raw newline, and are ASCII", async (client) => {
    const framework = await client.framework();
    await framework.offer();
    for (const chunk of framework.events.chunks) {
      const text = chunk.toString("latin1");
      expect(text.split("\n")).toHaveLength(2);
      expect(text).toMatch(/^[\n\x20-\x7e]*$/);
    }
  }),
  both("3.5", "an event is not held back until the next one", async (client) => {
    const framework = await client.framework();
    await framework.offer();
    // A heartbeat follows at once, so that no reader waits for the next event to see this one.
    expect((await framework.events.any())?.type).toBe("HEARTBEAT");
  }),
];

async function refusal(client: Client, body: object, headers?: Record<string, string>) {
  const { status, text } = await client.send(body, headers);
  return [status, text] as const;
}

/** §6.1: the order of checks; each request is right in what is checked before. */
const order: Row[] = [
  jsonOnly("6.1", "4: a method other than POST is 405", async (client) => {
    expect((await client.get("/api/v1/scheduler", { "content-type": "text/plain" })).status).toBe(
      405,
    );
  }),
  jsonOnly("6.1", "5: no Content-Type is 400, another one 415", async (client) => {
    expect((await client.raw("{", {})).status).toBe(400);
    expect((await client.raw("{", { "content-type": "text/plain" })).status).toBe(415);
  }),
  both("6.1", "6: a body that is no call is 400 and says of what kind", async (client) => {
    const isJson = client.wire === "json";
    const bad = isJson ? ["{", "[]", "", '"x"', "nul"] : ["0a05", "ff", "0801"];
    for (const text of bad) {
      const body = isJson ? text : Buffer.from(text, "hex");
      const answer = await client.raw(body, isJson ? JSON_TYPE : PROTO);
      const what = isJson ? /^Failed to parse body into JSON/ : /^Failed to parse body into/;
      expect([text, answer.status, answer.text]).toEqual([text, 400, expect.stringMatching(what)]);
    }
  }),
  both("6.1", "6: a field that is required and missing is named", async (client) => {
    const [status, text] = await refusal(client, { type: "KILL", kill: {} });
    expect([status, text]).toEqual([400, expect.stringMatching(/task_id/)]);
  }),
  both("6.1", "7: no type is 400", async (client) => {
    expect(await refusal(client, {})).toEqual([400, `${REFUSED}Expecting 'type' to be present`]);
  }),
  jsonOnly("6.1", "7: a type that nobody knows reads as none, UNKNOWN is 501", async (client) => {
    const [status, text] = await refusal(client, { type: "DANCE" });
    expect([status, text]).toEqual([400, `${REFUSED}Expecting 'type' to be present`]);
    expect((await refusal(client, { type: "UNKNOWN" }))[0]).toBe(501);
  }),
  both("6.1", "8: SUBSCRIBE with a stream id is 400", async (client) => {
    expect((await client.open({}, { "mesos-stream-id": STRANGER })).status).toBe(400);
  }),
  both("6.1", "9: an unknown framework is 400, with or without a stream id", async (client) => {
    const call = { type: "REVIVE", framework_id: { value: "nobody" } };
    const expected = [400, "Framework cannot be found"];
    expect(await refusal(client, call)).toEqual(expected);
    expect(await refusal(client, call, { "mesos-stream-id": STRANGER })).toEqual(expected);
  }),
  both("6.1", "9: a framework without a connection is 403", async (client) => {
    const framework = await client.framework({ failover_timeout: 60 });
    framework.events.close();
    await expect
      .poll(async () => (await framework.ask("REVIVE")).text, { timeout: 10_000 })
      .toBe("Framework is not subscribed");
    expect(await framework.call("REVIVE")).toBe(403);
    const again = await client.framework({ failover_timeout: 60, id: framework.id });
    expect(await again.call("REVIVE")).toBe(202);
  }),
  both("6.1", "9: no stream id is 400, a wrong one is 400 and is named", async (client) => {
    const framework = await client.framework();
    const call = { type: "REVIVE", framework_id: framework.id };
    expect(await refusal(client, call)).toEqual([400, expect.stringMatching("Mesos-Stream-Id")]);
    const wrong = await refusal(client, call, { "mesos-stream-id": STRANGER });
    expect(wrong).toEqual([400, expect.stringMatching(`${STRANGER}.*didn't match`)]);
  }),
  both("6.1", "10: calls are 202 with an empty body, UPDATE_FRAMEWORK is 200", async (client) => {
    const framework = await client.framework({ name: "n" });
    for (const [type, body] of ordinary(framework)) {
      const { status, text } = await framework.ask(type, body);
      expect([type, status, text]).toEqual([type, 202, ""]);
    }
    const framework_info = { user: "root", name: "m", id: framework.id };
    const { status, text } = await framework.ask("UPDATE_FRAMEWORK", {
      update_framework: { framework_info },
    });
    expect([status, text]).toEqual([200, ""]);
  }),
];

/** Calls that change nothing, one of each type that is answered by 202. */
function ordinary({ id }: HttpFramework): [string, object][] {
  const none = { value: "none" };
  const uuid = Buffer.alloc(16, 7).toString("base64");
  return [
    ["ACCEPT", { accept: { offer_ids: [none] } }],
    ["DECLINE", { decline: { offer_ids: [none] } }],
    ["ACCEPT_INVERSE_OFFERS", { accept_inverse_offers: { inverse_offer_ids: [none] } }],
    ["DECLINE_INVERSE_OFFERS", { decline_inverse_offers: { inverse_offer_ids: [none] } }],
    ["REVIVE", {}],
    ["SUPPRESS", {}],
    ["KILL", { kill: { task_id: none } }],
    ["SHUTDOWN", { shutdown: { executor_id: none, agent_id: none } }],
    ["ACKNOWLEDGE", { acknowledge: { agent_id: none, task_id: none, uuid } }],
    ["RECONCILE", { reconcile: {} }],
    ["RECONCILE_OPERATIONS", { reconcile_operations: {} }],
    ["MESSAGE", { message: { agent_id: none, executor_id: none, data: "AQ==" } }],
    ["REQUEST", { request: { requests: [] }, framework_id: id }],
  ];
}

/** §6.2: what is validated before a call is looked at. */
const validation: Row[] = [
  both("6.2", "the ids of a SUBSCRIBE are both there and equal, or both absent", async (client) => {
    const call = subscribeCall() as { subscribe: { framework_info: object } };
    const id = { value: "a" };
    const inner = { ...call.subscribe.framework_info, id };
    for (const bad of [
      { ...call, framework_id: id },
      { ...call, subscribe: { framework_info: inner } },
      { ...call, framework_id: { value: "b" }, subscribe: { framework_info: inner } },
    ]) {
      const [status, text] = await refusal(client, bad);
      expect([status, text]).toEqual([400, expect.stringMatching(/framework_id|framework_info/)]);
    }
  }),
  both("6.2", "an empty id is as good as none", async (client) => {
    const framework = await client.framework({ id: { value: "" } });
    expect(framework.id?.value).toMatch(/-\d{4}$/);
  }),
  both("6.2", "every other call needs a framework_id", async (client) => {
    for (const type of [...needsBody, "REVIVE", "SUPPRESS", "TEARDOWN"]) {
      const [status, text] = await refusal(client, { type });
      expect([type, status, text]).toEqual([
        type,
        400,
        expect.stringMatching(/^Failed to validate/),
      ]);
    }
  }),
  both(
    "6.2",
    "calls need their submessage, but for REVIVE, SUPPRESS and TEARDOWN",
    async (client) => {
      const framework_id = { value: "nobody" };
      for (const type of needsBody) {
        const [status, text] = await refusal(client, { type, framework_id });
        const expected = `${REFUSED}Expecting '${type.toLowerCase()}' to be present`;
        expect([status, text]).toEqual([400, expected]);
      }
      for (const type of ["REVIVE", "SUPPRESS", "TEARDOWN"]) {
        expect((await refusal(client, { type, framework_id }))[1]).toBe(
          "Framework cannot be found",
        );
      }
    },
  ),
  both("6.2", "the uuid of an acknowledgement is 16 bytes", async (client) => {
    const value = { value: "x" };
    const uuid = Buffer.alloc(15).toString("base64");
    const task = { agent_id: value, task_id: value, uuid };
    const operation = { agent_id: value, operation_id: value, uuid };
    for (const [type, body] of [
      ["ACKNOWLEDGE", { acknowledge: task }],
      ["ACKNOWLEDGE_OPERATION_STATUS", { acknowledge_operation_status: operation }],
    ] as const) {
      const [status, text] = await refusal(client, { type, framework_id: value, ...body });
      expect([type, status, text]).toEqual([type, 400, expect.stringMatching(/16 bytes/)]);
    }
  }),
  both("6.2", "UPDATE_FRAMEWORK is about the framework that calls", async (client) => {
    const framework = await client.framework();
    const framework_info = { user: "root", name: "n", id: { value: "other" } };
    const { status } = await framework.ask("UPDATE_FRAMEWORK", {
      update_framework: { framework_info },
    });
    expect(status).toBe(400);
  }),
];

/** §6.3: the stream of a subscription. */
const subscription: Row[] = [
  both("6.3", "200 with a stream id that is a UUID, new each time", async (client) => {
    const [one, other] = [await client.open(), await client.open()];
    for (const { status, streamId } of [one, other]) {
      expect([status, streamId]).toEqual([
        200,
        expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      ]);
    }
    expect(one.streamId).not.toBe(other.streamId);
  }),
  both("6.3", "SUBSCRIBED comes first, HEARTBEAT at once, then at its interval", async (client) => {
    const events = await client.open();
    const first = await events.any();
    expect(first?.type).toBe("SUBSCRIBED");
    expect(first?.subscribed).toMatchObject({
      framework_id: { value: expect.stringMatching(/-\d{4}$/) },
      heartbeat_interval_seconds: 1,
      master_info: { port: client.master, address: { ip: "127.0.0.1", port: client.master } },
    });
    expect((await events.any())?.type).toBe("HEARTBEAT");
    const began = Date.now();
    while ((await events.any())?.type !== "HEARTBEAT" || Date.now() - began < 100);
  }),
  both("6.3", "what is wrong with the framework is 200, ERROR and the end", async (client) => {
    for (const info of [
      { roles: ["a", "b"] },
      { role: "a", roles: ["a"], capabilities: [{ type: "MULTI_ROLE" }] },
      { roles: ["../x"], capabilities: [{ type: "MULTI_ROLE" }] },
      { failover_timeout: -1 },
      { failover_timeout: 1e300 },
    ]) {
      const events = await client.open(info);
      expect(events.status).toBe(200);
      const event = await events.any();
      expect([info, event?.type]).toEqual([info, "ERROR"]);
      expect(event?.error?.message).toMatch(/./);
      expect(await events.any()).toBeUndefined();
    }
  }),
  both("6.3", "calls may come over other connections than the stream", async (client) => {
    const framework = await client.framework();
    const { headers, body } = encoded(client.wire, {
      type: "SUPPRESS",
      framework_id: framework.id,
    });
    const all = { ...headers, connection: "close", "MESOS-STREAM-ID": framework.events.streamId };
    expect((await ask(client.master, { headers: all, body })).status).toBe(202);
  }),
];

/** §3 and §6.1 to §6.3. */
export const schedulerRows: readonly Row[] = [...framing, ...order, ...validation, ...subscription];
