import type { FrameworkCall } from "../../../../contract/framework-api.ts";
import type {
  ExecutorId,
  FrameworkId,
  OfferId,
  RoleName,
  TaskId,
} from "../../../../contract/ids.ts";
import type { Operation } from "../../../../contract/schema/offer.ts";
import type { Message } from "../definitions/define.ts";
import type { Call as CallDef } from "../definitions/scheduler.ts";
import { defined, each, maybe, unwrap, updateIdOf } from "./basics.ts";
import { constraintsFrom, filtersFrom, frameworkFrom } from "./cluster.ts";
import { killPolicyFrom } from "./commands.ts";
import { agentIdFrom, operationFrom, type UnusableOperation } from "./offers.ts";
import { resourceFrom } from "./resources.ts";

/** A call of the scheduler API. */
export type SchedulerCall = Message<typeof CallDef>;

/** A call for the core, and those of its operations that the core does not know. */
export interface MappedCall {
  readonly call: FrameworkCall;
  readonly unusable?: readonly UnusableOperation[];
}

const bodies = {
  SUBSCRIBE: "subscribe",
  ACCEPT: "accept",
  DECLINE: "decline",
  ACCEPT_INVERSE_OFFERS: "accept_inverse_offers",
  DECLINE_INVERSE_OFFERS: "decline_inverse_offers",
  KILL: "kill",
  SHUTDOWN: "shutdown",
  ACKNOWLEDGE: "acknowledge",
  ACKNOWLEDGE_OPERATION_STATUS: "acknowledge_operation_status",
  RECONCILE: "reconcile",
  RECONCILE_OPERATIONS: "reconcile_operations",
  MESSAGE: "message",
  REQUEST: "request",
  UPDATE_FRAMEWORK: "update_framework",
} as const;

/** Says that a request comes from somebody else than its framework. */
export function principalProblem(principal: string, expected: string | undefined): string {
  const given = `Authenticated principal '${principal}'`;
  return `${given} does not match principal '${expected ?? ""}' set in 'FrameworkInfo'`;
}

/**
 * Says what is wrong with a call, or `undefined` (§6.2). `principal` is that of the request, when
 * it was authenticated.
 */
export function callProblem(call: SchedulerCall, principal?: string): string | undefined {
  const { type, framework_id } = call;
  if (type === undefined) return "Expecting 'type' to be present";
  const body = bodies[type as keyof typeof bodies];
  if (body !== undefined && call[body] === undefined) return `Expecting '${body}' to be present`;
  if (type === "SUBSCRIBE") {
    const info = call.subscribe?.framework_info;
    // An empty id is as good as none: some clients always set the field.
    if ((framework_id?.value ?? "") !== (info?.id?.value ?? "")) {
      return "'framework_id' differs from 'subscribe.framework_info.id'";
    }
    if (principal !== undefined && info?.principal !== undefined && info.principal !== principal) {
      return principalProblem(principal, info.principal);
    }
    return undefined;
  }
  if (framework_id === undefined) return "Expecting 'framework_id' to be present";
  const uuid = call.acknowledge?.uuid ?? call.acknowledge_operation_status?.uuid;
  if (type.startsWith("ACKNOWLEDGE") && uuid?.length !== 16) {
    return "'uuid' must be 16 bytes";
  }
  if (
    type === "ACKNOWLEDGE_OPERATION_STATUS" &&
    call.acknowledge_operation_status?.agent_id === undefined
  ) {
    return "Expecting 'agent_id' to be present";
  }
  if (
    type === "UPDATE_FRAMEWORK" &&
    call.update_framework?.framework_info.id?.value !== framework_id.value
  ) {
    return "'framework_id' differs from 'update_framework.framework_info.id'";
  }
  return undefined;
}

/**
 * Turns a call that has no problem into one of the contract. `requestId` is for UPDATE_FRAMEWORK,
 * whose answer carries it. Answers `undefined` for a type that has no meaning here.
 */
export function mapCall(call: SchedulerCall, requestId: number): MappedCall | undefined {
  switch (call.type) {
    case "SUBSCRIBE": {
      const { subscribe } = call;
      if (subscribe === undefined) return undefined;
      return { call: { type: "subscribe", ...frameworkPart(subscribe) } };
    }
    case "UPDATE_FRAMEWORK": {
      const { update_framework: update } = call;
      if (update === undefined) return undefined;
      return { call: { type: "update-framework", requestId, ...frameworkPart(update) } };
    }
    case "ACCEPT":
      return maybe(call.accept, (accept) => mapAccept(accept, call.framework_id));
    default:
      return maybe(mapPlain(call), (mapped) => ({ call: mapped }));
  }
}

type Subscribe = NonNullable<SchedulerCall["subscribe"]>;

function frameworkPart(given: Subscribe) {
  return {
    framework: frameworkFrom(given.framework_info),
    ...defined({
      suppressedRoles: rolesFrom(given.suppressed_roles),
      offerConstraints: maybe(given.offer_constraints, constraintsFrom),
    }),
  };
}

function mapAccept(
  accept: NonNullable<SchedulerCall["accept"]>,
  frameworkId: SchedulerCall["framework_id"],
): MappedCall {
  const operations: Operation[] = [];
  const unusable: UnusableOperation[] = [];
  for (const given of accept.operations ?? []) {
    const operation = operationFrom(given, (frameworkId?.value ?? "") as FrameworkId);
    if ("reason" in operation) unusable.push(operation);
    else operations.push(operation);
  }
  const filters = maybe(accept.filters, filtersFrom);
  const call = {
    type: "accept" as const,
    offerIds: offerIdsFrom(accept.offer_ids),
    ...defined({ operations: operations.length === 0 ? undefined : operations, filters }),
  };
  return unusable.length === 0 ? { call } : { call, unusable };
}

function mapPlain(call: SchedulerCall): FrameworkCall | undefined {
  switch (call.type) {
    case "TEARDOWN":
      return { type: "teardown" };
    case "DECLINE":
      return maybe(call.decline, ({ offer_ids, filters }) => ({
        type: "decline" as const,
        offerIds: offerIdsFrom(offer_ids),
        ...defined({ filters: maybe(filters, filtersFrom) }),
      }));
    case "ACCEPT_INVERSE_OFFERS":
      return maybe(call.accept_inverse_offers, (given) => inverse("accept-inverse-offers", given));
    case "DECLINE_INVERSE_OFFERS":
      return maybe(call.decline_inverse_offers, (given) =>
        inverse("decline-inverse-offers", given),
      );
    case "REVIVE":
      return { type: "revive", ...defined({ roles: rolesFrom(call.revive?.roles) }) };
    case "SUPPRESS":
      return { type: "suppress", ...defined({ roles: rolesFrom(call.suppress?.roles) }) };
    case "REQUEST":
      return maybe(call.request, ({ requests = [] }) => ({
        type: "request" as const,
        requests: requests.map(({ agent_id, resources = [] }) => ({
          ...defined({ agentId: agentIdFrom(agent_id) }),
          resources: resources.map(resourceFrom),
        })),
      }));
    default:
      return mapTaskCall(call);
  }
}

function mapTaskCall(call: SchedulerCall): FrameworkCall | undefined {
  switch (call.type) {
    case "KILL":
      return maybe(call.kill, ({ task_id, agent_id, kill_policy }) => ({
        type: "kill" as const,
        taskId: unwrap<TaskId>(task_id),
        ...defined({
          agentId: agentIdFrom(agent_id),
          killPolicy: maybe(kill_policy, killPolicyFrom),
        }),
      }));
    case "SHUTDOWN":
      return maybe(call.shutdown, ({ executor_id, agent_id }) => ({
        type: "shutdown" as const,
        executorId: unwrap<ExecutorId>(executor_id),
        agentId: unwrap(agent_id),
      }));
    case "ACKNOWLEDGE":
      return maybe(call.acknowledge, ({ agent_id, task_id, uuid }) => ({
        type: "acknowledge" as const,
        agentId: unwrap(agent_id),
        taskId: unwrap<TaskId>(task_id),
        uuid: updateIdOf(uuid, "acknowledge.uuid"),
      }));
    case "ACKNOWLEDGE_OPERATION_STATUS":
      return maybe(call.acknowledge_operation_status, ({ agent_id, operation_id, uuid }) => ({
        type: "acknowledge-operation" as const,
        ...defined({ agentId: agentIdFrom(agent_id) }),
        operationId: operation_id.value,
        uuid: updateIdOf(uuid, "acknowledge_operation_status.uuid"),
      }));
    case "RECONCILE":
      return maybe(call.reconcile, ({ tasks = [] }) => ({
        type: "reconcile" as const,
        tasks: tasks.map(({ task_id, agent_id }) => ({
          taskId: unwrap<TaskId>(task_id),
          ...defined({ agentId: agentIdFrom(agent_id) }),
        })),
      }));
    case "RECONCILE_OPERATIONS":
      return maybe(call.reconcile_operations, ({ operations = [] }) => ({
        type: "reconcile-operations" as const,
        operations: operations.map(({ operation_id, agent_id }) => ({
          operationId: operation_id.value,
          ...defined({ agentId: agentIdFrom(agent_id) }),
        })),
      }));
    case "MESSAGE":
      return maybe(call.message, ({ agent_id, executor_id, data }) => ({
        type: "message" as const,
        agentId: unwrap(agent_id),
        executorId: unwrap<ExecutorId>(executor_id),
        data,
      }));
    default:
      return undefined;
  }
}

function inverse<Type extends "accept-inverse-offers" | "decline-inverse-offers">(
  type: Type,
  { inverse_offer_ids, filters }: NonNullable<SchedulerCall["accept_inverse_offers"]>,
) {
  return {
    type,
    inverseOfferIds: offerIdsFrom(inverse_offer_ids),
    ...defined({ filters: maybe(filters, filtersFrom) }),
  };
}

function offerIdsFrom(ids: readonly { readonly value: string }[] = []): OfferId[] {
  return ids.map(unwrap<OfferId>);
}

function rolesFrom(roles: readonly string[] | undefined): RoleName[] | undefined {
  return each(roles, (role) => role as RoleName);
}
