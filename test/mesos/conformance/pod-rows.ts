import { expect } from "vitest";
import { until } from "../../support/until.ts";
import { ask } from "../support/client.ts";
import { commandTask, type HttpFramework, scalar } from "../support/framework.ts";
import { call } from "./agent-rows.ts";
import { both, bytesOf, type Client, type Row } from "./suite.ts";

/** A pod of two tasks under the built-in executor, on the agent that the client asks. */
async function pod(client: Client): Promise<HttpFramework> {
  const framework = await client.framework();
  let offer = await framework.offer();
  while (offer.url?.address.port !== client.agent) offer = await framework.offer();
  const executor = {
    type: "DEFAULT",
    executor_id: { value: "pod" },
    framework_id: framework.id,
    resources: [scalar("cpus", 0.5), scalar("mem", 32), scalar("disk", 16)],
  };
  const tasks = ["p1", "p2"].map((id) => ({
    ...commandTask(id, `echo ${id}; sleep 600`),
    agent_id: offer.agent_id,
  }));
  const launch_group = { executor, task_group: { tasks } };
  expect(await framework.accept(offer, [{ type: "LAUNCH_GROUP", launch_group }])).toBe(202);
  for (const id of ["p1", "p2"]) await framework.reach("TASK_RUNNING", id);
  return framework;
}

interface ExecutorView {
  readonly id: string;
  readonly type?: string;
  readonly container: string;
  readonly directory: string;
  readonly resources: { readonly cpus: number };
  readonly tasks: { readonly id: string }[];
}

async function view<T>({ agent }: Client, path: string): Promise<T> {
  return JSON.parse((await ask(agent, { method: "GET", path })).text) as T;
}

/** The executors of a framework, in the state of its agent. */
async function executorsOf(client: Client, { id }: HttpFramework): Promise<ExecutorView[]> {
  type State = { frameworks: { id: string; executors: ExecutorView[] }[] };
  const { frameworks } = await view<State>(client, "/state");
  return frameworks.find((one) => one.id === id?.value)?.executors ?? [];
}

/** How an agent shows the built-in executor of a pod (§8.4, §8.5, §9). */
export const podRows: readonly Row[] = [
  both("9", "a pod is one executor with its tasks, and counts once", async (client) => {
    const framework = await pod(client);
    const id = framework.id?.value;
    const executors = await executorsOf(client, framework);
    expect(executors).toHaveLength(1);
    const [executor] = executors;
    expect(executor).toMatchObject({ id: "pod", type: "DEFAULT" });
    expect(executor?.tasks.map((task) => task.id).sort()).toEqual(["p1", "p2"]);
    // Its own half and a tenth for each task.
    expect(executor?.resources.cpus).toBeCloseTo(0.7);
    type Shown = { framework_id: string; executor_id: string; statistics?: { cpus_limit: number } };
    for (const path of ["/containers", "/monitor/statistics"]) {
      const all = await view<Shown[]>(client, path);
      const mine = all.filter(({ framework_id }) => framework_id === id);
      expect(mine.map(({ executor_id }) => executor_id)).toEqual(["pod"]);
      expect(mine[0]?.statistics?.cpus_limit).toBeGreaterThan(0);
    }
    const { get_executors } = (await call(client, { type: "GET_EXECUTORS" })).value;
    const mine = get_executors?.executors?.filter(
      ({ executor_info }) => executor_info.framework_id?.value === id,
    );
    expect(mine).toMatchObject([
      { executor_info: { type: "DEFAULT", executor_id: { value: "pod" } } },
    ]);
  }),
  both("8.4", "the containers of its tasks are nested ones", async (client) => {
    const framework = await pod(client);
    const [executor] = await executorsOf(client, framework);
    const containers = async (show_nested: boolean) => {
      const body = { type: "GET_CONTAINERS", get_containers: { show_nested } };
      const { get_containers } = (await call(client, body)).value;
      return (get_containers?.containers ?? []).filter(
        ({ framework_id }) => framework_id?.value === framework.id?.value,
      );
    };
    const own = { executor_id: { value: "pod" }, container_id: { value: executor?.container } };
    expect(await containers(false)).toMatchObject([own]);
    expect(await containers(true)).toHaveLength(3);
  }),
  both("8.5", "the sandbox of its task is below that of the executor", async (client) => {
    const framework = await pod(client);
    const [executor] = await executorsOf(client, framework);
    const latest = `/frameworks/${framework.id?.value}/executors/pod/runs/latest`;
    for (const folder of [executor?.directory, latest]) {
      for (const id of ["p1", "p2"]) {
        const path = `${folder}/tasks/${id}/stdout`;
        const text = await until("the output", async () => {
          const read_file = { path, offset: 0 };
          const { value } = await call(client, { type: "READ_FILE", read_file });
          return bytesOf(value.read_file?.data).toString() || undefined;
        });
        expect(text).toBe(`${id}\n`);
        const read = await view<{ data: string }>(client, `/files/read?path=${path}&offset=0`);
        expect(read.data).toBe(`${id}\n`);
      }
      for (const none of ["none", "p1/../../p2"]) {
        const list_files = { path: `${folder}/tasks/${none}/stdout` };
        expect((await call(client, { type: "LIST_FILES", list_files })).status).toBe(404);
      }
    }
  }),
];
