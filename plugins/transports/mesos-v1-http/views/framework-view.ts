import type { FrameworkId } from "../../../../contract/ids.ts";
import type { FrameworkView } from "../../../../contract/operator-api.ts";
import type { ClusterSnapshot, TaskSource } from "../../../../contract/ports/cluster-snapshot.ts";
import type { ExecutorPlace } from "../../../../contract/ports/cluster-view.ts";
import type { Offer } from "../../../../contract/schema/offer.ts";
import { OfferConstraints } from "../definitions/constraints.ts";
import { maybe } from "../map/basics.ts";
import { constraintsTo } from "../map/cluster.ts";
import { each, jsonAscii, objectPieces, type Pieces } from "./json-pieces.ts";
import { resourceObject } from "./resource-object.ts";
import { taskElements } from "./task-texts.ts";
import { plain, seconds } from "./task-view.ts";

/** What belongs to frameworks, by framework. */
interface Belongings {
  readonly alive: Grouped<TaskSource>;
  readonly completed: Grouped<TaskSource>;
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

/** The lists of `/state` about frameworks, which `/frameworks` shows alone (§9). */
export function frameworkLists(shown: ClusterSnapshot): Record<string, Iterable<Pieces>> {
  const belongings: Belongings = {
    alive: groupBy(shown.tasks, ({ frameworkId }) => frameworkId),
    completed: groupBy(shown.completedTasks, ({ frameworkId }) => frameworkId),
    offers: groupBy(shown.offers, ({ frameworkId }) => frameworkId),
    executors: groupBy(shown.executors, ({ frameworkId }) => frameworkId),
  };
  return {
    frameworks: each(shown.frameworks, (show) => frameworkPieces(show(), belongings)),
    completed_frameworks: each(shown.completedFrameworks, (show) =>
      frameworkPieces(show(), belongings),
    ),
    orphan_tasks: [],
    unregistered_frameworks: [],
  };
}

function frameworkPieces(
  one: FrameworkView,
  { alive, completed, offers, executors }: Belongings,
): Pieces {
  const id = one.framework.id as FrameworkId;
  const tasks = alive.get(id) ?? [];
  const isAway = ({ state }: TaskSource) => state === "TASK_UNREACHABLE";
  return objectPieces(frameworkPart(one), {
    tasks: taskElements(tasks.filter((task) => !isAway(task))),
    unreachable_tasks: taskElements(tasks.filter(isAway)),
    completed_tasks: taskElements(completed.get(id) ?? []),
    offers: each(offers.get(id) ?? [], (offer) => jsonAscii(offerPart(offer))),
    executors: each(executors.get(id) ?? [], (executor) => jsonAscii(executorPart(executor))),
  });
}

function frameworkPart(one: FrameworkView): object {
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
    webui_url: framework.webuiUrl ?? "",
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
    labels: framework.labels,
    offer_constraints: maybe(one.offerConstraints, (given) =>
      plain(OfferConstraints, constraintsTo(given)),
    ),
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
