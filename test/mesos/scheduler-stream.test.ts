import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import type { FrameworkEvent } from "../../contract/framework-api.ts";
import type {
  AgentId,
  ExecutorId,
  FrameworkId,
  OfferId,
  RoleName,
  TaskId,
  UpdateId,
} from "../../contract/ids.ts";
import type { Offer } from "../../contract/schema/offer.ts";
import { ask, type Stream, stream, subscribeCall } from "./support/client.ts";
import { masterInfo, ScriptedMaster } from "./support/scripted-master.ts";

const JSON_TYPE = { "content-type": "application/json" };
const uuid = "00112233445566778899aabbccddeeff" as UpdateId;
const agentId = "m-S0" as AgentId;
const taskId = "t1" as TaskId;
let master: ScriptedMaster;

beforeEach(async () => {
  master = await ScriptedMaster.start({ heartbeatMs: 100 });
});
afterEach(() => master.stop());

async function subscribed(info: object = {}) {
  const events = await stream(master.port, { body: subscribeCall(info) });
  const first = await events.next();
  const id = first?.subscribed?.framework_id.value as FrameworkId;
  const headers = { ...JSON_TYPE, "mesos-stream-id": events.streamId };
  return { events, id, framework_id: { value: id }, headers };
}

function offer(id: string, role = "r"): Offer {
  return {
    id: id as OfferId,
    frameworkId: "f" as FrameworkId,
    agentId,
    role: role as RoleName,
    hostname: "host1",
    ip: "10.0.0.1",
    port: 5051,
    resources: [
      { name: "cpus", scalar: 4000 },
      { name: "ports", ranges: [{ begin: 31000, end: 32000 }] },
      {
        name: "mem",
        scalar: 64000,
        reservations: [{ type: "dynamic", role: "r" as RoleName, principal: "p" }],
      },
    ],
    attributes: [{ name: "rack", text: "a" }],
    executorIds: ["e" as ExecutorId],
  };
}

describe("§6.3 the subscription's stream", () => {
  test("is 200, chunked, with a stream id that is a UUID, and exact types (§2.3, §2.4)", async () => {
    const { events } = await subscribed();
    expect(events.status).toBe(200);
    expect(events.headers["transfer-encoding"]).toBe("chunked");
    expect(events.headers["content-length"]).toBeUndefined();
    expect(events.headers["content-type"]).toBe("application/json");
    expect(events.streamId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    events.close();
  });

  test("begins with SUBSCRIBED, then HEARTBEAT at once and at every interval", async () => {
    const events = await stream(master.port, { body: subscribeCall() });
    expect(await events.any()).toEqual({
      type: "SUBSCRIBED",
      subscribed: {
        framework_id: { value: `${masterInfo.id}-0000` },
        heartbeat_interval_seconds: 0.1,
        master_info: {
          id: masterInfo.id,
          ip: 16777343,
          port: 5050,
          pid: "master@127.0.0.1:5050",
          hostname: "localhost",
          version: "1.11.0",
          address: { hostname: "localhost", ip: "127.0.0.1", port: 5050 },
          // No QUOTA_V2: JSON readers of mesos-go fail on the whole message.
          capabilities: [{ type: "AGENT_UPDATE" }, { type: "AGENT_DRAINING" }],
        },
      },
    });
    for (let beat = 0; beat < 3; beat++) expect(await events.any()).toEqual({ type: "HEARTBEAT" });
    events.close();
  });

  test("has one record in each chunk, with its length in bytes (§3.2)", async () => {
    const { events, id } = await subscribed();
    for (let at = 0; at < 20; at++) {
      master.tell(id, { type: "rescind", offerId: `ö${at}` as OfferId });
    }
    for (let at = 0; at < 20; at++) {
      expect(await events.next()).toMatchObject({ rescind: { offer_id: { value: `ö${at}` } } });
    }
    for (const chunk of events.chunks) {
      const text = chunk.toString("latin1");
      const [length, json, ...rest] = text.split("\n");
      expect([Number(length), rest]).toEqual([json?.length, []]);
    }
    events.close();
  });

  test("wrong roles are an ERROR event and the end, not a status (§13.1)", async () => {
    for (const info of [{ roles: ["a"] }, { role: "a", capabilities: [{ type: "MULTI_ROLE" }] }]) {
      const events = await stream(master.port, { body: subscribeCall(info) });
      expect(events.status).toBe(200);
      expect(await events.any()).toMatchObject({
        type: "ERROR",
        error: { message: expect.stringMatching("role") },
      });
      expect(await events.any()).toBeUndefined();
    }
    expect(master.calls).toEqual([]);
  });

  test("a second subscription takes over: ERROR on the first, its id is stale (§12.6)", async () => {
    const first = await subscribed();
    const second = await subscribed({ id: first.framework_id });
    expect(second.id).toBe(first.id);
    expect(await first.events.next()).toEqual({
      type: "ERROR",
      error: { message: "Framework failed over" },
    });
    expect(await first.events.next()).toBeUndefined();
    const body = { type: "REVIVE", framework_id: first.framework_id };
    expect((await ask(master.port, { headers: first.headers, body })).status).toBe(400);
    expect((await ask(master.port, { headers: second.headers, body })).status).toBe(202);
    second.events.close();
  });

  test("the kernel hears when a client goes away", async () => {
    const { events } = await subscribed();
    events.close();
    await master.gone(1);
    expect(master.closed[0]?.reason).toMatchObject({ code: "CONNECTION_LOST", byPeer: true });
  });

  test("a client that does not read is cut off, and others go on", async () => {
    const slow = await subscribed({ name: "slow" });
    const good = await subscribed({ name: "good" });
    slow.events.stall();
    const data = new Uint8Array(300_000);
    const event: FrameworkEvent = { type: "message", agentId, executorId: "e" as ExecutorId, data };
    for (let at = 0; at < 200 && master.closed.length === 0; at++) {
      master.tell(slow.id, event);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await master.gone(1);
    expect(master.closed[0]?.reason.code).toBe("SLOW_READER");
    master.tell(good.id, { type: "rescind", offerId: "o" as OfferId });
    expect(await good.events.next()).toMatchObject({ type: "RESCIND" });
    good.events.close();
    slow.events.close();
  });

  test("stopping ends streams properly", async () => {
    const { events } = await subscribed();
    await master.stop();
    while ((await events.any()) !== undefined);
    expect(events.isEnded).toBe(true);
  });
});

describe("§6.8 offers take the form that the framework's capabilities ask for", () => {
  it.each<[string, string[], (offer: Shown) => unknown, object]>([
    ["none", [], (o) => o.resources?.[2], { role: "r", reservation: { principal: "p" } }],
    ["none, unreserved", [], (o) => o.resources?.[0], { role: "*", scalar: { value: 4 } }],
    [
      "RESERVATION_REFINEMENT",
      ["RESERVATION_REFINEMENT"],
      (o) => o.resources?.[2],
      { reservations: [{ type: "DYNAMIC", role: "r", principal: "p" }] },
    ],
    ["MULTI_ROLE", ["MULTI_ROLE"], (o) => o.resources?.[1], { allocation_info: { role: "r" } }],
    ["MULTI_ROLE, the offer", ["MULTI_ROLE"], (o) => o, { allocation_info: { role: "r" } }],
  ])("%s", async (_, types, part, expected) => {
    const { events, id } = await subscribed({ capabilities: types.map((type) => ({ type })) });
    master.tell(id, { type: "offers", offers: [offer("o1")] });
    const shown = (await events.next())?.offers?.offers?.[0] as Shown;
    expect(part(shown)).toMatchObject(expected);
    if (!types.includes("MULTI_ROLE")) expect(JSON.stringify(shown)).not.toMatch("allocation_info");
    if (types.includes("RESERVATION_REFINEMENT")) {
      expect(JSON.stringify(shown.resources)).not.toMatch('"role":"\\*"');
    }
    expect(shown.url).toEqual({
      scheme: "http",
      address: { hostname: "host1", ip: "10.0.0.1", port: 5051 },
      path: "/slave(1)",
    });
    events.close();
  });

  test("many offers come in several events, each below 4 MiB (§3.4)", async () => {
    const { events, id } = await subscribed();
    const offers = Array.from({ length: 300 }, (_, at) => ({
      ...offer(`o${at}`),
      attributes: [{ name: "big", text: "x".repeat(20_000) }],
    }));
    master.tell(id, { type: "offers", offers });
    const seen: string[] = [];
    while (seen.length < 300) {
      const part = (await events.next())?.offers?.offers;
      if (part === undefined) throw new Error("the stream ended before all offers had come");
      for (const one of part) seen.push(one.id.value);
    }
    expect(seen).toEqual(offers.map((one) => one.id));
    for (const chunk of events.chunks) expect(chunk.length).toBeLessThan(4 << 20);
    events.close();
  });
});

type Shown = NonNullable<
  NonNullable<NonNullable<Awaited<ReturnType<Stream["next"]>>>["offers"]>["offers"]
>[number];

describe("§6.5, §6.9 events", () => {
  test("an agent's update has its uuid in base64, a master's has no such key", async () => {
    const { events, id } = await subscribed();
    const status = { taskId, agentId, state: "TASK_RUNNING" as const, timestampMs: 1500 };
    master.tell(id, { type: "update", status: { ...status, uuid, source: "SOURCE_EXECUTOR" } });
    master.tell(id, { type: "update", status: { ...status, source: "SOURCE_MASTER" } });
    expect((await events.next())?.update?.status).toMatchObject({
      uuid: "ABEiM0RVZneImaq7zN3u/w==",
      timestamp: 1.5,
    });
    expect(Object.keys((await events.next())?.update?.status ?? {})).not.toContain("uuid");
    events.close();
  });

  test("what only native clients know is never sent", async () => {
    const { events, id } = await subscribed();
    master.tell(id, { type: "rejected", call: "kill", problem: { code: "X", message: "x" } });
    master.tell(id, { type: "rescind", offerId: "o" as OfferId });
    expect((await events.next())?.type).toBe("RESCIND");
    events.close();
  });

  test("each record has the lower-cased type as a key", async () => {
    const { events, id } = await subscribed();
    const all: FrameworkEvent[] = [
      { type: "offers", offers: [offer("o")] },
      {
        type: "inverse-offers",
        inverseOffers: [
          { id: "i" as OfferId, frameworkId: id, agentId, unavailability: { startMs: 1 } },
        ],
      },
      { type: "rescind", offerId: "o" as OfferId },
      { type: "rescind-inverse-offer", inverseOfferId: "i" as OfferId },
      { type: "update", status: { taskId, state: "TASK_LOST" } },
      { type: "operation-update", status: { operationId: "x", state: "OPERATION_FINISHED", uuid } },
      { type: "message", agentId, executorId: "e" as ExecutorId, data: new Uint8Array([1]) },
      { type: "failure", agentId, executorId: "e" as ExecutorId, status: 9 },
      { type: "error", code: "X", message: "x" },
    ];
    for (const event of all) master.tell(id, event);
    for (const _ of all) {
      const event = await events.next();
      expect(Object.keys(event ?? {})).toContain(event?.type?.toLowerCase());
    }
    events.close();
  });
});
