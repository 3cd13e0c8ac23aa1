import { hostPort } from "../../../../contract/address.ts";
import type { AgentView, RoleView, TaskView } from "../../../../contract/operator-api.ts";
import { printAttributeValue } from "../../../../contract/resources/attributes.ts";
import { fromMilli, toMilli } from "../../../../contract/resources.ts";
import type { TaskState } from "../../../../contract/task-state.ts";
import { AGENT_PATH } from "../map/offers.ts";
import type { QuerySource } from "../operator/queries.ts";
import { frameworksPart, groupBy, seconds, taskPart } from "./framework-view.ts";
import { reservedObject, resourceObject, unreservedObject } from "./resource-object.ts";

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

/** Builds the JSON of a view; `query` is that of the request. */
export type StateView = (source: QuerySource, query: URLSearchParams) => object;

/** The v0 views over a master's state, by path (§9). */
export const stateViews: Readonly<Record<string, StateView>> = {
  "/state": (source) => ({
    ...masterPart(source),
    ...agentsPart(source),
    ...frameworksPart(source),
  }),
  "/state-summary": summary,
  "/slaves": agentsPart,
  "/frameworks": frameworksPart,
  "/tasks": tasksPart,
  "/roles": rolesPart,
  "/metrics/snapshot": ({ view }) => view.metrics(),
  "/flags": ({ view }) => ({ flags: view.flags() }),
};

function masterPart({ view, config }: QuerySource): object {
  const leader = view.leader();
  const { startedMs, electedMs } = view.times();
  const pid = leader === undefined ? undefined : `master@${hostPort(leader.ip, leader.port)}`;
  const states = [...view.agents()].map(({ state }) => state);
  const count = (...wanted: string[]) => states.filter((one) => wanted.includes(one)).length;
  return {
    version: config.version,
    build_date: "1970-01-01 00:00:00",
    build_time: 0,
    build_user: "",
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

function agentsPart({ view }: QuerySource): object {
  const all = [...view.agents()];
  const isThere = ({ state }: AgentView) =>
    state === "active" || state === "inactive" || state === "disconnected";
  return {
    slaves: all.filter(isThere).map(agentPart),
    recovered_slaves: all
      .filter(({ state }) => state === "recovering")
      .map(({ agent }) => ({ id: agent.id, hostname: agent.hostname })),
  };
}

function agentPart(one: AgentView): object {
  const { agent, total } = one;
  return {
    id: agent.id,
    hostname: agent.hostname,
    port: agent.port,
    attributes: Object.fromEntries(
      (agent.attributes ?? []).map((attribute) => [
        attribute.name,
        attribute.scalar === undefined ? printAttributeValue(attribute) : attribute.scalar / 1000,
      ]),
    ),
    pid: `${AGENT_PATH.slice(1)}@${hostPort(agent.ip, agent.port)}`,
    registered_time: seconds(one.registeredMs),
    reregistered_time: seconds(one.reregisteredMs),
    resources: resourceObject(total),
    used_resources: resourceObject(one.used),
    offered_resources: resourceObject(one.offered),
    reserved_resources: reservedObject(total),
    unreserved_resources: unreservedObject(total),
    active: one.state === "active",
    deactivated: one.state === "inactive",
    version: one.version,
    capabilities: [],
  };
}

function tasksPart({ view }: QuerySource, query: URLSearchParams): object {
  const wanted = { task: query.get("task_id"), framework: query.get("framework_id") };
  const tasks = [...view.tasks(), ...view.completedTasks()].filter(
    ({ task }) =>
      (wanted.task === null || task.taskId === wanted.task) &&
      (wanted.framework === null || task.frameworkId === wanted.framework),
  );
  const startedMs = ({ task }: TaskView) => task.statuses[0]?.timestampMs ?? 0;
  tasks.sort((a, b) => startedMs(a) - startedMs(b));
  if (query.get("order") !== "asc") tasks.reverse();
  const offset = numberIn(query, "offset", 0);
  return { tasks: tasks.slice(offset, offset + numberIn(query, "limit", 100)).map(taskPart) };
}

function rolesPart({ view }: QuerySource): object {
  return { roles: Array.from(view.roles(), rolePart) };
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

function summary({ view }: QuerySource): object {
  const tasks = [...view.tasks(), ...view.completedTasks()].map(({ task }) => task);
  const byAgent = groupBy(tasks, ({ agentId = "" }) => agentId);
  const byFramework = groupBy(tasks, ({ frameworkId = "" }) => frameworkId);
  const leader = view.leader();
  const agents = [...view.agents()];
  const frameworks = [...view.frameworks()].filter(({ state }) => state !== "completed");
  return {
    hostname: leader?.hostname,
    cluster: view.flags()["cluster"] ?? "",
    slaves: agents.map((one) => {
      const mine = byAgent.get(one.agent.id ?? "") ?? [];
      const ids = [...new Set(mine.map(({ frameworkId }) => frameworkId))];
      return { ...agentPart(one), ...countStates(mine), framework_ids: ids };
    }),
    frameworks: frameworks.map(({ framework, used, offered, state }) => {
      const mine = byFramework.get(framework.id ?? "") ?? [];
      return {
        id: framework.id,
        name: framework.name,
        used_resources: resourceObject(used),
        offered_resources: resourceObject(offered),
        capabilities: framework.capabilities ?? [],
        hostname: framework.hostname ?? "",
        webui_url: framework.webuiUrl,
        active: state === "active",
        connected: state === "active",
        recovered: state === "recovered",
        ...countStates(mine),
        slave_ids: [...new Set(mine.map(({ agentId }) => agentId))],
      };
    }),
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

function numberIn(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name);
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : fallback;
}
