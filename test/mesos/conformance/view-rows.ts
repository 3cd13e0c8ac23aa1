import { expect } from "vitest";
import { ask } from "../support/client.ts";
import { commandTask, scalar } from "../support/framework.ts";
import { found, running } from "./operator-rows.ts";
import { jsonOnly, type Row } from "./suite.ts";

type View = Record<string, never>;

interface FullAgent {
  readonly id: string;
  readonly capabilities: readonly string[];
  readonly reserved_resources_full: Readonly<Record<string, readonly object[]>>;
  readonly unreserved_resources_full: readonly object[];
  readonly used_resources_full: readonly object[];
  readonly offered_resources_full: readonly object[];
}

const counters = ["TASK_STAGING", "TASK_RUNNING", "TASK_FINISHED", "TASK_LOST", "TASK_KILLED"];

/** §9: the views of v0, from a real cluster. */
export const viewRows: readonly Row[] = [
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
  jsonOnly("9", "/slaves shows reservations whole, as /unreserve takes them", async (client) => {
    const list = async (query: string) =>
      (await client.view<{ slaves: FullAgent[] }>(`/slaves${query}`)).slaves;
    const id = (await list(""))[0]?.id ?? "";
    const reservations = [{ type: "DYNAMIC", role: "whole", principal: "p" }];
    const resources = [scalar("mem", 64, { reservations })];
    const agent_id = { value: id };
    const reserve = { type: "RESERVE_RESOURCES", reserve_resources: { agent_id, resources } };
    expect((await client.operator(reserve)).status).toBe(202);
    const [shown, ...others] = await list(`?slave_id=${id}`);
    expect([shown?.id, others]).toEqual([id, []]);
    expect(shown?.capabilities).toContain("RESERVATION_REFINEMENT");
    const [mem] = shown?.reserved_resources_full["whole"] ?? [];
    const isOld = { role: "whole", reservation: { principal: "p" } };
    expect(mem).toEqual(scalar("mem", 64, { reservations, ...isOld }));
    const cpus = expect.objectContaining({ name: "cpus", role: "*" });
    expect(shown?.unreserved_resources_full).toContainEqual(cpus);
    expect(shown?.used_resources_full).toBeInstanceOf(Array);
    expect(shown?.offered_resources_full).toBeInstanceOf(Array);
    const form = new URLSearchParams({ slaveId: id, resources: JSON.stringify([mem]) });
    const path = "/unreserve";
    const freed = await ask(client.master, { path, headers: {}, body: form.toString() });
    expect([freed.status, freed.text]).toEqual([202, ""]);
    const { value } = await client.operator({ type: "GET_AGENTS" });
    for (const { capabilities } of value.get_agents?.agents ?? []) {
      expect(capabilities).toContainEqual({ type: "AGENT_DRAINING" });
    }
  }),
  jsonOnly("9", "/slaves and /frameworks show one alone, or none", async (client) => {
    const framework = await running(client, "alone");
    await client.framework({ name: "another" });
    const list = async (path: string) => {
      const { frameworks, slaves } = await client.view<Record<string, View[]>>(path);
      return (frameworks ?? slaves)?.map((one) => one["id"]);
    };
    const id = framework.id?.value;
    expect(await list(`/frameworks?framework_id=${id}`)).toEqual([id]);
    expect(await list("/frameworks?framework_id=nope")).toEqual([]);
    expect(await list("/slaves?slave_id=nope")).toEqual([]);
    expect(await list("/slaves")).toHaveLength(2);
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
    expect(await list("&order=asc&limit=-1")).toEqual(upwards);
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
