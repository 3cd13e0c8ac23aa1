import { dropEntry } from "./checkpoint.ts";
import type { Effect } from "./effect.ts";
import type { AgentState, Executor, GroupExecutor } from "./state.ts";

/** An end of an executor that no master was there for. Checkpointed under `exit/KEY`. */
export interface ExecutorExit extends Pick<GroupExecutor, "key" | "frameworkId" | "role" | "info"> {
  readonly status: number;
}

/**
 * Tells the master how an executor has ended, as a wait status. While there is none it is kept, and
 * the executor counts as here: a master asks nobody how one ended that an agent does not bring
 * back.
 */
export function tellExit(
  state: AgentState,
  { key, frameworkId, role, info }: Executor | GroupExecutor,
  status: number,
  out: Effect[],
): void {
  const exit: ExecutorExit = { key, frameworkId, role, info, status };
  const isKept = state.master.phase !== "registered" && state.leaving === undefined;
  if (!isKept) {
    send(exit, out);
    return;
  }
  state.exits.set(key, exit);
  // The next agent says nothing of frameworks that do not checkpoint (B23).
  if (state.frameworks.get(frameworkId)?.info.checkpoint !== true) return;
  out.push({ type: "checkpoint", key: `exit/${key}`, value: exit });
}

/** The agent has registered again, with these executors: now their ends. */
export function tellExits(state: AgentState, out: Effect[]): void {
  for (const [key, exit] of state.exits) {
    send(exit, out);
    state.exits.delete(key);
    dropEntry(`exit/${key}`, out);
  }
}

function send({ frameworkId, info, status }: ExecutorExit, out: Effect[]): void {
  const { executorId } = info;
  out.push({
    type: "send-master",
    message: { type: "executor-exited", frameworkId, executorId, status },
  });
}
