import { errors } from "../../../contract/errors.ts";
import type { ContainerSpec } from "../../../contract/ports/isolator.ts";
import type { PortMapping } from "./container-info.ts";
import type { CreateBody, Inspected, PortBindings } from "./engine-types.ts";

const PROTOCOLS: ReadonlySet<string> = new Set(["tcp", "udp", "sctp"]);
const PORT_MAX = 65_535;

function offeredPorts(spec: ContainerSpec): { begin: number; end: number }[] {
  return spec.resources.flatMap(({ name, ranges = [] }) => (name === "ports" ? [...ranges] : []));
}

/**
 * Bindings of host ports, each of which must be among the task's resources (F71).
 * @throws DOCKER_PORT_NOT_OFFERED, DOCKER_NETWORK_INVALID
 */
export function portBindings(spec: ContainerSpec, mappings: readonly PortMapping[]): PortBindings {
  const offered = offeredPorts(spec);
  const bindings: PortBindings = {};
  for (const { hostPort, containerPort, protocol = "tcp" } of mappings) {
    const word = protocol.toLowerCase();
    if (!PROTOCOLS.has(word)) {
      throw errors.DOCKER_NETWORK_INVALID(`a port mapping has the protocol "${protocol}"`);
    }
    if (!Number.isInteger(containerPort) || containerPort < 1 || containerPort > PORT_MAX) {
      throw errors.DOCKER_NETWORK_INVALID(`${containerPort} is not a port of a container`);
    }
    if (!offered.some(({ begin, end }) => begin <= hostPort && hostPort <= end)) {
      const shown = offered.map(({ begin, end }) => `${begin}-${end}`).join(", ") || "none";
      throw errors.DOCKER_PORT_NOT_OFFERED(hostPort, shown);
    }
    const key = `${containerPort}/${word}`;
    bindings[key] = [...(bindings[key] ?? []), { HostPort: `${hostPort}` }];
  }
  return bindings;
}

/** Sets the network of a container, and what of the host leads into it. */
export function setNetwork(body: CreateBody, spec: ContainerSpec): void {
  const { docker, networkInfos = [] } = spec.container ?? {};
  const { network = "HOST", portMappings = [] } = docker ?? {};
  if (networkInfos.some((info) => (info.portMappings?.length ?? 0) > 0)) {
    throw errors.DOCKER_NETWORK_INVALID("port mappings of docker tasks are in container.docker");
  }
  if (network === "HOST" || network === "NONE") {
    if (portMappings.length > 0) {
      throw errors.DOCKER_NETWORK_INVALID(`port mappings need BRIDGE or USER, not ${network}`);
    }
    body.HostConfig.NetworkMode = network.toLowerCase();
    return;
  }
  body.HostConfig.PortBindings = portBindings(spec, portMappings);
  body.ExposedPorts = Object.fromEntries(
    Object.keys(body.HostConfig.PortBindings).map((key) => [key, {}]),
  );
  if (network === "BRIDGE") {
    body.HostConfig.NetworkMode = "bridge";
    return;
  }
  const [info, ...more] = networkInfos;
  if (info?.name === undefined || info.name === "" || more.length > 0) {
    throw errors.DOCKER_NETWORK_INVALID("USER needs exactly one of networkInfos, with a name");
  }
  if (/^(host|none|container:.*)$/.test(info.name)) {
    throw errors.DOCKER_NETWORK_INVALID(`"${info.name}" is not a network of a user`);
  }
  body.HostConfig.NetworkMode = info.name;
  const addressOf = (protocol: string) =>
    info.ipAddresses?.find((one) => (one.protocol ?? "IPv4") === protocol)?.ipAddress;
  const [v4, v6] = [addressOf("IPv4"), addressOf("IPv6")];
  if (v4 === undefined && v6 === undefined) return;
  const IPAMConfig = {
    ...(v4 === undefined ? {} : { IPv4Address: v4 }),
    ...(v6 === undefined ? {} : { IPv6Address: v6 }),
  };
  body.NetworkingConfig = { EndpointsConfig: { [info.name]: { IPAMConfig } } };
}

/** Addresses of a container in its own networks; none in the host's. */
export function addressesOf(inspected: Inspected): string[] {
  const networks = Object.values(inspected.NetworkSettings.Networks ?? {});
  const all = networks.flatMap(({ IPAddress, GlobalIPv6Address }) => [
    IPAddress,
    GlobalIPv6Address,
  ]);
  return all.filter((address): address is string => address !== undefined && address !== "");
}
