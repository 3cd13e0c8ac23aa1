import type { Resources } from "../../../contract/resources.ts";
import { taskStates } from "../../../contract/task-state.ts";
import type { ClusterState } from "../state.ts";
import { clusterView } from "./cluster.ts";

const kinds = ["cpus", "gpus", "mem", "disk"] as const;

function sums(list: Resources): Record<string, { plain: number; revocable: number }> {
  const found: Record<string, { plain: number; revocable: number }> = {};
  for (const { name, scalar = 0, revocable } of list) {
    found[name] ??= { plain: 0, revocable: 0 };
    (found[name] as { plain: number; revocable: number })[revocable ? "revocable" : "plain"] +=
      scalar / 1000;
  }
  return found;
}

function resourceMetrics(total: Resources, used: Resources, out: Record<string, number>): void {
  const [all, taken] = [sums(total), sums(used)];
  for (const kind of kinds) {
    for (const [form, word] of [
      ["plain", ""],
      ["revocable", "revocable_"],
    ] as const) {
      const there = all[kind]?.[form] ?? 0;
      const busy = taken[kind]?.[form] ?? 0;
      out[`master/${kind}_${word}total`] = there;
      out[`master/${kind}_${word}used`] = busy;
      out[`master/${kind}_${word}percent`] = there === 0 ? 0 : busy / there;
    }
  }
}

function taskMetrics(state: ClusterState, out: Record<string, number>): void {
  const counts = new Map(state.ended);
  for (const framework of state.frameworks.values()) {
    for (const tasks of [framework.tasks, framework.unreachable]) {
      for (const task of tasks.values()) {
        counts.set(task.state, (counts.get(task.state) ?? 0) + 1);
      }
    }
  }
  for (const one of taskStates) {
    // It is an answer to questions; no task is ever in it.
    if (one === "TASK_UNKNOWN") continue;
    out[`master/${one.toLowerCase().replace("task_", "tasks_")}`] = counts.get(one) ?? 0;
  }
}

/**
 * Numbers under the names that Mesos gives them (H5): gauges, and sums since this master leads.
 * Tasks in terminal states are sums, the others gauges.
 */
export function metricsView(state: ClusterState, nowMs: number): Record<string, number> {
  const { agents, frameworks, offers, total, used } = clusterView(state);
  const out: Record<string, number> = {
    "master/elected": 1,
    "master/uptime_secs": (nowMs - state.startedMs) / 1000,
    "master/slaves_active": agents["active"] ?? 0,
    "master/slaves_inactive": agents["disconnected"] ?? 0,
    "master/slaves_connected": agents["active"] ?? 0,
    "master/slaves_disconnected": agents["disconnected"] ?? 0,
    "master/slaves_unreachable": agents["unreachable"] ?? 0,
    "master/slave_removals": state.counts.agentsLost,
    "master/frameworks_active": frameworks["active"] ?? 0,
    "master/frameworks_inactive":
      (frameworks["disconnected"] ?? 0) + (frameworks["recovered"] ?? 0),
    "master/frameworks_connected": frameworks["active"] ?? 0,
    "master/frameworks_disconnected": frameworks["disconnected"] ?? 0,
    "master/outstanding_offers": offers,
    "master/messages_status_update": state.counts.updates,
    "master/messages_status_update_acknowledgement": state.counts.acknowledgements,
  };
  taskMetrics(state, out);
  resourceMetrics(total, used, out);
  return out;
}
