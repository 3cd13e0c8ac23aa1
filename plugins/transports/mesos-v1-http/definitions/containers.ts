import { ContainerID, Labels, Parameter } from "./basics.ts";
import { enumeration, type MessageDef, message, old, opt, rep, req } from "./define.ts";
import { LinuxInfo, RLimitInfo } from "./linux.ts";
import { Image, Volume } from "./volumes.ts";

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
/** Definition of `NetworkInfo`, named so that declarations stay short. */
export interface NetworkInfoDef extends MessageDef<typeof networkInfoFields> {}
/** Message `NetworkInfo`. */
export const NetworkInfo: NetworkInfoDef = message("NetworkInfo", networkInfoFields);

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
/** Definition of `ContainerInfo`, named so that declarations stay short. */
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
/** Definition of `DiscoveryInfo`, named so that declarations stay short. */
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
/** Definition of `ContainerStatus`, named so that declarations stay short. */
export interface ContainerStatusDef extends MessageDef<typeof containerStatusFields> {}
/** Message `ContainerStatus`. */
export const ContainerStatus: ContainerStatusDef = message(
  "ContainerStatus",
  containerStatusFields,
);
