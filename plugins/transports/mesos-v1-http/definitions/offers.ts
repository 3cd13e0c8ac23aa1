import {
  AgentID,
  DomainInfo,
  ExecutorID,
  FrameworkID,
  OfferID,
  OperationID,
  ResourceProviderID,
  Unavailability,
  URL,
  UUID,
} from "./basics.ts";
import { enumeration, type MessageDef, message, opt, rep, req } from "./define.ts";
import {
  Attribute,
  Resource,
  ResourceAllocationInfo,
  ResourceDiskInfoSourceType,
  ValueScalar,
} from "./resources.ts";
import { ExecutorInfo, TaskGroupInfo, TaskInfo } from "./tasks.ts";

/** Enum `Offer.Operation.Type`. */
export const OfferOperationType = enumeration("Offer.Operation.Type", {
  UNKNOWN: 0,
  LAUNCH: 1,
  LAUNCH_GROUP: 6,
  RESERVE: 2,
  UNRESERVE: 3,
  CREATE: 4,
  DESTROY: 5,
  GROW_VOLUME: 11,
  SHRINK_VOLUME: 12,
  CREATE_DISK: 13,
  DESTROY_DISK: 14,
});

/** Message `Offer.Operation.Launch`. */
export const OfferOperationLaunch = message("Offer.Operation.Launch", {
  task_infos: rep(1, TaskInfo),
});

/** Message `Offer.Operation.LaunchGroup`. */
export const OfferOperationLaunchGroup = message("Offer.Operation.LaunchGroup", {
  executor: req(1, ExecutorInfo),
  task_group: req(2, TaskGroupInfo),
});

/** Message `Offer.Operation.Reserve`. */
export const OfferOperationReserve = message("Offer.Operation.Reserve", {
  source: rep(2, Resource),
  resources: rep(1, Resource),
});

/** Message `Offer.Operation.Unreserve`. */
export const OfferOperationUnreserve = message("Offer.Operation.Unreserve", {
  resources: rep(1, Resource),
});

/** Message `Offer.Operation.Create`. */
export const OfferOperationCreate = message("Offer.Operation.Create", {
  volumes: rep(1, Resource),
});

/** Message `Offer.Operation.Destroy`. */
export const OfferOperationDestroy = message("Offer.Operation.Destroy", {
  volumes: rep(1, Resource),
});

/** Message `Offer.Operation.GrowVolume`. */
export const OfferOperationGrowVolume = message("Offer.Operation.GrowVolume", {
  volume: req(1, Resource),
  addition: req(2, Resource),
});

/** Message `Offer.Operation.ShrinkVolume`. */
export const OfferOperationShrinkVolume = message("Offer.Operation.ShrinkVolume", {
  volume: req(1, Resource),
  subtract: req(2, ValueScalar),
});

/** Message `Offer.Operation.CreateDisk`. */
export const OfferOperationCreateDisk = message("Offer.Operation.CreateDisk", {
  source: req(1, Resource),
  target_type: req(2, ResourceDiskInfoSourceType),
  target_profile: opt(3, "str"),
});

/** Message `Offer.Operation.DestroyDisk`. */
export const OfferOperationDestroyDisk = message("Offer.Operation.DestroyDisk", {
  source: req(1, Resource),
});

const offerOperationFields = {
  type: opt(1, OfferOperationType),
  id: opt(12, OperationID),
  launch: opt(2, OfferOperationLaunch),
  launch_group: opt(7, OfferOperationLaunchGroup),
  reserve: opt(3, OfferOperationReserve),
  unreserve: opt(4, OfferOperationUnreserve),
  create: opt(5, OfferOperationCreate),
  destroy: opt(6, OfferOperationDestroy),
  grow_volume: opt(13, OfferOperationGrowVolume),
  shrink_volume: opt(14, OfferOperationShrinkVolume),
  create_disk: opt(15, OfferOperationCreateDisk),
  destroy_disk: opt(16, OfferOperationDestroyDisk),
};
/** Definition of `Offer.Operation`; an interface, so that declarations show its name alone. */
export interface OfferOperationDef extends MessageDef<typeof offerOperationFields> {}
/** Message `Offer.Operation`. */
export const OfferOperation: OfferOperationDef = message("Offer.Operation", offerOperationFields);

const offerFields = {
  id: req(1, OfferID),
  framework_id: req(2, FrameworkID),
  agent_id: req(3, AgentID),
  hostname: req(4, "str"),
  url: opt(8, URL),
  domain: opt(11, DomainInfo),
  resources: rep(5, Resource),
  attributes: rep(7, Attribute),
  executor_ids: rep(6, ExecutorID),
  unavailability: opt(9, Unavailability),
  allocation_info: opt(10, ResourceAllocationInfo),
};
/** Definition of `Offer`; an interface, so that declarations show its name alone. */
export interface OfferDef extends MessageDef<typeof offerFields> {}
/** Message `Offer`. */
export const Offer: OfferDef = message("Offer", offerFields);

const inverseOfferFields = {
  id: req(1, OfferID),
  url: opt(2, URL),
  framework_id: req(3, FrameworkID),
  agent_id: opt(4, AgentID),
  unavailability: req(5, Unavailability),
  resources: rep(6, Resource),
};
/** Definition of `InverseOffer`; an interface, so that declarations show its name alone. */
export interface InverseOfferDef extends MessageDef<typeof inverseOfferFields> {}
/** Message `InverseOffer`. */
export const InverseOffer: InverseOfferDef = message("InverseOffer", inverseOfferFields);

/** Enum `OperationState`. */
export const OperationState = enumeration("OperationState", {
  OPERATION_UNSUPPORTED: 0,
  OPERATION_PENDING: 1,
  OPERATION_FINISHED: 2,
  OPERATION_FAILED: 3,
  OPERATION_ERROR: 4,
  OPERATION_DROPPED: 5,
  OPERATION_UNREACHABLE: 6,
  OPERATION_GONE_BY_OPERATOR: 7,
  OPERATION_RECOVERING: 8,
  OPERATION_UNKNOWN: 9,
});

const operationStatusFields = {
  operation_id: opt(1, OperationID),
  state: req(2, OperationState),
  message: opt(3, "str"),
  converted_resources: rep(4, Resource),
  uuid: opt(5, UUID),
  agent_id: opt(6, AgentID),
  resource_provider_id: opt(7, ResourceProviderID),
};
/** Definition of `OperationStatus`; an interface, so that declarations show its name alone. */
export interface OperationStatusDef extends MessageDef<typeof operationStatusFields> {}
/** Message `OperationStatus`. */
export const OperationStatus: OperationStatusDef = message(
  "OperationStatus",
  operationStatusFields,
);

const operationFields = {
  framework_id: opt(1, FrameworkID),
  agent_id: opt(2, AgentID),
  info: req(3, OfferOperation),
  latest_status: req(4, OperationStatus),
  statuses: rep(5, OperationStatus),
  uuid: req(6, UUID),
};
/** Definition of `Operation`; an interface, so that declarations show its name alone. */
export interface OperationDef extends MessageDef<typeof operationFields> {}
/** Message `Operation`. */
export const Operation: OperationDef = message("Operation", operationFields);
