import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Answer, ask } from "../mesos/support/client.ts";
import { until } from "../support/until.ts";
import type { AgentProcess } from "./support/agent-process.ts";
import { AgentRig } from "./support/agent-rig.ts";

vi.setConfig({ testTimeout: 120_000 });

let rig: AgentRig;
let root = "";
beforeEach(async () => {
  rig = await new AgentRig().open();
});
afterEach(() => rig.close());

const portOf = ({ address = "" }: AgentProcess) => Number(address.split(":")[1]);
const SECRET = "a-secret-of-the-agent";
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

function api(agent: AgentProcess, call: object, headers = {}, accept = "*/*"): Promise<Answer> {
  const all = { "content-type": "application/json", accept, ...headers };
  return ask(portOf(agent), { path: "/api/v1", body: call, headers: all });
}

/** An agent with one task at work. */
async function start(settings: Readonly<Record<string, unknown>> = {}): Promise<AgentProcess> {
  const agent = await rig.start(settings);
  rig.master.launch({ t1: "exec sleep 600" });
  const { containerStatus } = await rig.told("t1", ({ state }) => state === "TASK_RUNNING");
  root = containerStatus?.containerId ?? "";
  return agent;
}

const within = (value: string = randomUUID()) => ({ value, parent: { value: root } });

function launch(agent: AgentProcess, value: string, headers = {}, id = within()): Promise<Answer> {
  const launch_nested_container = { container_id: id, command: { value } };
  return api(agent, { type: "LAUNCH_NESTED_CONTAINER", launch_nested_container }, headers);
}

/** Only the task itself is left. */
const alone = () => until("nothing is left", () => rig.left().length === 1);

test("nobody runs anything where nobody may, and pages never", async () => {
  const agent = await start();
  const own = { origin: `http://${agent.address}` };
  expect((await launch(agent, "true", own)).status).toBe(403);
  expect((await launch(agent, "true")).status).toBe(200);
  await agent.kill("SIGTERM");
  const shut = await rig.start({ "exec.allow": "nobody" });
  const refused = await launch(shut, "true");
  expect([refused.status, refused.text]).toEqual([403, expect.stringContaining("nobody may")]);
  const attach = {
    type: "ATTACH_CONTAINER_OUTPUT",
    attach_container_output: { container_id: within() },
  };
  expect((await api(shut, attach)).status).toBe(403);
});

test("who shows the secret may, as a token or as a password, or has proven itself", async () => {
  const secretFile = join(rig.folder, "secret");
  writeFileSync(secretFile, `${SECRET}\n`);
  const exec = { "exec.allow": "secret", "exec.secretFile": secretFile };
  const agent = await start(exec);
  expect((await launch(agent, "true")).status).toBe(401);
  expect((await launch(agent, "true", basic("any", "wrong"))).status).toBe(401);
  expect((await launch(agent, "true", { authorization: `Bearer ${SECRET}` })).status).toBe(200);
  expect((await launch(agent, "true", basic("any", SECRET))).status).toBe(200);
  await agent.kill("SIGTERM");
  const credentials = [
    { principal: "ops", secret: "known", exec: true },
    { principal: "dashboard", secret: "seen" },
  ];
  const plugins = [
    { plugin: "uws-msgpack" },
    { plugin: "mesos-v1-http", config: { credentials } },
    { plugin: "process" },
  ];
  const guarded = await rig.start({ ...exec, plugins });
  expect((await launch(guarded, "true")).status).toBe(401);
  expect((await launch(guarded, "true", basic("ops", "known"))).status).toBe(200);
  expect((await launch(guarded, "true", basic("dashboard", "seen"))).status).toBe(401);
});

test("no more run at once than may, and ends make room", async () => {
  const agent = await start({ "exec.sessionsPerTaskMax": 3 });
  const ids = [within(), within(), within()];
  for (const id of ids) expect((await launch(agent, "exec sleep 611", {}, id)).status).toBe(200);
  const full = await launch(agent, "true");
  expect([full.status, full.text]).toEqual([429, expect.stringContaining("3 sessions")]);
  for (const container_id of ids) {
    const kill = { type: "KILL_CONTAINER", kill_container: { container_id } };
    expect((await api(agent, kill)).status).toBe(200);
  }
  await until("room", async () => (await launch(agent, "true")).status === 200 || undefined);
  await alone();
});

test("many that have ended are remembered, and not all", async () => {
  const agent = await start({ "exec.sessionsPerTaskMax": 40 });
  const ids = Array.from({ length: 80 }, () => within());
  const wait = (container_id: object) =>
    api(agent, { type: "WAIT_CONTAINER", wait_container: { container_id } });
  for (let at = 0; at < ids.length; at += 20) {
    const some = ids.slice(at, at + 20);
    const launched = await Promise.all(some.map((id) => launch(agent, "exit 2", {}, id)));
    expect(launched.map(({ status }) => status)).toEqual(some.map(() => 200));
    for (const id of some) expect((await wait(id)).text).toContain('"exit_status":512');
  }
  const [first, last] = [ids[0] ?? {}, ids.at(-1) ?? {}];
  expect([(await wait(first)).status, (await wait(last)).status]).toEqual([404, 200]);
});

test("who waits for an end and goes leaves nothing, nor do those who never begin", async () => {
  const agent = await start();
  const id = within("sleeper");
  await launch(agent, "exec sleep 612", {}, id);
  const body = JSON.stringify({ type: "WAIT_CONTAINER", wait_container: { container_id: id } });
  const head = `POST /api/v1 HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n`;
  const attach = [
    ...["POST /api/v1 HTTP/1.1", "host: x", "content-type: application/recordio"],
    ...["message-content-type: application/json", "transfer-encoding: chunked", "\r\n"],
  ].join("\r\n");
  const sockets = Array.from({ length: 100 }, (_, at) => {
    const socket = connect(portOf(agent), "127.0.0.1");
    socket.on("error", () => {});
    socket.write(at % 2 === 0 ? `${head}content-length: ${body.length}\r\n\r\n${body}` : attach);
    return socket;
  });
  const late = connect(portOf(agent), "127.0.0.1");
  let said = "";
  late.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  late.write(`${attach}1\r\n5\r\n`);
  await until("the late one to be told", () => said.includes("408 Request Timeout"));
  for (const socket of [...sockets, late]) socket.destroy();
  const kill = { type: "KILL_CONTAINER", kill_container: { container_id: id } };
  expect((await api(agent, kill)).status).toBe(200);
  await alone();
  expect(agent.child.exitCode).toBe(null);
});

test("nested containers end with their agent, and the next one knows of none", async () => {
  const agent = await start();
  const id = within();
  await launch(agent, "trap '' HUP TERM; setsid sleep 613 & sleep 614", {}, id);
  await until("it runs", () => rig.left().length >= 4);
  await agent.kill("SIGKILL");
  const next = await rig.start();
  await alone();
  const wait = { type: "WAIT_CONTAINER", wait_container: { container_id: id } };
  expect((await api(next, wait)).status).toBe(404);
  expect((await launch(next, "true", {}, id)).status).toBe(200);
});
