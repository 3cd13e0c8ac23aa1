import { expect } from "vitest";
import { until } from "../../support/until.ts";
import { ask } from "../support/client.ts";
import { commandTask, type HttpFramework } from "../support/framework.ts";
import {
  agentNames,
  expanded,
  type MetricRow,
  masterNames,
  speaksOf,
} from "../support/metric-names.ts";
import { call } from "./agent-rows.ts";
import { type Client, jsonOnly, type Row } from "./suite.ts";

type Metrics = Readonly<Record<string, number>>;

const ofMaster = (client: Client) => client.view<Metrics>("/metrics/snapshot");

async function ofAgent({ agent }: Client): Promise<Metrics> {
  return JSON.parse((await ask(agent, { method: "GET", path: "/metrics/snapshot" })).text);
}

/** Holds what is answered to the rows: nothing is missing, nothing is more. */
function expectNames(metrics: Metrics, rows: readonly MetricRow[]): void {
  const fixed = rows.filter(({ state }) => state === "counted" || state === "zero");
  const missing = fixed
    .flatMap(({ names }) => expanded(names))
    .filter((name) => !(name in metrics));
  expect(missing).toEqual([]);
  const served = rows.filter(({ state }) => state !== "absent");
  const unknown = Object.keys(metrics).filter((name) => !served.some((row) => speaksOf(row, name)));
  expect(unknown).toEqual([]);
  const away = rows
    .filter(({ state }) => state === "absent")
    .flatMap(({ names }) => expanded(names));
  expect(away.filter((name) => name in metrics)).toEqual([]);
  const zeros = rows.filter(({ state }) => state === "zero").map(({ names }) => metrics[names]);
  expect(new Set(zeros)).toEqual(new Set([0]));
}

/** By how much numbers have grown since. */
function growth(before: Metrics, after: Metrics, names: readonly string[]): number[] {
  return names.map((name) => (after[name] ?? 0) - (before[name] ?? 0));
}

/** Runs a task on the agent that the client asks, until it is in this state. */
async function run(
  client: Client,
  framework: HttpFramework,
  task: object,
  state: string,
): Promise<void> {
  const own = (await call(client, { type: "GET_AGENT" })).value.get_agent?.agent_info?.id;
  let offer = await framework.offer();
  while (offer.agent_id.value !== own?.value) offer = await framework.offer();
  await framework.launch(offer, [task], { refuse_seconds: 0 });
  await framework.reach(state);
}

/** What is told under Mesos' names, and that it is true. */
export const metricRows: readonly Row[] = [
  jsonOnly("9", "a master's metrics have the names that the page says", async (client) => {
    const framework = await client.framework({ name: "a name/with ~ parts" });
    await framework.offer();
    const metrics = await ofMaster(client);
    expectNames(metrics, masterNames);
    const prefix = `master/frameworks/a%20name%2Fwith%20%7E%20parts/${framework.id?.value}`;
    expect(metrics).toMatchObject({
      [`${prefix}/subscribed`]: 1,
      [`${prefix}/calls/subscribe`]: 1,
      [`${prefix}/events/subscribed`]: 1,
    });
    expect(metrics[`${prefix}/offers/sent`]).toBeGreaterThan(0);
    expect(metrics["allocator/mesos/allocation_runs"]).toBeGreaterThan(0);
    expect(metrics["allocator/mesos/allocation_run_ms/p99"]).toBeGreaterThan(0);
    expect(metrics["registrar/state_store_ms/count"]).toBeGreaterThan(0);
    expect(metrics["registrar/registry_size_bytes"]).toBeGreaterThan(100);
    expect(metrics["master/slave_registrations"]).toBe(2);
  }),
  jsonOnly("9", "an agent's metrics have the names that the page says", async (client) => {
    const metrics = await ofAgent(client);
    expectNames(metrics, agentNames);
    expect(metrics["slave/registered"]).toBe(1);
    expect(metrics["slave/recovery_time_secs"]).toBeGreaterThan(0);
  }),
  jsonOnly("9", "tasks that end, and launches that fail, are counted", async (client) => {
    const framework = await client.framework();
    const names = ["finished", "failed"];
    const [before, agentBefore] = [await ofMaster(client), await ofAgent(client)];
    await run(client, framework, commandTask("good", "true"), "TASK_FINISHED");
    await run(client, framework, commandTask("bad", "exit 3"), "TASK_FAILED");
    const command = { value: "true", uris: [{ value: "/nowhere/at/all" }] };
    await run(client, framework, commandTask("lacking", "true", { command }), "TASK_FAILED");
    const after = await ofMaster(client);
    const ends = names.map((name) => `master/tasks_${name}`);
    expect(growth(before, after, ends)).toEqual([1, 2]);
    const why = "master/task_failed/source_slave/reason_container_launch_failed";
    expect(growth(before, after, [why])).toEqual([1]);
    expect(growth(before, after, ["master/messages_launch_tasks"])).toEqual([3]);
    const told = ["master/messages_status_update", "master/valid_status_updates"];
    expect(Math.min(...growth(before, after, told))).toBeGreaterThanOrEqual(5);
    const agentAfter = await ofAgent(client);
    const errors = ["slave/container_launch_errors", "containerizer/fetcher/task_fetches_failed"];
    const agentEnds = names.map((name) => `slave/tasks_${name}`);
    expect(growth(agentBefore, agentAfter, [...agentEnds, ...errors])).toEqual([1, 2, 1, 1]);
  }),
  jsonOnly("9", "views that need not be made again are counted", async (client) => {
    const name = "master/http_cache_hits";
    const before = (await ofMaster(client))[name] ?? 0;
    await until("two that ask for the same", async () => {
      await Promise.all(Array.from({ length: 8 }, () => client.get("/state")));
      return ((await ofMaster(client))[name] ?? 0) > before;
    });
  }),
];
