import type { Resources } from "../../../contract/resources.ts";
import { isTerminal, taskStates } from "../../../contract/task-state.ts";
import { conversionTypes } from "../operations.ts";
import type { ClusterState } from "../state.ts";
import { operationState } from "../steps/operations.ts";
import { type Tallies, tallyNames } from "../tallies.ts";
import { allocatorMetrics } from "./allocator-metrics.ts";
import { clusterView } from "./cluster.ts";
import { frameworkMetrics } from "./framework-metrics.ts";

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

/** Tasks in terminal states are sums, the others gauges. */
function taskMetrics(state: ClusterState, out: Record<string, number>): void {
  const counts = new Map<string, number>();
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
    const from = isTerminal(one) ? state.tallies : counts;
    out[`master/${one.toLowerCase().replace("task_", "tasks_")}`] = from.get(one) ?? 0;
  }
}

/** Ends of tasks by who said so and why, under the names that these had when Mesos got metrics. */
function endMetrics(tallies: Tallies, out: Record<string, number>): void {
  for (const [name, count] of tallies) {
    if (!name.startsWith("TASK_") || !name.includes("/")) continue;
    out[`master/${name.toLowerCase().replaceAll("_agent", "_slave")}`] = count;
  }
}

const outcomes = [
  "finished",
  "failed",
  "error",
  "dropped",
  "unreachable",
  "gone_by_operator",
] as const;

/** Operations on resources: those that are over are sums, those that are not a gauge. */
function operationMetrics(state: ClusterState, out: Record<string, number>): void {
  const pending = new Map<string, number>();
  for (const framework of state.frameworks.values()) {
    for (const one of framework.operations.values()) {
      if (operationState(one) !== "OPERATION_PENDING") continue;
      const { operation } = one;
      pending.set(operation.type, (pending.get(operation.type) ?? 0) + 1);
    }
  }
  const add = (prefix: string, name: string, count: number): void => {
    out[`${prefix}${name}`] = (out[`${prefix}${name}`] ?? 0) + count;
  };
  for (const type of conversionTypes) {
    for (const prefix of ["master/operations/", `master/operations/${type.toLowerCase()}/`]) {
      const waiting = pending.get(type) ?? 0;
      let total = waiting;
      add(prefix, "pending", waiting);
      for (const outcome of outcomes) {
        const count = state.tallies.get(`${type}/OPERATION_${outcome.toUpperCase()}`) ?? 0;
        add(prefix, outcome, count);
        total += count;
      }
      add(prefix, "total", total);
    }
  }
}

/** What has been counted, under the names that are always shown. */
export function tallyMetrics(tallies: Tallies, out: Record<string, number>): void {
  for (const name of tallyNames) out[`master/${name}`] = tallies.get(name) ?? 0;
}

/**
 * Numbers under the names that Mesos gives them (H5, H7, H8): gauges, and sums since this master
 * leads.
 */
export function metricsView(state: ClusterState, nowMs: number): Record<string, number> {
  const cluster = clusterView(state);
  const { agents, frameworks, offers, total, used } = cluster;
  const out: Record<string, number> = {
    "master/elected": 1,
    "master/uptime_secs": (nowMs - state.startedMs) / 1000,
    "master/slaves_active": agents["active"] ?? 0,
    "master/slaves_inactive": agents["disconnected"] ?? 0,
    "master/slaves_connected": agents["active"] ?? 0,
    "master/slaves_disconnected": agents["disconnected"] ?? 0,
    "master/slaves_unreachable": agents["unreachable"] ?? 0,
    "master/frameworks_active": frameworks["active"] ?? 0,
    "master/frameworks_inactive":
      (frameworks["disconnected"] ?? 0) + (frameworks["recovered"] ?? 0),
    "master/frameworks_connected": frameworks["active"] ?? 0,
    "master/frameworks_disconnected": frameworks["disconnected"] ?? 0,
    "master/outstanding_offers": offers,
    "master/operator_event_stream_subscribers": state.listeners,
  };
  tallyMetrics(state.tallies, out);
  taskMetrics(state, out);
  endMetrics(state.tallies, out);
  operationMetrics(state, out);
  resourceMetrics(total, used, out);
  allocatorMetrics(state, cluster, out);
  for (const framework of state.frameworks.values()) frameworkMetrics(framework, out);
  return out;
}
