import type { ContainerId } from "../../../contract/ids.ts";
import type { ExitStatus, Limitation, ProcessIdentity } from "../../../contract/ports/isolator.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import { dropEntry, keepContainer, keepExecutor, keepTask } from "../checkpoint.ts";
import type { Effect } from "../effect.ts";
import { tellExit } from "../exits.ts";
import { executorKey, taskKey } from "../ids.ts";
import type { AgentState, Container, Ending, Executor, Task } from "../state.ts";
import { dropStream } from "../streams.ts";
import { tally } from "../tallies.ts";
import { addUpdate, type UpdateWords } from "../updates.ts";
import { assert, endingWords, endOfCommand, waitStatus } from "../words.ts";
import { takeWaiting } from "./backlog.ts";
import { beginChecks } from "./check.ts";
import { heldGroup, leaveGroup } from "./group.ts";
import { expectNoMore } from "./returning.ts";
import { checkLeft } from "./shared.ts";

/** The task that a container is of; `undefined` for that of an executor. */
export function taskOf(state: AgentState, container: Container): Task | undefined {
  const { frameworkId, taskId } = container.plan;
  return taskId === undefined ? undefined : state.tasks.get(taskKey(frameworkId, taskId));
}

/** The custom executor that a container is of. */
export function executorOf(state: AgentState, container: Container): Executor | undefined {
  const { frameworkId, executorId, taskId } = container.plan;
  if (taskId !== undefined) return undefined;
  return state.executors.get(executorKey(frameworkId, executorId));
}

/** A container is ready: its process goes on record, then it is let run. */
export function stepHeld(
  state: AgentState,
  containerId: ContainerId,
  process: ProcessIdentity | undefined,
  nowMs: number,
  out: Effect[],
): void {
  const container = state.containers.get(containerId);
  if (container === undefined) return;
  assert(container.phase === "starting", `container ${containerId} was held twice`);
  const task = taskOf(state, container);
  // It was killed while it was being made ready: its end is on the way.
  if (task?.ending !== undefined) return;
  if (executorOf(state, container)?.phase === "ending") return;
  if (process !== undefined) container.process = process;
  if (task?.group === undefined) {
    release(state, container, task, nowMs, out);
    return;
  }
  // All of a group are let run in one turn, or none is (F24).
  container.phase = "held";
  for (const one of heldGroup(state, task)) release(state, one.container, one.task, nowMs, out);
}

function release(
  state: AgentState,
  container: Container,
  task: Task | undefined,
  nowMs: number,
  out: Effect[],
): void {
  container.phase = "running";
  keepContainer(container, out);
  out.push({ type: "release-container", containerId: container.plan.id });
  if (task === undefined) return;
  const { maxCompletionMs } = task.info;
  if (maxCompletionMs !== undefined) {
    task.completionDueMs = nowMs + maxCompletionMs;
    state.timers.add({ dueMs: task.completionDueMs, kind: "completion", of: task.key });
  }
  // An engine may yet refuse to start it, and only then says at which address it is.
  if (isOfEngine(container)) return;
  beginChecks(state, task, nowMs);
  addUpdate(state, task, { state: "TASK_RUNNING", source: "SOURCE_EXECUTOR" }, nowMs, out);
}

function isOfEngine({ plan }: Container): boolean {
  return plan.container?.type === "DOCKER";
}

/** An engine runs the container of a task, at these addresses; told again after a restart. */
export function stepStarted(
  state: AgentState,
  containerId: ContainerId,
  ipAddresses: readonly string[],
  nowMs: number,
  out: Effect[],
): void {
  const container = state.containers.get(containerId);
  const task = container === undefined ? undefined : taskOf(state, container);
  if (task === undefined || task.ending !== undefined || task.state === "TASK_RUNNING") return;
  beginChecks(state, task, nowMs);
  const networkInfos = ipAddresses.map((ipAddress) => ({
    ipAddresses: [
      { protocol: ipAddress.includes(":") ? ("IPv6" as const) : ("IPv4" as const), ipAddress },
    ],
  }));
  const containerStatus = { containerId, networkInfos };
  const words = { state: "TASK_RUNNING", source: "SOURCE_EXECUTOR", containerStatus } as const;
  addUpdate(state, task, words, nowMs, out);
}

/** A container did not come to run, or could not run its command (D16). */
export function stepFailed(
  state: AgentState,
  containerId: ContainerId,
  message: string,
  nowMs: number,
  out: Effect[],
): void {
  const container = state.containers.get(containerId);
  const ofWhom = container && (taskOf(state, container) ?? executorOf(state, container));
  // One that was to end did not fail.
  if (ofWhom !== undefined && ofWhom.ending === undefined) tally(state, "container_launch_errors");
  const failed: UpdateWords = {
    state: "TASK_FAILED",
    reason: "REASON_CONTAINER_LAUNCH_FAILED",
    message: `Launch failed: ${message}`,
  };
  endContainer(
    state,
    containerId,
    (ending) => (ending === undefined ? failed : endingWords(ending)),
    127 << 8,
    nowMs,
    out,
  );
}

/** A container has ended and nothing of it is left (F20, D15). */
export function stepExited(
  state: AgentState,
  containerId: ContainerId,
  exit: ExitStatus | undefined,
  nowMs: number,
  out: Effect[],
): void {
  const container = state.containers.get(containerId);
  if (container === undefined) return;
  const words = (ending: Ending | undefined): UpdateWords => {
    if (container.plan.taskId !== undefined) return endOfCommand(exit, ending);
    return ending === undefined ? EXECUTOR_TERMINATED : endingWords(ending);
  };
  endContainer(state, containerId, words, waitStatus(exit), nowMs, out);
}

const EXECUTOR_TERMINATED: UpdateWords = {
  state: "TASK_FAILED",
  reason: "REASON_EXECUTOR_TERMINATED",
  message: "Executor terminated",
};

/**
 * Takes a container, with its task or its executor and that one's tasks, off the books. `words` say
 * what became of them, by what they were ended for, if they were.
 */
export function endContainer(
  state: AgentState,
  containerId: ContainerId,
  words: (ending: Ending | undefined) => UpdateWords,
  status: number,
  nowMs: number,
  out: Effect[],
): void {
  const container = state.containers.get(containerId);
  if (container === undefined) return;
  const task = taskOf(state, container);
  if (task !== undefined) {
    const said = words(task.ending);
    end(state, task, said, nowMs, out);
    leaveGroup(state, task, said, nowMs, out);
  }
  const executor = executorOf(state, container);
  if (executor !== undefined) endTasksOf(state, executor, words, status, nowMs, out);
  state.containers.delete(containerId);
  dropEntry(`container/${containerId}`, out);
  out.push({ type: "forget-container", plan: container.plan });
  checkLeft(state, out);
}

function end(state: AgentState, task: Task, words: UpdateWords, nowMs: number, out: Effect[]) {
  if (!task.silent) {
    addUpdate(state, task, words, nowMs, out);
    return;
  }
  tally(state, words.state);
  state.tasks.delete(task.key);
  dropStream(state, task, out);
  dropEntry(`task/${task.key}`, out);
}

function endTasksOf(
  state: AgentState,
  executor: Executor,
  words: (ending: Ending | undefined) => UpdateWords,
  status: number,
  nowMs: number,
  out: Effect[],
): void {
  const { key, tasks, ending } = executor;
  for (const taskKey of tasks) {
    const task = state.tasks.get(taskKey);
    if (task !== undefined && !isTerminal(task.state)) {
      takeWaiting(state, task, nowMs, out, true);
      end(state, task, words(ending ?? task.ending), nowMs, out);
    }
  }
  state.executors.delete(key);
  expectNoMore(state, executor);
  tally(state, "executors_terminated");
  dropEntry(`executor/${key}`, out);
  tellExit(state, executor, status, out);
}

/** A container hit a limit, or must end because of one: it is ended, and says why (D15). */
export function stepLimit(
  state: AgentState,
  containerId: ContainerId,
  limitation: Limitation,
  out: Effect[],
): void {
  const container = state.containers.get(containerId);
  if (container === undefined) return;
  const { reason, message, resources } = limitation;
  const ending: Ending = { state: "TASK_FAILED", reason, message, limitation: resources };
  const task = taskOf(state, container);
  if (task !== undefined) {
    // The limit is what ended it, even if a kill was under way.
    task.ending = ending;
    keepTask(task, out);
  }
  const executor = executorOf(state, container);
  if (executor !== undefined) {
    executor.phase = "ending";
    executor.ending = ending;
    keepExecutor(executor, out);
  }
  out.push({ type: "kill-container", containerId, signal: "SIGKILL" });
}
