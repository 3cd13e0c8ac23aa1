import { expect, test } from "vitest";
import { resources, Scheduler } from "../../sdk/index.ts";
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
