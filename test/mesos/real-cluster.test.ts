import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalCluster, startLocalCluster } from "../e2e/support/local-cluster.ts";
import { until } from "../support/until.ts";
import { ask } from "./support/client.ts";
import { commandTask, HttpFramework } from "./support/framework.ts";

let cluster: LocalCluster;
let port: number;

beforeAll(async () => {
  cluster = await startLocalCluster(1);
  port = Number(cluster.address.split(":")[1]);
}, 90_000);
afterAll(() => cluster?.stop(), 60_000);

const get = (path: string) => ask(port, { method: "GET", path, headers: {} });
const json = async (path: string) => JSON.parse((await get(path)).text);

test("a local cluster is a Mesos master and Mesos agents without being told to be", async () => {
  expect(await json("/version")).toMatchObject({ version: "1.11.0" });
  expect((await get("/master/health")).status).toBe(200);
  const redirect = await get("/redirect");
  expect([redirect.status, redirect.headers["location"]]).toEqual([307, `//127.0.0.1:${port}`]);
  const state = await json("/state.json");
  expect(state).toMatchObject({ activated_slaves: 1, leader: `master@127.0.0.1:${port}` });
  const [{ port: agentPort }] = state.slaves;
  const agent = await ask(agentPort, { method: "GET", path: "/slave(1)/version", headers: {} });
  expect(JSON.parse(agent.text)).toMatchObject({ version: "1.11.0" });
});

test("a framework runs a task; the views show it, and its offers", async () => {
  const framework = await HttpFramework.subscribe(port, { user: "root", name: "one" });
  const offer = await framework.offer();
  const { frameworks } = await json("/state");
  expect(frameworks).toMatchObject([{ id: framework.id?.value, offers: [{ id: offer.id.value }] }]);
  expect(await framework.launch(offer, [commandTask("t1", "sleep 600")])).toBe(202);
  await framework.reach("TASK_RUNNING");
  expect((await json("/tasks")).tasks).toMatchObject([{ id: "t1", state: "TASK_RUNNING" }]);
  expect(await framework.call("KILL", { kill: { task_id: { value: "t1" } } })).toBe(202);
  await framework.reach("TASK_KILLED");
  expect(await framework.call("TEARDOWN")).toBe(202);
  // What was sent before may come first, an offer of what the task had; then the stream ends.
  while ((await framework.events.next()) !== undefined);
  await until("the framework in the history", async () => {
    const { completed_frameworks } = await json("/state");
    return completed_frameworks.some((one: { id: string }) => one.id === framework.id?.value);
  });
}, 60_000);

test("who subscribes again takes over, and the old stream ends with an error (B2)", async () => {
  const info = { user: "root", name: "two", failover_timeout: 60 };
  const first = await HttpFramework.subscribe(port, info);
  const second = await HttpFramework.subscribe(port, { ...info, id: first.id });
  expect((await first.next("ERROR")).error?.message).toBe("Framework failed over");
  expect(await first.events.next()).toBeUndefined();
  expect(await first.call("REVIVE")).toBe(400);
  expect(await second.call("REVIVE")).toBe(202);
  const renamed = { framework_info: { ...info, name: "three", id: second.id } };
  expect(await second.call("UPDATE_FRAMEWORK", { update_framework: renamed })).toBe(200);
  const other = { framework_info: { ...info, user: "nobody", id: second.id } };
  expect(await second.call("UPDATE_FRAMEWORK", { update_framework: other })).toBe(400);
  await second.teardown();
}, 60_000);
