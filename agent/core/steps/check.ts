import { errors, reasonOf } from "../../../contract/errors.ts";
import type { ContainerId } from "../../../contract/ids.ts";
import type { CheckInfo, CheckStatus, HealthCheck } from "../../../contract/schema/command.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import { keepTask } from "../checkpoint.ts";
import type { Effect } from "../effect.ts";
import { taskKey } from "../ids.ts";
import { sameJson } from "../same.ts";
import type { AgentState, CheckKind, CheckResult, Checks, Task } from "../state.ts";
import { addUpdate } from "../updates.ts";
import { endCommand, graceOf } from "./kill.ts";

/** What holds where a check says nothing, in milliseconds and failures in a row (F30, F31). */
const defaults = {
  delayMs: 15_000,
  intervalMs: 10_000,
  timeoutMs: 20_000,
  gracePeriodMs: 10_000,
  consecutiveFailures: 3,
} as const;

/**
 * A command task is about to be told running, or has been found running after a restart: its checks
 * begin. Those that had begun before go on, with what they had seen.
 */
export function beginChecks(state: AgentState, task: Task, nowMs: number): void {
  const { healthCheck, check } = task.info;
  if (healthCheck === undefined && check === undefined) return;
  const hadBegun = task.checks !== undefined;
  task.checks ??= {
    sinceMs: nowMs,
    failures: 0,
    ...(check === undefined ? {} : { status: statusOf(check, {}) }),
  };
  if (healthCheck !== undefined) plan(state, task, "health", nowMs + waitMs(healthCheck, hadBegun));
  if (check !== undefined) plan(state, task, "check", nowMs + waitMs(check, hadBegun));
}

function waitMs(check: CheckInfo, hadBegun: boolean): number {
  return hadBegun ? 0 : (check.delayMs ?? defaults.delayMs);
}

function plan(state: AgentState, task: Task, kind: CheckKind, dueMs: number): void {
  state.timers.add({ dueMs, kind, of: task.key });
}

/** It is time to look at a task. */
export function runCheck(task: Task | undefined, kind: CheckKind, out: Effect[]): void {
  if (task?.containerId === undefined || !isWatched(task)) return;
  const check = kind === "health" ? task.info.healthCheck : task.info.check;
  if (check === undefined) return;
  const timeoutMs = check.timeoutMs ?? defaults.timeoutMs;
  out.push({ type: "run-check", containerId: task.containerId, kind, check, timeoutMs });
}

function isWatched(task: Task): boolean {
  return task.checks !== undefined && task.ending === undefined && !isTerminal(task.state);
}

/** A look at a task has been taken, and this is what it saw. */
export function stepChecked(
  state: AgentState,
  containerId: ContainerId,
  kind: CheckKind,
  result: CheckResult,
  nowMs: number,
  out: Effect[],
): void {
  const planned = state.containers.get(containerId)?.plan;
  if (planned?.taskId === undefined) return;
  const task = state.tasks.get(taskKey(planned.frameworkId, planned.taskId));
  if (task?.checks === undefined || !isWatched(task)) return;
  const { healthCheck, check } = task.info;
  if (kind === "health" && healthCheck !== undefined) {
    tookHealth(state, task, task.checks, healthCheck, result, nowMs, out);
  } else if (kind === "check" && check !== undefined) {
    tookCheck(state, task, task.checks, statusOf(check, result), nowMs, out);
  }
  const { intervalMs = defaults.intervalMs } = (kind === "health" ? healthCheck : check) ?? {};
  if (isWatched(task)) plan(state, task, kind, nowMs + intervalMs);
}

/** Tells of a general check when it saw something else than before (F31, F32). */
function tookCheck(
  state: AgentState,
  task: Task,
  checks: Checks,
  status: CheckStatus,
  nowMs: number,
  out: Effect[],
): void {
  if (sameJson(checks.status, status)) return;
  checks.status = status;
  const reason = "REASON_TASK_CHECK_STATUS_UPDATED";
  addUpdate(state, task, { state: "TASK_RUNNING", source: "SOURCE_EXECUTOR", reason }, nowMs, out);
}

/** Tells when health changes, and ends a task that failed too often in a row (F30). */
function tookHealth(
  state: AgentState,
  task: Task,
  checks: Checks,
  check: HealthCheck,
  result: CheckResult,
  nowMs: number,
  out: Effect[],
): void {
  const problem = problemOf(check, result);
  const isHealthy = problem === undefined;
  const { gracePeriodMs = defaults.gracePeriodMs } = check;
  const isNew = checks.healthy === undefined;
  // It may still be on its way up.
  if (!isHealthy && isNew && nowMs <= checks.sinceMs + gracePeriodMs) return;
  checks.failures = isHealthy ? 0 : checks.failures + 1;
  if (checks.healthy !== isHealthy) {
    checks.healthy = isHealthy;
    const words = {
      state: "TASK_RUNNING",
      source: "SOURCE_EXECUTOR",
      reason: "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED",
      ...(problem === undefined ? {} : { message: `Health check failed: ${problem}` }),
    } as const;
    addUpdate(state, task, words, nowMs, out);
  } else keepTask(task, out);
  const most = Math.max(1, check.consecutiveFailures ?? defaults.consecutiveFailures);
  if (problem === undefined || checks.failures < most) return;
  const message = reasonOf(errors.TASK_UNHEALTHY(checks.failures, problem));
  const why = { state: "TASK_KILLED", message, isAnnounced: true } as const;
  endCommand(state, task, why, graceOf(task), nowMs, out);
}

/** What is wrong with a task by what was seen of it; `undefined` when it is healthy. */
function problemOf(check: HealthCheck, result: CheckResult): string | undefined {
  const { failure, exitCode, statusCode, succeeded } = result;
  if (failure !== undefined) return failure;
  if (check.http !== undefined) {
    const isGood = statusCode !== undefined && statusCode >= 200 && statusCode < 400;
    return isGood ? undefined : `it answered with status ${statusCode}`;
  }
  if (check.tcp !== undefined) {
    return succeeded === true ? undefined : `nothing listens on port ${check.tcp.port}`;
  }
  return exitCode === 0 ? undefined : `its command exited with status ${exitCode}`;
}

/** What is told of a general check; a look that saw nothing leaves the member empty. */
function statusOf(check: CheckInfo, { exitCode, statusCode, succeeded }: CheckResult): CheckStatus {
  if (check.http !== undefined) {
    return { type: "HTTP", http: statusCode === undefined ? {} : { statusCode } };
  }
  if (check.tcp !== undefined) {
    return { type: "TCP", tcp: succeeded === undefined ? {} : { succeeded } };
  }
  return { type: "COMMAND", command: exitCode === undefined ? {} : { exitCode } };
}
