import type { FrameworkId } from "../../contract/ids.ts";
import { limits } from "../../contract/limits.ts";
import type { TaskStatus } from "../../contract/schema/task.ts";
import { encodedBytes } from "../../contract/size.ts";
import type { Effect } from "./effect.ts";
import type { TaskKey } from "./ids.ts";
import type { AgentState, Task } from "./state.ts";

/** An update that is not acknowledged. */
export interface PendingUpdate {
  readonly status: TaskStatus;
  /** On the wire. */
  readonly bytes: number;
  /**
   * Its place among all updates of its task; its entry in the checkpoint is named by it. Absent for
   * one that an older agent has kept in the entry of the task.
   */
  readonly at?: number;
}

/** One update in the checkpoint, under `update/KEY/AT`. */
export interface UpdateEntry {
  readonly task: TaskKey;
  readonly frameworkId: FrameworkId;
  readonly at: number;
  readonly status: TaskStatus;
}

/** What is yet to be told of a task. */
export interface UpdateStream {
  /** Durable, oldest first; the head is in flight (D5). */
  readonly pending: PendingUpdate[];
  pendingBytes: number;
  nextAt: number;
  /**
   * Updates of its executor that there is no room for yet, by uuid, oldest first: they are neither
   * durable nor acknowledged to it.
   */
  readonly waiting: Map<string, PendingUpdate>;
  waitingBytes: number;
  /** The first update that was not even let wait; those after it are not taken before it. */
  missed?: string;
}

/** The stream of a task, which is made with the first look at it. */
export function streamOf({ streams }: AgentState, { key }: Pick<Task, "key">): UpdateStream {
  const known = streams.get(key);
  if (known !== undefined) return known;
  const waiting: UpdateStream["waiting"] = new Map();
  const made = { pending: [], pendingBytes: 0, nextAt: 0, waiting, waitingBytes: 0 };
  streams.set(key, made);
  return made;
}

/** Adds an update at the end, durably. One of the agent's own may stand for the one before it. */
export function append(state: AgentState, task: Task, status: TaskStatus, out: Effect[]): void {
  const stream = streamOf(state, task);
  const bytes = encodedBytes(status);
  const at = stream.nextAt++;
  stream.pending.push({ status, bytes, at });
  stream.pendingBytes += bytes;
  const { key, frameworkId } = task;
  const value: UpdateEntry = { task: key, frameworkId, at, status };
  out.push({ type: "checkpoint", key: `update/${key}/${at}`, value });
}

/** Takes the first update off, or the last; answers it. */
export function take(
  state: AgentState,
  task: Task,
  which: "first" | "last",
  out: Effect[],
): TaskStatus | undefined {
  const stream = streamOf(state, task);
  const one = which === "first" ? stream.pending.shift() : stream.pending.pop();
  if (one === undefined) return undefined;
  stream.pendingBytes -= one.bytes;
  forget(task, one, out);
  return one.status;
}

function forget(task: Task, { at, status }: PendingUpdate, out: Effect[]): void {
  if (at === undefined) task.pending = task.pending.filter(({ uuid }) => uuid !== status.uuid);
  else out.push({ type: "checkpoint", key: `update/${task.key}/${at}`, value: undefined });
}

/** Takes what is yet to be told of a task out of the checkpoint. */
export function dropPending(state: AgentState, task: Task, out: Effect[]): void {
  for (const one of state.streams.get(task.key)?.pending ?? []) forget(task, one, out);
}

/** Nobody is to be told any more. */
export function dropStream(state: AgentState, task: Task, out: Effect[]): void {
  dropPending(state, task, out);
  state.streams.delete(task.key);
}

/** Whether one more update of a task can be kept without that anybody acknowledges one. */
export function hasRoom({ pending, pendingBytes }: UpdateStream, bytes = 0): boolean {
  if (pending.length >= limits.pendingUpdatesMax) return false;
  return pending.length === 0 || pendingBytes + bytes <= limits.pendingUpdatesBytesMax;
}

/** Puts the streams of a checkpoint together: what is in the tasks' own entries is the oldest. */
export function restoreStreams(state: AgentState, entries: readonly UpdateEntry[]): void {
  for (const task of state.tasks.values()) {
    for (const status of task.pending) restoreOne(state, task, { status });
  }
  for (const { task: key, at, status } of entries.toSorted((a, b) => a.at - b.at)) {
    const task = state.tasks.get(key);
    if (task !== undefined) restoreOne(state, task, { status, at });
  }
}

function restoreOne(state: AgentState, task: Task, one: Omit<PendingUpdate, "bytes">): void {
  const stream = streamOf(state, task);
  const bytes = encodedBytes(one.status);
  stream.pending.push({ ...one, bytes });
  stream.pendingBytes += bytes;
  stream.nextAt = Math.max(stream.nextAt, (one.at ?? -1) + 1);
}
