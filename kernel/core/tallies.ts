import type { AgentMessage } from "../../contract/agent-api.ts";
import type { FrameworkCall, FrameworkEvent } from "../../contract/framework-api.ts";
import type { Operation, OperationState } from "../../contract/schema/offer.ts";
import type { TaskStatus } from "../../contract/schema/task.ts";
import type { Effect } from "./effect.ts";
import type { ClusterState, Framework } from "./state.ts";

// What is counted for people who watch a cluster with tools made for Mesos (H7). Nothing that a
// cluster does depends on it, so it is in no snapshot of the cluster and in no journal.

/** Sums by name, for as long as this master leads; a name that is not there stands at 0. */
export type Tallies = Map<string, number>;

/** What is counted of the whole cluster, as Mesos calls it, less `master/`. */
export const tallyNames = [
  "dropped_messages",
  "invalid_executor_to_framework_messages",
  "invalid_framework_to_executor_messages",
  "invalid_operation_status_update_acknowledgements",
  "invalid_operation_status_updates",
  "invalid_status_update_acknowledgements",
  "invalid_status_updates",
  "messages_decline_offers",
  "messages_executor_to_framework",
  "messages_exited_executor",
  "messages_framework_to_executor",
  "messages_kill_task",
  "messages_launch_tasks",
  "messages_operation_status_update",
  "messages_operation_status_update_acknowledgement",
  "messages_reconcile_operations",
  "messages_reconcile_tasks",
  "messages_register_framework",
  "messages_register_slave",
  "messages_reregister_framework",
  "messages_reregister_slave",
  "messages_resource_request",
  "messages_revive_offers",
  "messages_status_update",
  "messages_status_update_acknowledgement",
  "messages_suppress_offers",
  "messages_unregister_framework",
  "messages_unregister_slave",
  "messages_update_slave",
  "recovery_slave_removals",
  "slave_registrations",
  "slave_removals",
  "slave_removals/reason_registered",
  "slave_removals/reason_unhealthy",
  "slave_removals/reason_unregistered",
  "slave_reregistrations",
  "slave_unreachable_canceled",
  "slave_unreachable_completed",
  "slave_unreachable_scheduled",
  "valid_executor_to_framework_messages",
  "valid_framework_to_executor_messages",
  "valid_operation_status_update_acknowledgements",
  "valid_operation_status_updates",
  "valid_status_update_acknowledgements",
  "valid_status_updates",
] as const;

/** See `tallyNames`. */
export type TallyName = (typeof tallyNames)[number];

/** What a framework's call is counted as: among its own, and among those of all frameworks. */
export const callNames: Readonly<
  Record<FrameworkCall["type"], { readonly own: string; readonly all?: TallyName }>
> = {
  subscribe: { own: "calls/subscribe" },
  teardown: { own: "calls/teardown", all: "messages_unregister_framework" },
  accept: { own: "calls/accept" },
  decline: { own: "calls/decline", all: "messages_decline_offers" },
  "accept-inverse-offers": { own: "calls/accept_inverse_offers" },
  "decline-inverse-offers": { own: "calls/decline_inverse_offers" },
  revive: { own: "calls/revive", all: "messages_revive_offers" },
  suppress: { own: "calls/suppress", all: "messages_suppress_offers" },
  kill: { own: "calls/kill", all: "messages_kill_task" },
  shutdown: { own: "calls/shutdown" },
  acknowledge: { own: "calls/acknowledge", all: "messages_status_update_acknowledgement" },
  "acknowledge-operation": {
    own: "calls/acknowledge_operation_status",
    all: "messages_operation_status_update_acknowledgement",
  },
  reconcile: { own: "calls/reconcile", all: "messages_reconcile_tasks" },
  "reconcile-operations": {
    own: "calls/reconcile_operations",
    all: "messages_reconcile_operations",
  },
  message: { own: "calls/message", all: "messages_framework_to_executor" },
  request: { own: "calls/request", all: "messages_resource_request" },
  "update-framework": { own: "calls/update_framework" },
};

/** What an event is counted as for the framework that it goes to; some are no events of Mesos'. */
export const eventNames: Readonly<Record<FrameworkEvent["type"], string | undefined>> = {
  subscribed: "events/subscribed",
  offers: "events/offers",
  "inverse-offers": "events/inverse_offers",
  rescind: "events/rescind",
  "rescind-inverse-offer": "events/rescind_inverse_offer",
  update: "events/update",
  "operation-update": "events/update_operation_status",
  message: "events/message",
  failure: "events/failure",
  error: "events/error",
  rejected: undefined,
  "framework-updated": undefined,
};

const messageNames: Readonly<Record<AgentMessage["type"], TallyName | undefined>> = {
  register: "messages_register_slave",
  reregister: "messages_reregister_slave",
  unregister: "messages_unregister_slave",
  pong: undefined,
  update: "messages_status_update",
  "operation-update": "messages_operation_status_update",
  "executor-message": "messages_executor_to_framework",
  "executor-exited": "messages_exited_executor",
  "oversubscribed-resources": "messages_update_slave",
};

/** Adds one to the sum of a name. */
export function addOne(sums: Tallies, name: string): void {
  sums.set(name, (sums.get(name) ?? 0) + 1);
}

/** Counts something of the whole cluster. */
export function tally({ tallies }: Pick<ClusterState, "tallies">, name: TallyName): void {
  addOne(tallies, name);
}

/** Counts a message of an agent, whatever becomes of it. */
export function tallyMessage(state: ClusterState, { type }: AgentMessage): void {
  const name = messageNames[type];
  if (name !== undefined) tally(state, name);
}

/** Counts a call of a framework, whatever becomes of it; launches as Mesos does, one by one. */
export function tallyCall(
  state: ClusterState,
  framework: Framework | undefined,
  call: FrameworkCall,
): void {
  const { own, all } = callNames[call.type];
  if (framework !== undefined) addOne(framework.tallies, own);
  if (all !== undefined) tally(state, all);
  if (call.type === "subscribe") {
    const isNew = call.framework.id === undefined;
    tally(state, isNew ? "messages_register_framework" : "messages_reregister_framework");
  }
  if (call.type !== "accept") return;
  for (const operation of call.operations ?? []) {
    if (framework !== undefined) addOne(framework.tallies, operation.type);
    if (operation.type !== "LAUNCH") continue;
    tally(state, operation.tasks.length > 0 ? "messages_launch_tasks" : "messages_decline_offers");
  }
}

/** Counts the events among effects, from one of them on, for the frameworks that they go to. */
export function tallyEvents(state: ClusterState, out: readonly Effect[], from: number): void {
  for (let at = from; at < out.length; at++) {
    const effect = out[at] as Effect;
    if (effect.type !== "send-framework") continue;
    const name = eventNames[effect.event.type];
    const framework = state.frameworkPeers.get(effect.to);
    if (name !== undefined && framework !== undefined) addOne(framework.tallies, name);
  }
}

/**
 * Counts the end of a task, or of one that was never taken up: by its state, and where its status
 * says why it ended, by that.
 */
export function tallyEnd(
  { tallies }: ClusterState,
  framework: Framework,
  { state, source, reason }: Pick<TaskStatus, "state" | "source" | "reason">,
): void {
  addOne(tallies, state);
  addOne(framework.tallies, state);
  if (source !== undefined && reason !== undefined) addOne(tallies, `${state}/${source}/${reason}`);
}

/** Counts the outcome of an operation. */
export function tallyOperation(
  { tallies }: ClusterState,
  { type }: Operation,
  outcome: OperationState,
): void {
  addOne(tallies, `${type}/${outcome}`);
}
