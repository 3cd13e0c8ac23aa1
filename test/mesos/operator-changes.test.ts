import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import { errors } from "../../contract/errors.ts";
import type { AgentId, FrameworkId, RoleName } from "../../contract/ids.ts";
import type { OperatorResult, RoleView } from "../../contract/operator-api.ts";
import { ask } from "./support/client.ts";
import { ScriptedMaster } from "./support/scripted-master.ts";

const role = "r" as RoleName;
const agentId = "m-S0" as AgentId;
const agent_id = { value: agentId };
const web = { hostname: "web-1", ip: "10.0.0.1" };
const start = { nanoseconds: 5_000_000 };
const window = {
  machines: [web],
  unavailability: { startMs: 5, durationMs: 7 },
};
const cpus = { name: "cpus", type: "SCALAR", scalar: { value: 2 } };
const reservedCpus = { ...cpus, reservations: [{ type: "DYNAMIC", role: "r" }] };
const ourCpus = { name: "cpus", scalar: 2_000, reservations: [{ type: "dynamic", role: "r" }] };

const maintenance: OperatorResult<"maintenance"> = {
  windows: [window],
  draining: [
    {
      machine: web,
      answers: [{ frameworkId: "f" as FrameworkId, agentId, answer: "DECLINE", timestampMs: 9 }],
    },
  ],
  down: [{ hostname: "web-2" }],
};
const roleView: RoleView = {
  role,
  weight: 2,
  frameworks: [],
  allocated: [],
  offered: [],
  reserved: [],
  consumed: {},
  guarantee: { cpus: 2_000 },
};

let master: ScriptedMaster;
let refusal: Error | undefined;
const requested: unknown[] = [];

beforeAll(async () => {
  master = await ScriptedMaster.start();
  master.shown = {
    roles: () => [roleView],
    weights: () => [{ role, weight: 2 }],
    request: (method, params) => {
      if (method === "maintenance") return Promise.resolve(maintenance as never);
      requested.push([method, params]);
      return refusal === undefined ? Promise.resolve({} as never) : Promise.reject(refusal);
    },
  };
});
afterAll(() => master.stop());
beforeEach(() => {
  requested.length = 0;
  refusal = undefined;
});

const call = (body: object) => ask(master.port, { path: "/api/v1", body });

describe("§8.2 calls that change agents, machines and resources", () => {
  it.each<[string, object, number, unknown]>([
    [
      "DRAIN_AGENT",
      { agent_id, max_grace_period: { seconds: 30 }, mark_gone: true },
      200,
      ["drain-agent", { agentId, maxGracePeriodMs: 30_000, markGone: true }],
    ],
    ["DEACTIVATE_AGENT", { agent_id }, 200, ["deactivate-agent", { agentId }]],
    ["REACTIVATE_AGENT", { agent_id }, 200, ["reactivate-agent", { agentId }]],
    ["MARK_AGENT_GONE", { agent_id }, 200, ["mark-agent-gone", { agentId }]],
    [
      "UPDATE_MAINTENANCE_SCHEDULE",
      {
        schedule: {
          windows: [
            { machine_ids: [web], unavailability: { start, duration: { nanoseconds: 7e6 } } },
          ],
        },
      },
      200,
      ["update-maintenance", { windows: [window] }],
    ],
    ["START_MAINTENANCE", { machines: [web] }, 200, ["start-maintenance", { machines: [web] }]],
    ["STOP_MAINTENANCE", { machines: [web] }, 200, ["stop-maintenance", { machines: [web] }]],
    [
      "RESERVE_RESOURCES",
      { agent_id, resources: [reservedCpus] },
      202,
      ["reserve-resources", { agentId, resources: [ourCpus] }],
    ],
    [
      "UNRESERVE_RESOURCES",
      { agent_id, resources: [reservedCpus] },
      202,
      ["unreserve-resources", { agentId, resources: [ourCpus] }],
    ],
    [
      "CREATE_VOLUMES",
      { agent_id, volumes: [reservedCpus] },
      202,
      ["create-volumes", { agentId, volumes: [ourCpus] }],
    ],
    [
      "DESTROY_VOLUMES",
      { agent_id, volumes: [reservedCpus] },
      202,
      ["destroy-volumes", { agentId, volumes: [ourCpus] }],
    ],
    [
      "GROW_VOLUME",
      { agent_id, volume: reservedCpus, addition: reservedCpus },
      202,
      ["grow-volume", { agentId, volume: ourCpus, addition: ourCpus }],
    ],
    [
      "SHRINK_VOLUME",
      { agent_id, volume: reservedCpus, subtract: { value: 0.5 } },
      202,
      ["shrink-volume", { agentId, volume: ourCpus, subtract: 500 }],
    ],
    [
      "SET_QUOTA",
      { quota_request: { role: "r", guarantee: [cpus], force: true } },
      200,
      [
        "update-quota",
        { force: true, quotas: [{ role, guarantee: { cpus: 2_000 }, limit: { cpus: 2_000 } }] },
      ],
    ],
  ])("%s", async (type, body, status, asked) => {
    const answer = await call({ type, [type.toLowerCase()]: body });
    expect([answer.status, answer.text]).toEqual([status, ""]);
    expect(requested).toEqual([asked]);
    const bare = await call({ type });
    expect([bare.status, bare.text]).toEqual([
      400,
      `Failed to validate master::Call: Expecting '${type.toLowerCase()}' to be present`,
    ]);
  });

  it.each<[string, Error, number]>([
    ["RESERVE_RESOURCES", errors.AGENT_UNKNOWN("x"), 400],
    ["RESERVE_RESOURCES", errors.RESOURCES_MISSING("x", "reserve"), 409],
    ["MARK_AGENT_GONE", errors.AGENT_UNKNOWN("x"), 404],
    ["MARK_AGENT_GONE", errors.AGENT_LEAVING("x"), 503],
    ["DRAIN_AGENT", errors.AGENT_LEAVING("x"), 409],
  ])("%s refused with %s is %d", async (type, error, status) => {
    refusal = error;
    const answer = await call({ type, [type.toLowerCase()]: { agent_id } });
    expect([answer.status, answer.text]).toEqual([status, error.message]);
  });
});

describe("§8.4 queries about machines", () => {
  test("GET_MAINTENANCE_SCHEDULE and GET_MAINTENANCE_STATUS", async () => {
    const schedule = JSON.parse((await call({ type: "GET_MAINTENANCE_SCHEDULE" })).text);
    expect(schedule.get_maintenance_schedule.schedule.windows).toEqual([
      { machine_ids: [web], unavailability: { start, duration: { nanoseconds: 7_000_000 } } },
    ]);
    const status = JSON.parse((await call({ type: "GET_MAINTENANCE_STATUS" })).text);
    expect(status.get_maintenance_status.status).toEqual({
      draining_machines: [
        {
          id: web,
          statuses: [
            {
              status: "DECLINE",
              framework_id: { value: "f" },
              timestamp: { nanoseconds: 9_000_000 },
            },
          ],
        },
      ],
      down_machines: [{ hostname: "web-2" }],
    });
  });
});

describe("§9 endpoints from before the v1 API", () => {
  const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();
  const send = (path: string, body: string | object, method = "POST") =>
    ask(master.port, { path, method, body });

  it.each<[string, string, string | object, number, unknown]>([
    ["POST", "/teardown", form({ frameworkId: "f" }), 200, ["teardown", { frameworkId: "f" }]],
    [
      "PUT",
      "/weights",
      [{ role: "r", weight: 3 }],
      200,
      ["update-weights", { weights: [{ role, weight: 3 }] }],
    ],
    [
      "POST",
      "/quota",
      { role: "r", guarantee: [cpus] },
      200,
      ["update-quota", { quotas: [{ role, guarantee: { cpus: 2_000 }, limit: { cpus: 2_000 } }] }],
    ],
    ["DELETE", "/quota/r", "", 200, ["update-quota", { quotas: [{ role }] }]],
    [
      "POST",
      "/maintenance/schedule",
      { windows: [] },
      200,
      ["update-maintenance", { windows: [] }],
    ],
    ["POST", "/machine/down", [web], 200, ["start-maintenance", { machines: [web] }]],
    ["POST", "/master/machine/up", [web], 200, ["stop-maintenance", { machines: [web] }]],
    [
      "POST",
      "/reserve",
      form({ slaveId: agentId, resources: JSON.stringify([reservedCpus]) }),
      202,
      ["reserve-resources", { agentId, resources: [ourCpus] }],
    ],
    [
      "POST",
      "/create-volumes",
      form({ slaveId: agentId, volumes: JSON.stringify([reservedCpus]) }),
      202,
      ["create-volumes", { agentId, volumes: [ourCpus] }],
    ],
  ])("%s %s", async (method, path, body, status, asked) => {
    const answer = await send(path, body, method);
    expect([answer.status, answer.text]).toEqual([status, ""]);
    expect(requested).toEqual([asked]);
  });

  it.each<[string, string, unknown]>([
    ["/weights", "weights", [{ role: "r", weight: 2 }]],
    [
      "/quota",
      "quota",
      {
        infos: [{ role: "r", guarantee: [{ ...cpus, scalar: { value: 2 } }] }],
        configs: [{ role: "r", guarantees: { cpus: { value: 2 } } }],
      },
    ],
  ])("GET %s shows the %s", async (path, _name, shown) => {
    const answer = await ask(master.port, { method: "GET", path });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, shown]);
  });

  test("GET of the schedule and of the status", async () => {
    const { text } = await ask(master.port, { method: "GET", path: "/maintenance/schedule" });
    expect(JSON.parse(text).windows[0].machine_ids).toEqual([web]);
    const status = await ask(master.port, { method: "GET", path: "/maintenance/status" });
    expect(JSON.parse(status.text).down_machines).toEqual([{ hostname: "web-2" }]);
  });

  it.each<[string, string, string, number, RegExp]>([
    ["POST", "/teardown", "", 400, /Missing 'frameworkId'/],
    ["POST", "/machine/down", "{", 400, /Failed to parse JSON/],
    ["POST", "/machine/down", "{}", 400, /Expecting a JSON array/],
    ["POST", "/reserve", "slaveId=x", 400, /Missing 'resources'/],
    ["DELETE", "/quota", "", 400, /the role behind/],
    ["DELETE", "/quota/none", "", 400, /Role 'none' has no quota set/],
    ["DELETE", "/weights", "", 405, /Expecting one of { 'GET', 'PUT' }/],
    ["GET", "/teardown", "", 405, /Expecting one of { 'POST' }/],
  ])("%s %s with %j is %d", async (method, path, body, status, text) => {
    const answer = await ask(master.port, { path, method, ...(method === "GET" ? {} : { body }) });
    expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(text)]);
    expect(requested).toEqual([]);
  });
});
