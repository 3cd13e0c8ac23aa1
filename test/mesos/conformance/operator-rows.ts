import { expect } from "vitest";
import { queries } from "../../../plugins/transports/mesos-v1-http/operator/queries.ts";
import { slicedQueries } from "../../../plugins/transports/mesos-v1-http/operator/sliced-queries.ts";
import { ask } from "../support/client.ts";
import { commandTask, scalar } from "../support/framework.ts";
import { both, bytesOf, type Client, jsonOnly, levelRow, type Row } from "./suite.ts";

type View = Record<string, never>;

/** How others find the task. */
export const found = { visibility: "CLUSTER", name: "web", ports: { ports: [{ number: 80 }] } };

/** A framework `named`, with a task `t` that runs. */
export async function running(client: Client, name: string) {
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
    // Only what has been set: roles of frameworks are not there by themselves.
    expect(weights?.weight_infos?.map((one) => one.role)).not.toContain("*");
    expect(await client.view<View[]>("/weights")).toEqual(weights?.weight_infos);
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
    const old = { path: "/teardown", headers: {}, body: "frameworkId=nobody" };
    expect((await ask(client.master, old)).status).toBe(400);
    const agent_id = { value: "nobody" };
    for (const type of ["DRAIN_AGENT", "DEACTIVATE_AGENT", "REACTIVATE_AGENT"]) {
      const answer = await client.operator({ type, [type.toLowerCase()]: { agent_id } });
      expect([type, answer.status]).toEqual([type, 400]);
    }
    const marked = await client.operator({
      type: "MARK_AGENT_GONE",
      mark_agent_gone: { agent_id },
    });
    expect(marked.status).toBe(404);
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
      expect(agent.version).toBe("1.11.0");
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
  both("8.4", "a framework is shown with its offers and their constraints", async (client) => {
    const exists = { selector: { attribute_name: "rack" }, predicate: { exists: {} } };
    const matches = {
      selector: { pseudoattribute_type: "HOSTNAME" },
      predicate: { text_not_matches: { regex: "^other" } },
    };
    const groups = [{ attribute_constraints: [exists, matches] }];
    const offer_constraints = { role_constraints: { "*": { groups } } };
    const framework = await client.framework({ name: "constrained" }, { offer_constraints });
    const offer = await framework.offer();
    const { value } = await client.operator({ type: "GET_FRAMEWORKS" });
    const mine = value.get_frameworks?.frameworks?.find(
      ({ framework_info }) => framework_info.id?.value === framework.id?.value,
    );
    expect(mine?.offer_constraints).toEqual(offer_constraints);
    const shown = mine?.offers?.find(({ id }) => id.value === offer.id.value);
    expect(shown).toMatchObject({
      framework_id: framework.id,
      agent_id: offer.agent_id,
      allocation_info: { role: "*" },
    });
    expect(shown?.resources).toHaveLength(offer.resources?.length ?? 0);
    const { frameworks } = await client.view<{ frameworks: View[] }>(
      `/frameworks?framework_id=${framework.id?.value}`,
    );
    expect(frameworks).toMatchObject([{ offer_constraints }]);
  }),
  both("8.4", "the master says who it is, since when, and its version", async (client) => {
    const master = (await client.operator({ type: "GET_MASTER" })).value.get_master;
    expect(master?.master_info).toMatchObject({ port: client.master, version: "1.11.0" });
    expect(Number(master?.elected_time)).toBeGreaterThanOrEqual(Number(master?.start_time));
    const { value } = await client.operator({ type: "GET_VERSION" });
    expect(value.get_version?.version_info.version).toBe("1.11.0");
  }),
  both(
    "8.4",
    "quota shows guarantees and limits, and is removed where there is some",
    async (client) => {
      const config = { role: "limited", limits: { cpus: { value: 3.5 } } };
      await client.operator({ type: "UPDATE_QUOTA", update_quota: { quota_configs: [config] } });
      const { value } = await client.operator({ type: "GET_QUOTA" });
      const { configs, infos } = value.get_quota?.status ?? {};
      expect(configs).toContainEqual(expect.objectContaining(config));
      expect(infos).toContainEqual({ role: "limited" });
      expect(await client.view<View>("/quota")).toMatchObject({
        configs: [{ role: "limited" }],
        infos: [{ role: "limited" }],
      });
      const remove = { type: "REMOVE_QUOTA", remove_quota: { role: "limited" } };
      expect((await client.operator(remove)).status).toBe(200);
      const again = await client.operator(remove);
      expect([again.status, again.text]).toEqual([400, expect.stringMatching(/no quota set/)]);
      const old = { method: "DELETE", path: "/quota/limited", headers: {} };
      expect((await ask(client.master, old)).status).toBe(400);
    },
  ),
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
    const { text, headers } = await client.get(`/files/download?${at}`);
    expect(headers["content-disposition"]).toMatch(/^attachment; filename="[^"]+"$/);
    expect(text.length).toBeGreaterThanOrEqual(offset);
    expect((await client.get("/files/browse?path=/etc")).status).toBe(404);
    expect((await client.get("/files/browse")).status).toBe(400);
    expect(Object.keys(await client.view<View>("/files/debug"))).toEqual(["/master/log"]);
  }),
  both("8.2", "the log of the master says more for a while", (client) =>
    levelRow((what) => client.operator(what)),
  ),
];

/** §8 of the API's description. */
export const operatorRows: readonly Row[] = [...calls, ...logs];
