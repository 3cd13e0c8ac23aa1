import { enumeration, type MessageDef, message, old, opt, rep } from "./define.ts";

/** Enum `CapabilityInfo.Capability`. */
export const CapabilityInfoCapability = enumeration("CapabilityInfo.Capability", {
  UNKNOWN: 0,
  CHOWN: 1000,
  DAC_OVERRIDE: 1001,
  DAC_READ_SEARCH: 1002,
  FOWNER: 1003,
  FSETID: 1004,
  KILL: 1005,
  SETGID: 1006,
  SETUID: 1007,
  SETPCAP: 1008,
  LINUX_IMMUTABLE: 1009,
  NET_BIND_SERVICE: 1010,
  NET_BROADCAST: 1011,
  NET_ADMIN: 1012,
  NET_RAW: 1013,
  IPC_LOCK: 1014,
  IPC_OWNER: 1015,
  SYS_MODULE: 1016,
  SYS_RAWIO: 1017,
  SYS_CHROOT: 1018,
  SYS_PTRACE: 1019,
  SYS_PACCT: 1020,
  SYS_ADMIN: 1021,
  SYS_BOOT: 1022,
  SYS_NICE: 1023,
  SYS_RESOURCE: 1024,
  SYS_TIME: 1025,
  SYS_TTY_CONFIG: 1026,
  MKNOD: 1027,
  LEASE: 1028,
  AUDIT_WRITE: 1029,
  AUDIT_CONTROL: 1030,
  SETFCAP: 1031,
  MAC_OVERRIDE: 1032,
  MAC_ADMIN: 1033,
  SYSLOG: 1034,
  WAKE_ALARM: 1035,
  BLOCK_SUSPEND: 1036,
  AUDIT_READ: 1037,
  PERFMON: 1038,
  BPF: 1039,
  CHECKPOINT_RESTORE: 1040,
});

/** Message `CapabilityInfo`. */
export const CapabilityInfo = message("CapabilityInfo", {
  capabilities: rep(1, CapabilityInfoCapability),
});

/** Message `SeccompInfo`. */
export const SeccompInfo = message("SeccompInfo", {
  profile_name: opt(1, "str"),
  unconfined: opt(2, "bool"),
});

/** Enum `LinuxInfo.IpcMode`. */
export const LinuxInfoIpcMode = enumeration("LinuxInfo.IpcMode", {
  UNKNOWN: 0,
  PRIVATE: 1,
  SHARE_PARENT: 2,
});

const linuxInfoFields = {
  capability_info: old(opt(1, CapabilityInfo)),
  bounding_capabilities: opt(2, CapabilityInfo),
  effective_capabilities: opt(3, CapabilityInfo),
  share_pid_namespace: opt(4, "bool"),
  seccomp: opt(5, SeccompInfo),
  ipc_mode: opt(6, LinuxInfoIpcMode),
  shm_size: opt(7, "u32"),
  share_cgroups: opt(8, "bool", true),
};
/** Definition of `LinuxInfo`, named so that declarations stay short. */
export interface LinuxInfoDef extends MessageDef<typeof linuxInfoFields> {}
/** Message `LinuxInfo`. */
export const LinuxInfo: LinuxInfoDef = message("LinuxInfo", linuxInfoFields);

/** Enum `RLimitInfo.RLimit.Type`. */
export const RLimitInfoRLimitType = enumeration("RLimitInfo.RLimit.Type", {
  UNKNOWN: 0,
  RLMT_AS: 1,
  RLMT_CORE: 2,
  RLMT_CPU: 3,
  RLMT_DATA: 4,
  RLMT_FSIZE: 5,
  RLMT_LOCKS: 6,
  RLMT_MEMLOCK: 7,
  RLMT_MSGQUEUE: 8,
  RLMT_NICE: 9,
  RLMT_NOFILE: 10,
  RLMT_NPROC: 11,
  RLMT_RSS: 12,
  RLMT_RTPRIO: 13,
  RLMT_RTTIME: 14,
  RLMT_SIGPENDING: 15,
  RLMT_STACK: 16,
});

/** Message `RLimitInfo.RLimit`. */
export const RLimitInfoRLimit = message("RLimitInfo.RLimit", {
  type: opt(1, RLimitInfoRLimitType),
  hard: opt(2, "u64"),
  soft: opt(3, "u64"),
});

/** Message `RLimitInfo`. */
export const RLimitInfo = message("RLimitInfo", { rlimits: rep(1, RLimitInfoRLimit) });
