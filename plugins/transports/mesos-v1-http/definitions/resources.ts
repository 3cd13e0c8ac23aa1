import { Labels, ResourceProviderID } from "./basics.ts";
import { Volume } from "./containers.ts";
import { enumeration, type MessageDef, message, old, opt, rep, req } from "./define.ts";

/** Message `Value.Scalar`. */
export const ValueScalar = message("Value.Scalar", { value: req(1, "dbl") });

/** Enum `Value.Type`. */
export const ValueType = enumeration("Value.Type", { SCALAR: 0, RANGES: 1, SET: 2, TEXT: 3 });

/** Message `Value.Range`. */
export const ValueRange = message("Value.Range", { begin: req(1, "u64"), end: req(2, "u64") });

/** Message `Value.Ranges`. */
export const ValueRanges = message("Value.Ranges", { range: rep(1, ValueRange) });

/** Message `Value.Set`. */
export const ValueSet = message("Value.Set", { item: rep(1, "str") });

/** Message `Resource.AllocationInfo`. */
export const ResourceAllocationInfo = message("Resource.AllocationInfo", { role: opt(1, "str") });

/** Enum `Resource.ReservationInfo.Type`. */
export const ResourceReservationInfoType = enumeration("Resource.ReservationInfo.Type", {
  UNKNOWN: 0,
  STATIC: 1,
  DYNAMIC: 2,
});

/** Message `Resource.ReservationInfo`. */
export const ResourceReservationInfo = message("Resource.ReservationInfo", {
  type: opt(4, ResourceReservationInfoType),
  role: opt(3, "str"),
  principal: opt(1, "str"),
  labels: opt(2, Labels),
});

/** Message `Resource.DiskInfo.Persistence`. */
export const ResourceDiskInfoPersistence = message("Resource.DiskInfo.Persistence", {
  id: req(1, "str"),
  principal: opt(2, "str"),
});

/** Enum `Resource.DiskInfo.Source.Type`. */
export const ResourceDiskInfoSourceType = enumeration("Resource.DiskInfo.Source.Type", {
  UNKNOWN: 0,
  PATH: 1,
  MOUNT: 2,
  BLOCK: 3,
  RAW: 4,
});

/** Message `Resource.DiskInfo.Source.Path`. */
export const ResourceDiskInfoSourcePath = message("Resource.DiskInfo.Source.Path", {
  root: opt(1, "str"),
});

/** Message `Resource.DiskInfo.Source.Mount`. */
export const ResourceDiskInfoSourceMount = message("Resource.DiskInfo.Source.Mount", {
  root: opt(1, "str"),
});

/** Message `Resource.DiskInfo.Source`. */
export const ResourceDiskInfoSource = message("Resource.DiskInfo.Source", {
  type: req(1, ResourceDiskInfoSourceType),
  path: opt(2, ResourceDiskInfoSourcePath),
  mount: opt(3, ResourceDiskInfoSourceMount),
  vendor: opt(7, "str"),
  id: opt(4, "str"),
  metadata: opt(5, Labels),
  profile: opt(6, "str"),
});

/** Message `Resource.DiskInfo`. */
export const ResourceDiskInfo = message("Resource.DiskInfo", {
  persistence: opt(1, ResourceDiskInfoPersistence),
  volume: opt(2, Volume),
  source: opt(3, ResourceDiskInfoSource),
});

/** Message `Resource.RevocableInfo`. */
export const ResourceRevocableInfo = message("Resource.RevocableInfo", {});

/** Message `Resource.SharedInfo`. */
export const ResourceSharedInfo = message("Resource.SharedInfo", {});

const resourceFields = {
  provider_id: opt(12, ResourceProviderID),
  name: req(1, "str"),
  type: req(2, ValueType),
  scalar: opt(3, ValueScalar),
  ranges: opt(4, ValueRanges),
  set: opt(5, ValueSet),
  role: old(opt(6, "str", "*")),
  allocation_info: opt(11, ResourceAllocationInfo),
  reservation: opt(8, ResourceReservationInfo),
  reservations: rep(13, ResourceReservationInfo),
  disk: opt(7, ResourceDiskInfo),
  revocable: opt(9, ResourceRevocableInfo),
  shared: opt(10, ResourceSharedInfo),
};
/** Definition of `Resource`; an interface, so that declarations show its name alone. */
export interface ResourceDef extends MessageDef<typeof resourceFields> {}
/** Message `Resource`. */
export const Resource: ResourceDef = message("Resource", resourceFields);

/** Message `Value.Text`. */
export const ValueText = message("Value.Text", { value: req(1, "str") });

const attributeFields = {
  name: req(1, "str"),
  type: req(2, ValueType),
  scalar: opt(3, ValueScalar),
  ranges: opt(4, ValueRanges),
  set: opt(6, ValueSet),
  text: opt(5, ValueText),
};
/** Definition of `Attribute`; an interface, so that declarations show its name alone. */
export interface AttributeDef extends MessageDef<typeof attributeFields> {}
/** Message `Attribute`. */
export const Attribute: AttributeDef = message("Attribute", attributeFields);

/** Message `TaskResourceLimitation`. */
export const TaskResourceLimitation = message("TaskResourceLimitation", {
  resources: rep(1, Resource),
});

/** Message `ResourceProviderInfo.Storage`. */
export const ResourceProviderInfoStorage = message("ResourceProviderInfo.Storage", {
  reconciliation_interval_seconds: opt(2, "dbl"),
});

const resourceProviderInfoFields = {
  id: opt(1, ResourceProviderID),
  attributes: rep(2, Attribute),
  type: req(3, "str"),
  name: req(4, "str"),
  default_reservations: rep(5, ResourceReservationInfo),
  storage: opt(6, ResourceProviderInfoStorage),
};
/** Definition of `ResourceProviderInfo`; an interface, so that declarations show its name alone. */
export interface ResourceProviderInfoDef extends MessageDef<typeof resourceProviderInfoFields> {}
/** Message `ResourceProviderInfo`. */
export const ResourceProviderInfo: ResourceProviderInfoDef = message(
  "ResourceProviderInfo",
  resourceProviderInfoFields,
);
