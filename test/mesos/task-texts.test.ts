import { describe, expect, test } from "vitest";
import type { AgentId, FrameworkId, TaskId } from "../../contract/ids.ts";
import type { TaskView } from "../../contract/operator-api.ts";
import type { TaskSource } from "../../contract/ports/cluster-snapshot.ts";
import { Elements } from "../../plugins/transports/mesos-v1-http/views/json-pieces.ts";
import { taskElements } from "../../plugins/transports/mesos-v1-http/views/task-texts.ts";

const agentId = "m-S0" as AgentId;
const frameworkId = "f" as FrameworkId;

/** A task that counts how often it is shown. */
class SomeTask implements TaskSource {
  readonly key = {};
  readonly agentId = agentId;
  readonly frameworkId = frameworkId;
  readonly launchedMs = 0;
  readonly taskId: TaskId;
  state: TaskSource["state"] = "TASK_STAGING";
  newest: object | undefined;
  statuses = 0;
  shown = 0;

  constructor(at: number) {
    this.taskId = `t-${at}` as TaskId;
  }

  update(state: TaskSource["state"]): void {
    this.state = state;
    this.newest = {};
    this.statuses += 1;
  }

  show(): TaskView {
    this.shown += 1;
    const { taskId, state } = this;
    const task = { taskId, agentId, frameworkId, state, role: "*", name: "ä", resources: [] };
    return { task: { ...task, statuses: [] }, frameworkName: "n" } as unknown as TaskView;
  }
}

function runsOf(tasks: readonly SomeTask[]): Uint8Array[] {
  const elements = [...taskElements(tasks)].filter((one) => one instanceof Elements);
  return elements.map(({ bytes }) => bytes);
}

function read(runs: readonly Uint8Array[]): { id: string; state: string }[] {
  return JSON.parse(`[${Buffer.concat(runs).toString("latin1").slice(1)}]`);
}

const madeOf = (tasks: readonly SomeTask[]) => tasks.map(({ taskId, state }) => [taskId, state]);
const shownOf = (runs: readonly Uint8Array[]) => read(runs).map(({ id, state }) => [id, state]);

describe("the texts of tasks", () => {
  const setUp = () => {
    const tasks = Array.from({ length: 2_000 }, (_, at) => new SomeTask(at));
    return { tasks, before: runsOf(tasks) };
  };

  test("are those of all tasks, in runs of a moderate size", () => {
    const { tasks, before } = setUp();
    expect(shownOf(before)).toEqual(madeOf(tasks));
    expect(before.length).toBeGreaterThan(20);
    expect(before.length).toBeLessThan(60);
  });

  test("are the same bytes while nothing changes, and made once", () => {
    const { tasks, before } = setUp();
    const after = runsOf(tasks);
    // What is before the first task that begins a run is not kept.
    expect(after.length).toBe(before.length);
    expect(after.slice(1).every((run, at) => run === before[at + 1])).toBe(true);
    expect(tasks.every(({ shown }) => shown === 1)).toBe(true);
  });

  test.each([
    ["changes", (tasks: SomeTask[]) => tasks[1_000]?.update("TASK_RUNNING")],
    ["goes", (tasks: SomeTask[]) => tasks.splice(1_000, 1)],
    ["comes", (tasks: SomeTask[]) => tasks.splice(1_000, 0, new SomeTask(5_000))],
    ["is the first and goes", (tasks: SomeTask[]) => tasks.shift()],
  ])("are other bytes around a task that %s, and nowhere else", (_, change) => {
    const { tasks, before } = setUp();
    change(tasks);
    const after = runsOf(tasks);
    expect(shownOf(after)).toEqual(madeOf(tasks));
    const known = new Set(before);
    const others = after.filter((run) => !known.has(run));
    // The run of the task, or two where it began one; and the first, which is never kept.
    expect(others.length).toBeGreaterThan(0);
    expect(others.length).toBeLessThanOrEqual(3);
  });

  test("are shown again only for what has changed", () => {
    const { tasks } = setUp();
    tasks[7]?.update("TASK_RUNNING");
    runsOf(tasks);
    expect(tasks.filter(({ shown }) => shown > 1).map(({ taskId }) => taskId)).toEqual(["t-7"]);
  });
});
