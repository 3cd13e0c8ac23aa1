import type { ContainerId } from "../../../contract/ids.ts";
import type { Effect } from "../effect.ts";
import type { AgentInput } from "../event.ts";
import type { AgentState, Ending } from "../state.ts";
import type { UpdateWords } from "../updates.ts";
import { endingWords, lostAs } from "../words.ts";
import { beginChecks } from "./check.ts";
import { endContainer, executorOf, stepExited, taskOf } from "./container.ts";
import { expectBack } from "./returning.ts";

/** What became of a container that an earlier agent had started (F2, F3). */
export function stepFound(
  state: AgentState,
  input: FoundInput,
  nowMs: number,
  out: Effect[],
): void {
  const { type, containerId } = input;
  if (type === "container-adopted") stepAdopted(state, containerId, nowMs, out);
  else if (type === "container-never-ran") stepNeverRan(state, containerId, nowMs, out);
  else stepRebooted(state, input, nowMs, out);
}

type FoundInput = Extract<
  AgentInput,
  { type: "container-adopted" | "container-never-ran" | "container-rebooted" }
>;

/** After a restart: the container runs on. An executor in it is expected to come back (B41). */
function stepAdopted(
  state: AgentState,
  containerId: ContainerId,
  nowMs: number,
  out: Effect[],
): void {
  const container = state.containers.get(containerId);
  if (container === undefined) return;
  const task = taskOf(state, container);
  if (task?.ending !== undefined && task.killDueMs === undefined) {
    // SIGKILL had been decided on, and may not have been sent.
    out.push({ type: "kill-container", containerId, signal: "SIGKILL" });
  }
  // Where the task has not been told running yet, its checks begin when it is.
  if (task?.checks !== undefined) beginChecks(state, task, nowMs);
  const executor = executorOf(state, container);
  if (executor !== undefined) expectBack(state, executor, nowMs, out);
}

/** After a restart: nothing ran, and nothing will (N, REASON_AGENT_RESTARTED). */
function stepNeverRan(
  state: AgentState,
  containerId: ContainerId,
  nowMs: number,
  out: Effect[],
): void {
  const container = state.containers.get(containerId);
  if (container === undefined) return;
  const lost: UpdateWords = {
    state: lostAs(state, container.plan.frameworkId, "TASK_DROPPED"),
    reason: "REASON_AGENT_RESTARTED",
    message: "The agent ended before the task ran",
  };
  endContainer(
    state,
    containerId,
    (ending) => (ending === undefined ? lost : endingWords(ending)),
    0,
    nowMs,
    out,
  );
}

/**
 * After a reboot of the machine: whatever ran has ended with it (F3). How what ended before it did
 * is on record. What was being ended is told to be what it was ended for, with one difference: a
 * custom executor that was to kill a task can no longer say that it has.
 */
function stepRebooted(
  state: AgentState,
  { containerId, exit }: Extract<AgentInput, { type: "container-rebooted" }>,
  nowMs: number,
  out: Effect[],
): void {
  const container = state.containers.get(containerId);
  if (container === undefined) return;
  if (exit !== undefined) {
    stepExited(state, containerId, exit, nowMs, out);
    return;
  }
  for (const key of executorOf(state, container)?.tasks ?? []) {
    const task = state.tasks.get(key);
    if (task?.killAsked !== undefined) task.ending ??= KILLED_BY_EXECUTOR;
  }
  const message = "The machine was started anew";
  const words = (ending: Ending | undefined): UpdateWords =>
    ending === undefined
      ? { state: "TASK_FAILED", reason: "REASON_AGENT_RESTARTED", message }
      : { ...endingWords(ending), message: `${ending.message}: ${message}` };
  endContainer(state, containerId, words, 9, nowMs, out);
}

const KILLED_BY_EXECUTOR: Ending = {
  state: "TASK_KILLED",
  message: "Task was being killed on request",
};
