import type { FrameworkId } from "../../../../contract/ids.ts";
import type { FrameworkView, TaskView } from "../../../../contract/operator-api.ts";
import type { ExecutorPlace } from "../../../../contract/ports/cluster-view.ts";
import type { Offer } from "../../../../contract/schema/offer.ts";
import type { QuerySource } from "../operator/queries.ts";
import { resourceObject } from "./resource-object.ts";

/** What belongs to frameworks, by framework. */
interface Belongings {
  readonly alive: Grouped<TaskView>;
  readonly completed: Grouped<TaskView>;
  readonly offers: Grouped<Offer>;
  readonly executors: Grouped<ExecutorPlace>;
}

type Grouped<T> = ReadonlyMap<string, readonly T[]>;

/** Things by what `keyOf` says of them, in their order. */
export function groupBy<T>(list: Iterable<T>, keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}

/** The part of `/state` about frameworks, which `/frameworks` shows alone (§9). */
export function frameworksPart({ view }: QuerySource): object {
  const belongings: Belongings = {
    alive: groupBy(view.tasks(), ({ task }) => task.frameworkId),
    completed: groupBy(view.completedTasks(), ({ task }) => task.frameworkId),
    offers: groupBy(view.offers(), ({ frameworkId }) => frameworkId),
    executors: groupBy(view.executors(), ({ frameworkId }) => frameworkId),
  };
  const shown = (one: FrameworkView) => frameworkPart(one, belongings);
  const all = [...view.frameworks()];
  return {
    frameworks: all.filter(({ state }) => state !== "completed").map(shown),
    completed_frameworks: all.filter(({ state }) => state === "completed").map(shown),
    orphan_tasks: [],
    unregistered_frameworks: [],
  };
}

function frameworkPart(one: FrameworkView, belongings: Belongings): object {
  const { framework } = one;
  const isMulti = framework.capabilities?.includes("MULTI_ROLE") ?? false;
  return {
    id: framework.id,
    name: framework.name,
    user: framework.user,
    failover_timeout: (framework.failoverTimeoutMs ?? 0) / 1000,
    checkpoint: framework.checkpoint ?? false,
    hostname: framework.hostname ?? "",
    principal: framework.principal,
    webui_url: framework.webuiUrl,
    capabilities: framework.capabilities ?? [],
    ...(isMulti ? { roles: framework.roles } : { role: framework.roles[0] ?? "*" }),
    active: one.state === "active",
    connected: one.state === "active",
    recovered: one.state === "recovered",
    registered_time: seconds(one.registeredMs),
    reregistered_time: seconds(one.reregisteredMs),
    unregistered_time: seconds(one.unregisteredMs) ?? 0,
    resources: resourceObject([...one.used, ...one.offered]),
    used_resources: resourceObject(one.used),
    offered_resources: resourceObject(one.offered),
    ...belongingsPart(framework.id as FrameworkId, belongings),
    labels: framework.labels,
  };
}

function belongingsPart(id: FrameworkId, { alive, completed, offers, executors }: Belongings) {
  const tasks = alive.get(id) ?? [];
  return {
    tasks: tasks.filter(({ task }) => task.state !== "TASK_UNREACHABLE").map(taskPart),
    unreachable_tasks: tasks.filter(({ task }) => task.state === "TASK_UNREACHABLE").map(taskPart),
    completed_tasks: (completed.get(id) ?? []).map(taskPart),
    offers: (offers.get(id) ?? []).map(offerPart),
    executors: (executors.get(id) ?? []).map(executorPart),
  };
}

function offerPart({ id, frameworkId, agentId, role, resources }: Offer): object {
  return {
    id,
    framework_id: frameworkId,
    allocation_info: { role },
    slave_id: agentId,
    resources: resourceObject(resources),
  };
}

function executorPart({ executor, frameworkId, agentId, role }: ExecutorPlace): object {
  const { executorId, name = "", source = "", command, resources = [], labels } = executor;
  return {
    executor_id: executorId,
    name,
    framework_id: frameworkId,
    slave_id: agentId,
    source,
    role,
    resources: resourceObject(resources),
    command: command && {
      value: command.value,
      argv: command.arguments ?? [],
      shell: command.shell ?? true,
    },
    labels,
  };
}

/** A task as the v0 views show it. */
export function taskPart({ task }: Pick<TaskView, "task">): object {
  return {
    id: task.taskId,
    name: task.name,
    framework_id: task.frameworkId,
    executor_id: task.executorId ?? "",
    slave_id: task.agentId,
    state: task.state,
    resources: resourceObject(task.resources),
    role: task.role,
    statuses: task.statuses.map(({ state, timestampMs, labels, healthy }) => ({
      state,
      timestamp: seconds(timestampMs),
      labels,
      healthy,
    })),
    user: task.user,
    labels: task.labels,
  };
}

/** Times in v0 views are seconds. */
export function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
