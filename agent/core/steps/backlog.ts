import { limits } from "../../../contract/limits.ts";
import type { TaskStatus } from "../../../contract/schema/task.ts";
import { encodedBytes } from "../../../contract/size.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import type { Effect } from "../effect.ts";
import { executorIdOf, executorKey } from "../ids.ts";
import type { AgentState, Executor, Task } from "../state.ts";
import { hasRoom, streamOf, type UpdateStream } from "../streams.ts";
import { tally } from "../tallies.ts";
import { addUpdate } from "../updates.ts";
import { tell } from "./connection.ts";

// An executor may say more than its framework acknowledges, and costs its agent no more than so
// many updates for each task. What is beyond waits, and is not acknowledged to it; what is beyond
// that is left out, and comes again: an executor keeps its updates until they are acknowledged. All
// are taken in their order. Only the end of a task is always taken, after those that wait.

/** Whether an update of a task is known here, stored or not. */
export function isKnown(state: AgentState, task: Task, uuid: string): boolean {
  const { pending, waiting } = streamOf(state, task);
  if (waiting.has(uuid) || task.statuses.some((status) => status.uuid === uuid)) return true;
  return pending.some(({ status }) => status.uuid === uuid);
}

/** Whether an update waits to be stored. */
export function doesWait(state: AgentState, task: Task, uuid: string): boolean {
  return streamOf(state, task).waiting.has(uuid);
}

/**
 * Stores a new update of an executor's task; false when it is not stored now. An update that is
 * over comes again, and is over.
 */
export function takeOrWait(
  state: AgentState,
  task: Task,
  status: TaskStatus,
  nowMs: number,
  out: Effect[],
): boolean {
  const stream = streamOf(state, task);
  if (isTerminal(status.state)) {
    // What was left out of it is over by now.
    takeWaiting(state, task, nowMs, out, true);
    addUpdate(state, task, status, nowMs, out);
    return true;
  }
  const bytes = encodedBytes(status);
  const { uuid = "" } = status;
  const isInOrder = stream.missed === undefined || stream.missed === uuid;
  if (isInOrder && stream.waiting.size === 0 && hasRoom(stream, bytes)) {
    delete stream.missed;
    addUpdate(state, task, status, nowMs, out);
    return true;
  }
  if (isInOrder && canWait(stream, bytes)) {
    delete stream.missed;
    stream.waiting.set(uuid, { status, bytes });
    stream.waitingBytes += bytes;
    return false;
  }
  stream.missed ??= uuid;
  tally(state, "invalid_status_updates");
  return false;
}

function canWait({ waiting, waitingBytes }: UpdateStream, bytes: number): boolean {
  if (waiting.size >= limits.waitingUpdatesMax) return false;
  return waitingBytes + bytes <= limits.waitingUpdatesBytesMax;
}

/** Stores what waits, as far as there is room, or all of it, and tells its executor so. */
export function takeWaiting(
  state: AgentState,
  task: Task,
  nowMs: number,
  out: Effect[],
  isAll = false,
): void {
  const stream = state.streams.get(task.key);
  if (stream === undefined) return;
  const executorId = executorIdOf(task);
  const key = executorId === undefined ? undefined : executorKey(task.frameworkId, executorId);
  const executor = key === undefined ? undefined : state.executors.get(key);
  for (const [uuid, { status, bytes }] of stream.waiting) {
    if (!isAll && !hasRoom(stream, bytes)) return;
    stream.waiting.delete(uuid);
    stream.waitingBytes -= bytes;
    addUpdate(state, task, status, nowMs, out);
    if (executor === undefined || status.uuid === undefined) continue;
    const { taskId } = task.info;
    tell(executor, { type: "acknowledged", taskId, uuid: status.uuid }, out);
  }
  if (stream.missed === undefined) return;
  delete stream.missed;
  if (executor !== undefined && !isAll) askAgain(state, executor, out);
}

/**
 * There is room for what was left out. An executor says it again when it subscribes anew; one that
 * is not to outlive its agent would end instead, and may say it again by itself.
 */
function askAgain(
  state: AgentState,
  { frameworkId, containerId, connection }: Executor,
  out: Effect[],
): void {
  if (connection === undefined || !state.frameworks.get(frameworkId)?.info.checkpoint) return;
  out.push({ type: "cut-executor", containerId, connection });
}
