import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { until } from "../support/until.ts";
import { type LocalCluster, tepui } from "./support/local-cluster.ts";
import { forAllTests } from "./support/suite-cluster.ts";

describe("what a command started ends with it", () => {
  let cluster: LocalCluster;
  forAllTests(1, (started) => {
    cluster = started;
  });

  test("a reader that leaves ends the task, and the status is that of a broken pipe", async () => {
    const running = cluster.start("run", "--cpus", "0.1", "--mem", "32", "--", "yes");
    await until("the task prints", () => running.output().length > 0 || undefined);
    running.child.stdout?.destroy();
    expect(await running.result).toMatchObject({ code: 141 });
    expect(await cluster.liveTasks()).toEqual([]);
  }, 60_000);

  test("a framework that is torn down ends with its tasks (B8)", async () => {
    const args = ["run", "--name", "doomed", "--cpus", "0.1", "--mem", "32", "--", "sleep", "600"];
    const running = cluster.start(...args);
    await until("it runs", async () => {
      const tasks = await cluster.liveTasks();
      return tasks.some(({ state }) => state === "TASK_RUNNING") || undefined;
    });
    const frameworks = await cluster.start("frameworks", "-o", "json").result;
    const [{ framework }] = JSON.parse(frameworks.stdout).frameworks;
    const torn = await cluster.start("teardown", framework.name).result;
    expect(torn).toMatchObject({ code: 0 });
    expect(torn.stdout).toContain(`${framework.id} is torn down`);
    const { code, stderr } = await running.result;
    expect(code, stderr).toBe(75);
    expect(stderr).toContain(`error[JOB_TORN_DOWN]: framework ${framework.id} was torn down`);
    expect(stderr).not.toContain("the master is gone");
    await until("nothing runs", async () => (await cluster.liveTasks()).length === 0 || undefined);
    const again = await cluster.start("teardown", framework.id).result;
    expect(again.stderr).toContain("error[FRAMEWORK_NOT_FOUND]");
  }, 60_000);

  test("Ctrl-C without a master says what was not ended, and how to end it", async () => {
    const running = cluster.start("run", "--cpus", "0.1", "--mem", "32", "--", "sleep", "600");
    let told = "";
    running.child.stderr?.on("data", (text: string) => {
      told += text;
    });
    await until("it runs", async () => {
      const tasks = await cluster.liveTasks();
      return tasks.some(({ state }) => state === "TASK_RUNNING") || undefined;
    });
    const [{ frameworkId } = { frameworkId: "" }] = await cluster.liveTasks();
    const master = cluster.masterPid();
    const status = readFileSync(`/proc/${master}/status`, "utf8");
    const keeper = Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]);
    // It would start another master at once.
    process.kill(keeper, "SIGSTOP");
    try {
      process.kill(master, "SIGKILL");
      await until("it looks for a master", () => told.includes("the master is gone") || undefined);
      running.child.kill("SIGINT");
      const { code, stderr } = await running.result;
      expect(code, stderr).toBe(130);
      expect(stderr).toContain(`framework ${frameworkId} ends, so its tasks may run on`);
      expect(stderr).toContain(`\`tepui teardown ${frameworkId}\` ends it`);
    } finally {
      process.kill(keeper, "SIGCONT");
    }
    await until("its end", async () => {
      const torn = await cluster.run("teardown", frameworkId);
      return torn.code === 0 || undefined;
    });
    await until("nothing runs", async () => (await cluster.liveTasks()).length === 0 || undefined);
  }, 120_000);

  test("a terminal that goes away ends the task", async () => {
    const running = cluster.start("run", "--cpus", "0.1", "--mem", "32", "--", "sleep", "600");
    await until("it runs", async () => {
      const tasks = await cluster.liveTasks();
      return tasks.some(({ state }) => state === "TASK_RUNNING") || undefined;
    });
    running.child.kill("SIGHUP");
    expect(await running.result).toMatchObject({ code: 130, signal: null });
    expect(await cluster.liveTasks()).toEqual([]);
  }, 60_000);
});

test("a folder that cannot be is a config error, at once (A9)", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tepui-e2e-"));
  const file = join(folder, "file");
  writeFileSync(file, "");
  try {
    for (const path of ["/proc/tepui", file]) {
      const master = await tepui(["master", "--listen-port", "0", "--data-dir", path]).result;
      expect(master).toMatchObject({ code: 78, signal: null });
      expect(master.stderr).toMatch(/error\[CONFIG_FOLDER\].*\n.*\/dataDir/);
    }
    const agent = await tepui(["agent", "--listen-port", "0", "--work-dir", "/proc/tepui"]).result;
    expect(agent).toMatchObject({ code: 78, signal: null });
    expect(agent.stderr).toMatch(/error\[CONFIG_FOLDER\].*\n.*\/workDir/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);

test("a plugin's stray rejection ends a master in order, with a code in its log", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tepui-e2e-"));
  const plugin = join(folder, "stray");
  mkdirSync(plugin);
  const manifest = {
    ...{ name: "stray", version: "0.1.0", kind: "hook", contract: "1", entry: "index.js" },
    description: "Rejects a promise that nobody holds.",
    ...{ requires: [], offers: ["stray"] },
  };
  writeFileSync(join(plugin, "plugin.json"), JSON.stringify(manifest));
  writeFileSync(join(plugin, "package.json"), '{"type":"module"}');
  const stray = 'const stray = () => void Promise.reject(new Error("astray"));';
  const create = "export const create = () => (setTimeout(stray, 2000), { ports: { stray: {} } });";
  writeFileSync(join(plugin, "index.js"), `${stray}\n${create}\n`);
  const config = join(folder, "master.json");
  const names = ["embedded", "uws-msgpack", "mesos-v1-http"];
  const plugins = [...names, "./stray"].map((name) => ({ plugin: name }));
  const dataDir = join(folder, "data");
  writeFileSync(config, JSON.stringify({ dataDir, listen: { port: 0 }, plugins }));
  try {
    const { code, signal, stderr } = await tepui(["master", "--config", config]).result;
    expect([code, signal], stderr).toEqual([1, null]);
    expect(stderr).toMatch(/"code":"UNCAUGHT".*astray/);
    expect(stderr.split("\n").filter((line) => line !== "" && !line.startsWith("{"))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
