import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { until } from "../support/until.ts";
import { AgentRig } from "./support/agent-rig.ts";

vi.setConfig({ testTimeout: 180_000 });

let rig: AgentRig;
beforeEach(async () => {
  rig = await new AgentRig().open();
});
afterEach(() => rig.close());

const runsOf = (task: string): string[] => {
  const folder = join(rig.workDir, "slaves/m1-S0/frameworks/f1/executors", task, "runs");
  return existsSync(folder) ? readdirSync(folder).filter((name) => name !== "latest") : [];
};

test("an agent removes ended sandboxes, also those before its restart, and no live one (F6)", async () => {
  const first = await rig.start({ maxCompletedExecutorsPerFramework: 1 });
  rig.master.launch({ one: "echo 1", two: "echo 2", long: "echo here; exec sleep 600" });
  for (const task of ["one", "two"]) await rig.ended(task);
  await rig.told("long", ({ state }) => state === "TASK_RUNNING");
  const listed = JSON.parse((await rig.get(first, "/executors")).text);
  expect(listed.executors).toMatchObject([{ executorId: "long", taskId: "long" }]);
  expect(listed.completed).toHaveLength(1);
  expect([runsOf("one"), runsOf("two"), runsOf("long")].map((runs) => runs.length)).toEqual([
    1, 1, 1,
  ]);
  await first.kill("SIGKILL");
  const again = await rig.start({ gcDelay: "10ms", diskWatchInterval: "20ms" });
  await until("what has ended is removed", () => runsOf("one").length + runsOf("two").length === 0);
  rig.master.launch({ three: "echo 3" });
  await rig.ended("three");
  await until("the next one is removed too", () => runsOf("three").length === 0);
  expect(runsOf("long")).toHaveLength(1);
  expect(await rig.get(again, "/sandbox/f1/long/stdout")).toEqual({ status: 200, text: "here\n" });
  expect((await rig.get(again, "/sandbox/f1/one/stdout")).status).toBe(404);
  expect((await rig.get(again, "/metrics")).text).toMatch(/sandboxes_removed_total [123]/);
});
