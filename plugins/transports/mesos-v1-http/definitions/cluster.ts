import { Address, AgentID, DomainInfo, FrameworkID, Labels } from "./basics.ts";
import { enumeration, type MessageDef, map, message, old, opt, rep, req } from "./define.ts";
import { Attribute, Resource, ValueScalar } from "./resources.ts";

/** Enum `FrameworkInfo.Capability.Type`. */
export const FrameworkInfoCapabilityType = enumeration("FrameworkInfo.Capability.Type", {
  UNKNOWN: 0,
  REVOCABLE_RESOURCES: 1,
  TASK_KILLING_STATE: 2,
  GPU_RESOURCES: 3,
  SHARED_RESOURCES: 4,
  PARTITION_AWARE: 5,
  MULTI_ROLE: 6,
  RESERVATION_REFINEMENT: 7,
  REGION_AWARE: 8,
});

/** Message `FrameworkInfo.Capability`. */
export const FrameworkInfoCapability = message("FrameworkInfo.Capability", {
  type: opt(1, FrameworkInfoCapabilityType),
});

/** Message `OfferFilters.ResourceQuantities`. */
export const OfferFiltersResourceQuantities = message("OfferFilters.ResourceQuantities", {
  quantities: map(1, ValueScalar),
});

/** Message `OfferFilters.MinAllocatableResources`. */
export const OfferFiltersMinAllocatableResources = message("OfferFilters.MinAllocatableResources", {
  quantities: rep(1, OfferFiltersResourceQuantities),
});

/** Message `OfferFilters`. */
export const OfferFilters = message("OfferFilters", {
  min_allocatable_resources: opt(1, OfferFiltersMinAllocatableResources),
});

const frameworkInfoFields = {
  user: req(1, "str"),
  name: req(2, "str"),
  id: opt(3, FrameworkID),
  failover_timeout: opt(4, "dbl", 0),
  checkpoint: opt(5, "bool", false),
  role: old(opt(6, "str", "*")),
  roles: rep(12, "str"),
  hostname: opt(7, "str"),
  principal: opt(8, "str"),
  webui_url: opt(9, "str"),
  capabilities: rep(10, FrameworkInfoCapability),
  labels: opt(11, Labels),
  offer_filters: map(13, OfferFilters),
};
/** Definition of `FrameworkInfo`; an interface, so that declarations show its name alone. */
export interface FrameworkInfoDef extends MessageDef<typeof frameworkInfoFields> {}
/** Message `FrameworkInfo`. */
export const FrameworkInfo: FrameworkInfoDef = message("FrameworkInfo", frameworkInfoFields);

/** Message `Filters`. */
export const Filters = message("Filters", { refuse_seconds: opt(1, "dbl", 5) });

/** Message `Request`. */
export const Request = message("Request", {
  agent_id: opt(1, AgentID),
  resources: rep(2, Resource),
});

/** Enum `MasterInfo.Capability.Type`. */
export const MasterInfoCapabilityType = enumeration("MasterInfo.Capability.Type", {
  UNKNOWN: 0,
  AGENT_UPDATE: 1,
  AGENT_DRAINING: 2,
  QUOTA_V2: 3,
});

/** Message `MasterInfo.Capability`. */
export const MasterInfoCapability = message("MasterInfo.Capability", {
  type: opt(1, MasterInfoCapabilityType),
});

const masterInfoFields = {
  id: req(1, "str"),
  ip: req(2, "u32"),
  port: req(3, "u32", 5050),
  pid: opt(4, "str"),
  hostname: opt(5, "str"),
  version: opt(6, "str"),
  address: opt(7, Address),
  domain: opt(8, DomainInfo),
  capabilities: rep(9, MasterInfoCapability),
};
/** Definition of `MasterInfo`; an interface, so that declarations show its name alone. */
export interface MasterInfoDef extends MessageDef<typeof masterInfoFields> {}
/** Message `MasterInfo`. */
export const MasterInfo: MasterInfoDef = message("MasterInfo", masterInfoFields);

const agentInfoFields = {
  hostname: req(1, "str"),
  port: opt(8, "i32", 5051),
  resources: rep(3, Resource),
  attributes: rep(5, Attribute),
  id: opt(6, AgentID),
  domain: opt(10, DomainInfo),
};
/** Definition of `AgentInfo`; an interface, so that declarations show its name alone. */
export interface AgentInfoDef extends MessageDef<typeof agentInfoFields> {}
/** Message `AgentInfo`. */
export const AgentInfo: AgentInfoDef = message("AgentInfo", agentInfoFields);

/** Enum `AgentInfo.Capability.Type`. */
export const AgentInfoCapabilityType = enumeration("AgentInfo.Capability.Type", {
  UNKNOWN: 0,
  MULTI_ROLE: 1,
  HIERARCHICAL_ROLE: 2,
  RESERVATION_REFINEMENT: 3,
  RESOURCE_PROVIDER: 4,
  RESIZE_VOLUME: 5,
  AGENT_OPERATION_FEEDBACK: 6,
  AGENT_DRAINING: 7,
  TASK_RESOURCE_LIMITS: 8,
});

/** Message `AgentInfo.Capability`. */
export const AgentInfoCapability = message("AgentInfo.Capability", {
  type: opt(1, AgentInfoCapabilityType),
});
