import type { AgentOrderOf } from "../../../contract/agent-api.ts";
import type { AgentId, FrameworkId, RoleName, TaskId } from "../../../contract/ids.ts";
import { KILL_GRACE_DEFAULT_MS } from "../../../contract/schema/command.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import { keepExecutor, keepTask } from "../checkpoint.ts";
import type { Effect } from "../effect.ts";
import { executorIdOf, executorKey, taskKey } from "../ids.ts";
import { type AgentState, type Ending, type Executor, isCapable, type Task } from "../state.ts";
import { dropStream } from "../streams.ts";
import { addUpdate, type UpdateWords } from "../updates.ts";
import { lostAs } from "../words.ts";
import { tell } from "./connection.ts";
import { newTask } from "./launch.ts";
import { dropOperations } from "./operation.ts";

/** What a kill on request is called. */
export const KILLED: Ending = {
  state: "TASK_KILLED",
  message: "Command was killed on request",
  isAnnounced: true,
};

/** Kills a task on request (D11, F22). */
export function stepKill(
  state: AgentState,
  order: AgentOrderOf<"kill">,
  nowMs: number,
  out: Effect[],
): void {
  const { frameworkId, taskId, killPolicy } = order;
  const task = state.tasks.get(taskKey(frameworkId, taskId));
  if (task === undefined) {
    tellUnknown(state, frameworkId, taskId, "REASON_EXECUTOR_TERMINATED", nowMs, out);
    return;
  }
  if (isTerminal(task.state)) return;
  const graceMs = killPolicy?.gracePeriodMs ?? graceOf(task);
  const executor = executorOf(state, task);
  if (executor === undefined) {
    endCommand(state, task, KILLED, graceMs, nowMs, out);
  } else if (task.delivered) {
    task.killAsked = killPolicy === undefined ? {} : { killPolicy };
    keepTask(task, out);
    askToKill(executor, task, out);
  } else {
    // A group that has not been handed over never will be, for it would not be whole (F24).
    for (const one of task.group === undefined ? [task] : groupOf(state, task)) {
      addUpdate(state, one, duringLaunch(), nowMs, out);
      executor.tasks.delete(one.key);
    }
    // Nobody is left for it to run (B44).
    if (executor.tasks.size === 0 && !executor.everRan) endExecutor(state, executor, nowMs, out);
  }
}

/** Has a custom executor kill a task as it was asked for. */
export function askToKill(executor: Executor, task: Task, out: Effect[]): void {
  tell(executor, { type: "kill", taskId: task.info.taskId, ...task.killAsked }, out);
}

function duringLaunch(): UpdateWords {
  return {
    state: "TASK_KILLED",
    reason: "REASON_TASK_KILLED_DURING_LAUNCH",
    message: "Task was killed before it was launched",
  };
}

/** How long a task may take to end after SIGTERM, unless who kills it says otherwise (F22). */
export function graceOf({ info }: Task): number {
  return info.killPolicy?.gracePeriodMs ?? KILL_GRACE_DEFAULT_MS;
}

/** The custom executor of a task, while there is one. */
export function executorOf(state: AgentState, task: Task): Executor | undefined {
  const executorId = executorIdOf(task);
  if (executorId === undefined) return undefined;
  return state.executors.get(executorKey(task.frameworkId, executorId));
}

/** The tasks of a task's group that have not ended, itself among them. */
export function groupOf(state: AgentState, { group, frameworkId }: Task): Task[] {
  const all = [...state.tasks.values()];
  return all.filter(
    (one) =>
      group !== undefined &&
      one.group?.id === group.id &&
      one.frameworkId === frameworkId &&
      !isTerminal(one.state),
  );
}

/**
 * Ends a command task: SIGTERM, after the grace SIGKILL; with no grace SIGKILL at once. A later
 * call can only bring the end nearer. The first reason stays.
 */
export function endCommand(
  state: AgentState,
  task: Task,
  why: Ending,
  graceMs: number,
  nowMs: number,
  out: Effect[],
): void {
  const { containerId } = task;
  const container = containerId === undefined ? undefined : state.containers.get(containerId);
  if (container === undefined || containerId === undefined) return;
  const isFirst = task.ending === undefined;
  if (container.phase !== "running") {
    if (isFirst) task.ending = why === KILLED ? (duringLaunch() as Ending) : why;
    keepTask(task, out);
    if (isFirst) out.push({ type: "kill-container", containerId, signal: "SIGKILL" });
    return;
  }
  task.ending ??= why;
  const dueMs = nowMs + Math.max(0, graceMs);
  if (task.killDueMs !== undefined && task.killDueMs <= dueMs) return;
  task.killDueMs = dueMs;
  keepTask(task, out);
  if (isFirst && graceMs > 0) {
    if (why.isAnnounced && isCapable(state, task.frameworkId, "TASK_KILLING_STATE")) {
      const killing = { state: "TASK_KILLING", source: "SOURCE_EXECUTOR" } as const;
      const words = why.reason === undefined ? killing : { ...killing, reason: why.reason };
      addUpdate(state, task, words, nowMs, out);
    }
    out.push({ type: "kill-container", containerId, signal: "SIGTERM" });
  }
  if (graceMs > 0) state.timers.add({ dueMs, kind: "kill", of: task.key });
  else out.push({ type: "kill-container", containerId, signal: "SIGKILL" });
}

/**
 * Asks an executor to end, and kills it after its grace (D17), or sooner where less is left. A
 * later call can only bring that nearer.
 */
export function endExecutor(
  state: AgentState,
  executor: Executor,
  nowMs: number,
  out: Effect[],
  why?: Ending,
  graceMsMax = Number.POSITIVE_INFINITY,
): void {
  const { containerId, phase, killDueMs } = executor;
  const plan = state.containers.get(containerId)?.plan;
  const ownMs = plan?.shutdownGraceMs ?? state.setup.times.executorShutdownGraceMs;
  const dueMs = nowMs + Math.min(ownMs, graceMsMax);
  if (phase === "ending" && (killDueMs === undefined || killDueMs <= dueMs)) return;
  executor.phase = "ending";
  if (why !== undefined) executor.ending ??= why;
  // One that has yet to come back after a restart is told when it does (v1-wire 7.6).
  if (phase !== "starting" || state.returning.has(executor.key)) {
    executor.killDueMs = dueMs;
    state.timers.add({ dueMs, kind: "shutdown", of: executor.key });
    if (phase === "running") tell(executor, { type: "shutdown" }, out);
  } else {
    out.push({ type: "kill-container", containerId, signal: "SIGKILL" });
  }
  keepExecutor(executor, out);
}

/** Says of a task that nobody here knows that it is not here (B21, D11). */
export function tellUnknown(
  state: AgentState,
  frameworkId: FrameworkId,
  taskId: TaskId,
  reason: NonNullable<UpdateWords["reason"]>,
  nowMs: number,
  out: Effect[],
): void {
  const info = { name: "", taskId, agentId: (state.info.id ?? "") as AgentId, resources: [] };
  const task = newTask(state, { frameworkId, role: "*" as RoleName, info }, nowMs);
  const lost = lostAs(state, frameworkId, "TASK_DROPPED");
  addUpdate(state, task, { state: lost, reason, message: "Task is not known here" }, nowMs, out);
}

/** Ends an executor on the framework's or operator's request (D17). */
export function stepShutdownExecutor(
  state: AgentState,
  order: AgentOrderOf<"shutdown-executor">,
  nowMs: number,
  out: Effect[],
): void {
  const key = executorKey(order.frameworkId, order.executorId);
  const executor = state.executors.get(key);
  if (executor !== undefined) endExecutor(state, executor, nowMs, out);
  for (const name of state.groupExecutors.get(key)?.tasks ?? []) {
    const task = state.tasks.get(name);
    if (task !== undefined) endCommand(state, task, SHUT_DOWN, graceOf(task), nowMs, out);
  }
}

const SHUT_DOWN: Ending = {
  state: "TASK_KILLED",
  message: "Executor was shut down on request",
  isAnnounced: true,
};

/** Ends everything of a framework that is gone for good; nobody is left to be told. */
export function stepShutdownFramework(
  state: AgentState,
  order: AgentOrderOf<"shutdown-framework">,
  nowMs: number,
  out: Effect[],
): void {
  const { frameworkId } = order;
  const why: Ending = {
    state: "TASK_KILLED",
    reason: "REASON_FRAMEWORK_REMOVED",
    message: "Framework was removed",
  };
  for (const executor of state.executors.values()) {
    if (executor.frameworkId === frameworkId) endExecutor(state, executor, nowMs, out, why);
  }
  for (const task of [...state.tasks.values()]) {
    if (task.frameworkId !== frameworkId) continue;
    endCommand(state, task, why, KILL_GRACE_DEFAULT_MS, nowMs, out);
    // The stream goes with the framework. A task that still runs stays until its end.
    dropStream(state, task, out);
    task.silent = true;
    if (isTerminal(task.state)) {
      state.tasks.delete(task.key);
      out.push({ type: "checkpoint", key: `task/${task.key}`, value: undefined });
    } else keepTask(task, out);
  }
  dropOperations(state, frameworkId, out);
  state.frameworks.delete(frameworkId);
  out.push({ type: "checkpoint", key: `framework/${frameworkId}`, value: undefined });
}
