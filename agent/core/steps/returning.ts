import type { Effect } from "../effect.ts";
import type { AgentState, Executor } from "../state.ts";

/**
 * After a restart: an executor that runs on is expected to come back (B41). Until then, or until
 * its time is over, the agent does not register: what the master would have it tell the executor
 * could reach nobody.
 */
export function expectBack(
  state: AgentState,
  executor: Executor,
  nowMs: number,
  out: Effect[],
): void {
  const { key, containerId } = executor;
  if (executor.phase === "ending") {
    if (executor.killDueMs !== undefined) return;
    out.push({ type: "kill-container", containerId, signal: "SIGKILL" });
    return;
  }
  // It was faster than what is looked up of its container.
  if (executor.connection !== undefined) return;
  executor.phase = "starting";
  executor.subscribeDueMs = nowMs + state.setup.times.executorReregistrationTimeoutMs;
  state.timers.add({ dueMs: executor.subscribeDueMs, kind: "subscribe", of: key });
  state.returning.add(key);
}

/** An executor is back, or is waited for no longer. After the last one, the agent registers. */
export function expectNoMore(state: AgentState, { key }: Executor): void {
  const { returning, master, timers } = state;
  if (!returning.delete(key) || returning.size > 0) return;
  timers.add({ dueMs: master.dueMs, kind: "register", of: "" });
}
