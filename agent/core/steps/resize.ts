import { keepContainer } from "../checkpoint.ts";
import type { Effect } from "../effect.ts";
import type { AgentState, Executor } from "../state.ts";

/**
 * A task has come to a custom executor or has left it: its container holds the executor and the
 * tasks that it has now (F23).
 */
export function resizeExecutor(state: AgentState, executor: Executor, out: Effect[]): void {
  const { containerId, info, tasks, phase } = executor;
  const container = state.containers.get(containerId);
  if (container === undefined || phase === "ending") return;
  const held = [...tasks].flatMap((key) => state.tasks.get(key)?.info ?? []);
  const resources = [info, ...held].flatMap((one) => one.resources ?? []);
  container.plan = { ...container.plan, resources };
  keepContainer(container, out);
  out.push({ type: "update-container", containerId, resources });
}
