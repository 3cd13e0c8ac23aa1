import { KILL_GRACE_DEFAULT_MS } from "../../../contract/schema/command.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import type { Effect } from "../effect.ts";
import { boundContainers } from "../forsaken.ts";
import type { AgentState, Ending } from "../state.ts";
import { dropStream } from "../streams.ts";
import { endCommand, endExecutor, executorOf, graceOf } from "./kill.ts";
import { checkLeft } from "./shared.ts";

/** Ends everything that runs here, then the process (B28, F5). */
export function stepLeave(
  state: AgentState,
  code: string,
  message: string,
  nowMs: number,
  out: Effect[],
): void {
  if (state.leaving !== undefined) return;
  if (state.master.phase === "registered") {
    out.push({ type: "send-master", message: { type: "unregister" } });
  }
  state.leaving = { code, message };
  state.master.phase = "down";
  endAll(state, { state: "TASK_KILLED", message }, KILL_GRACE_DEFAULT_MS, nowMs, out);
  checkLeft(state, out);
}

/**
 * The agent's process ends, and with it what does not outlive it (B42, F5). Nobody hears of that:
 * the master declares all of it lost as soon as it has lost the agent (B23).
 */
export function stepStop(state: AgentState, nowMs: number, out: Effect[]): void {
  state.master.phase = "down";
  const why: Ending = { state: "TASK_KILLED", message: "The agent is stopping" };
  const bound = new Set(boundContainers(state));
  const longestMs = state.setup.times.executorShutdownGraceMs;
  for (const executor of state.executors.values()) {
    if (!bound.has(executor.containerId)) continue;
    endExecutor(state, executor, nowMs, out, why);
    // It may have been granted more.
    executor.killDueMs = Math.min(executor.killDueMs ?? Infinity, nowMs + longestMs);
    state.timers.add({ dueMs: executor.killDueMs, kind: "shutdown", of: executor.key });
  }
  for (const task of state.tasks.values()) {
    if (task.containerId === undefined || !bound.has(task.containerId)) continue;
    dropStream(state, task, out);
    task.silent = true;
    if (executorOf(state, task) !== undefined) continue;
    endCommand(state, task, why, Math.min(graceOf(task), longestMs), nowMs, out);
  }
}

/** Ends every task and executor; what they are told says why. */
function endAll(
  state: AgentState,
  why: Ending,
  graceMsMax: number,
  nowMs: number,
  out: Effect[],
): void {
  for (const executor of state.executors.values()) endExecutor(state, executor, nowMs, out, why);
  for (const task of state.tasks.values()) {
    if (isTerminal(task.state) || executorOf(state, task) !== undefined) continue;
    endCommand(state, task, why, Math.min(graceOf(task), graceMsMax), nowMs, out);
  }
}
