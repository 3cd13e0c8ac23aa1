import {
  AgentID,
  ExecutorID,
  FrameworkID,
  OfferID,
  OperationID,
  ResourceProviderID,
  TaskID,
} from "./basics.ts";
import { Filters, FrameworkInfo, MasterInfo, Request } from "./cluster.ts";
import { KillPolicy } from "./commands.ts";
import { OfferConstraints } from "./constraints.ts";
import { enumeration, type MessageDef, message, old, opt, rep, req } from "./define.ts";
import { InverseOffer, Offer, OfferOperation, OperationStatus } from "./offers.ts";
import { TaskStatus } from "./tasks.ts";

/** Enum `scheduler.Call.Type`. */
export const CallType = enumeration("scheduler.Call.Type", {
  UNKNOWN: 0,
  SUBSCRIBE: 1,
  TEARDOWN: 2,
  ACCEPT: 3,
  DECLINE: 4,
  ACCEPT_INVERSE_OFFERS: 13,
  DECLINE_INVERSE_OFFERS: 14,
  REVIVE: 5,
  KILL: 6,
  SHUTDOWN: 7,
  ACKNOWLEDGE: 8,
  ACKNOWLEDGE_OPERATION_STATUS: 15,
  RECONCILE: 9,
  RECONCILE_OPERATIONS: 16,
  MESSAGE: 10,
  REQUEST: 11,
  SUPPRESS: 12,
  UPDATE_FRAMEWORK: 17,
});

/** Message `scheduler.Call.Subscribe`. */
export const CallSubscribe = message("scheduler.Call.Subscribe", {
  framework_info: req(1, FrameworkInfo),
  suppressed_roles: rep(2, "str"),
  offer_constraints: opt(3, OfferConstraints),
});

/** Message `scheduler.Call.Accept`. */
export const CallAccept = message("scheduler.Call.Accept", {
  offer_ids: rep(1, OfferID),
  operations: rep(2, OfferOperation),
  filters: opt(3, Filters),
});

/** Message `scheduler.Call.Decline`. */
export const CallDecline = message("scheduler.Call.Decline", {
  offer_ids: rep(1, OfferID),
  filters: opt(2, Filters),
});

/** Message `scheduler.Call.AcceptInverseOffers`. */
export const CallAcceptInverseOffers = message("scheduler.Call.AcceptInverseOffers", {
  inverse_offer_ids: rep(1, OfferID),
  filters: opt(2, Filters),
});

/** Message `scheduler.Call.DeclineInverseOffers`. */
export const CallDeclineInverseOffers = message("scheduler.Call.DeclineInverseOffers", {
  inverse_offer_ids: rep(1, OfferID),
  filters: opt(2, Filters),
});

/** Message `scheduler.Call.Revive`. */
export const CallRevive = message("scheduler.Call.Revive", { roles: rep(1, "str") });

/** Message `scheduler.Call.Kill`. */
export const CallKill = message("scheduler.Call.Kill", {
  task_id: req(1, TaskID),
  agent_id: opt(2, AgentID),
  kill_policy: opt(3, KillPolicy),
});

/** Message `scheduler.Call.Shutdown`. */
export const CallShutdown = message("scheduler.Call.Shutdown", {
  executor_id: req(1, ExecutorID),
  agent_id: req(2, AgentID),
});

/** Message `scheduler.Call.Acknowledge`. */
export const CallAcknowledge = message("scheduler.Call.Acknowledge", {
  agent_id: req(1, AgentID),
  task_id: req(2, TaskID),
  uuid: req(3, "bytes"),
});

/** Message `scheduler.Call.AcknowledgeOperationStatus`. */
export const CallAcknowledgeOperationStatus = message("scheduler.Call.AcknowledgeOperationStatus", {
  agent_id: opt(1, AgentID),
  resource_provider_id: opt(2, ResourceProviderID),
  uuid: req(3, "bytes"),
  operation_id: req(4, OperationID),
});

/** Message `scheduler.Call.Reconcile.Task`. */
export const CallReconcileTask = message("scheduler.Call.Reconcile.Task", {
  task_id: req(1, TaskID),
  agent_id: opt(2, AgentID),
});

/** Message `scheduler.Call.Reconcile`. */
export const CallReconcile = message("scheduler.Call.Reconcile", {
  tasks: rep(1, CallReconcileTask),
});

/** Message `scheduler.Call.ReconcileOperations.Operation`. */
export const CallReconcileOperationsOperation = message(
  "scheduler.Call.ReconcileOperations.Operation",
  {
    operation_id: req(1, OperationID),
    agent_id: opt(2, AgentID),
    resource_provider_id: opt(3, ResourceProviderID),
  },
);

/** Message `scheduler.Call.ReconcileOperations`. */
export const CallReconcileOperations = message("scheduler.Call.ReconcileOperations", {
  operations: rep(1, CallReconcileOperationsOperation),
});

/** Message `scheduler.Call.Message`. */
export const CallMessage = message("scheduler.Call.Message", {
  agent_id: req(1, AgentID),
  executor_id: req(2, ExecutorID),
  data: req(3, "bytes"),
});

/** Message `scheduler.Call.Request`. */
export const CallRequest = message("scheduler.Call.Request", { requests: rep(1, Request) });

/** Message `scheduler.Call.Suppress`. */
export const CallSuppress = message("scheduler.Call.Suppress", { roles: rep(1, "str") });

/** Message `scheduler.Call.UpdateFramework`. */
export const CallUpdateFramework = message("scheduler.Call.UpdateFramework", {
  framework_info: req(1, FrameworkInfo),
  suppressed_roles: rep(2, "str"),
  offer_constraints: opt(3, OfferConstraints),
});

const callFields = {
  framework_id: opt(1, FrameworkID),
  type: opt(2, CallType),
  subscribe: opt(3, CallSubscribe),
  accept: opt(4, CallAccept),
  decline: opt(5, CallDecline),
  accept_inverse_offers: opt(13, CallAcceptInverseOffers),
  decline_inverse_offers: opt(14, CallDeclineInverseOffers),
  revive: opt(15, CallRevive),
  kill: opt(6, CallKill),
  shutdown: opt(7, CallShutdown),
  acknowledge: opt(8, CallAcknowledge),
  acknowledge_operation_status: opt(17, CallAcknowledgeOperationStatus),
  reconcile: opt(9, CallReconcile),
  reconcile_operations: opt(18, CallReconcileOperations),
  message: opt(10, CallMessage),
  request: opt(11, CallRequest),
  suppress: opt(16, CallSuppress),
  update_framework: opt(19, CallUpdateFramework),
};
/** Definition of `scheduler.Call`; an interface, so that declarations show its name alone. */
export interface CallDef extends MessageDef<typeof callFields> {}
/** Message `scheduler.Call`. */
export const Call: CallDef = message("scheduler.Call", callFields);

/** Enum `scheduler.Event.Type`. */
export const EventType = enumeration("scheduler.Event.Type", {
  UNKNOWN: 0,
  SUBSCRIBED: 1,
  OFFERS: 2,
  INVERSE_OFFERS: 9,
  RESCIND: 3,
  RESCIND_INVERSE_OFFER: 10,
  UPDATE: 4,
  UPDATE_OPERATION_STATUS: 11,
  MESSAGE: 5,
  FAILURE: 6,
  ERROR: 7,
  HEARTBEAT: 8,
});

/** Message `scheduler.Event.Subscribed`. */
export const EventSubscribed = message("scheduler.Event.Subscribed", {
  framework_id: req(1, FrameworkID),
  heartbeat_interval_seconds: opt(2, "dbl"),
  master_info: opt(3, MasterInfo),
});

/** Message `scheduler.Event.Offers`. */
export const EventOffers = message("scheduler.Event.Offers", { offers: rep(1, Offer) });

/** Message `scheduler.Event.InverseOffers`. */
export const EventInverseOffers = message("scheduler.Event.InverseOffers", {
  inverse_offers: rep(1, InverseOffer),
});

/** Message `scheduler.Event.Rescind`. */
export const EventRescind = message("scheduler.Event.Rescind", { offer_id: req(1, OfferID) });

/** Message `scheduler.Event.RescindInverseOffer`. */
export const EventRescindInverseOffer = message("scheduler.Event.RescindInverseOffer", {
  inverse_offer_id: req(1, OfferID),
});

/** Message `scheduler.Event.Update`. */
export const EventUpdate = message("scheduler.Event.Update", { status: req(1, TaskStatus) });

/** Message `scheduler.Event.UpdateOperationStatus`. */
export const EventUpdateOperationStatus = message("scheduler.Event.UpdateOperationStatus", {
  status: req(1, OperationStatus),
});

/** Message `scheduler.Event.Message`. */
export const EventMessage = message("scheduler.Event.Message", {
  agent_id: req(1, AgentID),
  executor_id: req(2, ExecutorID),
  data: req(3, "bytes"),
});

/** Message `scheduler.Event.Failure`. */
export const EventFailure = message("scheduler.Event.Failure", {
  agent_id: opt(1, AgentID),
  executor_id: opt(2, ExecutorID),
  status: opt(3, "i32"),
});

/** Message `scheduler.Event.Error`. */
export const EventError = message("scheduler.Event.Error", { message: req(1, "str") });

const eventFields = {
  type: opt(1, EventType),
  subscribed: opt(2, EventSubscribed),
  offers: opt(3, EventOffers),
  inverse_offers: opt(9, EventInverseOffers),
  rescind: opt(4, EventRescind),
  rescind_inverse_offer: opt(10, EventRescindInverseOffer),
  update: opt(5, EventUpdate),
  update_operation_status: opt(11, EventUpdateOperationStatus),
  message: opt(6, EventMessage),
  failure: opt(7, EventFailure),
  error: opt(8, EventError),
};
/** Definition of `scheduler.Event`; an interface, so that declarations show its name alone. */
export interface EventDef extends MessageDef<typeof eventFields> {}
/** Message `scheduler.Event`. */
export const Event: EventDef = message("scheduler.Event", eventFields);

/** Enum `scheduler.Response.Type`. */
export const ResponseType = enumeration("scheduler.Response.Type", {
  UNKNOWN: 0,
  RECONCILE_OPERATIONS: 1,
});

/** Message `scheduler.Response.ReconcileOperations`. */
export const ResponseReconcileOperations = message("scheduler.Response.ReconcileOperations", {
  operation_statuses: old(rep(1, OperationStatus)),
});

/** Message `scheduler.Response`. */
export const Response = message("scheduler.Response", {
  type: opt(1, ResponseType),
  reconcile_operations: old(opt(2, ResponseReconcileOperations)),
});
