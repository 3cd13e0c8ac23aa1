import type { AgentOrderOf } from "../../../contract/agent-api.ts";
import type { TaskStatus } from "../../../contract/schema/task.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import { keepTask } from "../checkpoint.ts";
import type { Effect } from "../effect.ts";
import { type AgentState, type Ending, type Executor, isCapable, type Task } from "../state.ts";
import { addUpdate } from "../updates.ts";
import { endingWords } from "../words.ts";
import { tell } from "./connection.ts";
import { endCommand, endExecutor, executorOf, graceOf } from "./kill.ts";

const REASON = "REASON_AGENT_DRAINING";

/**
 * The agent is emptied: each task is killed, with no longer grace than the drain allows (I5). Told
 * again after a reconnection, it never gives a task more time than it had.
 */
export function stepDrain(
  state: AgentState,
  { config }: AgentOrderOf<"drain">,
  nowMs: number,
  out: Effect[],
): void {
  state.drain = { config, startedMs: nowMs };
  for (const task of [...state.tasks.values()]) {
    if (isTerminal(task.state)) continue;
    const why = endingOf(state, task);
    const executor = executorOf(state, task);
    if (executor === undefined) {
      endCommand(state, task, why, Math.min(graceOf(task), longestMs(state)), nowMs, out);
    } else if (task.delivered) {
      if (executor.phase !== "ending") killOn(state, executor, task, why, nowMs, out);
    } else {
      addUpdate(state, task, endingWords(why), nowMs, out);
      executor.tasks.delete(task.key);
    }
  }
  for (const executor of state.executors.values()) {
    // One that is ending already may have been given more time than there is now.
    const isToEnd = executor.phase === "ending" || executor.tasks.size === 0;
    if (isToEnd) endExecutor(state, executor, nowMs, out, undefined, longestMs(state));
    else endDrained(state, executor, nowMs, out);
  }
}

function longestMs({ drain }: AgentState): number {
  return drain?.config.maxGracePeriodMs ?? Number.POSITIVE_INFINITY;
}

function endingOf(state: AgentState, { frameworkId }: Task): Ending {
  const isGone = state.drain?.config.markGone && isCapable(state, frameworkId, "PARTITION_AWARE");
  return {
    state: isGone ? "TASK_GONE_BY_OPERATOR" : "TASK_KILLED",
    reason: REASON,
    message: "The agent is being drained",
    isAnnounced: true,
  };
}

/**
 * Has a custom executor kill a task in its own way. The policy is only sent where it is another
 * than the task's. Without any, neither of the task nor of the drain, the executor may take its
 * time.
 */
function killOn(
  state: AgentState,
  executor: Executor,
  task: Task,
  why: Ending,
  nowMs: number,
  out: Effect[],
): void {
  const isFirst = task.ending === undefined;
  const ownMs = task.info.killPolicy?.gracePeriodMs ?? Number.POSITIVE_INFINITY;
  const graceMs = Math.min(ownMs, longestMs(state));
  const dueMs = nowMs + graceMs;
  const isNearer = dueMs < (task.killDueMs ?? Number.POSITIVE_INFINITY);
  if (!isFirst && !isNearer) return;
  task.ending ??= why;
  if (isNearer) {
    task.killDueMs = dueMs;
    state.timers.add({ dueMs, kind: "kill", of: task.key });
  }
  keepTask(task, out);
  sendKill(executor, task, graceMs < ownMs ? graceMs : undefined, out);
}

function sendKill(
  executor: Executor,
  { info: { taskId } }: Task,
  gracePeriodMs: number | undefined,
  out: Effect[],
): void {
  const policy = gracePeriodMs === undefined ? {} : { killPolicy: { gracePeriodMs } };
  tell(executor, { type: "kill", taskId, ...policy }, out);
}

/**
 * A custom executor has come back. What it was to kill meanwhile, or may not have heard of, it is.
 */
export function resumeDrain(
  state: AgentState,
  executor: Executor,
  nowMs: number,
  out: Effect[],
): void {
  const tasks = tasksOf(state, executor).filter(isDrained);
  for (const task of tasks) {
    const { killDueMs } = task;
    const leftMs = killDueMs === undefined ? undefined : Math.max(0, killDueMs - nowMs);
    sendKill(executor, task, leftMs, out);
  }
  if (tasks.length > 0 || state.drain !== undefined) endDrained(state, executor, nowMs, out);
}

/** Ends a custom executor that has no task left, or has not ended any in the time that it had. */
export function endDrained(
  state: AgentState,
  executor: Executor,
  nowMs: number,
  out: Effect[],
): void {
  // One that has yet to come back may have ended them long ago, and says so when it comes.
  if (executor.phase !== "running") return;
  const isOver = ({ killDueMs }: Task) => killDueMs !== undefined && killDueMs <= nowMs;
  if (!tasksOf(state, executor).every(isOver)) return;
  endExecutor(state, executor, nowMs, out, undefined, longestMs(state));
}

function tasksOf({ tasks }: AgentState, executor: Executor): Task[] {
  return [...executor.tasks].flatMap((key) => tasks.get(key) ?? []);
}

/** Whether a task is killed for a drain. */
export function isDrained({ ending }: Task): boolean {
  return ending?.reason === REASON;
}

/** What a custom executor says of a task that it kills for a drain: the reason is the agent's. */
export function drainedStatus(status: TaskStatus, { ending }: Task): TaskStatus {
  const { state } = status;
  if (ending?.reason !== REASON) return status;
  if (state === "TASK_KILLED") return { ...status, state: ending.state, reason: REASON };
  return state === "TASK_KILLING" ? { ...status, reason: REASON } : status;
}
