import fc from "fast-check";
import { expect, test } from "vitest";
import { commandEnd } from "../../frameworks/taskset/endings.ts";
import { TaskSet } from "../../frameworks/taskset/planner.ts";
import { median, stragglers } from "../../frameworks/taskset/stragglers.ts";
import { add, contains, type Resources, type TaskState, type TaskStatus } from "../../sdk/index.ts";
import { launch, offer, one, setOf, status } from "./support/items.ts";

/** state of the only attempt → outcome, retry and task id of the next attempt. */
const endings: readonly [TaskState, number, string | undefined, string | undefined][] = [
  ["TASK_FINISHED", 0, "TASK_FINISHED", undefined],
  ["TASK_FAILED", 0, "TASK_FAILED", undefined],
  ["TASK_FAILED", 1, undefined, "a.2"],
  ["TASK_KILLED", 1, "TASK_KILLED", undefined],
  ["TASK_ERROR", 1, "TASK_ERROR", undefined],
  ["TASK_LOST", 0, undefined, "a.2"],
  ["TASK_DROPPED", 0, undefined, "a.2"],
  ["TASK_GONE", 0, undefined, "a.2"],
  ["TASK_GONE_BY_OPERATOR", 0, undefined, "a.2"],
  ["TASK_UNREACHABLE", 0, undefined, "a.2"],
  ["TASK_UNKNOWN", 0, undefined, "a.2"],
];

test.each(endings)("%s with %i retries left gives outcome %s and next attempt %s", (...row) => {
  const [state, retries, outcome, next] = row;
  const set = setOf(["a"], { retries });
  launch(set, offer("x"));
  const change = set.update(status("a", state), 5);
  expect(change.outcome?.state).toBe(outcome);
  expect(launch(set, offer("y"), 10)).toEqual(next === undefined ? [] : [next]);
  expect(set.isDone).toBe(outcome !== undefined);
});

test("an end is told once, however often it is reported", () => {
  const set = setOf(["a"]);
  launch(set, offer("x"));
  expect(set.update(status("a", "TASK_FAILED", { exitCode: 3 }), 1).outcome).toMatchObject({
    state: "TASK_FAILED",
    exitCode: 3,
    attempts: 1,
  });
  expect(set.update(status("a", "TASK_FAILED"), 2)).toEqual({ kill: [] });
  expect(set.update(status("a", "TASK_FINISHED"), 3)).toEqual({ kill: [] });
  expect(set.counts).toMatchObject({ failed: 1, finished: 0, live: 0 });
});

test("an end that a master tells of is completed by the agent's own word (D12)", () => {
  const set = setOf(["a", "b"]);
  launch(set, offer("x"));
  const reason = "REASON_RECONCILIATION" as const;
  expect(set.update(status("a", "TASK_FAILED", { reason }), 1).outcome).toMatchObject({ reason });
  const own = { uuid: "0".repeat(32) as TaskStatus["uuid"] & string, exitCode: 7, message: "7" };
  set.update(status("a", "TASK_FINISHED", own), 2);
  expect(set.outcomeOf("a")).toMatchObject({ state: "TASK_FAILED", reason });
  expect(set.update(status("a", "TASK_FAILED", own), 3)).toEqual({ kill: [] });
  expect(set.outcomeOf("a")).toMatchObject({ exitCode: 7, message: "7", endedMs: 1 });
  expect(set.counts).toMatchObject({ failed: 1, live: 1 });
  set.update(status("b", "TASK_FAILED", own), 4);
  set.update(status("b", "TASK_FAILED", { ...own, exitCode: 8 }), 5);
  expect(set.outcomeOf("b")?.exitCode).toBe(7);
});

test("losses cost no retry, but do not go on for ever", () => {
  const set = setOf(["a"], { reruns: 2 });
  const states: (TaskState | undefined)[] = [];
  for (const taskId of ["a", "a.2", "a.3"]) {
    expect(launch(set, offer("x"), states.length * 10_000)).toEqual([taskId]);
    states.push(set.update(status(taskId, "TASK_LOST"), states.length * 10_000).outcome?.state);
  }
  expect(states).toEqual([undefined, undefined, "TASK_LOST"]);
});

test("no attempt has the task id of another item", () => {
  const set = setOf(["a", "a.2"]);
  expect(launch(set, offer("x"))).toEqual(["a", "a.2"]);
  set.update(status("a", "TASK_LOST"), 1);
  set.update(status("a.2", "TASK_LOST"), 1);
  const again = [...launch(set, offer("y", 2), 10_000)].sort();
  expect(again).toEqual(["a.2.2", "a.2.again"]);
});

test("an attempt that was given up is killed if it comes back, until it has ended (B25)", () => {
  const set = setOf(["a"]);
  launch(set, offer("x"));
  set.update(status("a", "TASK_UNREACHABLE"), 1);
  launch(set, offer("y"), 2);
  const told = ["TASK_RUNNING", "TASK_KILLED", "TASK_RUNNING"] as const;
  expect(told.map((state) => set.update(status("a", state), 3).kill)).toEqual([["a"], [], []]);
  expect(set.update(status("a.2", "TASK_FINISHED"), 5).outcome?.attempt?.taskId).toBe("a.2");
});

test("a retry waits a while for another agent than the one that failed it, then takes any", () => {
  const set = setOf(["a"], { retries: 1, patienceMs: 1_000 });
  launch(set, offer("x"), 0);
  set.update(status("a", "TASK_FAILED"), 0);
  const [patient] = set.plan([offer("x")], 500);
  expect(patient).toMatchObject({ attempts: [], refuseMs: 1_000 });
  expect(launch(set, offer("x"), 1_000)).toEqual(["a.2"]);
});

test("items go to agents that they prefer first, and elsewhere when their patience ends", () => {
  const set = new TaskSet({ patienceMs: 1_000 });
  const prefers = { attribute: "rack", values: ["r1"] };
  set.add({ key: "near", resources: one, prefers }, 0);
  set.add({ key: "any", resources: one }, 0);
  expect(launch(set, offer("x", 1, { rack: "r2" }), 0)).toEqual(["any"]);
  expect(launch(set, offer("y", 1, { rack: "r1" }), 0)).toEqual(["near"]);
  set.add({ key: "far", resources: one, prefers }, 0);
  expect(launch(set, offer("x", 1, { rack: "r2" }), 999)).toEqual([]);
  expect(launch(set, offer("x", 1, { rack: "r2" }), 1_000)).toEqual(["far"]);
  expect(set.counts).toMatchObject({ local: 1, remote: 1 });
});

test("agents without a required attribute get nothing, however long it takes", () => {
  const set = setOf(["a"], {}, { requires: { rack: "a" } });
  expect(launch(set, offer("x", 4, { rack: "b" }), 1e9)).toEqual([]);
  expect(launch(set, offer("y", 4), 1e9)).toEqual([]);
  expect(launch(set, offer("z", 4, { rack: "a" }), 0)).toEqual(["a"]);
});

test("of two attempts on two agents the first to finish wins, and the other is killed", () => {
  const set = setOf(["a"]);
  launch(set, offer("x"));
  expect(set.speculate("a", 10)).toBe(true);
  expect(set.speculate("a", 10)).toBe(false);
  expect(launch(set, offer("x"), 1e9)).toEqual([]);
  expect(launch(set, offer("y"), 10)).toEqual(["a.2"]);
  const change = set.update(status("a.2", "TASK_FINISHED"), 20);
  expect(change.outcome?.attempt?.place.agentId).toBe("y");
  expect(change.kill).toEqual(["a"]);
  expect(set.update(status("a", "TASK_KILLED"), 30)).toEqual({ kill: [] });
  expect(set.counts).toMatchObject({ speculative: 1, finished: 1, live: 0 });
});

test("when one of two attempts fails the other goes on, and nothing is retried", () => {
  const set = setOf(["a"]);
  launch(set, offer("x"));
  set.speculate("a", 10);
  launch(set, offer("y"), 10);
  expect(set.update(status("a", "TASK_FAILED"), 20)).toEqual({ kill: [] });
  expect(set.update(status("a.2", "TASK_FINISHED"), 30).outcome?.state).toBe("TASK_FINISHED");
});

test("a finished item can be run again when what it left behind is lost", () => {
  const set = setOf(["a"]);
  launch(set, offer("x"));
  set.update(status("a", "TASK_FINISHED"), 1);
  expect(set.isDone).toBe(true);
  expect(set.reopen("a", 2)).toBe(true);
  expect(set.reopen("a", 2)).toBe(false);
  expect(set.isDone).toBe(false);
  expect(launch(set, offer("y"), 2)).toEqual(["a.2"]);
  expect(set.update(status("a.2", "TASK_FINISHED"), 3).outcome?.attempts).toBe(2);
});

test("cancelling launches nothing more and names what must be killed", () => {
  const set = setOf(["a", "b"], { retries: 5 });
  launch(set, offer("x", 1));
  expect(set.cancel(5)).toEqual(["a"]);
  expect(set.wantsOffers).toBe(false);
  expect(set.outcomeOf("b")?.state).toBe("TASK_KILLED");
  set.killing("a", 5);
  expect(set.update(status("a", "TASK_KILLED"), 6).outcome?.state).toBe("TASK_KILLED");
  expect(set.isDone).toBe(true);
  expect(set.counts).toMatchObject({ killed: 2, failed: 0, finished: 0 });
});

test("the end of a command is read from fields, or from the words of the message (F20)", () => {
  const end = (more: Partial<TaskStatus>) => commandEnd(status("a", "TASK_FAILED", more));
  expect(end({ exitCode: 7 })).toEqual({ exitCode: 7 });
  expect(end({ signal: "SIGKILL", exitCode: 137 })).toEqual({ signal: "SIGKILL" });
  expect(end({ message: "Command exited with status 42" })).toEqual({ exitCode: 42 });
  expect(end({ message: "Command terminated with signal SIGSEGV" })).toEqual({ signal: "SIGSEGV" });
  expect(end({ message: "no such image" })).toEqual({});
  expect(commandEnd(status("a", "TASK_FINISHED"))).toEqual({ exitCode: 0 });
});

test("an attempt is slow beside the median of those that finished", () => {
  const set = setOf(["a", "b", "c", "d"]);
  launch(set, offer("x", 4), 0);
  const slow = (finishedMs: readonly number[], nowMs: number) =>
    stragglers(set.live, finishedMs, 4, nowMs, { finishedShare: 0.5, factor: 2, leastMs: 100 });
  expect(median([5, 1, 3])).toBe(3);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(slow([1_000], 1e6)).toEqual([]);
  expect(slow([1_000, 1_000], 2_000)).toEqual([]);
  expect(slow([1_000, 1_000], 2_001)).toEqual(["a", "b", "c", "d"]);
  expect(slow([10, 10], 99)).toEqual([]);
});

const states: TaskState[] = [
  "TASK_RUNNING",
  "TASK_FINISHED",
  "TASK_FAILED",
  "TASK_LOST",
  "TASK_UNREACHABLE",
  "TASK_KILLED",
];

test("whatever happens, offers are never overspent and every item ends exactly once", () => {
  const step = fc.oneof(
    fc.record({ agent: fc.nat(3), cpus: fc.nat(6) }),
    fc.record({ at: fc.nat(), state: fc.constantFrom(...states) }),
    fc.record({ speculate: fc.nat(9) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.nat(3), (steps, retries) => {
      const keys = Array.from({ length: 10 }, (_, at) => `t${at}`);
      const set = setOf(keys, { retries, reruns: 3 });
      const ended = new Map<string, number>();
      const launched: string[] = [];
      steps.forEach((happened, at) => {
        const nowMs = at * 1_000;
        if ("agent" in happened) {
          const given = offer(`agent${happened.agent}`, happened.cpus);
          const [answer] = set.plan([given], nowMs);
          const used = (answer?.attempts ?? []).reduce<Resources>((sum) => add(sum, one), []);
          expect(contains(given.resources, used)).toBe(true);
          launched.push(...(answer?.attempts ?? []).map(({ taskId }) => taskId));
        } else if ("speculate" in happened) set.speculate(`t${happened.speculate}`, nowMs);
        else if (launched.length > 0) {
          const taskId = launched[happened.at % launched.length] as string;
          const { outcome } = set.update(status(taskId, happened.state), nowMs);
          if (outcome !== undefined) ended.set(outcome.key, (ended.get(outcome.key) ?? 0) + 1);
        }
      });
      expect(new Set(launched).size).toBe(launched.length);
      expect([...ended.values()].every((times) => times === 1)).toBe(true);
      expect(set.isDone).toBe(ended.size === keys.length);
      const { pending, live, finished, failed, killed, items } = set.counts;
      expect(finished + failed + killed).toBe(ended.size);
      expect(pending + live).toBeGreaterThanOrEqual(items - ended.size);
    }),
  );
});

test("F3 a task whose machine was started anew is lost, and no failure of its own", () => {
  const set = setOf(["a"]);
  launch(set, offer("x"));
  const change = set.update(status("a", "TASK_FAILED", { reason: "REASON_AGENT_RESTARTED" }), 1);
  expect(change).toMatchObject({ retried: "lost" });
  expect(set.counts).toMatchObject({ reruns: 1, retries: 0, pending: 1 });
});
