import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { errors } from "../../contract/errors.ts";
import type { AgentId, FrameworkId, MasterId, RoleName, TaskId } from "../../contract/ids.ts";
import type { AgentView, FrameworkView, RoleView, TaskView } from "../../contract/operator-api.ts";
import { logOnly, showFiles } from "../../kernel/host/files.ts";
import { readProto } from "../../plugins/transports/mesos-v1-http/codec/proto-read.ts";
import { writeProto } from "../../plugins/transports/mesos-v1-http/codec/proto-write.ts";
import { Call } from "../../plugins/transports/mesos-v1-http/definitions/master-call.ts";
import { Response } from "../../plugins/transports/mesos-v1-http/definitions/master-response.ts";
import { queries } from "../../plugins/transports/mesos-v1-http/operator/queries.ts";
import { slicedQueries } from "../../plugins/transports/mesos-v1-http/operator/sliced-queries.ts";
import { stateViews } from "../../plugins/transports/mesos-v1-http/views/state-views.ts";
import { ask } from "./support/client.ts";
import { masterInfo, ScriptedMaster } from "./support/scripted-master.ts";

const role = "r" as RoleName;
const frameworkId = "f" as FrameworkId;
const agentId = "m-S0" as AgentId;
const resources = [
  { name: "cpus", scalar: 1500 },
  { name: "mem", scalar: 64000, reservations: [{ type: "dynamic" as const, role }] },
  {
    name: "ports",
    ranges: [
      { begin: 1, end: 3 },
      { begin: 5, end: 5 },
    ],
  },
];
const agent: AgentView = {
  agent: {
    ...{ id: agentId, hostname: "h", ip: "10.0.0.1", port: 5051, resources },
    domain: { region: "r1", zone: "z1" },
  },
  version: "0.1.0",
  state: "active",
  total: resources,
  used: [],
  offered: [],
  tasks: 1,
  registeredMs: 1500,
};
/** One that the master only remembers: no view of what is there shows it. */
const gone: AgentView = {
  ...agent,
  agent: { ...agent.agent, id: "m-S1" as AgentId },
  state: "gone",
};
const framework: FrameworkView = {
  framework: { id: frameworkId, name: "näme", user: "u", roles: [role] },
  state: "active",
  suppressedRoles: [],
  used: resources,
  offered: [],
  offers: 0,
  tasks: { TASK_RUNNING: 1 },
  completedTasks: 0,
};
const task: TaskView = {
  task: {
    taskId: "t" as TaskId,
    frameworkId,
    agentId,
    name: "t",
    role,
    resources,
    state: "TASK_RUNNING",
    statuses: [{ taskId: "t" as TaskId, state: "TASK_RUNNING", timestampMs: 2500 }],
  },
  frameworkName: "n",
};
const roleView: RoleView = {
  role,
  weight: 2,
  frameworks: [frameworkId],
  allocated: [],
  offered: [],
  reserved: [],
  consumed: {},
  limit: { cpus: 2000 },
};

const folder = mkdtempSync(join(tmpdir(), "tepui-log-"));
const log = join(folder, "master.log");
/** What calls need beside their type. */
const bodies = {
  get_metrics: {},
  list_files: { path: "/master/log" },
  read_file: { path: "/master/log", offset: 2, length: 3 },
};
let master: ScriptedMaster;
let revision = 1;
let built = 0;
const requested: unknown[] = [];

beforeAll(async () => {
  writeFileSync(log, "a log");
  master = await ScriptedMaster.start();
  master.shown = {
    revision: () => revision,
    agents: () => [agent, gone],
    frameworks: () => {
      built++;
      return [framework];
    },
    tasks: () => [task],
    roles: () => [roleView],
    metrics: () => ({ "master/tasks_running": 1 }),
    flags: () => ({ port: "5050" }),
    files: showFiles(logOnly("/master/log", log)),
    request: (method, params) => {
      requested.push([method, params]);
      if (method !== "teardown") return Promise.resolve({} as never);
      return Promise.reject(errors.FRAMEWORK_UNKNOWN("x"));
    },
  };
});
afterAll(async () => {
  await master.stop();
  rmSync(folder, { recursive: true });
});

const call = (body: object, path = "/api/v1") => ask(master.port, { path, body });
const get = (path: string, headers = {}) => ask(master.port, { method: "GET", path, headers });

describe("§8 the operator API", () => {
  it.each(Object.keys({ ...queries, ...slicedQueries }))(
    "%s is 200 with a body, in JSON and in protobuf (§8.2)",
    async (type) => {
      const body = { type, ...bodies };
      const json = await call(body);
      expect([json.status, json.headers["content-type"]]).toEqual([200, "application/json"]);
      const shown = JSON.parse(json.text) as Record<string, unknown>;
      expect(Object.keys(shown)).toEqual(["type", type.toLowerCase()]);
      const headers = {
        "content-type": "application/x-protobuf",
        accept: "application/x-protobuf",
      };
      const bytes = writeProto(Call, body as never);
      const proto = await ask(master.port, { path: "/master/api/v1", headers, body: bytes });
      expect(proto.headers["content-type"]).toBe("application/x-protobuf");
      expect(Object.keys(readProto(Response, proto.body))).toEqual(["type", type.toLowerCase()]);
    },
  );

  it.each([
    [{}, 400, /'type'/],
    [{ type: "GET_METRICS" }, 400, /'get_metrics'/],
    [{ type: "LIST_FILES" }, 400, /'list_files'/],
    [{ type: "READ_FILE" }, 400, /'read_file'/],
    [{ type: "SET_LOGGING_LEVEL" }, 400, /'set_logging_level'/],
    [{ type: "READ_FILE", read_file: { path: "/etc/passwd", offset: 0 } }, 404, /no file/],
    [{ type: "LIST_FILES", list_files: { path: "/" } }, 404, /no file/],
    [{ type: "UPDATE_WEIGHTS" }, 400, /'update_weights'/],
    [{ type: "TEARDOWN", teardown: { framework_id: { value: "x" } } }, 400, /not known/],
  ])("%j is %d", async (body, status, text) => {
    const answer = await call(body);
    expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(text)]);
  });

  test("changes are handed on and answered with 200 and no body (§8.2)", async () => {
    requested.length = 0;
    const weights = { weight_infos: { role: "r", weight: "2.5" } };
    const answer = await call({ type: "UPDATE_WEIGHTS", update_weights: weights });
    expect([answer.status, answer.text]).toEqual([200, ""]);
    const quota = { quota_configs: [{ role: "r", limits: { cpus: { value: 2 } } }] };
    expect((await call({ type: "UPDATE_QUOTA", update_quota: quota })).status).toBe(200);
    expect((await call({ type: "REMOVE_QUOTA", remove_quota: { role: "r" } })).status).toBe(200);
    expect(requested).toEqual([
      ["update-weights", { weights: [{ role: "r", weight: 2.5 }] }],
      ["update-quota", { quotas: [{ role: "r", limit: { cpus: 2000 } }] }],
      ["update-quota", { quotas: [{ role: "r" }] }],
    ]);
  });

  test("READ_FILE reads a part of the master's log, and says how long it is (§8.5)", async () => {
    const { text } = await call({ type: "READ_FILE", ...bodies });
    const read_file = { size: 5, data: Buffer.from("log").toString("base64") };
    expect(JSON.parse(text)).toEqual({ type: "READ_FILE", read_file });
    const past = { path: "/master/log", offset: 9 };
    const end = JSON.parse((await call({ type: "READ_FILE", read_file: past })).text);
    expect(end.read_file).toEqual({ size: 5, data: "" });
  });

  test("/api/v1/operator is the operator API (§1.2), and GET is 405", async () => {
    expect((await call({ type: "GET_HEALTH" }, "/api/v1/operator")).text).toBe(
      '{"type":"GET_HEALTH","get_health":{"healthy":true}}',
    );
    expect((await get("/api/v1")).status).toBe(405);
  });

  test("a framework's name in other scripts is ASCII on the wire (§3.3)", async () => {
    expect((await call({ type: "GET_FRAMEWORKS" })).text).toContain("n\\u00e4me");
  });
});

describe("§9 v0 views", () => {
  test.each(["/files", "/master/files"])("%s/… show the master's log (§8.5)", async (at) => {
    const path = "path=/master/log";
    const read = await get(`${at}/read?${path}&offset=2`);
    expect(JSON.parse(read.text)).toEqual({ data: "log", offset: 2 });
    expect(JSON.parse((await get(`${at}/read.json?${path}`)).text)).toEqual({
      data: "",
      offset: 5,
    });
    const kept = await get(`${at}/download?${path}`);
    const disposition = `attachment; filename="${basename(log)}"`;
    expect([kept.text, kept.headers["content-disposition"]]).toEqual(["a log", disposition]);
    expect((await get(`${at}/browse?${path}`)).text).toBe("[]");
    expect(JSON.parse((await get(`${at}/debug`)).text)).toEqual({ "/master/log": log });
    for (const page of ["read", "download", "browse"]) {
      expect((await get(`${at}/${page}?path=/etc/passwd`)).status).toBe(404);
      expect((await get(`${at}/${page}`)).status).toBe(400);
    }
    rmSync(log);
    expect((await get(`${at}/read?${path}`)).status).toBe(404);
    writeFileSync(log, "a log");
  });

  it.each(Object.keys(stateViews))("%s, /master%s and .json are one view", async (path) => {
    const plain = await get(path);
    expect([plain.status, plain.headers["content-type"]]).toEqual([200, "application/json"]);
    expect((await get(`/master${path}`)).text).toBe(plain.text);
    expect((await get(`${path}.json`)).text).toBe(plain.text);
    expect((await ask(master.port, { path, body: {} })).status).toBe(405);
  });

  test("/state has what dashboards read", async () => {
    expect(JSON.parse((await get("/state")).text)).toMatchObject({
      version: "1.11.0",
      id: masterInfo.id as MasterId,
      leader: "master@127.0.0.1:5050",
      activated_slaves: 1,
      slaves: [
        {
          id: "m-S0",
          pid: "slave(1)@10.0.0.1:5051",
          resources: { cpus: 1.5, gpus: 0, mem: 64, disk: 0, ports: "[1-3, 5-5]" },
          reserved_resources: { r: { mem: 64 } },
          unreserved_resources: { cpus: 1.5, mem: 0 },
        },
      ],
      frameworks: [
        {
          id: "f",
          role: "r",
          tasks: [{ id: "t", executor_id: "", slave_id: "m-S0", state: "TASK_RUNNING" }],
        },
      ],
    });
  });

  test.each(["/state", "/slaves", "/state-summary"])(
    "%s says where agents are, and claims the version that the master claims",
    async (path) => {
      const { slaves } = JSON.parse((await get(path)).text) as { slaves: unknown[] };
      const domain = { fault_domain: { region: { name: "r1" }, zone: { name: "z1" } } };
      expect(slaves).toMatchObject([{ domain, version: "1.11.0" }]);
    },
  );

  test("no view shows an agent that is gone", async () => {
    for (const path of ["/state", "/slaves", "/state-summary"]) {
      const { slaves } = JSON.parse((await get(path)).text) as { slaves: { id: string }[] };
      expect([path, slaves.map(({ id }) => id)]).toEqual([path, ["m-S0"]]);
    }
  });

  test("/state-summary counts tasks by agent and by framework", async () => {
    expect(JSON.parse((await get("/state-summary")).text)).toMatchObject({
      slaves: [{ TASK_RUNNING: 1, TASK_LOST: 0, framework_ids: ["f"] }],
      frameworks: [{ TASK_RUNNING: 1, slave_ids: ["m-S0"] }],
    });
  });

  test("/tasks is paged and filtered", async () => {
    expect(JSON.parse((await get("/tasks?task_id=x")).text)).toEqual({ tasks: [] });
    expect(JSON.parse((await get("/tasks?limit=0")).text)).toEqual({ tasks: [] });
    expect(JSON.parse((await get("/tasks?framework_id=f")).text).tasks).toHaveLength(1);
  });

  test("a view is built once for each revision, and packed for who takes it", async () => {
    built = 0;
    revision++;
    for (let at = 0; at < 5; at++) await get("/state");
    expect(built).toBe(1);
    revision++;
    const packed = await get("/state", { "accept-encoding": "gzip" });
    expect(built).toBe(2);
    expect(packed.headers["content-encoding"]).toBe("gzip");
    expect(JSON.parse(gunzipSync(packed.body).toString("utf8")).id).toBe(masterInfo.id);
  });
});
