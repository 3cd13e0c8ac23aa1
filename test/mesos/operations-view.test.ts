import { afterAll, beforeAll, expect, test } from "vitest";
import type { AgentId, FrameworkId, RoleName, UpdateId } from "../../contract/ids.ts";
import type { OperatorResult } from "../../contract/operator-api.ts";
import { readProto } from "../../plugins/transports/mesos-v1-http/codec/proto-read.ts";
import { Call } from "../../plugins/transports/mesos-v1-http/definitions/master-call.ts";
import { Response } from "../../plugins/transports/mesos-v1-http/definitions/master-response.ts";
import { ask } from "./support/client.ts";
import { encoded } from "./support/framework.ts";
import { ScriptedMaster } from "./support/scripted-master.ts";

const agentId = "m-S0" as AgentId;
const reservations = [{ type: "dynamic" as const, role: "web" as RoleName }];
const reserved = { name: "cpus", scalar: 1_000, reservations };
const about = { frameworkId: "f" as FrameworkId, agentId };
const operations: OperatorResult<"operations"> = {
  operations: [
    {
      ...about,
      operationUuid: "00".repeat(16) as UpdateId,
      operation: { type: "RESERVE", id: "op1", resources: [reserved] },
      state: "OPERATION_PENDING",
    },
    {
      ...about,
      operationUuid: "01".repeat(16) as UpdateId,
      operation: { type: "RESERVE", id: "op2", resources: [reserved] },
      state: "OPERATION_FINISHED",
      status: {
        operationId: "op2",
        state: "OPERATION_FINISHED",
        message: "done",
        uuid: "02".repeat(16) as UpdateId,
        convertedResources: [reserved],
        agentId,
      },
    },
  ],
  more: false,
};

let master: ScriptedMaster;
beforeAll(async () => {
  master = await ScriptedMaster.start();
  master.shown = { request: () => Promise.resolve(operations as never) };
});
afterAll(() => master.stop());

const wires = ["json", "protobuf"] as const;

test.each(wires)("§8.4 GET_OPERATIONS shows the statuses of operations, in %s", async (wire) => {
  const bytesOf = ({ value }: { value: string & Uint8Array }) =>
    wire === "json" ? Buffer.from(value, "base64") : Buffer.from(value);
  const call = { ...encoded(wire, { type: "GET_OPERATIONS" }, Call), path: "/api/v1" };
  const { body } = await ask(master.port, call);
  const response = wire === "json" ? JSON.parse(body.toString()) : readProto(Response, body);
  const agent_id = { value: agentId };
  const [pending, finished] = response.get_operations.operations;
  expect(pending).toMatchObject({
    framework_id: { value: "f" },
    agent_id,
    info: { type: "RESERVE", id: { value: "op1" } },
  });
  expect(bytesOf(pending.uuid)).toEqual(Buffer.alloc(16, 0));
  const operation_id = { value: "op1" };
  expect(pending.latest_status).toEqual({ state: "OPERATION_PENDING", operation_id, agent_id });
  expect(pending.statuses ?? []).toEqual([]);
  expect(finished.latest_status).toMatchObject({
    operation_id: { value: "op2" },
    state: "OPERATION_FINISHED",
    message: "done",
    converted_resources: [{ name: "cpus", scalar: { value: 1 } }],
    agent_id,
  });
  expect(bytesOf(finished.latest_status.uuid)).toEqual(Buffer.alloc(16, 2));
  expect(finished.statuses).toEqual([finished.latest_status]);
});
