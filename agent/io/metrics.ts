import { giveBack, NOTHING, normalize } from "../../contract/resources.ts";
import type { Resource } from "../../contract/schema/resource.ts";
import { isTerminal, taskStates } from "../../contract/task-state.ts";
import type { AgentState } from "../core/state.ts";
import { endStates, type Tallies, tallyNames } from "../core/tallies.ts";

/** Names of Mesos' agents under which nothing can ever happen here, and why not (H8). */
export const agentZeros: Readonly<Record<string, string>> = {
  "slave/executors_preempted": "no resources are lent out that others could want back",
  "slave/recovery_errors": "an agent that cannot read its checkpoint does not start",
};

function sumOf(list: readonly Resource[], kind: string, isRevocable: boolean): number {
  let milli = 0;
  for (const { name, scalar, revocable = false } of list) {
    if (name === kind && revocable === isRevocable) milli += scalar ?? 0;
  }
  return milli / 1_000;
}

function shownName(state: string): string {
  return `slave/${state.toLowerCase().replace("task_", "tasks_")}`;
}

function tallyMetrics(tallies: Tallies, out: Record<string, number>): void {
  for (const name of Object.keys(agentZeros)) out[name] = 0;
  for (const name of tallyNames) out[`slave/${name}`] = tallies.get(name) ?? 0;
  for (const state of endStates) out[shownName(state)] = tallies.get(state) ?? 0;
}

function coreMetrics(state: AgentState, out: Record<string, number>): void {
  const tasks = [...state.tasks.values()];
  for (const name of taskStates) {
    // An agent says nothing of being out of sight, and knows the tasks that it tells of.
    if (isTerminal(name) || name === "TASK_UNREACHABLE" || name === "TASK_UNKNOWN") continue;
    out[shownName(name)] = tasks.filter((task) => task.state === name).length;
  }
  const executors = [...state.executors.values()];
  out["slave/executors_registering"] = executors.filter((e) => e.phase === "starting").length;
  out["slave/executors_running"] =
    executors.filter((e) => e.phase === "running").length + state.groupExecutors.size;
  out["slave/executors_terminating"] = executors.filter((e) => e.phase === "ending").length;
  out["slave/frameworks_active"] = state.frameworks.size;
  let held = NOTHING;
  for (const { plan } of state.containers.values()) {
    held = giveBack(held, normalize(plan.resources));
  }
  for (const kind of ["cpus", "gpus", "mem", "disk"]) {
    for (const [word, isRevocable] of [
      ["", false],
      ["revocable_", true],
    ] as const) {
      const total = sumOf(state.info.resources, kind, isRevocable);
      const used = sumOf(held, kind, isRevocable);
      out[`slave/${kind}_${word}total`] = total;
      out[`slave/${kind}_${word}used`] = used;
      out[`slave/${kind}_${word}percent`] = total === 0 ? 0 : used / total;
    }
  }
}

/**
 * An agent's numbers as Mesos names them (H5, H8): gauges, and sums since its process began; next
 * to none before it has recovered.
 */
export function agentMetrics(
  source:
    | { readonly state: AgentState; readonly agent: { figures(): Record<string, number> } }
    | undefined,
  { startedMs, nowMs }: { readonly startedMs: number; nowMs(): number },
): Record<string, number> {
  const out: Record<string, number> = {
    "slave/uptime_secs": (nowMs() - startedMs) / 1_000,
    "slave/registered": source?.state.master.phase === "registered" ? 1 : 0,
  };
  tallyMetrics(source?.state.tallies ?? new Map(), out);
  if (source === undefined) return out;
  coreMetrics(source.state, out);
  return Object.assign(out, source.agent.figures());
}
