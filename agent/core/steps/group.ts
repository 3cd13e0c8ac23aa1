import { dropEntry } from "../checkpoint.ts";
import type { Effect } from "../effect.ts";
import { tellExit } from "../exits.ts";
import { executorKey } from "../ids.ts";
import type { AgentState, Container, Ending, Task } from "../state.ts";
import { tally } from "../tallies.ts";
import type { UpdateWords } from "../updates.ts";
import { endCommand, graceOf, groupOf } from "./kill.ts";

/** A task and the container that is its own. */
interface Member {
  readonly task: Task;
  readonly container: Container;
}

/** The members of a task's group once all of them are held and none is being ended; else nobody. */
export function heldGroup(state: AgentState, task: Task): Member[] {
  const members: Member[] = [];
  for (const one of groupOf(state, task)) {
    const { containerId, ending } = one;
    const container = containerId === undefined ? undefined : state.containers.get(containerId);
    if (container?.phase !== "held" || ending !== undefined) return [];
    members.push({ task: one, container });
  }
  return members;
}

/**
 * The container of a task has ended: one that did not finish ends what is left of its group, and
 * the last one ends their executor (F24).
 */
export function leaveGroup(
  state: AgentState,
  task: Task,
  { state: end, reason }: UpdateWords,
  nowMs: number,
  out: Effect[],
): void {
  if (task.group === undefined) return;
  // A reboot has ended all of them at once, which is what is told of each.
  const isRebooted = end === "TASK_FAILED" && reason === "REASON_AGENT_RESTARTED";
  if (end !== "TASK_FINISHED" && !isRebooted) {
    const why: Ending = {
      state: "TASK_KILLED",
      message: `Task ${task.info.taskId} of the same group ended as ${end}`,
      isAnnounced: true,
    };
    for (const other of groupOf(state, task)) {
      if (other !== task) endCommand(state, other, why, graceOf(other), nowMs, out);
    }
  }
  const executor = state.groupExecutors.get(executorKey(task.frameworkId, task.group.executorId));
  if (executor === undefined) return;
  const { key, tasks } = executor;
  tasks.delete(task.key);
  if (tasks.size > 0) return;
  state.groupExecutors.delete(key);
  tally(state, "executors_terminated");
  dropEntry(`group-executor/${key}`, out);
  tellExit(state, executor, 0, out);
}
