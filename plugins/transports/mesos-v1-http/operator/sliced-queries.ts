import type {
  AgentSource,
  ClusterSnapshot,
  TaskSource,
} from "../../../../contract/ports/cluster-snapshot.ts";
import type { Lazy } from "../definitions/define.ts";
import { wrap } from "../map/basics.ts";
import { agentTo } from "../map/cluster.ts";
import { executorTo, taskRecordTo } from "../map/tasks.ts";
import { each } from "../views/json-pieces.ts";
import { agentViewTo, FORM, frameworkViewTo, type OperatorResponse } from "./queries.ts";

/** An answer whose lists are made while it is written. */
export type LazyResponse = Lazy<OperatorResponse>;

/** The calls that show what a cluster can have many of, which is made in slices (§8.4). */
export const slicedQueries = {
  GET_STATE: (shown) => ({ get_state: stateOf(shown) }),
  GET_AGENTS: (shown) => ({ get_agents: agentsOf(shown) }),
  GET_FRAMEWORKS: (shown) => ({ get_frameworks: frameworksOf(shown) }),
  GET_EXECUTORS: (shown) => ({ get_executors: executorsOf(shown) }),
  GET_TASKS: (shown) => ({ get_tasks: tasksOf(shown) }),
} as const satisfies Readonly<Record<string, (shown: ClusterSnapshot) => LazyResponse>>;

/** The type of such a call. */
export type SlicedQueryType = keyof typeof slicedQueries;

/** All that there is. */
export function stateOf(shown: ClusterSnapshot): NonNullable<LazyResponse["get_state"]> {
  return {
    get_tasks: tasksOf(shown),
    get_executors: executorsOf(shown),
    get_frameworks: frameworksOf(shown),
    get_agents: agentsOf(shown),
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

function agentsOf({ agents }: ClusterSnapshot): NonNullable<LazyResponse["get_agents"]> {
  const isThere = ({ state }: AgentSource) =>
    state === "active" || state === "inactive" || state === "disconnected";
  const awaited = agents.filter(({ state }) => state === "recovering");
  return {
    agents: each(agents.filter(isThere), (one) => agentViewTo(one.show())),
    recovered_agents: each(awaited, (one) => agentTo(one.show().agent, FORM)),
  };
}

function frameworksOf(shown: ClusterSnapshot): NonNullable<LazyResponse["get_frameworks"]> {
  return {
    frameworks: each(shown.frameworks, (show) => frameworkViewTo(show())),
    completed_frameworks: each(shown.completedFrameworks, (show) => frameworkViewTo(show())),
  };
}
