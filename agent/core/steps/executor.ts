import {
  type ExecutorCall,
  fittingStatus,
  largeCallProblem,
} from "../../../contract/executor-api.ts";
import type { TaskStatus } from "../../../contract/schema/task.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import { keepExecutor } from "../checkpoint.ts";
import type { Effect } from "../effect.ts";
import type { AgentInput } from "../event.ts";
import { taskKey } from "../ids.ts";
import type { AgentState, Executor, Task } from "../state.ts";
import { tally } from "../tallies.ts";
import { addUpdate } from "../updates.ts";
import { lostAs } from "../words.ts";
import { doesWait, isKnown, takeOrWait } from "./backlog.ts";
import {
  executorIn,
  stepExecutorGone,
  stepExecutorMissed,
  tell,
  tellKeptMessages,
} from "./connection.ts";
import { drainedStatus, endDrained, isDrained, resumeDrain } from "./drain.ts";
import { askToKill, endExecutor } from "./kill.ts";
import { deliver } from "./launch.ts";
import { resizeExecutor } from "./resize.ts";
import { expectNoMore } from "./returning.ts";

/** What comes of the connections of custom executors. */
export function stepExecutor(
  state: AgentState,
  input: Extract<AgentInput, { type: `executor-${string}` }>,
  nowMs: number,
  out: Effect[],
): void {
  const { type, containerId } = input;
  if (type === "executor-call") stepExecutorCall(state, input, nowMs, out);
  else if (type === "executor-gone") stepExecutorGone(state, containerId, input.connection);
  else stepExecutorMissed(state, containerId, input.event, out);
}

/** A call, with where it came from. */
type ExecutorInput = Extract<AgentInput, { type: "executor-call" }>;

/** Takes a call of an executor (v1-wire 7.3). What it says of others is refused. */
function stepExecutorCall(
  state: AgentState,
  { containerId, connection, call }: ExecutorInput,
  nowMs: number,
  out: Effect[],
): void {
  const executor = executorIn(state, containerId);
  if (executor === undefined) return;
  const problem = largeCallProblem(call);
  if (call.type === "subscribe") {
    subscribe(state, executor, call, connection, nowMs, out);
  } else if (executor.connection !== connection) {
    tallyRefused(state, call);
    const why = `a ${call.type} call came before subscribe`;
    refuse({ containerId, connection }, "NOT_SUBSCRIBED", why, out);
  } else if (problem !== undefined) {
    tallyRefused(state, call);
    refuse(executor, problem.code, problem.message, out);
  } else if (call.type === "update") {
    takeUpdate(state, executor, call.status, nowMs, out);
  } else {
    const { frameworkId, info } = executor;
    const { data } = call;
    tally(state, "valid_framework_messages");
    out.push({
      type: "send-master",
      message: { type: "executor-message", frameworkId, executorId: info.executorId, data },
    });
  }
}

function tallyRefused(state: AgentState, { type }: ExecutorCall): void {
  if (type === "update") tally(state, "invalid_status_updates");
  else if (type === "message") tally(state, "invalid_framework_messages");
}

function refuse(
  { containerId, connection }: Pick<Executor, "containerId" | "connection">,
  code: string,
  message: string,
  out: Effect[],
): void {
  if (connection === undefined) return;
  const event = { type: "error", code, message } as const;
  out.push({ type: "send-executor", containerId, connection, event });
}

function subscribe(
  state: AgentState,
  executor: Executor,
  call: Extract<ExecutorCall, { type: "subscribe" }>,
  connection: number,
  nowMs: number,
  out: Effect[],
): void {
  const { containerId, frameworkId, info } = executor;
  if (call.frameworkId !== frameworkId || call.executorId !== info.executorId) {
    const why = "this container is that of another executor";
    refuse({ containerId, connection }, "EXECUTOR_MISMATCH", why, out);
    return;
  }
  expectNoMore(state, executor);
  executor.connection = connection;
  // It says all again that was left out, in its order.
  for (const key of executor.tasks) delete state.streams.get(key)?.missed;
  const framework = state.frameworks.get(frameworkId)?.info;
  const updates = call.unacknowledgedUpdates.map(fittingStatus);
  if (executor.phase === "ending" || framework === undefined) {
    tell(executor, { type: "shutdown" }, out);
    // What it has ended by then is not what the agent has to make up.
    for (const status of updates) takeUpdate(state, executor, status, nowMs, out);
    return;
  }
  executor.phase = "running";
  delete executor.subscribeDueMs;
  const agent = state.info;
  tell(executor, { type: "subscribed", executor: info, framework, agent, containerId }, out);
  for (const status of updates) takeUpdate(state, executor, status, nowMs, out);
  const has = new Set(call.unacknowledgedTasks.map((task) => task.taskId));
  for (const status of call.unacknowledgedUpdates) has.add(status.taskId);
  for (const key of executor.tasks) {
    const task = state.tasks.get(key);
    if (task?.delivered !== true) continue;
    if (task.state === "TASK_STAGING" && !has.has(task.info.taskId)) {
      dropLost(state, executor, task, nowMs, out);
    } else if (task.killAsked !== undefined && !isTerminal(task.state) && !isDrained(task)) {
      askToKill(executor, task, out);
    }
  }
  for (const tasks of waitingOf(state, executor)) deliver(executor, tasks, out);
  tellKeptMessages(executor, out);
  keepExecutor(executor, out);
  // Everything that it was started for was killed meanwhile (B44).
  if (executor.tasks.size === 0 && !executor.everRan) endExecutor(state, executor, nowMs, out);
  resumeDrain(state, executor, nowMs, out);
}

/** What it has not been given yet, in the order of launch: single tasks, and groups whole. */
function waitingOf(state: AgentState, { tasks }: Executor): Iterable<Task[]> {
  const waiting = new Map<string, Task[]>();
  for (const key of tasks) {
    const task = state.tasks.get(key);
    if (task === undefined || task.delivered) continue;
    const together = task.group?.id ?? key;
    waiting.set(together, [...(waiting.get(together) ?? []), task]);
  }
  return waiting.values();
}

/** It was sent while the agent died, and never arrived (v1-wire 7.5). */
function dropLost(
  state: AgentState,
  executor: Executor,
  task: Task,
  nowMs: number,
  out: Effect[],
): void {
  executor.tasks.delete(task.key);
  resizeExecutor(state, executor, out);
  addUpdate(
    state,
    task,
    {
      state: lostAs(state, task.frameworkId, "TASK_DROPPED"),
      reason: "REASON_AGENT_RESTARTED",
      message: "The executor did not receive the task",
    },
    nowMs,
    out,
  );
}

/** Stores an update and says so; one that is known is only said to be stored (v1-wire 7.5, 7.9). */
function takeUpdate(
  state: AgentState,
  executor: Executor,
  status: TaskStatus,
  nowMs: number,
  out: Effect[],
): void {
  const { info, frameworkId } = executor;
  const { taskId, uuid } = status;
  if (uuid === undefined || status.state === "TASK_STAGING") {
    tally(state, "invalid_status_updates");
    refuse(executor, "UPDATE_INVALID", `an update of ${taskId} needs a uuid and a state`, out);
    return;
  }
  const task = state.tasks.get(taskKey(frameworkId, taskId));
  const isOld = task === undefined || isKnown(state, task, uuid);
  const isNews = !isOld && executor.tasks.has(task.key);
  if (!isOld && !isNews) tally(state, "invalid_status_updates");
  if (isOld && task !== undefined && doesWait(state, task, uuid)) return;
  if (isNews) {
    const source = "SOURCE_EXECUTOR";
    const said = { ...drainedStatus(status, task), source, executorId: info.executorId } as const;
    if (!takeOrWait(state, task, said, nowMs, out)) return;
    if (isTerminal(status.state)) {
      executor.tasks.delete(task.key);
      resizeExecutor(state, executor, out);
    }
  }
  tell(executor, { type: "acknowledged", taskId, uuid }, out);
  if (task !== undefined && isTerminal(status.state) && isDrained(task)) {
    endDrained(state, executor, nowMs, out);
  }
}
