import type { AgentState } from "../core/state.ts";
import type { RunNames, Sandboxes } from "./sandbox.ts";
import type { EndedRun } from "./sandbox-gc.ts";

/**
 * What `/executors` shows: the containers that run here, and the newest of those that have ended
 * and whose sandboxes are still there (D23).
 */
export function executorsPage(
  state: AgentState,
  sandboxes: Sandboxes,
  ended: readonly EndedRun[],
): object {
  const about = (run: RunNames) => ({
    frameworkId: run.frameworkId,
    executorId: run.executorId,
    containerId: run.id,
    directory: sandboxes.pathOf(run),
  });
  return {
    executors: [...state.containers.values()].map(({ plan, process }) => ({
      ...about(plan),
      ...(plan.taskId === undefined ? {} : { taskId: plan.taskId }),
      ...(process === undefined ? {} : { pid: process.pid }),
    })),
    completed: ended.map((run) => ({ ...about(run), endedMs: Math.round(run.endedMs) })),
  };
}
