import { expect } from "vitest";
import {
  agentQueries,
  agentRefusals,
} from "../../../plugins/transports/mesos-v1-http/agent/agent-queries.ts";
import { Call } from "../../../plugins/transports/mesos-v1-http/definitions/agent-call.ts";
import { Response } from "../../../plugins/transports/mesos-v1-http/definitions/agent-response.ts";
import type { Message } from "../../../plugins/transports/mesos-v1-http/definitions/define.ts";
import { until } from "../../support/until.ts";
import { type Answer, ask } from "../support/client.ts";
import { commandTask, encoded, type HttpFramework, scalar } from "../support/framework.ts";
import { both, bytesOf, type Client, decoded, jsonOnly, levelRow, type Row } from "./suite.ts";

type AgentAnswer = Answer & { readonly value: Message<typeof Response> };

/** Sends a call to the operator API of an agent. */
export async function call({ wire, agent }: Client, what: object): Promise<AgentAnswer> {
  const answer = await ask(agent, { ...encoded(wire, what, Call), path: "/slave(1)/api/v1" });
  const isBody = answer.status === 200 && answer.body.length > 0;
  const value = isBody ? decoded(wire, Response, answer.body) : {};
  return { ...answer, value: value as Message<typeof Response> };
}

async function view<T>({ agent }: Client, path: string): Promise<T> {
  return JSON.parse((await ask(agent, { method: "GET", path })).text) as T;
}

/** A framework with a task that prints a line and runs on, on the agent that the client asks. */
export async function printing(
  client: Client,
  command = "echo printed; sleep 100",
): Promise<HttpFramework> {
  const agentId = (await call(client, { type: "GET_AGENT" })).value.get_agent?.agent_info?.id;
  const framework = await client.framework();
  let offer = await framework.offer();
  while (offer.agent_id.value !== agentId?.value) offer = await framework.offer();
  await framework.launch(offer, [commandTask("t", command)]);
  await framework.reach("TASK_RUNNING");
  return framework;
}

/** A resource that is not allocated to anybody. */
function bare({ allocation_info: _, ...rest }: object & { allocation_info?: object }): object {
  return rest;
}

interface ShownState {
  readonly completed_frameworks: readonly { readonly id: string }[];
  readonly frameworks: readonly {
    readonly id: string;
    readonly executors: readonly {
      readonly id: string;
      readonly container: string;
      readonly directory: string;
      readonly tasks: readonly {
        readonly id: string;
        readonly state: string;
        readonly statuses: readonly object[];
      }[];
    }[];
  }[];
}

/** The one executor of a framework in `/state` of its agent. */
export async function executorIn(client: Client, { id }: HttpFramework) {
  const { frameworks } = await view<ShownState>(client, "/state");
  const [executor] = frameworks.find((one) => one.id === id?.value)?.executors ?? [];
  if (executor === undefined) throw new Error("the agent shows no executor");
  return executor;
}

/** The operator API and the views of an agent. */
export const agentRows: readonly Row[] = [
  both("8.1", "every query to an agent is 200, named like its call", async (client) => {
    const bodies = {
      get_metrics: {},
      list_files: { path: "." },
      read_file: { path: ".", offset: 0 },
    };
    for (const type of Object.keys(agentQueries)) {
      const answer = await call(client, { type, ...bodies });
      // A folder is no file to read.
      if (type === "READ_FILE") expect(answer.status).toBe(404);
      else {
        expect([type, answer.status, answer.value.type]).toEqual([type, 200, type]);
        expect(Object.keys(answer.value)).toContain(type.toLowerCase());
      }
    }
    expect((await call(client, { type: "GET_METRICS" })).status).toBe(400);
    expect((await call(client, {})).status).toBe(400);
  }),
  both("8", "what an agent does not do is 501, and says why", async (client) => {
    for (const [type, why] of Object.entries(agentRefusals)) {
      const { status, text } = await call(client, { type });
      expect([type, status, text]).toEqual([type, 501, `${type} is not served: ${why}`]);
    }
  }),
  both("8", "PRUNE_IMAGES is 200, with a list of what is to stay and without", async (client) => {
    const image = { type: "DOCKER", docker: { name: "library/nothing" } };
    for (const prune_images of [undefined, {}, { excluded_images: [image] }]) {
      const { status, text } = await call(client, { type: "PRUNE_IMAGES", prune_images });
      expect([status, text]).toEqual([200, ""]);
    }
  }),
  both("8.4", "an agent shows a task, its container, and what it uses", async (client) => {
    const framework = await printing(client);
    const { get_state } = (await call(client, { type: "GET_STATE" })).value;
    const ids = get_state?.get_frameworks?.frameworks?.map((one) => one.framework_info.id);
    expect(ids).toContainEqual(framework.id);
    const launched = get_state?.get_tasks?.launched_tasks ?? [];
    const task = launched.find((one) => one.framework_id.value === framework.id?.value);
    expect(task).toMatchObject({ task_id: { value: "t" }, state: "TASK_RUNNING" });
    const { get_containers } = (await call(client, { type: "GET_CONTAINERS" })).value;
    const container = get_containers?.containers?.find(
      (one) => one.framework_id?.value === framework.id?.value,
    );
    expect(container?.executor_id).toEqual({ value: "t" });
    expect(container?.container_status?.executor_pid).toBeGreaterThan(0);
    expect(container?.resource_statistics?.timestamp).toBeGreaterThan(0);
    expect(container?.resource_statistics).toMatchObject({ cpus_limit: 0.1, cpus_soft_limit: 0.1 });
    expect(Number(container?.resource_statistics?.mem_limit_bytes)).toBe(32 << 20);
  }),
  both("8.5", "a sandbox has a name without agent and container, too", async (client) => {
    const framework = await printing(client);
    const { directory } = await executorIn(client, framework);
    const path = `/frameworks/${framework.id?.value}/executors/t/runs/latest`;
    const listed = await call(client, { type: "LIST_FILES", list_files: { path } });
    const files = listed.value.list_files?.file_infos?.map((one) => one.path);
    expect(files).toContain(`${directory}/stdout`);
    const text = await until("the output", async () => {
      const read_file = { path: `${path}/stdout`, offset: 0 };
      const { value } = await call(client, { type: "READ_FILE", read_file });
      return bytesOf(value.read_file?.data).toString() || undefined;
    });
    expect(text).toBe("printed\n");
    const read = await view<{ data: string }>(client, `/files/read?path=${path}/stdout&offset=0`);
    expect(read.data).toBe("printed\n");
    for (const none of [
      "x/executors/t",
      `${framework.id?.value}/executors/none`,
      "../executors/t",
    ]) {
      const list_files = { path: `/frameworks/${none}/runs/latest` };
      expect((await call(client, { type: "LIST_FILES", list_files })).status).toBe(404);
    }
  }),
  both("8.5", "the files of a sandbox are listed and read, and no others", async (client) => {
    const framework = await printing(client);
    const { directory } = await executorIn(client, framework);
    const listed = await call(client, { type: "LIST_FILES", list_files: { path: directory } });
    const files = listed.value.list_files?.file_infos ?? [];
    expect(files.map(({ path }) => path)).toContain(`${directory}/stdout`);
    const path = `${directory}/stdout`;
    const read = (offset: number, length?: number) =>
      call(client, { type: "READ_FILE", read_file: { path, offset, length } });
    const text = await until("the output", async () => {
      const { data } = (await read(0)).value.read_file ?? {};
      const bytes = bytesOf(data);
      return bytes.length > 0 ? bytes.toString() : undefined;
    });
    expect(text).toBe("printed\n");
    const end = (await read(8)).value.read_file;
    expect([Number(end?.size), end?.data?.length ?? 0]).toEqual([8, 0]);
    const outside = { path: "/etc/passwd", offset: 0 };
    expect((await call(client, { type: "READ_FILE", read_file: outside })).status).toBe(403);
    const nothing = { path: `${directory}/none`, offset: 0 };
    expect((await call(client, { type: "READ_FILE", read_file: nothing })).status).toBe(404);
  }),
  both(
    "8.4",
    "an outcome is told until it is acknowledged, and shown meanwhile",
    async (client) => {
      const role = `ops-${client.wire}`;
      const framework = await client.framework({
        roles: [role],
        capabilities: ["MULTI_ROLE", "RESERVATION_REFINEMENT"].map((type) => ({ type })),
      });
      const agentId = (await call(client, { type: "GET_AGENT" })).value.get_agent?.agent_info?.id;
      let offer = await framework.offer();
      while (offer.agent_id.value !== agentId?.value) offer = await framework.offer();
      const allocation_info = { role };
      const reservations = [{ type: "DYNAMIC", role }];
      const resources = [scalar("cpus", 0.1, { allocation_info, reservations })];
      const id = { value: "reserved" };
      await framework.accept(offer, [{ type: "RESERVE", id, reserve: { resources } }]);
      const told = async () =>
        (await framework.next("UPDATE_OPERATION_STATUS")).update_operation_status?.status;
      const first = await told();
      expect(first).toMatchObject({ operation_id: id, state: "OPERATION_FINISHED" });
      expect(bytesOf(first?.uuid?.value)).toHaveLength(16);
      expect(await told()).toEqual(first);
      const mine = async () =>
        (await call(client, { type: "GET_OPERATIONS" })).value.get_operations?.operations?.filter(
          ({ framework_id }) => framework_id?.value === framework.id?.value,
        ) ?? [];
      expect(await mine()).toMatchObject([
        { agent_id: agentId, info: { type: "RESERVE", id }, latest_status: first },
      ]);
      const { get_operations } = (await client.operator({ type: "GET_OPERATIONS" })).value;
      const shown = get_operations?.operations?.find(
        ({ framework_id }) => framework_id?.value === framework.id?.value,
      );
      expect(shown).toMatchObject({ agent_id: agentId, latest_status: first, statuses: [first] });
      const acknowledge_operation_status = {
        agent_id: agentId,
        uuid: first?.uuid?.value,
        operation_id: id,
      };
      const acknowledged = await framework.call("ACKNOWLEDGE_OPERATION_STATUS", {
        acknowledge_operation_status,
      });
      expect(acknowledged).toBe(202);
      await until("it to be forgotten", async () => (await mine()).length === 0 || undefined);
      const unreserve_resources = { agent_id: agentId, resources: resources.map(bare) };
      const freed = await client.operator({ type: "UNRESERVE_RESOURCES", unreserve_resources });
      expect(freed.status).toBe(202);
    },
  ),
  both("8.5", "the log of an agent is read as /slave/log", async (client) => {
    const read_file = { path: "/slave/log", offset: 0, length: 1 };
    const { value } = await call(client, { type: "READ_FILE", read_file });
    expect(Number(value.read_file?.size)).toBeGreaterThan(1);
    expect(bytesOf(value.read_file?.data).toString()).toBe("{");
  }),
  both("8.2", "the log of an agent says more for a while", (client) =>
    levelRow((what) => call(client, what)),
  ),
  jsonOnly("9", "an agent's views hold what dashboards read", async (client) => {
    const framework = await printing(client);
    const { container, directory, tasks, id } = await executorIn(client, framework);
    expect(id).toBe("t");
    const container_status = { container_id: { value: container } };
    expect(tasks).toMatchObject([{ id: "t", state: "TASK_RUNNING" }]);
    expect(tasks[0]?.statuses.at(-1)).toMatchObject({ container_status });
    const state = await view<Record<string, unknown>>(client, "/slave(1)/state.json");
    expect(state).toMatchObject({ resources: { cpus: 3, mem: 4096 }, attributes: { rack: "r1" } });
    expect(state["pid"]).toMatch(/^slave\(1\)@[\d.]+:\d+$/);
    const limits = { timestamp: expect.any(Number), cpus_limit: 0.1, mem_limit_bytes: 32 << 20 };
    const all = await view<{ framework_id: string }[]>(client, "/monitor/statistics");
    const mine = all.find((one) => one.framework_id === framework.id?.value);
    expect(mine).toMatchObject({ statistics: limits });
    const containers = await view<{ container_id: string }[]>(client, "/containers");
    const shown = containers.find((one) => one.container_id === container);
    expect(shown).toMatchObject({ statistics: limits });
    const only = (query: string) => view<object[]>(client, `/containers?${query}`);
    const mineAlone = [expect.objectContaining({ container_id: container })];
    expect(await only(`container_id=${container}`)).toEqual(mineAlone);
    expect(await only(`framework_id=${framework.id?.value}&executor_id=t`)).toEqual(mineAlone);
    expect(await only("container_id=none")).toEqual([]);
    const path = "/containers?executor_id=t";
    expect((await ask(client.agent, { method: "GET", path })).status).toBe(400);
    const metrics = await view<Record<string, number>>(client, "/metrics/snapshot");
    expect(metrics["slave/tasks_running"]).toBeGreaterThan(0);
    expect(metrics["slave/cpus_total"]).toBe(3);
    const { flags } = await view<{ flags: Record<string, string> }>(client, "/flags");
    expect(Object.keys(flags).length).toBeGreaterThan(5);
    const rows = await view<{ path: string; mode: string }[]>(
      client,
      `/slave(1)/files/browse?path=${encodeURIComponent(directory)}`,
    );
    expect(rows.find(({ path }) => path.endsWith("/stdout"))?.mode).toMatch(/^-rw/);
    expect(Object.keys(await view<object>(client, "/files/debug"))).toContain("/slave/log");
  }),
  jsonOnly("9", "what has ended is shown with its sandbox, while that is there", async (client) => {
    const framework = await printing(client);
    const { container, directory } = await executorIn(client, framework);
    const executor = { id: "t", container, directory };
    await framework.teardown();
    const id = framework.id?.value;
    await until("the end", async () => {
      const state = await view<ShownState>(client, "/state");
      return state.completed_frameworks.find((one) => one.id === id);
    });
    const { completed_frameworks } = await view<ShownState>(client, "/state");
    const shown = completed_frameworks.find((one) => one.id === id);
    expect(shown).toMatchObject({ executors: [], completed_executors: [executor] });
    const { value } = await call(client, { type: "GET_STATE" });
    const { get_frameworks, get_executors } = value.get_state ?? {};
    const infos = get_frameworks?.completed_frameworks?.map(({ framework_info }) => framework_info);
    expect(infos).toContainEqual(expect.objectContaining({ name: "", id: { value: id } }));
    expect(get_executors?.completed_executors).toContainEqual({
      executor_info: { executor_id: { value: "t" }, framework_id: { value: id } },
    });
    const read_file = { path: `${directory}/stdout`, offset: 0 };
    const read = await call(client, { type: "READ_FILE", read_file });
    expect(bytesOf(read.value.read_file?.data).length).toBeGreaterThan(0);
  }),
];
