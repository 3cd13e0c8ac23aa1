import { hostPort } from "../../../../contract/address.ts";
import type { AgentView, FrameworkView } from "../../../../contract/operator-api.ts";
import type { ClusterView } from "../../../../contract/ports/cluster-view.ts";
import type { MesosConfig } from "../config.ts";
import type { Message } from "../definitions/define.ts";
import type {
  Response as ResponseDef,
  ResponseGetAgentsAgent,
  ResponseGetFrameworksFramework,
} from "../definitions/master-response.ts";
import { maybe, nanosOf, wrap } from "../map/basics.ts";
import { agentTo, frameworkTo, masterTo } from "../map/cluster.ts";
import { AGENT_PATH } from "../map/offers.ts";
import { quantitiesTo, type ResourceForm, resourcesTo } from "../map/resources.ts";
import { executorTo, taskRecordTo } from "../map/tasks.ts";
import { buildFacts } from "../views/build-facts.ts";

/** An answer of the master's operator API. */
export type OperatorResponse = Message<typeof ResponseDef>;

/** Operators are shown everything, in the newest form. */
const FORM: ResourceForm = { isRefined: true };

/** What the queries answer from. */
export interface QuerySource {
  readonly view: ClusterView;
  readonly config: MesosConfig;
}

type Query = (source: QuerySource) => Omit<OperatorResponse, "type">;

/** The calls that only read, by type (§8.4). */
export const queries = {
  GET_HEALTH: () => ({ get_health: { healthy: true } }),
  GET_FLAGS: ({ view }) => ({
    get_flags: { flags: Object.entries(view.flags()).map(([name, value]) => ({ name, value })) },
  }),
  GET_VERSION: ({ config }) => ({
    get_version: { version_info: { version: config.version, ...buildFacts() } },
  }),
  GET_METRICS: ({ view }) => ({
    get_metrics: {
      metrics: Object.entries(view.metrics()).map(([name, value]) => ({ name, value })),
    },
  }),
  GET_STATE: ({ view }) => ({
    get_state: {
      get_tasks: tasksOf(view),
      get_executors: executorsOf(view),
      get_frameworks: frameworksOf(view),
      get_agents: agentsOf(view),
    },
  }),
  GET_AGENTS: ({ view }) => ({ get_agents: agentsOf(view) }),
  GET_FRAMEWORKS: ({ view }) => ({ get_frameworks: frameworksOf(view) }),
  GET_EXECUTORS: ({ view }) => ({ get_executors: executorsOf(view) }),
  GET_TASKS: ({ view }) => ({ get_tasks: tasksOf(view) }),
  GET_ROLES: ({ view }) => ({
    get_roles: {
      roles: [...view.roles()].map(({ role, weight, frameworks, allocated }) => ({
        name: role,
        weight,
        frameworks: frameworks.map((id) => wrap(id)),
        resources: resourcesTo(allocated, FORM),
      })),
    },
  }),
  GET_WEIGHTS: ({ view }) => ({
    get_weights: { weight_infos: [...view.roles()].map(({ role, weight }) => ({ role, weight })) },
  }),
  GET_MASTER: ({ view, config }) => {
    const { startedMs, electedMs } = view.times();
    return {
      get_master: {
        master_info: maybe(view.leader(), (info) => masterTo(info, config.version)),
        start_time: startedMs / 1000,
        elected_time: maybe(electedMs, (ms) => ms / 1000),
      },
    };
  },
  GET_QUOTA: ({ view }) => ({
    get_quota: {
      status: {
        configs: [...view.roles()]
          .filter(({ guarantee, limit }) => guarantee !== undefined || limit !== undefined)
          .map(({ role, guarantee, limit }) => ({
            role,
            guarantees: quantitiesTo(guarantee),
            limits: quantitiesTo(limit),
          })),
      },
    },
  }),
} as const satisfies Readonly<Record<string, Query>>;

/** The type of a call that only reads. */
export type QueryType = keyof typeof queries;

function tasksOf(view: ClusterView): NonNullable<OperatorResponse["get_tasks"]> {
  const alive = [...view.tasks()];
  const isUnreachable = ({ task }: (typeof alive)[number]) => task.state === "TASK_UNREACHABLE";
  return {
    tasks: alive.filter((one) => !isUnreachable(one)).map(({ task }) => taskRecordTo(task)),
    unreachable_tasks: alive.filter(isUnreachable).map(({ task }) => taskRecordTo(task)),
    completed_tasks: [...view.completedTasks()].map(({ task }) => taskRecordTo(task)),
  };
}

function executorsOf(view: ClusterView): NonNullable<OperatorResponse["get_executors"]> {
  return {
    executors: [...view.executors()].map(({ executor, agentId, role }) => ({
      executor_info: executorTo(executor, { ...FORM, role }),
      agent_id: wrap(agentId),
    })),
  };
}

function agentsOf(view: ClusterView): NonNullable<OperatorResponse["get_agents"]> {
  const agents = [...view.agents()];
  const isThere = ({ state }: AgentView) =>
    state === "active" || state === "inactive" || state === "disconnected";
  return {
    agents: agents.filter(isThere).map(agentViewTo),
    recovered_agents: agents
      .filter(({ state }) => state === "recovering")
      .map(({ agent }) => agentTo(agent, FORM)),
  };
}

/** An agent as operators see it. */
export function agentViewTo(one: AgentView): Message<typeof ResponseGetAgentsAgent> {
  const { agent, drain } = one;
  return {
    agent_info: agentTo(agent, FORM),
    active: one.state === "active",
    deactivated: one.state === "inactive",
    version: one.version,
    pid: `${AGENT_PATH.slice(1)}@${hostPort(agent.ip, agent.port)}`,
    registered_time: maybe(one.registeredMs, nanosOf),
    reregistered_time: maybe(one.reregisteredMs, nanosOf),
    total_resources: resourcesTo(one.total, FORM),
    allocated_resources: resourcesTo(one.used, FORM),
    offered_resources: resourcesTo(one.offered, FORM),
    drain_info: maybe(drain, ({ state, config }) => ({
      state,
      config: {
        max_grace_period: maybe(config.maxGracePeriodMs, nanosOf),
        mark_gone: config.markGone,
      },
    })),
    estimated_drain_start_time: maybe(drain?.startedMs, nanosOf),
  };
}

function frameworksOf(view: ClusterView): NonNullable<OperatorResponse["get_frameworks"]> {
  const all = [...view.frameworks()];
  const isOver = ({ state }: FrameworkView) => state === "completed";
  return {
    frameworks: all.filter((one) => !isOver(one)).map(frameworkViewTo),
    completed_frameworks: all.filter(isOver).map(frameworkViewTo),
  };
}

/** A framework as operators see it. */
export function frameworkViewTo(
  one: FrameworkView,
): Message<typeof ResponseGetFrameworksFramework> {
  return {
    framework_info: frameworkTo(one.framework),
    active: one.state === "active",
    connected: one.state === "active",
    recovered: one.state === "recovered",
    registered_time: maybe(one.registeredMs, nanosOf),
    reregistered_time: maybe(one.reregisteredMs, nanosOf),
    unregistered_time: maybe(one.unregisteredMs, nanosOf),
    allocated_resources: resourcesTo(one.used, FORM),
    offered_resources: resourcesTo(one.offered, FORM),
  };
}
