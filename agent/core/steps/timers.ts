import { keepTask } from "../checkpoint.ts";
import type { Effect } from "../effect.ts";
import type { ExecutorKey, TaskKey } from "../ids.ts";
import type { AgentState, Ending } from "../state.ts";
import type { Timer } from "../timers.ts";
import { resendHead } from "../updates.ts";
import { lostAs } from "../words.ts";
import { runCheck } from "./check.ts";
import { endDrained } from "./drain.ts";
import { endCommand, endExecutor, executorOf } from "./kill.ts";
import { resendOperation } from "./operation.ts";
import { checkMaster, registerIfDue } from "./registration.ts";

/** Fires every timer that is due. */
export function stepTick(state: AgentState, nowMs: number, out: Effect[]): void {
  for (;;) {
    const timer = state.timers.takeDue(nowMs);
    if (timer === undefined) return;
    fire(state, timer, nowMs, out);
  }
}

function fire(state: AgentState, timer: Timer, nowMs: number, out: Effect[]): void {
  const task = state.tasks.get(timer.of as TaskKey);
  const executor = state.executors.get(timer.of as ExecutorKey);
  switch (timer.kind) {
    case "register":
      registerIfDue(state, nowMs, out);
      return;
    case "master":
      checkMaster(state, nowMs);
      return;
    case "resend":
      if (task !== undefined) resendHead(state, task, nowMs, out);
      return;
    case "operation":
      resendOperation(state, timer.of, nowMs, out);
      return;
    case "kill":
      if (task?.killDueMs === undefined || task.killDueMs > nowMs) return;
      if (task.containerId === undefined || !state.containers.has(task.containerId)) return;
      if (task.delivered) {
        const own = executorOf(state, task);
        if (own !== undefined) endDrained(state, own, nowMs, out);
        return;
      }
      delete task.killDueMs;
      keepTask(task, out);
      out.push({ type: "kill-container", containerId: task.containerId, signal: "SIGKILL" });
      return;
    case "completion":
      if (task?.completionDueMs === undefined || task.completionDueMs > nowMs) return;
      endCommand(state, task, TOO_LONG, 0, nowMs, out);
      return;
    case "health":
    case "check":
      runCheck(task, timer.kind, out);
      return;
    case "subscribe":
      if (executor?.subscribeDueMs === undefined || executor.subscribeDueMs > nowMs) return;
      endExecutor(state, executor, nowMs, out, lateEnding(state, executor.everRan, executor));
      return;
    case "shutdown":
      if (executor?.killDueMs === undefined || executor.killDueMs > nowMs) return;
      out.push({
        type: "kill-container",
        containerId: executor.containerId,
        signal: "SIGKILL",
      });
      return;
  }
}

const TOO_LONG: Ending = {
  state: "TASK_FAILED",
  reason: "REASON_MAX_COMPLETION_TIME_REACHED",
  message: "Task ran longer than its maximum completion time",
};

/** B40 for an executor that never came, B41 for one that did not come back. */
function lateEnding(
  state: AgentState,
  everRan: boolean,
  executor: { readonly frameworkId: Parameters<typeof lostAs>[1] },
): Ending {
  if (!everRan) {
    return {
      state: "TASK_FAILED",
      reason: "REASON_EXECUTOR_REGISTRATION_TIMEOUT",
      message: "Executor did not register in time",
    };
  }
  return {
    state: lostAs(state, executor.frameworkId, "TASK_GONE"),
    reason: "REASON_EXECUTOR_REREGISTRATION_TIMEOUT",
    message: "Executor did not come back after the agent's restart",
  };
}
