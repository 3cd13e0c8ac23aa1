import type { AgentId, FrameworkId } from "../../../../contract/ids.ts";
import { fromMilli, toMilli } from "../../../../contract/resources.ts";
import type { Unavailability } from "../../../../contract/schema/agent.ts";
import type {
  InverseOffer,
  Offer,
  Operation,
  OperationStatus,
} from "../../../../contract/schema/offer.ts";
import type { Unavailability as V1UnavailabilityDef } from "../definitions/basics.ts";
import type { Message } from "../definitions/define.ts";
import type * as v1 from "../definitions/offers.ts";
import { defined, each, maybe, nanosOf, unwrap, updateIdBytes, wrap } from "./basics.ts";
import { domainTo } from "./cluster.ts";
import {
  allocatedTo,
  attributeTo,
  type ResourceForm,
  resourceForm,
  resourceFrom,
  resourcesTo,
  resourceTo,
} from "./resources.ts";
import { executorFrom, taskFrom } from "./tasks.ts";

type V1Offer = Message<typeof v1.Offer>;
type V1Operation = Message<typeof v1.OfferOperation>;

/** Path of an agent's process, which is part of its URL in offers (§6.8). */
export const AGENT_PATH = "/slave(1)";

/** An offer, in the form that the framework's capabilities ask for (§6.8). */
export function offerTo(offer: Offer, capabilities: readonly string[]): V1Offer {
  const form = resourceForm(capabilities, offer.role);
  return {
    id: wrap(offer.id),
    framework_id: wrap(offer.frameworkId),
    agent_id: wrap(offer.agentId),
    hostname: offer.hostname,
    url: agentUrl(offer.hostname, offer.ip, offer.port),
    domain: maybe(offer.domain, domainTo),
    resources: resourcesTo(offer.resources, form),
    attributes: each(offer.attributes, attributeTo),
    executor_ids: each(offer.executorIds, (id) => wrap(id)),
    unavailability: maybe(offer.unavailability, unavailabilityTo),
    allocation_info: maybe(form.role, (role) => ({ role })),
  };
}

function agentUrl(hostname: string, ip: string, port: number): V1Offer["url"] {
  return { scheme: "http", address: { hostname, ip, port }, path: AGENT_PATH };
}

/** When a machine is away. */
export function unavailabilityTo({
  startMs,
  durationMs,
}: Unavailability): Message<typeof V1UnavailabilityDef> {
  return { start: nanosOf(startMs), duration: maybe(durationMs, nanosOf) };
}

/** An inverse offer. */
export function inverseOfferTo(inverse: InverseOffer): Message<typeof v1.InverseOffer> {
  return {
    id: wrap(inverse.id),
    framework_id: wrap(inverse.frameworkId),
    agent_id: wrap(inverse.agentId),
    unavailability: unavailabilityTo(inverse.unavailability),
  };
}

/** The outcome of an operation. */
export function operationStatusTo(status: OperationStatus): Message<typeof v1.OperationStatus> {
  const form: ResourceForm = resourceForm(["RESERVATION_REFINEMENT"]);
  return {
    operation_id: wrap(status.operationId),
    state: status.state,
    message: status.message,
    converted_resources: maybe(status.convertedResources, (list) => resourcesTo(list, form)),
    uuid: maybe(status.uuid, (uuid) => ({ value: updateIdBytes(uuid) })),
    agent_id: wrap(status.agentId),
  };
}

/** An operation that cannot be handed on, with the reason. */
export interface UnusableOperation {
  readonly operationId?: string | undefined;
  readonly reason: string;
}

/**
 * An operation of an ACCEPT. `frameworkId` is put into the executors of tasks that name none; a
 * task group must bring it (§6.6).
 */
export function operationFrom(
  given: V1Operation,
  frameworkId: FrameworkId,
): Operation | UnusableOperation {
  const operation = read(given, frameworkId);
  if (operation === undefined) {
    const type = given.type ?? "UNKNOWN";
    const isKnown = type !== "UNKNOWN" && type !== "CREATE_DISK" && type !== "DESTROY_DISK";
    return {
      operationId: given.id?.value,
      reason: isKnown
        ? `Expecting '${type.toLowerCase()}' to be present in an operation of type ${type}`
        : `Operations of type ${type} are not supported`,
    };
  }
  return given.id === undefined ? operation : { ...operation, id: given.id.value };
}

function read(given: V1Operation, frameworkId: FrameworkId): Operation | undefined {
  const type = given.type;
  switch (type) {
    case "LAUNCH":
      return maybe(given.launch, ({ task_infos = [] }) => ({
        type,
        tasks: task_infos.map((info) => {
          const task = taskFrom(info);
          if (task.executor === undefined || task.executor.frameworkId !== undefined) return task;
          return { ...task, executor: { ...task.executor, frameworkId } };
        }),
      }));
    case "LAUNCH_GROUP":
      return maybe(given.launch_group, ({ executor, task_group }) => ({
        type,
        executor: executorFrom(executor),
        tasks: (task_group.tasks ?? []).map(taskFrom),
        ...allocatedTo(executor.resources),
      }));
    case "RESERVE":
      return maybe(given.reserve, ({ source, resources = [] }) => ({
        type,
        ...defined({ source: each(source, resourceFrom) }),
        resources: resources.map(resourceFrom),
        ...allocatedTo(source, resources),
      }));
    case "UNRESERVE":
      return maybe(given.unreserve, ({ resources = [] }) => ({
        type,
        resources: resources.map(resourceFrom),
        ...allocatedTo(resources),
      }));
    case "CREATE":
      return maybe(given.create, ({ volumes }) => volumesFrom(type, volumes));
    case "DESTROY":
      return maybe(given.destroy, ({ volumes }) => volumesFrom(type, volumes));
    case "GROW_VOLUME":
      return maybe(given.grow_volume, ({ volume, addition }) => ({
        type,
        volume: resourceFrom(volume),
        addition: resourceFrom(addition),
        ...allocatedTo([volume, addition]),
      }));
    case "SHRINK_VOLUME":
      return maybe(given.shrink_volume, ({ volume, subtract }) => ({
        type,
        volume: resourceFrom(volume),
        subtract: toMilli(subtract.value),
        ...allocatedTo([volume]),
      }));
    default:
      return undefined;
  }
}

function volumesFrom<T extends "CREATE" | "DESTROY">(
  type: T,
  volumes: NonNullable<V1Operation["create"]>["volumes"] = [],
) {
  return { type, volumes: volumes.map(resourceFrom), ...allocatedTo(volumes) };
}

/** The id of an agent out of its wrapper, when there is one. */
export function agentIdFrom(id: { readonly value: string } | undefined): AgentId | undefined {
  return maybe(id, unwrap<AgentId>);
}

/** An operation as operators are shown it; launches have no feedback, and so are never shown. */
export function operationTo(operation: Operation): V1Operation {
  const form: ResourceForm = resourceForm(["RESERVATION_REFINEMENT"]);
  const { type } = operation;
  const common = { type, id: wrap(operation.id) };
  switch (type) {
    case "RESERVE": {
      const source = maybe(operation.source, (list) => resourcesTo(list, form));
      return { ...common, reserve: { source, resources: resourcesTo(operation.resources, form) } };
    }
    case "UNRESERVE":
      return { ...common, unreserve: { resources: resourcesTo(operation.resources, form) } };
    case "CREATE":
      return { ...common, create: { volumes: resourcesTo(operation.volumes, form) } };
    case "DESTROY":
      return { ...common, destroy: { volumes: resourcesTo(operation.volumes, form) } };
    case "GROW_VOLUME": {
      const { volume, addition } = operation;
      return {
        ...common,
        grow_volume: { volume: resourceTo(volume, form), addition: resourceTo(addition, form) },
      };
    }
    case "SHRINK_VOLUME": {
      const { volume, subtract } = operation;
      const by = { value: fromMilli(subtract) };
      return { ...common, shrink_volume: { volume: resourceTo(volume, form), subtract: by } };
    }
    default:
      return common;
  }
}
