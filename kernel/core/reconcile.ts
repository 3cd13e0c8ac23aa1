import type { AgentId, TaskId } from "../../contract/ids.ts";
import type { TaskStatus } from "../../contract/schema/task.ts";
import type { TaskState } from "../../contract/task-state.ts";
import type { Call } from "./calls.ts";
import type { Task } from "./state.ts";
import { forAwareness, masterStatus, sendStatus, toldState } from "./statuses.ts";

const KNOWN = "Reconciliation: Latest task state";

/** Tells the framework everything that the master knows of its tasks (D12). */
export function reconcileAll(call: Call): void {
  for (const task of call.framework.tasks.values()) answerKnown(call, task);
}

/** Tells the framework about one task, unless the answer may still be on its way (D13). */
export function reconcileTask(call: Call, taskId: TaskId, asked: AgentId | undefined): void {
  const { state, framework } = call;
  const agentId = asked ?? framework.unreachable.get(taskId)?.agentId;
  const known = framework.tasks.get(taskId);
  if (known !== undefined) {
    answerKnown(call, known);
    return;
  }
  if (agentId === undefined) {
    if (state.recovering.size > 0) return;
    answer(call, taskId, undefined, "TASK_UNKNOWN", "Task is unknown");
    return;
  }
  if (state.recovering.has(agentId)) return;
  const { unreachable, gone } = state.registry;
  if (state.agents.has(agentId)) {
    answer(call, taskId, agentId, "TASK_GONE", "Task is unknown to the agent");
  } else if (unreachable.has(agentId)) {
    answerUnreachable(call, taskId, agentId, unreachable.get(agentId)?.sinceMs);
  } else if (gone.has(agentId)) {
    answer(call, taskId, agentId, "TASK_GONE_BY_OPERATOR", "Task is gone with its agent");
  } else {
    answer(call, taskId, agentId, "TASK_UNKNOWN", "Task and agent are unknown");
  }
}

function answerKnown({ framework, nowMs, out }: Call, task: Task): void {
  const status = masterStatus(task.id, toldState(task), nowMs, {
    reason: "REASON_RECONCILIATION",
    message: KNOWN,
    agentId: task.agentId,
  });
  if (task.executorId !== undefined) status.executorId = task.executorId;
  const last = task.statuses.at(-1);
  if (last?.healthy !== undefined) status.healthy = last.healthy;
  if (last?.checkStatus !== undefined) status.checkStatus = last.checkStatus;
  if (last?.containerStatus !== undefined) status.containerStatus = last.containerStatus;
  sayEnd(task, status);
  sendStatus(framework, status, out);
}

/**
 * How a task ended goes with the word that it did: a framework decides on the first end that it
 * hears of, and after a change of master that is often this answer and not the agent's own update.
 */
function sayEnd(task: Task, status: TaskStatus): void {
  const told = task.statuses.findLast(({ state }) => state === status.state);
  if (told?.exitCode !== undefined) status.exitCode = told.exitCode;
  if (told?.signal !== undefined) status.signal = told.signal;
  if (told?.limitation !== undefined) status.limitation = told.limitation;
}

function answerUnreachable(
  call: Call,
  taskId: TaskId,
  agentId: AgentId,
  sinceMs: number | undefined,
): void {
  answer(call, taskId, agentId, "TASK_UNREACHABLE", "Task's agent is unreachable", sinceMs);
}

function answer(
  { framework, nowMs, out }: Call,
  taskId: TaskId,
  agentId: AgentId | undefined,
  aware: TaskState,
  what: string,
  unreachableTimeMs?: number,
): void {
  const status: TaskStatus = masterStatus(taskId, forAwareness(framework, aware), nowMs, {
    reason: "REASON_RECONCILIATION",
    message: `Reconciliation: ${what}`,
    agentId,
    unreachableTimeMs,
  });
  sendStatus(framework, status, out);
}
