import { DurationInfo, FrameworkID, MachineID, TimeInfo, Unavailability } from "./basics.ts";
import { enumeration, type MessageDef, map, message, old, opt, rep, req } from "./define.ts";
import { Resource, ValueScalar } from "./resources.ts";

/** Message `WeightInfo`. */
export const WeightInfo = message("WeightInfo", { weight: req(1, "dbl"), role: opt(2, "str") });

/** Message `maintenance.Window`. */
export const Window = message("maintenance.Window", {
  machine_ids: rep(1, MachineID),
  unavailability: req(2, Unavailability),
});

const scheduleFields = { windows: rep(1, Window) };
/** Definition of `maintenance.Schedule`; an interface, so that declarations show its name alone. */
export interface ScheduleDef extends MessageDef<typeof scheduleFields> {}
/** Message `maintenance.Schedule`. */
export const Schedule: ScheduleDef = message("maintenance.Schedule", scheduleFields);

/** Message `google.protobuf.Duration`. */
export const Duration = message("google.protobuf.Duration", {
  seconds: opt(1, "i64"),
  nanos: opt(2, "i32"),
});

/** Message `quota.QuotaConfig`. */
export const QuotaConfig = message("quota.QuotaConfig", {
  role: req(1, "str"),
  guarantees: map(2, ValueScalar),
  limits: map(3, ValueScalar),
});

/** Message `quota.QuotaRequest`. */
export const QuotaRequest = message("quota.QuotaRequest", {
  force: opt(1, "bool"),
  role: opt(2, "str"),
  guarantee: rep(3, Resource),
});

/** Message `Flag`. */
export const Flag = message("Flag", { name: req(1, "str"), value: opt(2, "str") });

/** Message `VersionInfo`. */
export const VersionInfo = message("VersionInfo", {
  version: req(1, "str"),
  build_date: opt(2, "str"),
  build_time: opt(3, "dbl"),
  build_user: opt(4, "str"),
  git_sha: opt(5, "str"),
  git_branch: opt(6, "str"),
  git_tag: opt(7, "str"),
});

/** Message `Metric`. */
export const Metric = message("Metric", { name: req(1, "str"), value: opt(2, "dbl") });

/** Message `FileInfo`. */
export const FileInfo = message("FileInfo", {
  path: req(1, "str"),
  nlink: opt(2, "i32"),
  size: opt(3, "u64"),
  mtime: opt(4, TimeInfo),
  mode: opt(5, "u32"),
  uid: opt(6, "str"),
  gid: opt(7, "str"),
});

/** Enum `DrainState`. */
export const DrainState = enumeration("DrainState", { UNKNOWN: 0, DRAINING: 1, DRAINED: 2 });

/** Message `DrainConfig`. */
export const DrainConfig = message("DrainConfig", {
  max_grace_period: opt(1, DurationInfo),
  mark_gone: opt(2, "bool", false),
});

/** Message `DrainInfo`. */
export const DrainInfo = message("DrainInfo", {
  state: req(1, DrainState),
  config: req(2, DrainConfig),
});

/** Message `Role`. */
export const Role = message("Role", {
  name: req(1, "str"),
  weight: req(2, "dbl"),
  frameworks: rep(3, FrameworkID),
  resources: rep(4, Resource),
});

/** Enum `allocator.InverseOfferStatus.Status`. */
export const InverseOfferStatusStatus = enumeration("allocator.InverseOfferStatus.Status", {
  UNKNOWN: 1,
  ACCEPT: 2,
  DECLINE: 3,
});

/** Message `allocator.InverseOfferStatus`. */
export const InverseOfferStatus = message("allocator.InverseOfferStatus", {
  status: req(1, InverseOfferStatusStatus),
  framework_id: req(2, FrameworkID),
  timestamp: req(3, TimeInfo),
});

/** Message `maintenance.ClusterStatus.DrainingMachine`. */
export const ClusterStatusDrainingMachine = message("maintenance.ClusterStatus.DrainingMachine", {
  id: req(1, MachineID),
  statuses: rep(2, InverseOfferStatus),
});

/** Message `maintenance.ClusterStatus`. */
export const ClusterStatus = message("maintenance.ClusterStatus", {
  draining_machines: rep(1, ClusterStatusDrainingMachine),
  down_machines: rep(2, MachineID),
});

/** Message `quota.QuotaInfo`. */
export const QuotaInfo = message("quota.QuotaInfo", {
  role: opt(1, "str"),
  principal: opt(2, "str"),
  guarantee: rep(3, Resource),
});

/** Message `quota.QuotaStatus`. */
export const QuotaStatus = message("quota.QuotaStatus", {
  infos: old(rep(1, QuotaInfo)),
  configs: rep(2, QuotaConfig),
});
