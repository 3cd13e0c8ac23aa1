import { KILL_GRACE_DEFAULT_MS } from "../../../contract/schema/command.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import type { Effect } from "../effect.ts";
import type { AgentState, Ending } from "../state.ts";
import { checkLeft } from "./container.ts";
import { endCommand, endExecutor, executorOf, graceOf } from "./kill.ts";

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
