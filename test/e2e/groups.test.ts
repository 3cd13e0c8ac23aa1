import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { resources, Scheduler } from "../../sdk/index.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { until } from "../support/until.ts";
import type { LocalCluster } from "./support/local-cluster.ts";
import { forAllTests } from "./support/suite-cluster.ts";

let cluster: LocalCluster;
forAllTests(1, (started) => {
  cluster = started;
});

test("a framework launches a group, and killing one task ends all of it (F24)", async () => {
  const scheduler = new Scheduler({ name: "pods", masters: cluster.address });
  const told: string[] = [];
  const ends: object[] = [];
  scheduler.on("update", ({ taskId, state }) => told.push(`${taskId} ${state}`));
  scheduler.on("failure", (failure) => ends.push(failure));
  scheduler.once("offers", ([offer]) => {
    if (offer === undefined) return;
    const task = { resources: resources({ cpus: 0.1, mem: 32 }), command: { value: "sleep 600" } };
    const tasks = ["a", "b"].map((taskId) => ({ ...task, taskId }));
    scheduler.launchGroup(offer, { executorId: "pod" }, tasks);
  });
  await scheduler.ready();
  for (const task of ["a", "b"]) {
    await until(task, () => told.includes(`${task} TASK_RUNNING`));
  }
  scheduler.kill("a");
  for (const task of ["a", "b"]) await until(task, () => told.includes(`${task} TASK_KILLED`));
  await until("the executor's end", () => ends.length > 0);
  expect(await cluster.liveTasks()).toEqual([]);
  await scheduler.teardown();
}, 120_000);

const small = ["run", "--group", "--cpus", "0.1", "--mem", "16"];

function fileOf(...lines: readonly string[]): string {
  const file = join(temporaryFolder("tepui-group-"), "commands.txt");
  writeFileSync(file, lines.join("\n"));
  return file;
}

interface Report {
  readonly exitCode: number;
  readonly cancelled?: number;
  readonly counts: object;
  readonly tasks: readonly object[];
}

test("run --group gives the status of the task that ended it, and kills the others", async () => {
  const file = fileOf("sleep 600", "sleep 1; exit 7", "sleep 600");
  const { code, stdout } = await cluster.run(...small, "--file", file, "-o", "json");
  const report = JSON.parse(stdout) as Report;
  expect([code, report.exitCode]).toEqual([7, 7]);
  expect(report.tasks).toMatchObject([
    { index: 0, state: "TASK_KILLED", signal: "SIGTERM", attempts: 1 },
    { index: 1, state: "TASK_FAILED", exitCode: 7, attempts: 1 },
    { index: 2, state: "TASK_KILLED", signal: "SIGTERM", attempts: 1 },
  ]);
  expect(report.counts).toMatchObject({ items: 3, finished: 0, failed: 1, killed: 2, live: 0 });
  expect(await cluster.liveTasks()).toEqual([]);
}, 120_000);

test("run --group runs its tasks at the same time, and again as a whole", async () => {
  const folder = temporaryFolder("tepui-group-");
  // Each waits for the other; the second attempt finds what the first one left.
  const meet = (mine: string, other: string) =>
    `touch ${folder}/${mine}; until [ -e ${folder}/${other} ]; do sleep 0.05; done`;
  const once = `[ -e ${folder}/again ] || { touch ${folder}/again; exit 3; }`;
  const file = fileOf(meet("a", "b"), `${meet("b", "a")}; ${once}`);
  const words = [...small, "--retries", "1", "--file", file, "-o", "json"];
  const { code, stdout } = await cluster.run(...words);
  expect(code).toBe(0);
  expect((JSON.parse(stdout) as Report).tasks).toMatchObject([
    { taskId: expect.stringMatching(/-0\.2$/), state: "TASK_FINISHED", attempts: 2 },
    { taskId: expect.stringMatching(/-1\.2$/), state: "TASK_FINISHED", attempts: 2 },
  ]);
}, 120_000);

test("a group for which no agent has room launches none of its tasks", async () => {
  const running = cluster.start(
    "run",
    "--group",
    "--count",
    "40",
    "--cpus",
    "8",
    "--",
    "sleep",
    "9",
  );
  await until("it says why", () => running.errors().includes("waiting:"));
  expect(await cluster.liveTasks()).toEqual([]);
  running.child.kill("SIGINT");
  expect((await running.result).code).toBe(130);
}, 120_000);

test("Ctrl-C kills a whole group, also when its first task has ended", async () => {
  const file = fileOf("true", "sleep 600", "sleep 600");
  const running = cluster.start(...small, "--file", file, "-o", "json");
  const live = async () => (await cluster.liveTasks()).filter(({ state }) => /RUNNING/.test(state));
  await until("two are left", async () => (await live()).length === 2);
  running.child.kill("SIGINT");
  const { code, stdout } = await running.result;
  const report = JSON.parse(stdout) as Report;
  expect([code, report.cancelled]).toEqual([130, 2]);
  expect(report.tasks).toMatchObject([
    { state: "TASK_FINISHED" },
    { state: "TASK_KILLED" },
    { state: "TASK_KILLED" },
  ]);
  expect(await cluster.liveTasks()).toEqual([]);
}, 120_000);

test("run --group refuses what a group has no use for", async () => {
  for (const more of [
    ["--concurrency", "2"],
    ["--image", "debian"],
  ]) {
    const { code, stderr } = await cluster.run(...small, ...more, "--", "true");
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(`--group goes not with ${more[0]}`),
    ]);
  }
});
