import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
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
import { readJson } from "../../plugins/transports/mesos-v1-http/codec/json-read.ts";
import { readProto } from "../../plugins/transports/mesos-v1-http/codec/proto-read.ts";
import { writeProto } from "../../plugins/transports/mesos-v1-http/codec/proto-write.ts";
import { Call, Event } from "../../plugins/transports/mesos-v1-http/definitions/scheduler.ts";
import { ask, stream, subscribeCall } from "./support/client.ts";
import { ScriptedMaster } from "./support/scripted-master.ts";

const JSON_TYPE = { "content-type": "application/json" };
const PROTOBUF = { "content-type": "application/x-protobuf", accept: "application/x-protobuf" };
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

describe("§6.4 calls", () => {
  const body64 = Buffer.from(uuid, "hex").toString("base64");
  it.each([
    ["TEARDOWN", {}, { type: "teardown" }],
    ["ACCEPT", { accept: { offer_ids: [{ value: "o" }] } }, { type: "accept", offerIds: ["o"] }],
    [
      "DECLINE",
      { decline: { offer_ids: { value: "o" }, filters: { refuse_seconds: "0.5" } } },
      { type: "decline", offerIds: ["o"], filters: { refuseMs: 500 } },
    ],
    [
      "DECLINE",
      { decline: { filters: {} } },
      { type: "decline", offerIds: [], filters: { refuseMs: 5000 } },
    ],
    ["REVIVE", { revive: { roles: ["r"] } }, { type: "revive", roles: ["r"] }],
    ["SUPPRESS", { suppress: { roles: [] } }, { type: "suppress" }],
    [
      "KILL",
      { kill: { task_id: { value: "t" }, kill_policy: { grace_period: { nanoseconds: 2e9 } } } },
      { type: "kill", taskId: "t", killPolicy: { gracePeriodMs: 2000 } },
    ],
    [
      "SHUTDOWN",
      { shutdown: { executor_id: { value: "e" }, agent_id: { value: "a" } } },
      { type: "shutdown", executorId: "e", agentId: "a" },
    ],
    [
      "ACKNOWLEDGE",
      { acknowledge: { agent_id: { value: "a" }, task_id: { value: "t" }, uuid: body64 } },
      { type: "acknowledge", agentId: "a", taskId: "t", uuid },
    ],
    [
      "ACKNOWLEDGE_OPERATION_STATUS",
      {
        acknowledge_operation_status: {
          agent_id: { value: "a" },
          operation_id: { value: "x" },
          uuid: body64,
          state: "OPERATION_FINISHED",
        },
      },
      { type: "acknowledge-operation", agentId: "a", operationId: "x", uuid },
    ],
    ["RECONCILE", { reconcile: {} }, { type: "reconcile", tasks: [] }],
    [
      "RECONCILE_OPERATIONS",
      { reconcile_operations: { operations: [{ operation_id: { value: "x" } }] } },
      { type: "reconcile-operations", operations: [{ operationId: "x" }] },
    ],
    [
      "MESSAGE",
      { message: { agent_id: { value: "a" }, executor_id: { value: "e" }, data: "AQ==" } },
      { type: "message", agentId: "a", executorId: "e", data: new Uint8Array([1]) },
    ],
    [
      "REQUEST",
      {
        request: {
          requests: [{ resources: [{ name: "cpus", type: "SCALAR", scalar: { value: 1 } }] }],
        },
      },
      { type: "request", requests: [{ resources: [{ name: "cpus", scalar: 1000 }] }] },
    ],
    [
      "ACCEPT_INVERSE_OFFERS",
      { accept_inverse_offers: { inverse_offer_ids: [{ value: "i" }] } },
      { type: "accept-inverse-offers", inverseOfferIds: ["i"] },
    ],
    [
      "DECLINE_INVERSE_OFFERS",
      {
        decline_inverse_offers: {
          inverse_offer_ids: [{ value: "i" }],
          filters: { refuse_seconds: 1 },
        },
      },
      { type: "decline-inverse-offers", inverseOfferIds: ["i"], filters: { refuseMs: 1000 } },
    ],
  ] as const)(
    "%s %j is 202 in JSON and in protobuf, and reaches the kernel",
    async (type, body, call) => {
      const { events, headers, framework_id } = await subscribed();
      const value = { type, framework_id, ...body };
      expect((await ask(master.port, { headers, body: value })).status).toBe(202);
      expect((await master.heard(call.type)).call).toEqual(call);
      const bytes = writeProto(Call, readJson(Call, JSON.stringify(value)));
      const answer = await ask(master.port, { headers: { ...headers, ...PROTOBUF }, body: bytes });
      expect([answer.status, answer.text]).toEqual([202, ""]);
      expect((await master.heard(call.type)).call).toEqual(call);
      events.close();
    },
  );

  test("UPDATE_FRAMEWORK is 200, or what it is refused with (§6.1)", async () => {
    const { events, headers, framework_id, id } = await subscribed();
    const info = { user: "u", name: "n", id: framework_id };
    const update = (framework_info: object) =>
      ask(master.port, {
        headers,
        body: { type: "UPDATE_FRAMEWORK", framework_id, update_framework: { framework_info } },
      });
    const capabilities = [{ type: "MULTI_ROLE" }];
    const well = await update({ ...info, roles: ["r"], capabilities });
    expect([well.status, well.text]).toEqual([200, ""]);
    master.tell(id, { type: "offers", offers: [offer("o")] });
    expect((await events.next())?.offers?.offers?.[0]?.allocation_info).toEqual({ role: "r" });
    const refused = await update({ ...info, name: "forbidden" });
    expect([refused.status, refused.text]).toEqual([403, "not for you"]);
    expect((await update({ ...info, roles: ["r"] })).status).toBe(400);
    events.close();
  });

  test("unknown operations with an id get an OPERATION_ERROR", async () => {
    const { events, headers, framework_id } = await subscribed();
    const create_disk = { source: { name: "disk", type: "SCALAR" }, target_type: "MOUNT" };
    const operations = [
      { type: "CREATE_DISK", id: { value: "x" }, create_disk },
      { type: "LAUNCH", launch: { task_infos: [] } },
      { type: "RESERVE", id: { value: "y" } },
    ];
    const accept = { offer_ids: [{ value: "o" }], operations };
    await ask(master.port, { headers, body: { type: "ACCEPT", framework_id, accept } });
    expect((await master.heard("accept")).call).toMatchObject({
      operations: [{ type: "LAUNCH", tasks: [] }],
    });
    for (const [value, message] of [
      ["x", /CREATE_DISK/],
      ["y", /'reserve'/],
    ] as const) {
      expect((await events.next())?.update_operation_status?.status).toMatchObject({
        operation_id: { value },
        state: "OPERATION_ERROR",
        message: expect.stringMatching(message),
      });
    }
    events.close();
  });
});

describe("protobuf both ways (§12.8)", () => {
  test("a subscription speaks scheduler.Event from the first record to ERROR", async () => {
    const body = writeProto(Call, {
      type: "SUBSCRIBE",
      subscribe: { framework_info: { user: "u", name: "n" } },
    });
    const events = await stream(master.port, { headers: PROTOBUF, body });
    expect(events.headers["content-type"]).toBe("application/x-protobuf");
    const id = (await events.any())?.subscribed?.framework_id.value ?? "";
    expect(await events.any()).toEqual({ type: "HEARTBEAT" });
    master.tell(id, { type: "update", status: { taskId, state: "TASK_RUNNING", uuid } });
    const update = (await events.next())?.update?.status;
    expect(Buffer.from(update?.uuid ?? []).toString("hex")).toBe(uuid);
    master.tell(id, { type: "error", code: "X", message: "bye" });
    expect(await events.next()).toEqual({ type: "ERROR", error: { message: "bye" } });
    events.close();
  });

  test("damaged protobuf is 400", async () => {
    const headers = { "content-type": "application/x-protobuf" };
    for (const hex of ["ff", "0a05", "0801", "1001"]) {
      const answer = await ask(master.port, { headers, body: Buffer.from(hex, "hex") });
      expect(answer.status).toBe(400);
    }
  });

  test("a record is the bytes of one Event", () => {
    expect(readProto(Event, Buffer.from("0808", "hex"))).toEqual({ type: "HEARTBEAT" });
  });
});
