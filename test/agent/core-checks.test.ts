import { describe, expect, test } from "vitest";
import type { CheckResult } from "../../agent/core/state.ts";
import type { TaskInfo } from "../../contract/schema/task.ts";
import { CoreBench, F1 } from "./support/core.ts";

const tcp = { tcp: { port: 80 }, delayMs: 1_000, intervalMs: 500 };
const up: CheckResult = { succeeded: true };
const down: CheckResult = { succeeded: false };

/** A registered agent that runs task t1 with these checks, and its container. */
function running(more: Partial<TaskInfo>, capabilities: "TASK_KILLING_STATE"[] = []) {
  const bench = new CoreBench().register();
  bench.launch("t1", more, bench.framework(capabilities)).held();
  acknowledge(bench);
  bench.did();
  return { bench, containerId: bench.containerId };
}

/** Acknowledges what is in flight until nothing is. */
function acknowledge(bench: CoreBench): void {
  for (;;) {
    const task = [...bench.state.tasks.values()][0];
    const uuid = task && bench.state.streams.get(task.key)?.pending[0]?.status.uuid;
    if (task === undefined || uuid === undefined) return;
    bench.order({ type: "acknowledge", frameworkId: F1, taskId: task.info.taskId, uuid });
  }
}

/** The check is due now and saw this; what the agent did. */
function sees(
  { bench, containerId }: ReturnType<typeof running>,
  result: CheckResult,
  kind: "health" | "check" = "health",
): string[] {
  bench.do({ type: "check-done", containerId, kind, result });
  acknowledge(bench);
  return bench.did();
}

describe("health checks (F30)", () => {
  test("begin after the delay and go on after the interval, not before the last is done", () => {
    const task = running({ healthCheck: tcp });
    const { bench } = task;
    expect(bench.pass(999).did()).toEqual([]);
    expect(bench.pass(1).did()).toEqual(["run"]);
    expect(bench.pass(60_000).did()).toEqual([]);
    sees(task, up);
    expect(bench.pass(499).did()).toEqual([]);
    expect(bench.pass(1).did()).toEqual(["run"]);
  });

  test("are told when health changes and not otherwise (F32)", () => {
    const task = running({ healthCheck: { ...tcp, gracePeriodMs: 0, consecutiveFailures: 9 } });
    task.bench.pass(1_000).did();
    const told = [up, up, down, down, up].map((result) => sees(task, result));
    const update = ["update t1 TASK_RUNNING"];
    expect(told).toEqual([update, [], update, [], update]);
    expect(task.bench.updates.slice(-3)).toMatchObject(
      [true, false, true].map((healthy) => ({
        healthy,
        reason: "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED",
        source: "SOURCE_EXECUTOR",
      })),
    );
    expect(task.bench.updates.at(-2)?.message).toContain("nothing listens on port 80");
  });

  test("that fail too often in a row end the task, which is killed and unhealthy", () => {
    const task = running({
      healthCheck: { ...tcp, gracePeriodMs: 0, consecutiveFailures: 2 },
      killPolicy: { gracePeriodMs: 700 },
    });
    const { bench, containerId } = task;
    bench.pass(1_000).did();
    expect([down, up, down].flatMap((result) => sees(task, result))).toHaveLength(3);
    expect(sees(task, down)).toEqual(["kill SIGTERM"]);
    expect(bench.pass(700).did()).toEqual(["kill SIGKILL"]);
    // No look is taken, and none counts, once it is being ended.
    expect(sees(task, up)).toEqual([]);
    expect(bench.pass(60_000).did()).toEqual([]);
    bench.do({ type: "container-exited", containerId, exit: { signal: "SIGKILL" } });
    expect(bench.updates.at(-1)).toMatchObject({ state: "TASK_KILLED", healthy: false });
    expect(bench.updates.at(-1)?.message).toMatch(
      /^Task failed 2 health checks in a row: .*\[TASK_UNHEALTHY\]/,
    );
  });

  test("tell frameworks that know it that the task is being killed", () => {
    const check = { ...tcp, gracePeriodMs: 0, consecutiveFailures: 1 };
    const task = running({ healthCheck: check }, ["TASK_KILLING_STATE"]);
    task.bench.pass(1_000).did();
    expect(sees(task, down)).toEqual([
      "update t1 TASK_RUNNING",
      "kill SIGTERM",
      "update t1 TASK_KILLING",
    ]);
  });

  test("do not count within the grace period, until the first success", () => {
    const task = running({ healthCheck: { ...tcp, gracePeriodMs: 5_000, consecutiveFailures: 1 } });
    task.bench.pass(5_000).did();
    expect(sees(task, down)).toEqual([]);
    const late = running({ healthCheck: { ...tcp, gracePeriodMs: 5_000, consecutiveFailures: 1 } });
    late.bench.pass(1_000).did();
    expect(sees(late, up)).toEqual(["update t1 TASK_RUNNING"]);
    expect(sees(late, down)).toEqual(["update t1 TASK_RUNNING", "kill SIGTERM"]);
    task.bench.pass(1).did();
    expect(sees(task, down)).toEqual(["update t1 TASK_RUNNING", "kill SIGTERM"]);
  });

  test.each([
    [{ http: { port: 1 } }, { statusCode: 199 }, false],
    [{ http: { port: 1 } }, { statusCode: 200 }, true],
    [{ http: { port: 1 } }, { statusCode: 399 }, true],
    [{ http: { port: 1 } }, { statusCode: 400 }, false],
    [{ http: { port: 1 } }, { failure: "refused" }, false],
    [{ command: { value: "x" } }, { exitCode: 0 }, true],
    [{ command: { value: "x" } }, { exitCode: 1 }, false],
    [{ command: { value: "x" } }, { failure: "late" }, false],
  ])("%j that saw %j is healthy: %s", (check, result, healthy) => {
    const task = running({ healthCheck: { ...check, gracePeriodMs: 0, consecutiveFailures: 9 } });
    task.bench.pass(20_000);
    sees(task, result);
    expect(task.bench.updates.at(-1)).toMatchObject({ healthy });
  });

  test("go on after a restart of the agent with what they had seen", () => {
    const task = running({ healthCheck: { ...tcp, gracePeriodMs: 0, consecutiveFailures: 2 } });
    task.bench.pass(1_000);
    sees(task, up);
    sees(task, down);
    const { bench, containerId } = task;
    bench.restart();
    bench.do({ type: "container-adopted", containerId });
    bench.did();
    expect(bench.pass(1).did()).toEqual(["run"]);
    expect(sees(task, down)).toEqual(["kill SIGTERM"]);
  });
});

describe("general checks (F31)", () => {
  test("are told empty at first, then when they change, and end nothing", () => {
    const check = { http: { port: 1 }, delayMs: 0, intervalMs: 100 };
    const task = running({ check });
    expect(task.bench.updates.at(-1)).toMatchObject({
      state: "TASK_RUNNING",
      checkStatus: { type: "HTTP", http: {} },
    });
    const results = [
      { failure: "no" },
      { statusCode: 500 },
      { statusCode: 500 },
      { failure: "no" },
    ];
    const told = results.map((result) => sees(task, result, "check").length);
    expect(told).toEqual([0, 1, 0, 1]);
    expect(task.bench.updates.slice(-2)).toMatchObject([
      { checkStatus: { http: { statusCode: 500 } }, reason: "REASON_TASK_CHECK_STATUS_UPDATED" },
      { checkStatus: { http: {} }, reason: "REASON_TASK_CHECK_STATUS_UPDATED" },
    ]);
    expect(task.bench.updates.at(-1)?.healthy).toBeUndefined();
  });

  test("and health checks of one task are told together", () => {
    const task = running({ check: { tcp: { port: 1 } }, healthCheck: { tcp: { port: 1 } } });
    task.bench.pass(20_000);
    sees(task, up, "check");
    sees(task, up, "health");
    expect(task.bench.updates.at(-1)).toMatchObject({
      healthy: true,
      checkStatus: { type: "TCP", tcp: { succeeded: true } },
    });
  });
});
