import { hostPort } from "../../../../contract/address.ts";
import type { FrameworkView, RoleView } from "../../../../contract/operator-api.ts";
import type { ClusterSnapshot, TaskSource } from "../../../../contract/ports/cluster-snapshot.ts";
import { fromMilli, toMilli } from "../../../../contract/resources.ts";
import type { TaskState } from "../../../../contract/task-state.ts";
import type { QuerySource } from "../operator/queries.ts";
import { agentLists, agentPart, fullAgentLists, isThere } from "./agents-view.ts";
import { buildFacts } from "./build-facts.ts";
import { frameworkLists, groupBy } from "./framework-view.ts";
import { each, jsonAscii, objectPieces, type Pieces } from "./json-pieces.ts";
import { resourceObject } from "./resource-object.ts";
import { taskPart } from "./task-view.ts";

const counted: readonly TaskState[] = [
  "TASK_STAGING",
  "TASK_STARTING",
  "TASK_RUNNING",
  "TASK_KILLING",
  "TASK_FINISHED",
  "TASK_KILLED",
  "TASK_FAILED",
  "TASK_LOST",
  "TASK_ERROR",
  "TASK_UNREACHABLE",
];

/** Makes the JSON of a view; `query` is that of the request. */
export type StateView = (source: QuerySource, query: URLSearchParams) => Pieces;

/** The v0 views over a master's state, by path (§9). */
export const stateViews: Readonly<Record<string, StateView>> = {
  "/state": (source) => {
    const shown = source.view.snapshot();
    const { version } = source.config;
    const agents = agentLists(shown, (one) => agentPart(one, version));
    const lists = { ...agents, ...frameworkLists(shown) };
    return objectPieces(masterPart(source, shown), lists);
  },
  "/state-summary": summary,
  "/slaves": ({ view, config }, query) =>
    objectPieces({}, fullAgentLists(view.snapshot(), query.get("slave_id"), config.version)),
  "/frameworks": ({ view }, query) =>
    objectPieces({}, frameworkLists(only(view.snapshot(), query.get("framework_id")))),
  "/tasks": ({ view }, query) => objectPieces({}, { tasks: tasksPage(view.snapshot(), query) }),
  "/roles": ({ view }) =>
    objectPieces({}, { roles: each(view.roles(), (role) => jsonAscii(rolePart(role))) }),
  "/flags": ({ view }) => [jsonAscii({ flags: view.flags() })],
};

/** Those that show something else for another query, and what of it they look at. */
export const viewsByQuery: Readonly<Record<string, readonly string[]>> = {
  "/tasks": ["task_id", "framework_id", "order", "offset", "limit"],
  "/slaves": ["slave_id"],
  "/frameworks": ["framework_id"],
};

/** What there is of one framework alone, where that is asked. */
function only(shown: ClusterSnapshot, wanted: string | null): ClusterSnapshot {
  if (wanted === null) return shown;
  const isIt = (show: () => FrameworkView) => show().framework.id === wanted;
  return {
    ...shown,
    frameworks: shown.frameworks.filter(isIt),
    completedFrameworks: shown.completedFrameworks.filter(isIt),
  };
}

function masterPart({ view, config }: QuerySource, shown: ClusterSnapshot): object {
  const leader = view.leader();
  const { startedMs, electedMs } = view.times();
  const pid = leader === undefined ? undefined : `master@${hostPort(leader.ip, leader.port)}`;
  const count = (...wanted: string[]) =>
    shown.agents.filter(({ state }) => wanted.includes(state)).length;
  return {
    version: config.version,
    ...buildFacts(),
    start_time: startedMs / 1000,
    elected_time: electedMs === undefined ? undefined : electedMs / 1000,
    id: leader?.id,
    pid,
    hostname: leader?.hostname,
    capabilities: ["AGENT_UPDATE", "AGENT_DRAINING", "QUOTA_V2"],
    activated_slaves: count("active"),
    deactivated_slaves: count("inactive", "disconnected"),
    unreachable_slaves: count("unreachable"),
    leader: pid,
    leader_info: leader && {
      id: leader.id,
      pid,
      port: leader.port,
      hostname: leader.hostname,
    },
    flags: view.flags(),
  };
}

function tasksPage(shown: ClusterSnapshot, query: URLSearchParams): Iterable<string> {
  const wanted = { task: query.get("task_id"), framework: query.get("framework_id") };
  const tasks = [...shown.tasks, ...shown.completedTasks].filter(
    ({ taskId, frameworkId }) =>
      (wanted.task === null || taskId === wanted.task) &&
      (wanted.framework === null || frameworkId === wanted.framework),
  );
  tasks.sort((a, b) => a.launchedMs - b.launchedMs);
  if (query.get("order") !== "asc") tasks.reverse();
  const offset = numberIn(query, "offset", 0);
  const page = tasks.slice(offset, offset + numberIn(query, "limit", 100));
  return each(page, (task) => jsonAscii(taskPart(task.show())));
}

function rolePart(one: RoleView): object {
  const { role, weight, frameworks, guarantee, limit, consumed, offered, reserved } = one;
  const all = resourceObject(one.allocated);
  const free = resourceObject(offered);
  return {
    name: role,
    weight,
    quota: { role, guarantee: units(guarantee), limit: units(limit), consumed: units(consumed) },
    resources: all,
    allocated: Object.fromEntries(
      Object.entries(all).map(([name, amount]) => [
        name,
        fromMilli(toMilli(Number(amount)) - toMilli(Number(free[name] ?? 0))),
      ]),
    ),
    offered: free,
    reserved: resourceObject(reserved),
    frameworks,
  };
}

function summary({ view, config }: QuerySource): Pieces {
  const shown = view.snapshot();
  const tasks = [...shown.tasks, ...shown.completedTasks];
  const byAgent = groupBy(tasks, ({ agentId }) => agentId);
  const byFramework = groupBy(tasks, ({ frameworkId }) => frameworkId);
  const fields = { hostname: view.leader()?.hostname, cluster: view.flags()["cluster"] ?? "" };
  return objectPieces(fields, {
    slaves: each(shown.agents.filter(isThere), (one) => {
      const mine = byAgent.get(one.id) ?? [];
      const ids = [...new Set(mine.map(({ frameworkId }) => frameworkId))];
      const part = agentPart(one.show(), config.version);
      return jsonAscii({ ...part, ...countStates(mine), framework_ids: ids });
    }),
    frameworks: each(shown.frameworks, (show) => {
      const one = show();
      return jsonAscii(summaryOf(one, byFramework.get(one.framework.id ?? "") ?? []));
    }),
  });
}

function summaryOf(
  { framework, used, offered, state }: FrameworkView,
  tasks: readonly TaskSource[],
): object {
  return {
    id: framework.id,
    name: framework.name,
    used_resources: resourceObject(used),
    offered_resources: resourceObject(offered),
    capabilities: framework.capabilities ?? [],
    hostname: framework.hostname ?? "",
    webui_url: framework.webuiUrl ?? "",
    active: state === "active",
    connected: state === "active",
    recovered: state === "recovered",
    ...countStates(tasks),
    slave_ids: [...new Set(tasks.map(({ agentId }) => agentId))],
  };
}

function countStates(tasks: readonly { readonly state: TaskState }[]): Record<string, number> {
  const counts: Record<string, number> = Object.fromEntries(counted.map((state) => [state, 0]));
  for (const { state } of tasks) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

function units(amounts: Readonly<Record<string, number>> = {}): Record<string, number> {
  return Object.fromEntries(Object.entries(amounts).map(([name, milli]) => [name, milli / 1000]));
}

/**
 * As Mesos reads it, a number below 0 is larger than any: tools ask for all tasks by `limit=-1`.
 */
function numberIn(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name);
  if (text === null || !/^-?\d{1,9}$/.test(text)) return fallback;
  const value = Number(text);
  return value < 0 ? Number.POSITIVE_INFINITY : value;
}
