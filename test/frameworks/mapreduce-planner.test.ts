import { expect, test } from "vitest";
import { jobFigures } from "../../frameworks/mapreduce/figures.ts";
import { MapReducePlan, type PlanShape } from "../../frameworks/mapreduce/planner.ts";
import { EXIT_INPUT_LOST } from "../../frameworks/mapreduce/task-spec.ts";
import type { Attempt, OfferView } from "../../frameworks/taskset/model.ts";
import { resources, type TaskState, type TaskStatus } from "../../sdk/index.ts";

const need = resources({ cpus: 1, mem: 100 });
const split = (near: readonly string[] = []) => ({ pieces: [], bytes: 1_000_000, near });

function planOf(maps: number, partitions: number, more: Partial<PlanShape> = {}): MapReducePlan {
  const shape = {
    id: "j",
    splits: Array.from({ length: maps }, () => split()),
    partitions,
    mapResources: need,
    reduceResources: need,
    retries: 1,
    patienceMs: 0,
    ...more,
  };
  return new MapReducePlan(shape, 0);
}

function offer(agentId: string, cpus: number): OfferView {
  const resourcesOf = resources({ cpus, mem: 10_000 });
  return { id: agentId, agentId, hostname: agentId, ip: "", port: 1, resources: resourcesOf };
}

const status = (taskId: string, state: TaskState, exitCode?: number): TaskStatus =>
  ({ taskId, state, ...(exitCode === undefined ? {} : { exitCode }) }) as TaskStatus;

function launch(plan: MapReducePlan, agentId = "x", cpus = 9, nowMs = 1): readonly string[] {
  const answers = plan.plan([offer(agentId, cpus)], nowMs);
  return answers.flatMap(({ attempts }) => attempts.map(({ taskId }) => taskId));
}

/** An attempt of a reduce ends, because it could not get these outputs. */
function miss(plan: MapReducePlan, taskId: string, maps: readonly string[], nowMs = 6) {
  const { asks } = plan.update(status(taskId, "TASK_FAILED", EXIT_INPUT_LOST), nowMs);
  return plan.inputsLost(asks as Attempt, maps, nowMs);
}

function finish(plan: MapReducePlan, taskIds: readonly string[], nowMs = 1): void {
  for (const taskId of taskIds) plan.update(status(taskId, "TASK_FINISHED"), nowMs);
}

test("reduces start after the last map, and the job is done when results are in", () => {
  const plan = planOf(2, 2);
  const maps = launch(plan);
  expect(maps).toEqual(["j-m-0000", "j-m-0001"]);
  finish(plan, [maps[0] as string]);
  expect(plan.set.wantsOffers).toBe(false);
  finish(plan, [maps[1] as string]);
  const reduces = launch(plan);
  expect(reduces).toEqual(["j-r-0000", "j-r-0001"]);
  expect([...plan.mapAttempts().keys()]).toEqual(maps);
  finish(plan, reduces);
  expect(plan.isDone).toBe(false);
  for (const key of reduces) plan.collected(key);
  expect(plan.isDone).toBe(true);
});

test("a reduce without its inputs makes their maps run again before any reduce does", () => {
  const plan = planOf(2, 2);
  finish(plan, launch(plan));
  const [first = "", second = ""] = launch(plan, "y");
  const change = plan.update(status(first, "TASK_FAILED", EXIT_INPUT_LOST), 5);
  expect(change).toMatchObject({ retried: "lost", asks: { key: "j-r-0000" } });
  expect(launch(plan, "z")).toEqual([]);
  const named = ["j-m-0001", "j-m-9999"];
  expect(plan.inputsLost(change.asks as Attempt, named, 6)).toEqual({ reopened: 1 });
  expect(launch(plan, "z")).toEqual(["j-m-0001.2"]);
  finish(plan, [second]);
  expect(plan.mapsDone).toBe(1);
  finish(plan, ["j-m-0001.2"]);
  expect(launch(plan, "z")).toEqual(["j-r-0000.2"]);
  expect(plan.set.counts).toMatchObject({ retries: 0, failed: 0 });
});

test("a passing trouble with the inputs only runs the reduce again", () => {
  const plan = planOf(1, 1);
  finish(plan, launch(plan));
  const [reduce = ""] = launch(plan, "y");
  expect(miss(plan, reduce, [])).toEqual({ reopened: 0 });
  expect(launch(plan, "z")).toEqual(["j-r-0000.2"]);
});

test("an output that is lost again and again ends the job, and so does a result", () => {
  const plan = planOf(1, 1);
  finish(plan, launch(plan));
  for (let losses = 1; losses <= 6; losses++) {
    const atMs = 10 * losses;
    const [reduce = ""] = launch(plan, "y", 9, atMs);
    const end = miss(plan, reduce, ["j-m-0000"], atMs + 1);
    expect(end).toEqual(losses > 5 ? { spent: "j-m-0000" } : { reopened: 1 });
    finish(plan, launch(plan, "z", 9, atMs + 2), atMs + 3);
  }
  const other = planOf(1, 1);
  finish(other, launch(other));
  finish(other, launch(other, "y"));
  for (let losses = 1; losses <= 5; losses++) {
    expect(other.resultLost("j-r-0000", 7)).toBe(true);
    finish(other, launch(other, "y"));
  }
  expect(other.resultLost("j-r-0000", 8)).toBe(false);
});

test("one loss that every reduce tells of is one, however late it is told", () => {
  const plan = planOf(1, 9);
  finish(plan, launch(plan));
  const reduces = launch(plan, "y");
  expect(reduces).toHaveLength(9);
  const [first = "", late = "", ...others] = reduces;
  expect(miss(plan, first, ["j-m-0000"])).toEqual({ reopened: 1 });
  for (const reduce of others) {
    expect(miss(plan, reduce, ["j-m-0000"])).toEqual({ reopened: 0 });
  }
  finish(plan, launch(plan, "z", 9, 7), 8);
  // It missed what the first attempt of the map had made, and not what is there now.
  expect(miss(plan, late, ["j-m-0000"], 9)).toEqual({ reopened: 0 });
  expect(plan.mapsDone).toBe(1);
  expect(launch(plan, "y", 9, 10)).toHaveLength(9);
  expect(plan.set.counts).toMatchObject({ failed: 0 });
});

test("with an agent go its map outputs, unless every reduce has finished", () => {
  const plan = planOf(2, 1);
  const [a = ""] = launch(plan, "x", 1);
  const [b = ""] = launch(plan, "y", 1);
  finish(plan, [a, b]);
  expect(plan.agentLost("x", 5)).toBe(1);
  expect(launch(plan, "y")).toEqual(["j-m-0000.2"]);
  finish(plan, ["j-m-0000.2"]);
  finish(plan, launch(plan, "y"));
  expect(plan.agentLost("y", 9)).toBe(0);
});

test("a result that is lost before it was fetched is made again", () => {
  const plan = planOf(1, 1);
  finish(plan, launch(plan));
  finish(plan, launch(plan));
  plan.resultLost("j-r-0000", 5);
  expect(plan.isDone).toBe(false);
  expect(launch(plan, "y")).toEqual(["j-r-0000.2"]);
});

test("a task that fails more often than it may ends with its status, others are retried", () => {
  const plan = planOf(1, 1);
  const [first = ""] = launch(plan);
  expect(plan.update(status(first, "TASK_FAILED", 1), 1).retried).toBe("failed");
  const [second = ""] = launch(plan, "y");
  expect(plan.update(status(second, "TASK_FAILED", 2), 2).outcome).toMatchObject({
    key: "j-m-0000",
    exitCode: 2,
    attempts: 2,
  });
});

test("slow maps get a second attempt elsewhere, compared with maps and not with reduces", () => {
  const stragglers = { finishedShare: 0.5, factor: 2, leastMs: 10 };
  const plan = planOf(2, 1, { stragglers });
  const [fast = ""] = launch(plan, "x", 1);
  launch(plan, "y", 1);
  finish(plan, [fast], 100);
  plan.speculate(150);
  expect(plan.set.wantsOffers).toBe(false);
  plan.speculate(300);
  expect(launch(plan, "y", 9, 300)).toEqual([]);
  expect(launch(plan, "x", 9, 300)).toEqual(["j-m-0001.2"]);
  const change = plan.update(status("j-m-0001.2", "TASK_FINISHED"), 400);
  expect(change.kill).toEqual(["j-m-0001"]);
});

test("maps go to the agents that their files are near", () => {
  const plan = planOf(0, 1, {
    splits: [split(["r2"]), split(["r1"])],
    localityAttribute: "rack",
    patienceMs: 1_000,
  });
  const near = { ...offer("x", 1), attributes: [{ name: "rack", text: "r1" }] };
  const [answer] = plan.plan([near], 0);
  expect(answer?.attempts.map(({ key }) => key)).toEqual(["j-m-0001"]);
});

test("the figures count finished work by agent, and every attempt", () => {
  const plan = planOf(3, 1);
  const onX = launch(plan, "x", 2);
  const onY = launch(plan, "y", 1);
  finish(plan, [...onX, ...onY]);
  finish(plan, launch(plan, "y"));
  const work = plan.finished().map((attempt) => {
    const isMap = "map" in plan.partOf(attempt.key);
    return { attempt, bytes: isMap ? 1_000_000 : undefined };
  });
  expect(jobFigures(plan.set.counts, work, 2_000)).toMatchObject({
    tasks: 4,
    maps: 3,
    reduces: 1,
    launched: 4,
    inputBytes: 3_000_000,
    megabytesPerSecond: 1.5,
    agents: [
      { agentId: "x", maps: 2, reduces: 0, bytes: 2_000_000 },
      { agentId: "y", maps: 1, reduces: 1, bytes: 1_000_000 },
    ],
  });
});
