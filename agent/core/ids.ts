import type { ContainerId, ExecutorId, FrameworkId, TaskId, UpdateId } from "../../contract/ids.ts";
import type { AgentState, Task } from "./state.ts";

/** Names a task on an agent: frameworks choose task ids without knowing of each other. */
export type TaskKey = string & { readonly __brand: "TaskKey" };
/** Names a custom executor on an agent (B43). */
export type ExecutorKey = string & { readonly __brand: "ExecutorKey" };
/** Names a task group on an agent: task ids may come again, so none of them can. */
export type GroupId = string & { readonly __brand: "GroupId" };

/** Ids hold no slashes (M1), so one can stand between them. */
const BETWEEN = "/";

/** The key of a task. */
export function taskKey(frameworkId: FrameworkId, taskId: TaskId): TaskKey {
  return `${frameworkId}${BETWEEN}${taskId}` as TaskKey;
}

/** The key of an executor. */
export function executorKey(frameworkId: FrameworkId, executorId: ExecutorId): ExecutorKey {
  return `${frameworkId}${BETWEEN}${executorId}` as ExecutorKey;
}

/** The executor that a task runs on; a command that is in no group has none but its own. */
export function executorIdOf({ info, group }: Task): ExecutorId | undefined {
  return info.executor?.executorId ?? group?.executorId;
}

/** Sixteen bytes that were never used before: random ones of this process, then a counter (A7). */
function nextHex(state: AgentState): string {
  return state.seed + (state.minted++).toString(16).padStart(16, "0");
}

/** A new name of a status update. */
export function nextUpdateId(state: AgentState): UpdateId {
  return nextHex(state) as UpdateId;
}

/** A new name of a task group. */
export function nextGroupId(state: AgentState): GroupId {
  return nextHex(state) as GroupId;
}

/** A new name of a container, in the form of a UUID. */
export function nextContainerId(state: AgentState): ContainerId {
  const hex = nextHex(state);
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts
    .slice(1)
    .map((end, at) => hex.slice(cuts[at], end))
    .join("-") as ContainerId;
}

/** At least 0 and less than 1, from the state's own sequence (mulberry32). */
export function nextFraction(state: AgentState): number {
  state.chance = (state.chance + 0x6d2b79f5) | 0;
  let bits = state.chance;
  bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
  bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
  return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
}
