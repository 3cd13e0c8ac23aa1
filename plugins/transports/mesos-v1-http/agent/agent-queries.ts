import type { ContainerShown, OwnAgentView } from "../../../../contract/ports/agent-view.ts";
import type { Usage } from "../../../../contract/ports/isolator.ts";
import type { NestedId } from "../../../../contract/ports/nested-containers.ts";
import { fromMilli } from "../../../../contract/resources.ts";
import type { Resource } from "../../../../contract/schema/resource.ts";
import type { TaskRecord } from "../../../../contract/schema/task.ts";
import { isTerminal } from "../../../../contract/task-state.ts";
import type { MesosConfig } from "../config.ts";
import type { Call } from "../definitions/agent-call.ts";
import type { Response } from "../definitions/agent-response.ts";
import type { Message } from "../definitions/define.ts";
import type { ResourceStatistics } from "../definitions/statistics.ts";
import { Refusal } from "../http/answers.ts";
import { defined, maybe, nanosOf, updateIdBytes, wrap } from "../map/basics.ts";
import { agentTo, drainConfigTo, frameworkTo } from "../map/cluster.ts";
import { listFiles, readFile } from "../map/files.ts";
import { setLevel } from "../map/logging.ts";
import { nestedIdTo } from "../map/nested.ts";
import { operationStatusTo, operationTo } from "../map/offers.ts";
import type { ResourceForm } from "../map/resources.ts";
import { executorTo, taskRecordTo } from "../map/tasks.ts";
import { buildFacts } from "../views/build-facts.ts";
import { containersOf } from "./measured.ts";

/** A call to the operator API of an agent. */
export type AgentCall = Message<typeof Call>;
/** Its answer. */
export type AgentResponse = Message<typeof Response>;

/** What the queries answer from. */
export interface AgentSource {
  readonly view: OwnAgentView;
  readonly config: MesosConfig;
}

type Answer = Omit<AgentResponse, "type">;
type Query = (source: AgentSource, call: AgentCall) => Answer | Promise<Answer>;

/** Operators see everything, in the newest form. */
const FORM: ResourceForm = { isRefined: true };

/** The calls to an agent that are served, by type (§8). */
export const agentQueries = {
  GET_HEALTH: () => ({ get_health: { healthy: true } }),
  GET_FLAGS: ({ view }) => ({ get_flags: { flags: listOf(view.flags()) } }),
  GET_VERSION: ({ config }) => ({
    get_version: { version_info: { version: config.version, ...buildFacts() } },
  }),
  GET_METRICS: ({ view }, { get_metrics }) => ({
    get_metrics: get_metrics && { metrics: listOf(view.metrics()) },
  }),
  GET_STATE: ({ view }) => ({
    get_state: {
      get_tasks: tasksOf(view),
      get_executors: executorsOf(view),
      get_frameworks: frameworksOf(view),
    },
  }),
  GET_FRAMEWORKS: ({ view }) => ({ get_frameworks: frameworksOf(view) }),
  GET_EXECUTORS: ({ view }) => ({ get_executors: executorsOf(view) }),
  GET_TASKS: ({ view }) => ({ get_tasks: tasksOf(view) }),
  GET_AGENT: ({ view }) => {
    const drain = view.drain();
    return {
      get_agent: {
        agent_info: maybe(view.info(), (info) => agentTo(info, FORM)),
        drain_config: maybe(drain, ({ config }) => drainConfigTo(config)),
        estimated_drain_start_time: maybe(drain?.startedMs, nanosOf),
      },
    };
  },
  GET_OPERATIONS: ({ view }) => ({
    get_operations: {
      operations: Array.from(view.operations(), ({ uuid, frameworkId, info, status }) => ({
        framework_id: wrap(frameworkId),
        agent_id: wrap(view.info()?.id),
        info: operationTo(info),
        latest_status: operationStatusTo(status),
        statuses: [operationStatusTo(status)],
        uuid: { value: updateIdBytes(uuid) },
      })),
    },
  }),
  GET_CONTAINERS: async ({ view }, { get_containers }) => {
    const containers = (await containersOf(view)).map(({ shown, usage }) => ({
      ...ownerOf(shown),
      container_id: wrap(shown.containerId),
      container_status: defined({
        container_id: wrap(shown.containerId),
        executor_pid: shown.pid,
      }),
      resource_statistics: maybe(usage, (one) => statisticsTo(one, shown.resources)),
    }));
    const nested = get_containers?.show_nested === true ? nestedOf(view) : [];
    return { get_containers: { containers: [...containers, ...nested] } };
  },
  GET_RESOURCE_PROVIDERS: () => ({ get_resource_providers: { resource_providers: [] } }),
  GET_LOGGING_LEVEL: ({ view }) => ({ get_logging_level: { level: view.verbosity.level() } }),
  LIST_FILES: ({ view }, call) => ({ list_files: listFiles(view.files, call) }),
  READ_FILE: ({ view }, call) => ({ read_file: readFile(view.files, call) }),
} as const satisfies Readonly<Record<string, Query>>;

type Change = (view: OwnAgentView, call: AgentCall) => Promise<unknown> | undefined;

/** The calls that change something, by type; each is answered without a body (§8.2). */
export const agentChanges = {
  SET_LOGGING_LEVEL: ({ verbosity }, { set_logging_level: body }) =>
    body && setLevel(verbosity, body),
  // What engines keep is theirs.
  PRUNE_IMAGES: (view, { prune_images }) =>
    view.pruneImages(
      (prune_images?.excluded_images ?? []).flatMap(
        ({ docker, appc }) => docker?.name ?? appc?.name ?? [],
      ),
    ),
} as const satisfies Readonly<Record<string, Change>>;

const providers = "there are no resource providers";

/** The other calls, with the reason why they are answered with 501. */
export const agentRefusals = {
  ADD_RESOURCE_PROVIDER_CONFIG: providers,
  UPDATE_RESOURCE_PROVIDER_CONFIG: providers,
  REMOVE_RESOURCE_PROVIDER_CONFIG: providers,
  MARK_RESOURCE_PROVIDER_GONE: providers,
} as const;

type ContainerTo = NonNullable<NonNullable<AgentResponse["get_containers"]>["containers"]>[number];

function ownerOf({ frameworkId, executorId, executor }: ContainerShown) {
  return {
    framework_id: wrap(frameworkId),
    executor_id: wrap(executorId),
    executor_name: executor?.name ?? "",
  };
}

/** Nested containers that run; they use what those use that they are in. */
function nestedOf(view: OwnAgentView): ContainerTo[] {
  const all = [...view.containers()];
  const roots = new Map(
    all.flatMap((shown) => shown.parts.map((id) => [id as string, shown] as const)),
  );
  // Those of a group's tasks are in their executor, though that is no container by itself.
  const parts = all.flatMap((shown) =>
    shown.parts.filter((id) => id !== shown.containerId).map((id) => nestedIn(shown, [id])),
  );
  const nested = [...view.nested.list()].flatMap(({ id, isRunning }) => {
    const root = roots.get(id[0] ?? "");
    return root === undefined || !isRunning ? [] : [nestedIn(root, id)];
  });
  return [...parts, ...nested];
}

function nestedIn(root: ContainerShown, id: NestedId): ContainerTo {
  const container_id = nestedIdTo(id);
  return { ...ownerOf(root), container_id, container_status: { container_id } };
}

/**
 * Figures as Mesos names them. What the container was given counts as its limit where nothing holds
 * it to another: whoever reads them divides by it.
 */
export function statisticsTo(
  usage: Usage,
  given: readonly Resource[],
): Message<typeof ResourceStatistics> {
  const amount = (wanted: string) => {
    const some = given.filter(({ name, scalar }) => name === wanted && scalar !== undefined);
    if (some.length === 0) return undefined;
    return fromMilli(some.reduce((sum, { scalar = 0 }) => sum + scalar, 0));
  };
  const cpus = amount("cpus");
  const memBytes = maybe(amount("mem"), (mib) => Math.round(mib * 1024 * 1024));
  return defined({
    timestamp: usage.timeMs / 1_000,
    processes: usage.processes,
    threads: usage.threads,
    cpus_user_time_secs: usage.cpusUserSeconds,
    cpus_system_time_secs: usage.cpusSystemSeconds,
    cpus_throttled_time_secs: usage.cpusThrottledSeconds,
    cpus_limit: usage.cpusLimit ?? cpus,
    cpus_soft_limit: cpus,
    mem_rss_bytes: usage.memRssBytes,
    mem_total_bytes: usage.memTotalBytes,
    mem_limit_bytes: usage.memLimitBytes ?? memBytes,
    mem_soft_limit_bytes: memBytes,
    mem_cache_bytes: usage.memCacheBytes,
    mem_swap_bytes: usage.memSwapBytes,
    disk_used_bytes: usage.diskUsedBytes,
  }) as Message<typeof ResourceStatistics>;
}

function listOf<T>(values: Readonly<Record<string, T>>): { name: string; value: T }[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

/** An agent remembers a task until its end is acknowledged, and none after that. */
function tasksOf(view: OwnAgentView): NonNullable<AgentResponse["get_tasks"]> {
  const all = [...view.tasks()];
  const isQueued = ({ state }: TaskRecord) => state === "TASK_STAGING";
  const hasEnded = ({ state }: TaskRecord) => isTerminal(state);
  return {
    queued_tasks: all.filter(isQueued).map(taskRecordTo),
    launched_tasks: all.filter((one) => !isQueued(one) && !hasEnded(one)).map(taskRecordTo),
    terminated_tasks: all.filter(hasEnded).map(taskRecordTo),
  };
}

function executorsOf(view: OwnAgentView): NonNullable<AgentResponse["get_executors"]> {
  const executors = [...view.containers()].flatMap(({ executor, role }) =>
    executor === undefined ? [] : [{ executor_info: executorTo(executor, { ...FORM, role }) }],
  );
  const ended = Array.from(view.endedContainers(), ({ executorId, frameworkId }) => ({
    executor_info: { executor_id: { value: executorId }, framework_id: { value: frameworkId } },
  }));
  return { executors, completed_executors: ended };
}

function frameworksOf(view: OwnAgentView): NonNullable<AgentResponse["get_frameworks"]> {
  const ids = new Set(Array.from(view.endedContainers(), ({ frameworkId }) => frameworkId));
  for (const { id } of view.frameworks()) if (id !== undefined) ids.delete(id);
  return {
    frameworks: [...view.frameworks()].map((one) => ({ framework_info: frameworkTo(one) })),
    // Of a framework that has nothing here any more, an agent knows no more than that.
    completed_frameworks: [...ids].map((value) => ({
      framework_info: { user: "", name: "", id: { value } },
    })),
  };
}

/** Refuses what is not served. */
export function agentRefusal(type: keyof typeof agentRefusals): Refusal {
  return new Refusal(501, `${type} is not served: ${agentRefusals[type]}`);
}
