import type { ExecutorEvent } from "../../../contract/executor-api.ts";
import type { ContainerId } from "../../../contract/ids.ts";
import { limits } from "../../../contract/limits.ts";
import { keepTask } from "../checkpoint.ts";
import type { Effect } from "../effect.ts";
import { taskKey } from "../ids.ts";
import type { AgentState, Executor } from "../state.ts";
import { tally } from "../tallies.ts";

// An executor's connection may break and be made anew while it and its agent go on. What it is told
// meanwhile is kept by kind: tasks wait and are given when it subscribes, a kill and a shutdown are
// asked for again, an update that was not acknowledged comes again and is. Messages are best effort
// (F28), and so many of them wait as have room.

/** The custom executor in a container. */
export function executorIn(state: AgentState, containerId: ContainerId): Executor | undefined {
  for (const executor of state.executors.values()) {
    if (executor.containerId === containerId) return executor;
  }
  return undefined;
}

/** Tells an executor something, unless it is cut off. */
export function tell(
  { containerId, connection }: Executor,
  event: ExecutorEvent,
  out: Effect[],
): void {
  if (connection === undefined) return;
  out.push({ type: "send-executor", containerId, connection, event });
}

/** Hands a framework's message on, or keeps it until the executor is back (F28). */
export function tellMessage(
  state: AgentState,
  executor: Executor | undefined,
  data: Uint8Array,
  out: Effect[],
): void {
  const isTaken = executor?.phase === "running" && take(executor, data, out);
  tally(state, isTaken ? "valid_framework_messages" : "invalid_framework_messages");
}

function take(executor: Executor, data: Uint8Array, out: Effect[]): boolean {
  if (executor.connection !== undefined) {
    tell(executor, { type: "message", data }, out);
    return true;
  }
  const { messages = [] } = executor;
  const bytes = messages.reduce((sum, { length }) => sum + length, data.length);
  if (messages.length >= limits.executorMessagesMax) return false;
  if (bytes > limits.executorMessagesBytesMax) return false;
  executor.messages = [...messages, data];
  return true;
}

/** It has subscribed again, and has been given what tasks waited: now the messages. */
export function tellKeptMessages(executor: Executor, out: Effect[]): void {
  for (const data of executor.messages ?? []) tell(executor, { type: "message", data }, out);
  delete executor.messages;
}

/** The connection of an executor has ended, unless it has subscribed on another one since. */
export function stepExecutorGone(
  state: AgentState,
  containerId: ContainerId,
  connection: number,
): void {
  const executor = executorIn(state, containerId);
  if (executor?.connection === connection) delete executor.connection;
}

/** An event did not leave: tasks wait to be given again, and a message is kept. */
export function stepExecutorMissed(
  state: AgentState,
  containerId: ContainerId,
  event: ExecutorEvent,
  out: Effect[],
): void {
  const executor = executorIn(state, containerId);
  if (executor === undefined) return;
  if (event.type === "message") {
    if (executor.phase === "running") take(executor, event.data, out);
    return;
  }
  const missed =
    event.type === "launch" ? [event.task] : event.type === "launch-group" ? event.tasks : [];
  for (const { taskId } of missed) {
    const task = state.tasks.get(taskKey(executor.frameworkId, taskId));
    // It has subscribed since, and was found not to have it.
    if (task === undefined || !executor.tasks.has(task.key)) continue;
    task.delivered = false;
    keepTask(task, out);
  }
}
