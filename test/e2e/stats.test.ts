import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../support/until.ts";
import {
  type LocalCluster,
  type RunningCommand,
  startLocalCluster,
} from "./support/local-cluster.ts";

interface Look {
  readonly containers: readonly {
    readonly taskIds: readonly string[];
    readonly agent: string;
    readonly cpuPercent: number;
    readonly memBytes: number;
    readonly processes: number;
  }[];
}

let cluster: LocalCluster;
let started: RunningCommand[];
let ids: Map<string, string>;

beforeAll(async () => {
  cluster = await startLocalCluster(2);
  const start = (name: string, rack: string, script: string): RunningCommand => {
    const words = ["run", "--name", name, "--attr", `rack=${rack}`, "--cpus", "0.5", "--mem", "64"];
    return cluster.start(...words, "--", "sh", "-c", script);
  };
  started = [
    start("busy", "r1", "while :; do :; done"),
    start("idle", "r2", "sleep 1000 & sleep 1000 & wait"),
  ];
  const live = await until("both tasks", async () => {
    const tasks = await cluster.liveTasks();
    const running = tasks.filter(({ state }) => state === "TASK_RUNNING");
    return running.length === 2 && running;
  });
  ids = new Map(live.map(({ name, taskId }) => [name, taskId]));
}, 120_000);
afterAll(async () => {
  for (const { child } of started ?? []) child.kill("SIGINT");
  await Promise.all((started ?? []).map(({ result }) => result));
  await cluster?.stop();
}, 120_000);

const idOf = (name: string): string => ids.get(name) ?? "";

test("stats tells who uses the cpu, how much memory, and how many processes", async () => {
  const { code, stdout } = await cluster.run("stats", "-o", "json");
  expect(code).toBe(0);
  const { containers } = JSON.parse(stdout) as Look;
  const of = (name: string) => containers.find(({ taskIds }) => taskIds.includes(idOf(name)));
  // How much of a busy machine it gets is not ours to say; that it is not idle is.
  expect(of("busy")?.cpuPercent).toBeGreaterThan(10);
  expect(of("busy")?.cpuPercent).toBeLessThan(140);
  expect(of("idle")?.cpuPercent).toBeLessThan(5);
  expect(of("idle")?.processes).toBe(3);
  expect(of("idle")?.memBytes).toBeGreaterThan(100_000);
  expect(of("idle")?.memBytes).toBeLessThan(64 << 20);
});

test("stats is a table for people, of all tasks or of one", async () => {
  const all = await cluster.run("stats", "--interval", "300ms");
  const [title, ...rows] = all.stdout.trimEnd().split("\n");
  expect(title).toMatch(/^TASK\s+AGENT\s+CPU %\s+CPUS\s+MEM\s+LIMIT\s+PIDS$/);
  expect(rows.map((row) => row.split(/\s+/)[0]).sort()).toEqual([...ids.values()].sort());
  const one = await cluster.run("stats", idOf("idle"), "--interval", "300ms");
  expect(one.stdout.trimEnd().split("\n")).toHaveLength(2);
  expect(one.stdout).toMatch(/agent-\d +0\.0 +- +\d+\.\d +- +3\n$/);
});

test("what is not running, and a time too short, are coded errors", async () => {
  await cluster.run("run", "--name", "over", "--cpus", "0.1", "--mem", "16", "--", "true");
  const { stdout } = await cluster.run("ps", "-a", "-o", "json");
  const { tasks } = JSON.parse(stdout) as { tasks: { task: { name: string; taskId: string } }[] };
  const over = tasks.find(({ task }) => task.name === "over")?.task.taskId ?? "";
  const ended = await cluster.run("stats", over, "-o", "json");
  expect([ended.code, ended.stderr]).toEqual([1, expect.stringContaining("TASK_NOT_RUNNING")]);
  const short = await cluster.run("stats", "--interval", "1ms");
  expect([short.code, short.stderr]).toEqual([2, expect.stringContaining("CLI_USAGE")]);
  const none = await cluster.run("stats", "nothing");
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("TASK_NOT_FOUND")]);
});

test("-f goes on until Ctrl-C, one document a look", async () => {
  const following = cluster.start("stats", "-f", "--interval", "300ms", "-o", "json");
  const looks = () => following.output().split("\n").slice(0, -1);
  await until("three looks", () => looks().length >= 3);
  following.child.kill("SIGINT");
  expect((await following.result).code).toBe(130);
  for (const line of looks()) {
    const { containers } = JSON.parse(line) as Look;
    expect(containers.flatMap(({ taskIds }) => taskIds).sort()).toEqual([...ids.values()].sort());
  }
});

test("an agent that does not answer is named, and the others are shown", async () => {
  const [stopped = 0] = cluster.agentPids();
  process.kill(stopped, "SIGSTOP");
  try {
    const { code, stdout, stderr } = await cluster.run("stats", "--interval", "300ms");
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning: agent-\d: cannot read http:/);
    expect(stdout.trimEnd().split("\n")).toHaveLength(2);
  } finally {
    process.kill(stopped, "SIGCONT");
  }
});

test("-f of one task ends with it", async () => {
  const following = cluster.start("stats", idOf("busy"), "-f", "--interval", "300ms", "-o", "json");
  await until("a look", () => following.output().includes("cpuPercent"));
  await cluster.run("kill", idOf("busy"));
  const { code, stdout } = await following.result;
  expect(code).toBe(0);
  const looks = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Look);
  for (const { containers } of looks) {
    for (const { taskIds } of containers) expect(taskIds).toEqual([idOf("busy")]);
  }
});
