import { afterAll, beforeAll, beforeEach, expect, it, test } from "vitest";
import type { ExecutorCall, ExecutorEvent } from "../../contract/executor-api.ts";
import { executorCallSchemas } from "../../contract/executor-api.ts";
import type { ContainerId } from "../../contract/ids.ts";
import { messageCheck } from "../../contract/message-checks.ts";
import type { NestedContainers } from "../../contract/ports/nested-containers.ts";
import type { Peer } from "../../contract/ports/transport.ts";
import type { CloseReason, Hello } from "../../contract/wire-protocol.ts";
import { logOnly, showFiles } from "../../kernel/host/files.ts";
import { ask, stream } from "./support/client.ts";
import { type OpenPlugins, openPlugins } from "./support/scripted-master.ts";

const path = "/slave(1)/api/v1/executor";
const ids = { framework_id: { value: "f" }, executor_id: { value: "e" } };
const nothingElse = {
  info: () => undefined,
  capabilities: () => [],
  drain: () => undefined,
  master: () => "",
  frameworks: () => [],
  tasks: () => [],
  operations: () => [],
  containers: () => [],
  endedContainers: () => [],
  usage: () => Promise.resolve(undefined),
  files: showFiles(logOnly("/slave/log", undefined)),
  nested: {} as NestedContainers,
  pruneImages: () => Promise.resolve(),
  verbosity: { level: () => 0, set: () => {} },
  metrics: () => ({}),
  flags: () => ({}),
  startedMs: () => 0,
};
const uuid = Buffer.alloc(16, 1).toString("base64");
const heard: ExecutorCall[] = [];
const closed: CloseReason[] = [];
const hellos: Hello[] = [];
let isReady = true;
let firstEvent: ExecutorEvent;
let peers: Peer[] = [];
let plugins: OpenPlugins;

beforeAll(async () => {
  const standing = { containerId: "c" as ContainerId, token: "c.right" };
  plugins = await openPlugins(
    { bodyBytesMax: 4 << 20 },
    {
      agent: {
        isReady: () => isReady,
        hasFramework: (id) => id === "f",
        executor: (_, id) => (id === "e" ? standing : undefined),
        ...nothingElse,
      },
    },
  );
  await plugins.peers.listen(
    { peers: { executor: messageCheck("executor", executorCallSchemas) } },
    {
      onHello: (peer, hello) => {
        hellos.push(hello);
        peers.push(peer);
        return { accept: true, welcome: { server: "a", software: "test" } };
      },
      onMessages: (_, messages) => {
        heard.push(...(messages as ExecutorCall[]));
        if (heard.at(-1)?.type === "subscribe") tell(firstEvent);
      },
      onClosed: (_, reason) => closed.push(reason),
    },
  );
});
beforeEach(() => {
  firstEvent = subscribedEvent;
  heard.length = 0;
  peers = [];
});
afterAll(() => plugins.stop());

const framework = {
  id: "f",
  name: "n",
  user: "u",
  roles: ["r"],
  capabilities: ["RESERVATION_REFINEMENT"],
};
const agent = { id: "a", hostname: "h", ip: "10.0.0.1", port: 5051, resources: [] };
const executor = { executorId: "e", frameworkId: "f" };
const subscribedEvent = {
  type: "subscribed",
  executor,
  framework,
  agent,
  containerId: "c",
} as unknown as ExecutorEvent;

function tell(event: ExecutorEvent): void {
  peers.at(-1)?.send(event);
  peers.at(-1)?.flush();
}

const status = { task_id: { value: "t" }, state: "TASK_RUNNING", source: "SOURCE_EXECUTOR", uuid };
const update = (change: object) => ({
  ...ids,
  type: "UPDATE",
  update: { status: { ...status, ...change } },
});

it.each([
  ["no type", ids, 400, /'type'/],
  ["no executor", { framework_id: { value: "f" }, type: "HEARTBEAT" }, 400, /executor_id/],
  ["a status from nobody (§7.2)", update({ source: null }), 400, /SOURCE_MASTER/],
  ["a status from an agent", update({ source: "SOURCE_AGENT" }), 400, /SOURCE_AGENT/],
  ["no uuid", update({ uuid: null }), 400, /'uuid'/],
  ["a short uuid", update({ uuid: "AQ==" }), 400, /16 bytes/],
  ["a task that goes back", update({ state: "TASK_STAGING" }), 400, /TASK_STAGING/],
  ["another executor", update({ executor_id: { value: "x" } }), 400, /ExecutorID/],
  ["not subscribed (§7.2)", update({}), 403, /not subscribed/],
  ["an unknown framework", { ...update({}), framework_id: { value: "x" } }, 400, /Framework/],
  ["an unknown executor", { ...update({}), executor_id: { value: "x" } }, 400, /Executor/],
  ["a heartbeat is always well", { ...ids, type: "HEARTBEAT" }, 202, /^$/],
])("§7.2 %s", async (_, body, code, text) => {
  const answer = await ask(plugins.port, { path, body });
  expect([answer.status, answer.text]).toEqual([code, expect.stringMatching(text)]);
});

test("§7.3, §7.4 an executor subscribes, gets tasks, reports, is acknowledged", async () => {
  const subscribe = { unacknowledged_updates: [{ status }] };
  const events = await stream(plugins.port, {
    path: "/slave%281%29/api/v1/executor",
    body: { ...ids, type: "SUBSCRIBE", subscribe },
  });
  expect(events.status).toBe(200);
  expect(events.headers["mesos-stream-id"]).toBeUndefined();
  expect(heard).toMatchObject([
    {
      type: "subscribe",
      frameworkId: "f",
      executorId: "e",
      unacknowledgedUpdates: [{ taskId: "t" }],
    },
  ]);
  expect(await events.any()).toMatchObject({
    type: "SUBSCRIBED",
    subscribed: {
      executor_info: { executor_id: { value: "e" } },
      framework_info: { id: { value: "f" } },
      agent_info: { id: { value: "a" } },
      container_id: { value: "c" },
    },
  });
  const task = { name: "t", taskId: "t", agentId: "a", resources: [{ name: "cpus", scalar: 500 }] };
  tell({ type: "launch", task } as never);
  expect(await events.any()).toMatchObject({
    launch: {
      task: { task_id: { value: "t" }, resources: [{ name: "cpus", scalar: { value: 0.5 } }] },
    },
  });
  tell({ type: "launch-group", tasks: [task] } as never);
  expect(await events.any()).toMatchObject({
    launch_group: { task_group: { tasks: [{ name: "t" }] } },
  });
  expect((await ask(plugins.port, { path, body: update({}) })).status).toBe(202);
  expect(heard.at(-1)).toMatchObject({ type: "update", status: { uuid: "01".repeat(16) } });
  tell({ type: "acknowledged", taskId: "t", uuid: "01".repeat(16) } as never);
  expect(await events.any()).toEqual({
    type: "ACKNOWLEDGED",
    acknowledged: { task_id: { value: "t" }, uuid },
  });
  tell({ type: "kill", taskId: "t", killPolicy: { gracePeriodMs: 1000 } } as never);
  expect(await events.any()).toMatchObject({
    kill: { kill_policy: { grace_period: { nanoseconds: 1e9 } } },
  });
  const message = { ...ids, type: "MESSAGE", message: { data: "AQ==" } };
  expect((await ask(plugins.port, { path, body: message })).status).toBe(202);
  // What the core would refuse is refused at once, and not answered by 202 first.
  const heardBefore = heard.length;
  const data = Buffer.alloc((1 << 20) + 1).toString("base64");
  for (const large of [update({ data }), { ...message, message: { data } }]) {
    const answer = await ask(plugins.port, { path, body: large });
    expect([answer.status, answer.text]).toEqual([
      400,
      expect.stringContaining("may have 1048576"),
    ]);
  }
  expect(heard.length).toBe(heardBefore);
  tell({ type: "shutdown" });
  expect(await events.any()).toEqual({ type: "SHUTDOWN" });
  events.close();
});

test("§7.6 a second subscription of an executor ends the first", async () => {
  const body = { ...ids, type: "SUBSCRIBE", subscribe: {} };
  const first = await stream(plugins.port, { path, body });
  const second = await stream(plugins.port, { path, body });
  for (const one of [first, second]) expect((await one.any())?.type).toBe("SUBSCRIBED");
  expect(await first.any()).toBeUndefined();
  expect(closed).toContainEqual(expect.objectContaining({ code: "REPLACED" }));
  tell({ type: "shutdown" });
  expect(await second.any()).toEqual({ type: "SHUTDOWN" });
  second.close();
});

test("§7.2 an agent that has not recovered answers 503", async () => {
  isReady = false;
  const answer = await ask(plugins.port, { path, body: { ...ids, type: "HEARTBEAT" } });
  isReady = true;
  expect([answer.status, answer.text]).toEqual([503, "Agent has not finished recovery"]);
});

test("§7.2 a token that is not that of the executor is refused, the right one passed on", async () => {
  const body = { ...ids, type: "SUBSCRIBE", subscribe: {} };
  const headers = (token: string) => ({
    "content-type": "application/json",
    authorization: `Bearer ${token}`,
  });
  const wrong = await ask(plugins.port, { path, body, headers: headers("c.wrong") });
  expect(wrong.status).toBe(403);
  const events = await stream(plugins.port, { path, body, headers: headers("c.right") });
  expect(events.status).toBe(200);
  expect(hellos.at(-1)).toMatchObject({ peer: "executor", token: "c.right" });
  events.close();
});

test("§7.6 an executor that is to end is told so, and the stream closes", async () => {
  firstEvent = { type: "shutdown" };
  // As the executors of mesos-framework do, it sends no `subscribe` object (§10.1).
  const body = { ...ids, type: "SUBSCRIBE" };
  const events = await stream(plugins.port, { path, body });
  expect(await events.any()).toEqual({ type: "SHUTDOWN" });
  expect(await events.any()).toBeUndefined();
});
