import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, type LocalCluster, startLocalCluster } from "../e2e/support/local-cluster.ts";
import { ask, type Stream, stream, subscribeCall } from "./support/client.ts";

let cluster: LocalCluster;
let port: number;

beforeAll(async () => {
  cluster = await startLocalCluster(1);
  port = Number(cluster.address.split(":")[1]);
}, 90_000);
afterAll(() => cluster?.stop(), 60_000);

const get = (path: string) => ask(port, { method: "GET", path, headers: {} });
const json = async (path: string) => JSON.parse((await get(path)).text);

/** A framework on a stream of its own, and its calls. */
async function subscribe(info: object) {
  const events = await stream(port, { body: subscribeCall(info) });
  const id = (await events.next())?.subscribed?.framework_id;
  const call = async (type: string, body: object = {}): Promise<number> => {
    const headers = { "content-type": "application/json", "mesos-stream-id": events.streamId };
    return (await ask(port, { headers, body: { framework_id: id, type, ...body } })).status;
  };
  /** Acknowledges updates until one has this state. */
  const reach = async (wanted: string): Promise<void> => {
    for (;;) {
      const status = (await until(events, "UPDATE")).update?.status;
      const { agent_id, task_id, uuid } = status ?? {};
      expect(await call("ACKNOWLEDGE", { acknowledge: { agent_id, task_id, uuid } })).toBe(202);
      if (status?.state === wanted) return;
    }
  };
  return { events, id, call, reach };
}

async function until(events: Stream, type: string) {
  for (;;) {
    const event = await events.next();
    if (event === undefined) throw new Error(`the stream ended before ${type}`);
    if (event.type === type) return event;
  }
}

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
  const { events, id, call, reach } = await subscribe({ user: "root", name: "one" });
  const offer = (await until(events, "OFFERS")).offers?.offers?.[0];
  const { frameworks } = await json("/state");
  expect(frameworks).toMatchObject([{ id: id?.value, offers: [{ id: offer?.id.value }] }]);
  const task = {
    name: "sleeper",
    task_id: { value: "t1" },
    agent_id: offer?.agent_id,
    command: { value: "sleep 600" },
    resources: [{ name: "cpus", type: "SCALAR", scalar: { value: 0.1 } }],
  };
  const operations = [{ type: "LAUNCH", launch: { task_infos: [task] } }];
  expect(await call("ACCEPT", { accept: { offer_ids: [offer?.id], operations } })).toBe(202);
  await reach("TASK_RUNNING");
  expect((await json("/tasks")).tasks).toMatchObject([{ id: "t1", state: "TASK_RUNNING" }]);
  expect(await call("KILL", { kill: { task_id: task.task_id } })).toBe(202);
  await reach("TASK_KILLED");
  expect(await call("TEARDOWN")).toBe(202);
  expect(await events.next()).toBeUndefined();
  await eventually("the framework in the history", async () => {
    const { completed_frameworks } = await json("/state");
    return completed_frameworks.some((one: { id: string }) => one.id === id?.value);
  });
}, 60_000);

test("who subscribes again takes over, and the old stream ends with an error (B2)", async () => {
  const info = { user: "root", name: "two", failover_timeout: 60 };
  const first = await subscribe(info);
  const second = await subscribe({ ...info, id: first.id });
  expect((await until(first.events, "ERROR")).error?.message).toBe("Framework failed over");
  expect(await first.events.next()).toBeUndefined();
  expect(await first.call("REVIVE")).toBe(400);
  expect(await second.call("REVIVE")).toBe(202);
  const renamed = { framework_info: { ...info, name: "three", id: second.id } };
  expect(await second.call("UPDATE_FRAMEWORK", { update_framework: renamed })).toBe(200);
  const other = { framework_info: { ...info, user: "nobody", id: second.id } };
  expect(await second.call("UPDATE_FRAMEWORK", { update_framework: other })).toBe(400);
  expect(await second.call("TEARDOWN")).toBe(202);
}, 60_000);
