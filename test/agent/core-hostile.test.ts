import { beforeEach, describe, expect, test } from "vitest";
import type { ExecutorId, TaskId, UpdateId } from "../../contract/ids.ts";
import { limits } from "../../contract/limits.ts";
import { CoreBench } from "./support/core.ts";

let agent: CoreBench;
beforeEach(() => {
  agent = new CoreBench();
  const executor = { executorId: "e1" as ExecutorId, command: { value: "./executor" } };
  agent.ready().launch("t1", { executor }).held().subscribe().did();
});

const taskId = "t1" as TaskId;
const uuidOf = (at: number) => at.toString(16).padStart(32, "0") as UpdateId;
const pending = () => [...agent.state.tasks.values()][0]?.pending ?? [];
const say = (at: number, more: object = {}) =>
  agent.executorUpdate({ taskId, state: "TASK_RUNNING", uuid: uuidOf(at), ...more });

describe("an executor that says more than its framework acknowledges (D5)", () => {
  test("is not acknowledged what is more than the agent keeps, until there is room", () => {
    const max = limits.pendingUpdatesMax;
    for (let at = 0; at < 3 * max; at++) say(at);
    expect(pending()).toHaveLength(max);
    expect(agent.did().filter((what) => what === "executor acknowledged")).toHaveLength(max);
    agent.acknowledge().did();
    say(max);
    expect(agent.did()).toEqual(["executor acknowledged"]);
    expect(pending().at(-1)?.uuid).toBe(uuidOf(max));
  });

  test("is kept so many bytes as there is room for", () => {
    const data = new Uint8Array(limits.statusBytesMax - 4_096);
    for (let at = 0; at < 20; at++) say(at, { data });
    expect(pending()).toHaveLength(limits.pendingUpdatesBytesMax / limits.statusBytesMax);
  });

  test("is always heard of the end of its task", () => {
    for (let at = 0; at < 100; at++) say(at);
    say(1_000, { state: "TASK_FINISHED" });
    expect(pending().at(-1)).toMatchObject({ state: "TASK_FINISHED" });
    agent.did();
    // What was left out comes again, and is over.
    say(99);
    expect(agent.did()).toEqual(["executor acknowledged"]);
  });
});
