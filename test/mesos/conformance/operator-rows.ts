import { expect } from "vitest";
import { queries } from "../../../plugins/transports/mesos-v1-http/operator/queries.ts";
import { slicedQueries } from "../../../plugins/transports/mesos-v1-http/operator/sliced-queries.ts";
import { commandTask, scalar } from "../support/framework.ts";
import { both, bytesOf, type Client, jsonOnly, levelRow, type Row } from "./suite.ts";

type View = Record<string, never>;

/** How others find the task. */
const found = { visibility: "CLUSTER", name: "web", ports: { ports: [{ number: 80 }] } };

/** A framework `named`, with a task `t` that runs. */
async function running(client: Client, name: string) {
  const framework = await client.framework({ name, failover_timeout: 60 });
  await framework.launch(await framework.offer(), [
    commandTask("t", "sleep 600", {
      labels: { labels: [{ key: "k", value: "v" }] },
      discovery: found,
      health_check: { type: "COMMAND", command: { value: "true" }, interval_seconds: 3600 },
      container: { type: "MESOS", hostname: "h" },
    }),
  ]);
  await framework.reach("TASK_RUNNING");
  return framework;
}

/** §8: the operator API. */
const calls: Row[] = [
  both("8.1", "every query is 200, named like its call", async (client) => {
    const bodies = {
      get_metrics: {},
      list_files: { path: "/master/log" },
      read_file: { path: "/master/log", offset: 0 },
    };
    for (const type of Object.keys({ ...queries, ...slicedQueries })) {
      const { status, value } = await client.operator({ type, ...bodies });
      expect([type, status, Object.keys(value)]).toEqual([type, 200, ["type", type.toLowerCase()]]);
    }
  }),
  both("8.1", "GET_METRICS needs its submessage, no call does without a type", async (client) => {
    expect((await client.operator({ type: "GET_METRICS" })).status).toBe(400);
    expect((await client.operator({})).status).toBe(400);
  }),
  both("8.2", "changes are 200 with an empty body", async (client) => {
    const role = "changed";
    for (const call of [
      { type: "UPDATE_WEIGHTS", update_weights: { weight_infos: [{ role, weight: 2 }] } },
      {
        type: "UPDATE_QUOTA",
        update_quota: { quota_configs: [{ role, limits: { cpus: { value: 8 } } }] },
      },
      { type: "REMOVE_QUOTA", remove_quota: { role } },
    ]) {
      const { status, text } = await client.operator(call);
      expect([call.type, status, text]).toEqual([call.type, 200, ""]);
    }
    const weights = (await client.operator({ type: "GET_WEIGHTS" })).value.get_weights;
    expect(weights?.weight_infos).toContainEqual({ role, weight: 2 });
  }),
  both("8.2", "changes that are wrong are refused, and change nothing", async (client) => {
    const bad = { weight_infos: [{ role: "w", weight: -1 }] };
    const answer = await client.operator({ type: "UPDATE_WEIGHTS", update_weights: bad });
    expect(answer.status).toBe(400);
    const huge = { quota_configs: [{ role: "q", guarantees: { cpus: { value: 1e6 } } }] };
    const quota = await client.operator({ type: "UPDATE_QUOTA", update_quota: huge });
    expect(quota.status).toBeGreaterThanOrEqual(400);
    expect(quota.status).toBeLessThan(500);
    const gone = { framework_id: { value: "nobody" } };
    expect((await client.operator({ type: "TEARDOWN", teardown: gone })).status).toBe(400);
  }),
  both("8.2", "TEARDOWN by an operator ends a framework", async (client) => {
    const framework = await running(client, "doomed");
    const teardown = { framework_id: framework.id };
    const { status, text } = await client.operator({ type: "TEARDOWN", teardown });
    expect([status, text]).toEqual([200, ""]);
    while ((await framework.events.any()) !== undefined);
    expect(framework.events.isEnded).toBe(true);
  }),
  both("8.4", "agents, frameworks, tasks and roles are shown as they are", async (client) => {
    const framework = await running(client, "shown");
    const { value } = await client.operator({ type: "GET_STATE" });
    const { get_agents, get_frameworks, get_tasks } = value.get_state ?? {};
    expect(get_agents?.agents).toHaveLength(2);
    for (const agent of get_agents?.agents ?? []) {
      expect(agent).toMatchObject({ active: true, pid: expect.stringMatching(/^slave\(1\)@/) });
      expect(agent.agent_info.hostname).toMatch(/^agent-/);
    }
    const mine = get_frameworks?.frameworks?.find(
      ({ framework_info }) => framework_info.id?.value === framework.id?.value,
    );
    expect(mine).toMatchObject({ active: true, connected: true, recovered: false });
    expect(mine?.allocated_resources).toMatchObject([scalar("cpus", 0.1), scalar("mem", 32)]);
    const task = get_tasks?.tasks?.find(({ task_id }) => task_id.value === "t");
    expect(task).toMatchObject({ state: "TASK_RUNNING", framework_id: framework.id });
    expect(task?.labels).toEqual({ labels: [{ key: "k", value: "v" }] });
    const roles = (await client.operator({ type: "GET_ROLES" })).value.get_roles?.roles;
    expect(roles?.find(({ name }) => name === "*")?.frameworks).toContainEqual(framework.id);
  }),
  both("8.4", "the master says who it is, since when, and its version", async (client) => {
    const master = (await client.operator({ type: "GET_MASTER" })).value.get_master;
    expect(master?.master_info).toMatchObject({ port: client.master, version: "1.11.0" });
    expect(Number(master?.elected_time)).toBeGreaterThanOrEqual(Number(master?.start_time));
    const { value } = await client.operator({ type: "GET_VERSION" });
    expect(value.get_version?.version_info.version).toBe("1.11.0");
  }),
  both("8.4", "quota shows what is guaranteed and what is the limit", async (client) => {
    const config = { role: "limited", limits: { cpus: { value: 3.5 } } };
    await client.operator({ type: "UPDATE_QUOTA", update_quota: { quota_configs: [config] } });
    const { value } = await client.operator({ type: "GET_QUOTA" });
    expect(value.get_quota?.status.configs).toContainEqual(expect.objectContaining(config));
    await client.operator({ type: "REMOVE_QUOTA", remove_quota: { role: "limited" } });
  }),
];

/** The log of a master, and how much is in it. */
const logs: Row[] = [
  both("8.5", "the log of the master is read as /master/log, and nothing else", async (client) => {
    const read = async (path: string, offset: number, length?: number) =>
      client.operator({ type: "READ_FILE", read_file: { path, offset, length } });
    const { read_file } = (await read("/master/log", 0)).value;
    expect(bytesOf(read_file?.data).toString()).toMatch(/^\{"level":30,.*"name":"master"/);
    const past = (await read("/master/log", 2 ** 40)).value.read_file;
    expect(Number(past?.size)).toBeGreaterThanOrEqual(Number(read_file?.size));
    expect(bytesOf(past?.data)).toHaveLength(0);
    expect((await read("/master/log", 0, 3)).value.read_file?.data).toHaveLength(
      client.wire === "json" ? 4 : 3,
    );
    expect((await read("/etc/passwd", 0)).status).toBe(404);
    const list_files = { path: "/master" };
    expect((await client.operator({ type: "LIST_FILES", list_files })).status).toBe(404);
  }),
  jsonOnly("8.5", "/files on a master: read, download, browse and debug", async (client) => {
    const at = "path=/master/log";
    const read = await client.view<View>(`/files/read?${at}&offset=0&length=5`);
    expect(read).toEqual({ data: '{"lev', offset: 0 });
    const { data, offset } = await client.view<{ data: string; offset: number }>(
      `/master/files/read.json?${at}`,
    );
    expect([data, offset]).toEqual(["", expect.any(Number)]);
    const { text } = await client.get(`/files/download?${at}`);
    expect(text.length).toBeGreaterThanOrEqual(offset);
    expect((await client.get("/files/browse?path=/etc")).status).toBe(404);
    expect((await client.get("/files/browse")).status).toBe(400);
    expect(Object.keys(await client.view<View>("/files/debug"))).toEqual(["/master/log"]);
  }),
  both("8.2", "the log of the master says more for a while", (client) =>
    levelRow((what) => client.operator(what)),
  ),
];

const counters = ["TASK_STAGING", "TASK_RUNNING", "TASK_FINISHED", "TASK_LOST", "TASK_KILLED"];

/** §9: the views of v0, from a real cluster. */
const views: Row[] = [
  jsonOnly("9", "/state holds what dashboards read", async (client) => {
    const framework = await running(client, "state");
    const state = await client.view<View>("/state");
    const pid = `master@127.0.0.1:${client.master}`;
    expect(state).toMatchObject({ pid, leader: pid, activated_slaves: 2, hostname: "127.0.0.1" });
    expect(state).toMatchObject({ deactivated_slaves: 0, unreachable_slaves: 0 });
    expect(state).toMatchObject({ flags: { allocation_interval: expect.any(String) } });
    const { slaves, frameworks } = state as unknown as Record<string, View[]>;
    for (const slave of slaves ?? []) {
      expect(slave).toMatchObject({
        resources: { cpus: expect.any(Number), gpus: 0, mem: expect.any(Number) },
        used_resources: { disk: 0 },
        reserved_resources: {},
        attributes: { rack: "r1" },
        active: true,
      });
    }
    const mine = frameworks?.find(({ id }) => id === framework.id?.value);
    expect(mine).toMatchObject({
      name: "state",
      role: "*",
      connected: true,
      failover_timeout: 60,
      used_resources: { cpus: 0.1, mem: 32 },
      completed_tasks: [],
      unreachable_tasks: [],
    });
    const container_status = {
      container_id: { value: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      network_infos: [{ ip_addresses: [{ protocol: "IPv4", ip_address: "127.0.0.1" }] }],
    };
    expect(mine?.["tasks"]).toMatchObject([
      {
        id: "t",
        executor_id: "",
        state: "TASK_RUNNING",
        resources: { cpus: 0.1, mem: 32, disk: 0, gpus: 0 },
        labels: [{ key: "k", value: "v" }],
        discovery: found,
        container: { type: "MESOS", hostname: "h" },
        health_check: { type: "COMMAND", command: { value: "true" }, interval_seconds: 3600 },
        statuses: expect.arrayContaining([
          expect.objectContaining({ state: "TASK_RUNNING", container_status }),
        ]),
      },
    ]);
  }),
  jsonOnly("9", "/state shows offers that are out, and executors", async (client) => {
    const framework = await client.framework({ name: "offers" });
    const offer = await framework.offer();
    const executor = { executor_id: { value: "e" }, command: { value: "sleep 600" }, name: "ex" };
    const { command: _, ...task } = commandTask("t", "") as { command: object };
    const resources = [scalar("cpus", 0.1), scalar("mem", 32)];
    await framework.launch(offer, [{ ...task, executor: { ...executor, resources } }]);
    await framework.call("REVIVE");
    await framework.offer();
    const { frameworks } = await client.view<{ frameworks: View[] }>("/state");
    const mine = frameworks.find(({ id }) => id === framework.id?.value);
    expect(mine?.["offers"]).not.toEqual([]);
    expect(mine?.["offers"]?.[0]).toMatchObject({
      framework_id: framework.id?.value,
      slave_id: expect.stringMatching(/-S\d+$/),
      allocation_info: { role: "*" },
      resources: { cpus: expect.any(Number) },
    });
    expect(mine?.["executors"]).toMatchObject([
      { executor_id: "e", name: "ex", slave_id: offer.agent_id.value, resources: { cpus: 0.1 } },
    ]);
    const { value } = await client.operator({ type: "GET_EXECUTORS" });
    expect(value.get_executors?.executors).toMatchObject([
      { executor_info: { executor_id: { value: "e" } }, agent_id: offer.agent_id },
    ]);
  }),
  jsonOnly("9", "/state-summary counts tasks for agents and frameworks", async (client) => {
    const framework = await running(client, "summary");
    const { slaves, frameworks } = await client.view<Record<string, View[]>>("/state-summary");
    const mine = frameworks?.find(({ id }) => id === framework.id?.value);
    expect(mine).toMatchObject({ TASK_RUNNING: 1, TASK_LOST: 0 });
    const [slave] = (mine?.["slave_ids"] ?? []) as string[];
    const host = slaves?.find(({ id }) => id === slave);
    expect(host?.["framework_ids"]).toContain(framework.id?.value);
    for (const counter of counters) expect(host?.[counter]).toBeTypeOf("number");
  }),
  jsonOnly("9", "/slaves, /frameworks, /roles and /flags are parts of it", async (client) => {
    const framework = await running(client, "parts");
    const { slaves } = await client.view<Record<string, View[]>>("/slaves");
    expect(slaves).toHaveLength(2);
    const { frameworks } = await client.view<Record<string, View[]>>("/frameworks");
    expect(frameworks?.map(({ id }) => id)).toContain(framework.id?.value);
    const { roles } = await client.view<Record<string, View[]>>("/roles");
    const mine = roles?.find(({ name }) => name === "*");
    expect(mine).toMatchObject({
      weight: 1,
      quota: { role: "*", consumed: { cpus: expect.any(Number) } },
      allocated: { cpus: 0.1, mem: 32 },
      offered: { cpus: expect.any(Number) },
      reserved: { cpus: 0 },
    });
    const { flags } = await client.view<View>("/flags");
    expect(flags).toMatchObject({ allocation_interval: expect.any(String) });
  }),
  jsonOnly("9", "/tasks is filtered, ordered and paged", async (client) => {
    const framework = await client.framework({ name: "paged" });
    const ids = ["p1", "p2", "p3"];
    await framework.launch(
      await framework.offer(),
      ids.map((id) => commandTask(id, "sleep 600")),
    );
    for (const id of ids) await framework.reach("TASK_RUNNING", id);
    const list = async (query: string) => {
      const path = `/tasks?framework_id=${framework.id?.value}${query}`;
      const { tasks } = await client.view<{ tasks: { id: string }[] }>(path);
      return tasks.map(({ id }) => id);
    };
    expect((await list("")).toSorted()).toEqual(ids);
    expect(await list("&task_id=p2")).toEqual(["p2"]);
    const upwards = await list("&order=asc");
    expect(await list("&order=desc")).toEqual(upwards.toReversed());
    expect(await list("&order=asc&limit=1&offset=1")).toEqual([upwards[1]]);
  }),
  jsonOnly("9", "/metrics/snapshot is flat numbers under Mesos' names", async (client) => {
    await running(client, "metrics");
    const metrics = await client.view<Record<string, number>>("/metrics/snapshot");
    expect(Object.values(metrics).every((one) => typeof one === "number")).toBe(true);
    expect(metrics).toMatchObject({
      "master/elected": 1,
      "master/slaves_active": 2,
      "master/frameworks_active": expect.any(Number),
      "master/tasks_running": 1,
      "master/cpus_used": 0.1,
    });
    expect(metrics["master/cpus_percent"]).toBeGreaterThan(0);
    expect(metrics["system/cpus_total"]).toBeGreaterThan(0);
  }),
];

/** §8 and §9 of the API's description. */
export const operatorRows: readonly Row[] = [...calls, ...logs, ...views];
