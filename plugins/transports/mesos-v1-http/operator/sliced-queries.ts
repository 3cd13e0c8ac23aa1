import type { FrameworkId } from "../../../../contract/ids.ts";
import type { FrameworkView } from "../../../../contract/operator-api.ts";
import type {
  AgentSource,
  ClusterSnapshot,
  TaskSource,
} from "../../../../contract/ports/cluster-snapshot.ts";
import type { Lazy } from "../definitions/define.ts";
import { wrap } from "../map/basics.ts";
import { agentTo } from "../map/cluster.ts";
import { executorTo, taskRecordTo } from "../map/tasks.ts";
import { groupBy } from "../views/framework-view.ts";
import { each } from "../views/json-pieces.ts";
import { agentViewTo, FORM, frameworkViewTo, type OperatorResponse } from "./queries.ts";

/** An answer whose lists are made while it is written. */
export type LazyResponse = Lazy<OperatorResponse>;

/**
 * The calls that show what a cluster can have many of, which is made in slices (§8.4); `version` is
 * the Mesos version that is claimed.
 */
export const slicedQueries = {
  GET_STATE: (shown, version) => ({ get_state: stateOf(shown, version) }),
  GET_AGENTS: (shown, version) => ({ get_agents: agentsOf(shown, version) }),
  GET_FRAMEWORKS: (shown) => ({ get_frameworks: frameworksOf(shown) }),
  GET_EXECUTORS: (shown) => ({ get_executors: executorsOf(shown) }),
  GET_TASKS: (shown) => ({ get_tasks: tasksOf(shown) }),
} as const satisfies Readonly<
  Record<string, (shown: ClusterSnapshot, version: string) => LazyResponse>
>;

/** The type of such a call. */
export type SlicedQueryType = keyof typeof slicedQueries;

/** All that there is. */
export function stateOf(
  shown: ClusterSnapshot,
  version: string,
): NonNullable<LazyResponse["get_state"]> {
  return {
    get_tasks: tasksOf(shown),
    get_executors: executorsOf(shown),
    get_frameworks: frameworksOf(shown),
    get_agents: agentsOf(shown, version),
  };
}

function tasksOf(shown: ClusterSnapshot): NonNullable<LazyResponse["get_tasks"]> {
  const isAway = ({ state }: TaskSource) => state === "TASK_UNREACHABLE";
  const records = (tasks: readonly TaskSource[]) =>
    each(tasks, (source) => taskRecordTo(source.show().task));
  return {
    tasks: records(shown.tasks.filter((task) => !isAway(task))),
    unreachable_tasks: records(shown.tasks.filter(isAway)),
    completed_tasks: records(shown.completedTasks),
  };
}

function executorsOf({ executors }: ClusterSnapshot): NonNullable<LazyResponse["get_executors"]> {
  return {
    executors: each(executors, ({ executor, agentId, role }) => ({
      executor_info: executorTo(executor, { ...FORM, role }),
      agent_id: wrap(agentId),
    })),
  };
}

function agentsOf(
  { agents }: ClusterSnapshot,
  version: string,
): NonNullable<LazyResponse["get_agents"]> {
  const isThere = ({ state }: AgentSource) =>
    state === "active" || state === "inactive" || state === "disconnected";
  const awaited = agents.filter(({ state }) => state === "recovering");
  return {
    agents: each(agents.filter(isThere), (one) => agentViewTo(one.show(), version)),
    recovered_agents: each(awaited, (one) => agentTo(one.show().agent, FORM)),
  };
}

function frameworksOf(shown: ClusterSnapshot): NonNullable<LazyResponse["get_frameworks"]> {
  const offers = groupBy(shown.offers, ({ frameworkId }) => frameworkId);
  const inverseOffers = groupBy(shown.inverseOffers, ({ frameworkId }) => frameworkId);
  const viewOf = (show: () => FrameworkView) => {
    const one = show();
    const id = one.framework.id as FrameworkId;
    const open = { offers: offers.get(id) ?? [], inverseOffers: inverseOffers.get(id) ?? [] };
    return frameworkViewTo(one, open);
  };
  return {
    frameworks: each(shown.frameworks, viewOf),
    completed_frameworks: each(shown.completedFrameworks, viewOf),
  };
}
