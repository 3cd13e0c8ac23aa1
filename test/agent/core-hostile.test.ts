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
const pending = () => [...agent.state.streams.values()][0]?.pending.map((one) => one.status) ?? [];
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

  test("is held to the size of a status when it subscribes, and told what it said of the task", () => {
    const data = new Uint8Array(limits.statusBytesMax);
    const status = { taskId, state: "TASK_FINISHED", uuid: uuidOf(1), data } as const;
    agent.subscribe("e1", [status]);
    expect(agent.did()).toContain("executor acknowledged");
    expect(pending()).toMatchObject([{ state: "TASK_FINISHED", uuid: uuidOf(1) }]);
    expect(pending()[0]).not.toHaveProperty("data");
    expect(pending()[0]?.message).toContain("may have 1048576");
  });

  test("has what waits taken in order as room is made, and is told so then", () => {
    const total = limits.pendingUpdatesMax + 100;
    for (let at = 0; at < total; at++) say(at);
    agent.did();
    const heard = agent.updates.map(({ uuid }) => uuid);
    for (let at = 0; at < total; at++) {
      agent.acknowledge();
      if (at < total - 1) heard.push(agent.updates.at(-1)?.uuid);
      const acknowledged = agent.did().filter((what) => what === "executor acknowledged");
      expect(acknowledged).toHaveLength(at < 100 ? 1 : 0);
      // Said again, it still waits; stored, it is only said to be.
      if (at < 99) say(at + limits.pendingUpdatesMax + 1).did();
    }
    expect(heard.slice(0, total)).toEqual(Array.from({ length: total }, (_, at) => uuidOf(at)));
  });

  test("is asked again for what was not even let wait, once nothing waits any more", () => {
    const max = limits.pendingUpdatesMax + limits.waitingUpdatesMax;
    for (let at = 0; at <= max; at++) say(at);
    agent.acknowledge().did();
    // One that comes after what was left out does not go before it.
    say(max + 1);
    expect(agent.did()).toEqual([]);
    for (let at = 1; at < limits.waitingUpdatesMax; at++) agent.acknowledge();
    expect(agent.did().filter((what) => what === "cut")).toEqual(["cut"]);
    agent.cutExecutor().subscribe().did();
    say(max).acknowledge();
    say(max + 1);
    expect(
      pending()
        .slice(-2)
        .map(({ uuid }) => uuid),
    ).toEqual([uuidOf(max - 1), uuidOf(max)]);
  });

  test("costs one entry of the checkpoint for each update, which goes with it", () => {
    const data = new Uint8Array(10_000);
    for (let at = 0; at < 20; at++) say(at, { data });
    const entries = () => [...agent.store.keys()].filter((key) => key.startsWith("update/"));
    expect(entries()).toHaveLength(20);
    const written = agent.written;
    say(20, { data }).acknowledge();
    expect(agent.written - written).toBeLessThan(15_000);
    agent.acknowledge();
    expect(entries()).toHaveLength(19);
    agent.restart();
    expect(pending().map(({ uuid }) => uuid)).toEqual(
      Array.from({ length: 19 }, (_, at) => uuidOf(at + 2)),
    );
  });

  test("has all told that an older agent has kept with the task", () => {
    for (let at = 0; at < 3; at++) say(at);
    const [key, task] = [...agent.store].find(([name]) => name.startsWith("task/")) ?? [];
    for (const name of [...agent.store.keys()]) {
      if (name.startsWith("update/")) agent.store.delete(name);
    }
    agent.store.set(key ?? "", { ...(task as object), pending: pending() });
    agent.restart().register();
    agent.do({ type: "container-adopted", containerId: agent.containerId }).subscribe();
    say(3).acknowledge();
    agent.restart();
    const left = [1, 2, 3].map(uuidOf);
    expect(pending().map(({ uuid }) => uuid)).toEqual(left);
  });

  test("is always heard of the end of its task", () => {
    const max = limits.pendingUpdatesMax + limits.waitingUpdatesMax;
    for (let at = 0; at < max + 100; at++) say(at);
    say(1_000, { state: "TASK_FINISHED" });
    expect(pending().at(-1)).toMatchObject({ state: "TASK_FINISHED" });
    agent.did();
    // What was left out comes again, and is over.
    say(max + 99);
    expect(agent.did()).toEqual(["executor acknowledged"]);
    // What waited is told before it.
    expect(pending()).toHaveLength(max + 1);
  });
});
