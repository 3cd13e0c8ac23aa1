import { enumeration, type MessageDef, message, opt, rep, req } from "./define.ts";

/** Message `FrameworkID`. */
export const FrameworkID = message("FrameworkID", { value: req(1, "str") });

/** Message `Label`. */
export const Label = message("Label", { key: req(1, "str"), value: opt(2, "str") });

const labelsFields = { labels: rep(1, Label) };
/** Definition of `Labels`; an interface, so that declarations show its name alone. */
export interface LabelsDef extends MessageDef<typeof labelsFields> {}
/** Message `Labels`. */
export const Labels: LabelsDef = message("Labels", labelsFields);

/** Message `OfferID`. */
export const OfferID = message("OfferID", { value: req(1, "str") });

/** Message `OperationID`. */
export const OperationID = message("OperationID", { value: req(1, "str") });

/** Message `TaskID`. */
export const TaskID = message("TaskID", { value: req(1, "str") });

/** Message `AgentID`. */
export const AgentID = message("AgentID", { value: req(1, "str") });

/** Message `ResourceProviderID`. */
export const ResourceProviderID = message("ResourceProviderID", { value: req(1, "str") });

/** Message `Credential`. */
export const Credential = message("Credential", {
  principal: req(1, "str"),
  secret: opt(2, "str"),
});

/** Enum `Secret.Type`. */
export const SecretType = enumeration("Secret.Type", { UNKNOWN: 0, REFERENCE: 1, VALUE: 2 });

/** Message `Secret.Reference`. */
export const SecretReference = message("Secret.Reference", {
  name: req(1, "str"),
  key: opt(2, "str"),
});

/** Message `Secret.Value`. */
export const SecretValue = message("Secret.Value", { data: req(1, "bytes") });

/** Message `Secret`. */
export const Secret = message("Secret", {
  type: opt(1, SecretType),
  reference: opt(2, SecretReference),
  value: opt(3, SecretValue),
});

/** Message `Parameter`. */
export const Parameter = message("Parameter", { key: req(1, "str"), value: req(2, "str") });

/** Message `Parameters`. */
export const Parameters = message("Parameters", { parameter: rep(1, Parameter) });

/** Message `ExecutorID`. */
export const ExecutorID = message("ExecutorID", { value: req(1, "str") });

/** Message `DurationInfo`. */
export const DurationInfo = message("DurationInfo", { nanoseconds: req(1, "i64") });

/** Message `Address`. */
export const Address = message("Address", {
  hostname: opt(1, "str"),
  ip: opt(2, "str"),
  port: req(3, "i32"),
});

/** Message `DomainInfo.FaultDomain.RegionInfo`. */
export const DomainInfoFaultDomainRegionInfo = message("DomainInfo.FaultDomain.RegionInfo", {
  name: req(1, "str"),
});

/** Message `DomainInfo.FaultDomain.ZoneInfo`. */
export const DomainInfoFaultDomainZoneInfo = message("DomainInfo.FaultDomain.ZoneInfo", {
  name: req(1, "str"),
});

/** Message `DomainInfo.FaultDomain`. */
export const DomainInfoFaultDomain = message("DomainInfo.FaultDomain", {
  region: req(1, DomainInfoFaultDomainRegionInfo),
  zone: req(2, DomainInfoFaultDomainZoneInfo),
});

/** Message `DomainInfo`. */
export const DomainInfo = message("DomainInfo", { fault_domain: opt(1, DomainInfoFaultDomain) });

/** Message `URL`. */
export const URL = message("URL", {
  scheme: req(1, "str"),
  address: req(2, Address),
  path: opt(3, "str"),
  query: rep(4, Parameter),
  fragment: opt(5, "str"),
});

/** Message `TimeInfo`. */
export const TimeInfo = message("TimeInfo", { nanoseconds: req(1, "i64") });

/** Message `Unavailability`. */
export const Unavailability = message("Unavailability", {
  start: req(1, TimeInfo),
  duration: opt(2, DurationInfo),
});

/** Message `ContainerID`. */
export const ContainerID = message("ContainerID", { value: req(1, "str"), parent: opt(2, "self") });

/** Message `UUID`. */
export const UUID = message("UUID", { value: req(1, "bytes") });

/** Message `MachineID`. */
export const MachineID = message("MachineID", { hostname: opt(1, "str"), ip: opt(2, "str") });
