import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { type Layout, planCluster } from "../../cli/local/layout.ts";
import { LocalCluster } from "../../cli/local/local-cluster.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { until } from "../support/until.ts";

const fake = fileURLToPath(new URL("./fake-process.mjs", import.meta.url));
const never = new AbortController().signal;
const clusters: LocalCluster[] = [];

afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.stop();
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function fakeCluster(layout: Layout, told: string[] = [], ...more: string[]): LocalCluster {
  const cluster = new LocalCluster(layout, {
    commandOf: ({ configFile }) => [process.execPath, fake, configFile, ...more],
    whenReady: async () => {},
    onDeath: (name, how) => told.push(`${name} died of ${how}`),
    onRestart: (name) => told.push(`${name} is back`),
  });
  clusters.push(cluster);
  return cluster;
}

const plan = (agents: number, more: object = {}) =>
  planCluster({ agents, port: 0, isPortExplicit: true, ...more });

test("each process has its own config, folder and port, and agents differ (A11)", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "tepui-test-"));
  const layout = await plan(3, { dataDir });
  const configs = layout.agents.map(({ configFile }) =>
    JSON.parse(readFileSync(configFile, "utf8")),
  );
  expect(configs.map(({ attributes }) => attributes)).toEqual([
    "rack:r1;zone:a",
    "rack:r2;zone:b",
    "rack:r3;zone:a",
  ]);
  expect(configs.map(({ hostname }) => hostname)).toEqual(["agent-1", "agent-2", "agent-3"]);
  expect(new Set(configs.map(({ master }) => master))).toEqual(new Set([layout.master.address]));
  const addresses = [layout.master, ...layout.agents].map(({ address }) => address);
  expect(new Set(addresses).size).toBe(4);
  expect(new Set(configs.map(({ workDir }) => workDir)).size).toBe(3);
  const ports = configs.map(({ resources }) => /ports:\[(\d+)-(\d+)\]/.exec(resources));
  expect(ports.map((range) => range?.slice(1).map(Number))).toEqual([
    [31_000, 31_332],
    [31_333, 31_665],
    [31_666, 31_998],
  ]);
});

test("other users get through to their sandboxes on a cluster of root's, and see nothing else", async () => {
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  const modeOf = (path: string) => statSync(path).mode & 0o777;
  const kept = join(temporaryFolder("tepui-test-"), "data");
  for (const dataDir of [undefined, kept]) {
    const layout = await plan(1, { dataDir });
    clusters.push(new LocalCluster(layout, { onDeath: () => {}, onRestart: () => {} }));
    expect(modeOf(layout.dataDir)).toBe(mode);
    expect(modeOf(join(layout.dataDir, "logs"))).toBe(0o700);
    expect(modeOf(layout.agents[0]?.configFile ?? "")).toBe(0o600);
  }
});

test("the config file's sections reach the processes, with plugin paths made absolute", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tepui-test-"));
  const config = join(folder, "local.yaml");
  writeFileSync(
    config,
    "agents: 2\nmaster: { allocationInterval: 2secs, policy: { name: ./mine } }\n" +
      "agent: { attributes: 'rack:x' }\n",
  );
  const layout = await plan(1, { dataDir: folder, config });
  expect(layout.agents.length).toBe(1);
  expect(JSON.parse(readFileSync(layout.master.configFile, "utf8"))).toMatchObject({
    allocationInterval: "2secs",
    policy: { name: join(folder, "mine") },
  });
  const agent = JSON.parse(readFileSync(layout.agents[0]?.configFile ?? "", "utf8"));
  expect(agent.attributes).toBe("rack:x");
});

test("a second cluster on a data folder is refused before anything is written", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "tepui-test-"));
  // The holder is another process, as it is when somebody types the command again.
  const holder = spawn("sleep", ["60"]);
  const stat = readFileSync(`/proc/${holder.pid}/stat`, "utf8").split(" ");
  writeFileSync(join(dataDir, "local.lock"), `${holder.pid} ${stat[21]}`);
  writeFileSync(join(dataDir, "master.json"), "kept");
  try {
    await expect(plan(1, { dataDir })).rejects.toMatchObject({
      code: "LOCAL_DATA_LOCKED",
      message: expect.stringContaining(`process ${holder.pid}`),
    });
    expect(readFileSync(join(dataDir, "master.json"), "utf8")).toBe("kept");
    expect(existsSync(join(dataDir, "agent-1.json"))).toBe(false);
  } finally {
    holder.kill("SIGKILL");
  }
  // What a killed process leaves behind keeps nobody out.
  await until("the holder is gone", () => !existsSync(`/proc/${holder.pid}`) || undefined);
  const layout = await plan(0, { dataDir });
  layout.unlock();
  expect(existsSync(join(dataDir, "local.lock"))).toBe(false);
});

test("a taken port is an error when it was asked for, and replaced when it was not", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await expect(planCluster({ agents: 0, port, isPortExplicit: true })).rejects.toMatchObject({
    code: "LISTEN_FAILED",
  });
  const dataDir = mkdtempSync(join(tmpdir(), "tepui-test-"));
  const layout = await planCluster({ agents: 0, port, isPortExplicit: false, dataDir });
  expect(layout.master.address).not.toBe(`127.0.0.1:${port}`);
  server.close();
});

test("a process that dies is started again with the same config, and said to be", async () => {
  const told: string[] = [];
  const cluster = fakeCluster(await plan(2), told);
  await cluster.start(never);
  const [master, agent] = cluster.processes();
  process.kill(master?.pid ?? 0, "SIGKILL");
  process.kill(agent?.pid ?? 0, "SIGKILL");
  await until("all four", () => told.length === 4);
  expect(told.toSorted()).toEqual([
    "agent-1 died of SIGKILL",
    "agent-1 is back",
    "master died of SIGKILL",
    "master is back",
  ]);
  const [again] = cluster.processes();
  expect(again?.pid).not.toBe(master?.pid);
  expect(again?.address).toBe(master?.address);
  expect(isAlive(again?.pid ?? 0)).toBe(true);
});

test("stop ends every process and removes the temporary folder", async () => {
  const cluster = fakeCluster(await plan(2));
  await cluster.start(never);
  const pids = cluster.processes().map(({ pid }) => pid);
  expect(pids.map(isAlive)).toEqual([true, true, true]);
  await cluster.stop();
  expect(pids.map(isAlive)).toEqual([false, false, false]);
  expect(existsSync(cluster.layout.dataDir)).toBe(false);
});

test("a folder that was given stays", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "tepui-test-"));
  const cluster = fakeCluster(await plan(1, { dataDir }));
  await cluster.start(never);
  await cluster.stop();
  expect(readFileSync(join(dataDir, "logs/agent-1.log"), "utf8")).toMatch(/^started \d+\n/);
});

test("when one process does not start, the others are stopped, and the error names it", async () => {
  const cluster = fakeCluster(await plan(2), [], "broken");
  await expect(cluster.start(never)).rejects.toMatchObject({
    code: "LOCAL_START_FAILED",
    message: "agent-2 did not start: it ended with status 9",
  });
  expect(cluster.processes().map(({ pid }) => pid === 0 || !isAlive(pid))).toEqual([
    true,
    true,
    true,
  ]);
  expect(existsSync(cluster.layout.dataDir)).toBe(false);
});

test("an interrupted start stops what had started", async () => {
  const interrupt = new AbortController();
  const layout = await plan(1);
  const cluster = new LocalCluster(layout, {
    commandOf: ({ configFile }) => [process.execPath, fake, configFile],
    whenReady: () => new Promise(() => interrupt.abort()),
    onDeath: () => {},
    onRestart: () => {},
  });
  await expect(cluster.start(interrupt.signal)).rejects.toMatchObject({ code: "CLI_INTERRUPTED" });
  expect(existsSync(layout.dataDir)).toBe(false);
});

test("processes notice that their supervisor was killed, and end", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "tepui-test-"));
  const config = join(dataDir, "fake.json");
  writeFileSync(config, "{}");
  // A parent with a child on its lifeline: the parent is killed, and the child is watched.
  const parent = spawn(
    process.execPath,
    [
      "-e",
      `const { spawn } = require("node:child_process");
      const child = spawn(process.execPath, ${JSON.stringify([fake, config])},
        { stdio: ["pipe", "pipe", "ignore"], detached: true });
      child.stdout.once("data", () => console.log(child.pid));
      setInterval(() => {}, 1000);`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const pid = Number(await new Promise((resolve) => parent.stdout.once("data", resolve)));
  expect(isAlive(pid)).toBe(true);
  parent.kill("SIGKILL");
  await until("the child is gone", () => !isAlive(pid));
});
