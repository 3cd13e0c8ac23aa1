import { ContainerID, Credential, Labels, Parameter, Parameters, Secret } from "./basics.ts";
import { enumeration, type MessageDef, map, message, old, one, opt, rep, req } from "./define.ts";

/** Enum `Volume.Mode`. */
export const VolumeMode = enumeration("Volume.Mode", { RW: 1, RO: 2 });

/** Enum `Image.Type`. */
export const ImageType = enumeration("Image.Type", { APPC: 1, DOCKER: 2 });

/** Message `Image.Appc`. */
export const ImageAppc = message("Image.Appc", {
  name: req(1, "str"),
  id: opt(2, "str"),
  labels: opt(3, Labels),
});

/** Message `Image.Docker`. */
export const ImageDocker = message("Image.Docker", {
  name: req(1, "str"),
  credential: old(opt(2, Credential)),
  config: opt(3, Secret),
});

/** Message `Image`. */
export const Image = message("Image", {
  type: req(1, ImageType),
  appc: opt(2, ImageAppc),
  docker: opt(3, ImageDocker),
  cached: opt(4, "bool", true),
});

/** Enum `Volume.Source.Type`. */
export const VolumeSourceType = enumeration("Volume.Source.Type", {
  UNKNOWN: 0,
  DOCKER_VOLUME: 1,
  HOST_PATH: 4,
  SANDBOX_PATH: 2,
  SECRET: 3,
  CSI_VOLUME: 5,
});

/** Message `Volume.Source.DockerVolume`. */
export const VolumeSourceDockerVolume = message("Volume.Source.DockerVolume", {
  driver: opt(1, "str"),
  name: req(2, "str"),
  driver_options: opt(3, Parameters),
});

/** Enum `MountPropagation.Mode`. */
export const MountPropagationMode = enumeration("MountPropagation.Mode", {
  UNKNOWN: 0,
  HOST_TO_CONTAINER: 1,
  BIDIRECTIONAL: 2,
});

/** Message `MountPropagation`. */
export const MountPropagation = message("MountPropagation", { mode: opt(1, MountPropagationMode) });

/** Message `Volume.Source.HostPath`. */
export const VolumeSourceHostPath = message("Volume.Source.HostPath", {
  path: req(1, "str"),
  mount_propagation: opt(2, MountPropagation),
});

/** Enum `Volume.Source.SandboxPath.Type`. */
export const VolumeSourceSandboxPathType = enumeration("Volume.Source.SandboxPath.Type", {
  UNKNOWN: 0,
  SELF: 1,
  PARENT: 2,
});

/** Message `Volume.Source.SandboxPath`. */
export const VolumeSourceSandboxPath = message("Volume.Source.SandboxPath", {
  type: opt(1, VolumeSourceSandboxPathType),
  path: req(2, "str"),
});

/** Message `Volume.Source.CSIVolume.VolumeCapability.BlockVolume`. */
export const VolumeSourceCSIVolumeVolumeCapabilityBlockVolume = message(
  "Volume.Source.CSIVolume.VolumeCapability.BlockVolume",
  {},
);

/** Message `Volume.Source.CSIVolume.VolumeCapability.MountVolume`. */
export const VolumeSourceCSIVolumeVolumeCapabilityMountVolume = message(
  "Volume.Source.CSIVolume.VolumeCapability.MountVolume",
  { fs_type: opt(1, "str"), mount_flags: rep(2, "str") },
);

/** Enum `Volume.Source.CSIVolume.VolumeCapability.AccessMode.Mode`. */
export const VolumeSourceCSIVolumeVolumeCapabilityAccessModeMode = enumeration(
  "Volume.Source.CSIVolume.VolumeCapability.AccessMode.Mode",
  {
    UNKNOWN: 0,
    SINGLE_NODE_WRITER: 1,
    SINGLE_NODE_READER_ONLY: 2,
    MULTI_NODE_READER_ONLY: 3,
    MULTI_NODE_SINGLE_WRITER: 4,
    MULTI_NODE_MULTI_WRITER: 5,
  },
);

/** Message `Volume.Source.CSIVolume.VolumeCapability.AccessMode`. */
export const VolumeSourceCSIVolumeVolumeCapabilityAccessMode = message(
  "Volume.Source.CSIVolume.VolumeCapability.AccessMode",
  { mode: req(1, VolumeSourceCSIVolumeVolumeCapabilityAccessModeMode) },
);

/** Message `Volume.Source.CSIVolume.VolumeCapability`. */
export const VolumeSourceCSIVolumeVolumeCapability = message(
  "Volume.Source.CSIVolume.VolumeCapability",
  {
    block: one(1, VolumeSourceCSIVolumeVolumeCapabilityBlockVolume),
    mount: one(2, VolumeSourceCSIVolumeVolumeCapabilityMountVolume),
    access_mode: req(3, VolumeSourceCSIVolumeVolumeCapabilityAccessMode),
  },
);

/** Message `Volume.Source.CSIVolume.StaticProvisioning`. */
export const VolumeSourceCSIVolumeStaticProvisioning = message(
  "Volume.Source.CSIVolume.StaticProvisioning",
  {
    volume_id: req(1, "str"),
    volume_capability: req(2, VolumeSourceCSIVolumeVolumeCapability),
    node_stage_secrets: map(3, Secret),
    node_publish_secrets: map(4, Secret),
    volume_context: map(5, "str"),
  },
);

/** Message `Volume.Source.CSIVolume`. */
export const VolumeSourceCSIVolume = message("Volume.Source.CSIVolume", {
  plugin_name: req(1, "str"),
  static_provisioning: opt(2, VolumeSourceCSIVolumeStaticProvisioning),
});

/** Message `Volume.Source`. */
export const VolumeSource = message("Volume.Source", {
  type: opt(1, VolumeSourceType),
  docker_volume: opt(2, VolumeSourceDockerVolume),
  host_path: opt(5, VolumeSourceHostPath),
  sandbox_path: opt(3, VolumeSourceSandboxPath),
  secret: opt(4, Secret),
  csi_volume: opt(6, VolumeSourceCSIVolume),
});

const volumeFields = {
  mode: req(3, VolumeMode),
  container_path: req(1, "str"),
  host_path: opt(2, "str"),
  image: opt(4, Image),
  source: opt(5, VolumeSource),
};
/** Definition of `Volume`; an interface, so that declarations show its name alone. */
export interface VolumeDef extends MessageDef<typeof volumeFields> {}
/** Message `Volume`. */
export const Volume: VolumeDef = message("Volume", volumeFields);

/** Enum `ContainerInfo.Type`. */
export const ContainerInfoType = enumeration("ContainerInfo.Type", { DOCKER: 1, MESOS: 2 });

/** Enum `ContainerInfo.DockerInfo.Network`. */
export const ContainerInfoDockerInfoNetwork = enumeration("ContainerInfo.DockerInfo.Network", {
  HOST: 1,
  BRIDGE: 2,
  NONE: 3,
  USER: 4,
});

/** Message `ContainerInfo.DockerInfo.PortMapping`. */
export const ContainerInfoDockerInfoPortMapping = message("ContainerInfo.DockerInfo.PortMapping", {
  host_port: req(1, "u32"),
  container_port: req(2, "u32"),
  protocol: opt(3, "str"),
});

/** Message `ContainerInfo.DockerInfo`. */
export const ContainerInfoDockerInfo = message("ContainerInfo.DockerInfo", {
  image: req(1, "str"),
  network: opt(2, ContainerInfoDockerInfoNetwork, "HOST"),
  port_mappings: rep(3, ContainerInfoDockerInfoPortMapping),
  privileged: opt(4, "bool", false),
  parameters: rep(5, Parameter),
  force_pull_image: opt(6, "bool"),
  volume_driver: old(opt(7, "str")),
});

/** Message `ContainerInfo.MesosInfo`. */
export const ContainerInfoMesosInfo = message("ContainerInfo.MesosInfo", { image: opt(1, Image) });

/** Enum `NetworkInfo.Protocol`. */
export const NetworkInfoProtocol = enumeration("NetworkInfo.Protocol", { IPv4: 1, IPv6: 2 });

/** Message `NetworkInfo.IPAddress`. */
export const NetworkInfoIPAddress = message("NetworkInfo.IPAddress", {
  protocol: opt(1, NetworkInfoProtocol, "IPv4"),
  ip_address: opt(2, "str"),
});

/** Message `NetworkInfo.PortMapping`. */
export const NetworkInfoPortMapping = message("NetworkInfo.PortMapping", {
  host_port: req(1, "u32"),
  container_port: req(2, "u32"),
  protocol: opt(3, "str"),
});

const networkInfoFields = {
  ip_addresses: rep(5, NetworkInfoIPAddress),
  name: opt(6, "str"),
  groups: rep(3, "str"),
  labels: opt(4, Labels),
  port_mappings: rep(7, NetworkInfoPortMapping),
};
/** Definition of `NetworkInfo`; an interface, so that declarations show its name alone. */
export interface NetworkInfoDef extends MessageDef<typeof networkInfoFields> {}
/** Message `NetworkInfo`. */
export const NetworkInfo: NetworkInfoDef = message("NetworkInfo", networkInfoFields);

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
/** Definition of `LinuxInfo`; an interface, so that declarations show its name alone. */
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

/** Message `TTYInfo.WindowSize`. */
export const TTYInfoWindowSize = message("TTYInfo.WindowSize", {
  rows: req(1, "u32"),
  columns: req(2, "u32"),
});

/** Message `TTYInfo`. */
export const TTYInfo = message("TTYInfo", { window_size: opt(1, TTYInfoWindowSize) });

const containerInfoFields = {
  type: req(1, ContainerInfoType),
  volumes: rep(2, Volume),
  hostname: opt(4, "str"),
  docker: opt(3, ContainerInfoDockerInfo),
  mesos: opt(5, ContainerInfoMesosInfo),
  network_infos: rep(7, NetworkInfo),
  linux_info: opt(8, LinuxInfo),
  rlimit_info: opt(9, RLimitInfo),
  tty_info: opt(10, TTYInfo),
};
/** Definition of `ContainerInfo`; an interface, so that declarations show its name alone. */
export interface ContainerInfoDef extends MessageDef<typeof containerInfoFields> {}
/** Message `ContainerInfo`. */
export const ContainerInfo: ContainerInfoDef = message("ContainerInfo", containerInfoFields);

/** Enum `DiscoveryInfo.Visibility`. */
export const DiscoveryInfoVisibility = enumeration("DiscoveryInfo.Visibility", {
  FRAMEWORK: 0,
  CLUSTER: 1,
  EXTERNAL: 2,
});

/** Message `Port`. */
export const Port = message("Port", {
  number: req(1, "u32"),
  name: opt(2, "str"),
  protocol: opt(3, "str"),
  visibility: opt(4, DiscoveryInfoVisibility),
  labels: opt(5, Labels),
});

/** Message `Ports`. */
export const Ports = message("Ports", { ports: rep(1, Port) });

const discoveryInfoFields = {
  visibility: req(1, DiscoveryInfoVisibility),
  name: opt(2, "str"),
  environment: opt(3, "str"),
  location: opt(4, "str"),
  version: opt(5, "str"),
  ports: opt(6, Ports),
  labels: opt(7, Labels),
};
/** Definition of `DiscoveryInfo`; an interface, so that declarations show its name alone. */
export interface DiscoveryInfoDef extends MessageDef<typeof discoveryInfoFields> {}
/** Message `DiscoveryInfo`. */
export const DiscoveryInfo: DiscoveryInfoDef = message("DiscoveryInfo", discoveryInfoFields);

/** Message `CgroupInfo.NetCls`. */
export const CgroupInfoNetCls = message("CgroupInfo.NetCls", { classid: opt(1, "u32") });

/** Message `CgroupInfo`. */
export const CgroupInfo = message("CgroupInfo", { net_cls: opt(1, CgroupInfoNetCls) });

const containerStatusFields = {
  container_id: opt(4, ContainerID),
  network_infos: rep(1, NetworkInfo),
  cgroup_info: opt(2, CgroupInfo),
  executor_pid: opt(3, "u32"),
};
/** Definition of `ContainerStatus`; an interface, so that declarations show its name alone. */
export interface ContainerStatusDef extends MessageDef<typeof containerStatusFields> {}
/** Message `ContainerStatus`. */
export const ContainerStatus: ContainerStatusDef = message(
  "ContainerStatus",
  containerStatusFields,
);
