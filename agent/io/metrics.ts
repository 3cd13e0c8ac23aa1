import { giveBack, NOTHING, normalize } from "../../contract/resources.ts";
import type { Resource } from "../../contract/schema/resource.ts";
import { isTerminal, taskStates } from "../../contract/task-state.ts";
import type { AgentState } from "../core/state.ts";

function sumOf(list: readonly Resource[], kind: string): number {
  let milli = 0;
  for (const { name, scalar } of list) if (name === kind) milli += scalar ?? 0;
  return milli / 1_000;
}

/** An agent's numbers as Mesos names them (H5); next to none before it has recovered. */
export function agentMetrics(
  state: AgentState | undefined,
  { startedMs, nowMs }: { readonly startedMs: number; nowMs(): number },
): Record<string, number> {
  const metrics: Record<string, number> = {
    "slave/uptime_secs": (nowMs() - startedMs) / 1_000,
    "slave/registered": state?.master.phase === "registered" ? 1 : 0,
  };
  if (state === undefined) return metrics;
  const tasks = [...state.tasks.values()];
  for (const name of taskStates) {
    // Those that have ended stay only until that is acknowledged: their number says nothing.
    if (isTerminal(name) || name === "TASK_UNREACHABLE") continue;
    const some = tasks.filter((task) => task.state === name);
    metrics[`slave/${name.toLowerCase().replace("task_", "tasks_")}`] = some.length;
  }
  const executors = [...state.executors.values()];
  metrics["slave/executors_registering"] = executors.filter((e) => e.phase === "starting").length;
  metrics["slave/executors_running"] =
    executors.filter((e) => e.phase === "running").length + state.groupExecutors.size;
  metrics["slave/executors_terminating"] = executors.filter((e) => e.phase === "ending").length;
  metrics["slave/frameworks_active"] = state.frameworks.size;
  let held = NOTHING;
  for (const { plan } of state.containers.values())
    held = giveBack(held, normalize(plan.resources));
  for (const kind of ["cpus", "gpus", "mem", "disk"]) {
    const total = sumOf(state.info.resources, kind);
    const used = sumOf(held, kind);
    metrics[`slave/${kind}_total`] = total;
    metrics[`slave/${kind}_used`] = used;
    metrics[`slave/${kind}_percent`] = total === 0 ? 0 : used / total;
  }
  return metrics;
}
