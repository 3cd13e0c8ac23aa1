import type {
  ContainerInfo,
  ContainerStatus,
  Image,
  NetworkInfo,
  Volume,
} from "../../../../contract/schema/container.ts";
import * as v1 from "../definitions/containers.ts";
import type { Message } from "../definitions/define.ts";
import { defined, each, known, labelsOf, labelsTo, maybe, wrap } from "./basics.ts";
import { secretFrom, secretTo } from "./commands.ts";
import { linuxFrom, linuxTo } from "./linux.ts";

type V1Container = Message<typeof v1.ContainerInfo>;
type V1Docker = Message<typeof v1.ContainerInfoDockerInfo>;
type V1Volume = Message<typeof v1.Volume>;
type V1Image = Message<typeof v1.Image>;
type V1Network = Message<typeof v1.NetworkInfo>;
type V1Status = Message<typeof v1.ContainerStatus>;
type Docker = NonNullable<ContainerInfo["docker"]>;
type Source = NonNullable<Volume["source"]>;

/** A container of the contract. */
export function containerFrom(given: V1Container): ContainerInfo {
  return defined({
    type: given.type,
    volumes: each(given.volumes, volumeFrom),
    hostname: given.hostname,
    docker: maybe(given.docker, dockerFrom),
    mesos: maybe(given.mesos, ({ image }) => defined({ image: maybe(image, imageFrom) })),
    networkInfos: each(given.network_infos, networkFrom),
    linuxInfo: maybe(given.linux_info, linuxFrom),
    rlimits: each(given.rlimit_info?.rlimits, ({ type, soft, hard }) =>
      defined({ type: known(type) ?? "UNKNOWN", soft, hard }),
    ),
    ttyInfo: maybe(given.tty_info, ({ window_size }) => defined({ windowSize: window_size })),
  });
}

/** A container of the API. */
export function containerTo(container: ContainerInfo): V1Container {
  return {
    type: container.type,
    volumes: each(container.volumes, volumeTo),
    hostname: container.hostname,
    docker: maybe(container.docker, dockerTo),
    mesos: maybe(container.mesos, ({ image }) => ({ image: maybe(image, imageTo) })),
    network_infos: each(container.networkInfos, networkTo),
    linux_info: maybe(container.linuxInfo, linuxTo),
    rlimit_info: maybe(container.rlimits, (list) => ({
      rlimits: list.map(({ type, soft, hard }) => ({
        type: v1.RLimitInfoRLimitType.numbers.has(type) ? (type as "RLMT_NOFILE") : "UNKNOWN",
        soft,
        hard,
      })),
    })),
    tty_info: maybe(container.ttyInfo, ({ windowSize }) => ({ window_size: windowSize })),
  };
}

function dockerFrom(given: V1Docker): Docker {
  return defined({
    image: given.image,
    network: given.network,
    portMappings: each(given.port_mappings, portMappingFrom),
    privileged: given.privileged,
    parameters: each(given.parameters, (one) => one),
    forcePullImage: given.force_pull_image,
  });
}

function dockerTo(docker: Docker): V1Docker {
  return {
    image: docker.image,
    network: docker.network,
    port_mappings: each(docker.portMappings, portMappingTo),
    privileged: docker.privileged,
    parameters: docker.parameters,
    force_pull_image: docker.forcePullImage,
  };
}

type V1PortMapping = Message<typeof v1.NetworkInfoPortMapping>;
type PortMapping = NonNullable<NetworkInfo["portMappings"]>[number];

function portMappingFrom({ host_port, container_port, protocol }: V1PortMapping): PortMapping {
  return defined({ hostPort: host_port, containerPort: container_port, protocol });
}

function portMappingTo({ hostPort, containerPort, protocol }: PortMapping): V1PortMapping {
  return { host_port: hostPort, container_port: containerPort, protocol };
}

function imageFrom(given: V1Image): Image {
  const { docker, appc } = given;
  return defined({
    type: given.type,
    name: (given.type === "DOCKER" ? docker?.name : appc?.name) ?? "",
    config: maybe(docker?.config, secretFrom),
    cached: given.cached,
  });
}

/** An OCI layout, which Mesos does not know, is shown as the docker image of its path. */
function imageTo({ type, name, config, cached }: Image): V1Image {
  if (type === "APPC") return { type, appc: { name }, cached };
  return { type: "DOCKER", docker: { name, config: maybe(config, secretTo) }, cached };
}

function volumeFrom(given: V1Volume): Volume {
  return defined({
    mode: given.mode,
    containerPath: given.container_path,
    hostPath: given.host_path,
    image: maybe(given.image, imageFrom),
    source: maybe(given.source, sourceFrom),
  });
}

function volumeTo(volume: Volume): V1Volume {
  return {
    mode: volume.mode ?? "RW",
    container_path: volume.containerPath,
    host_path: volume.hostPath,
    image: maybe(volume.image, imageTo),
    source: maybe(volume.source, sourceTo),
  };
}

function sourceFrom(given: NonNullable<V1Volume["source"]>): Source {
  const { docker_volume, host_path, sandbox_path, secret } = given;
  return defined({
    type: known(given.type) ?? inferred(given),
    dockerVolume: maybe(docker_volume, ({ driver, name, driver_options }) =>
      defined({ driver, name, driverOptions: each(driver_options?.parameter, (one) => one) }),
    ),
    hostPath: maybe(host_path, ({ path, mount_propagation }) =>
      defined({ path, mountPropagation: known(mount_propagation?.mode) }),
    ),
    sandboxPath: maybe(sandbox_path, ({ type, path }) => ({ type: known(type) ?? "SELF", path })),
    secret: maybe(secret, secretFrom),
  });
}

function inferred(given: NonNullable<V1Volume["source"]>): Source["type"] {
  if (given.docker_volume !== undefined) return "DOCKER_VOLUME";
  if (given.sandbox_path !== undefined) return "SANDBOX_PATH";
  if (given.secret !== undefined) return "SECRET";
  return given.csi_volume === undefined ? "HOST_PATH" : "CSI_VOLUME";
}

function sourceTo(source: Source): NonNullable<V1Volume["source"]> {
  return {
    type: source.type,
    docker_volume: maybe(source.dockerVolume, ({ driver, name, driverOptions }) => ({
      driver,
      name,
      driver_options: maybe(driverOptions, (parameter) => ({ parameter })),
    })),
    host_path: maybe(source.hostPath, ({ path, mountPropagation }) => ({
      path,
      mount_propagation: maybe(mountPropagation, (mode) => ({ mode })),
    })),
    sandbox_path: source.sandboxPath,
    secret: maybe(source.secret, secretTo),
  };
}

function networkFrom(given: V1Network): NetworkInfo {
  return defined({
    name: given.name,
    ipAddresses: each(given.ip_addresses, ({ protocol, ip_address }) =>
      defined({ protocol, ipAddress: ip_address }),
    ),
    groups: each(given.groups, (one) => one),
    labels: labelsOf(given.labels),
    portMappings: each(given.port_mappings, portMappingFrom),
  });
}

function networkTo(network: NetworkInfo): V1Network {
  return {
    ip_addresses: each(network.ipAddresses, ({ protocol, ipAddress }) => ({
      protocol,
      ip_address: ipAddress,
    })),
    name: network.name,
    groups: network.groups,
    labels: labelsTo(network.labels),
    port_mappings: each(network.portMappings, portMappingTo),
  };
}

/** The state of a running container, from an executor. */
export function containerStatusFrom(given: V1Status): ContainerStatus {
  return defined({
    containerId: given.container_id?.value,
    networkInfos: each(given.network_infos, networkFrom),
    executorPid: given.executor_pid,
  });
}

/** The state of a running container; clients read addresses out of it (§6.9). */
export function containerStatusTo(status: ContainerStatus): V1Status {
  return {
    container_id: wrap(status.containerId),
    network_infos: each(status.networkInfos, networkTo),
    executor_pid: status.executorPid,
  };
}
