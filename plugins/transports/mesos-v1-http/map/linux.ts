import type { DiscoveryInfo, LinuxInfo } from "../../../../contract/schema/container.ts";
import * as v1 from "../definitions/containers.ts";
import type { Message } from "../definitions/define.ts";
import { defined, each, known, labelsOf, labelsTo, maybe } from "./basics.ts";

type V1Linux = Message<typeof v1.LinuxInfo>;
type V1Capabilities = Message<typeof v1.CapabilityInfo>;
type V1Discovery = Message<typeof v1.DiscoveryInfo>;

/** What is Linux about a container; `capability_info` is the older name of the effective set. */
export function linuxFrom(given: V1Linux): LinuxInfo {
  const effective = given.effective_capabilities ?? given.capability_info;
  return defined({
    boundingCapabilities: maybe(given.bounding_capabilities, capabilitiesFrom),
    effectiveCapabilities: maybe(effective, capabilitiesFrom),
    sharePidNamespace: given.share_pid_namespace,
    seccomp: maybe(given.seccomp, ({ profile_name, unconfined }) =>
      defined({ profileName: profile_name, unconfined }),
    ),
    ipcMode: known(given.ipc_mode),
    shmSizeMib: given.shm_size,
    shareCgroups: given.share_cgroups,
  });
}

/** What is Linux about a container, in the API's form. */
export function linuxTo(linux: LinuxInfo): V1Linux {
  return {
    bounding_capabilities: maybe(linux.boundingCapabilities, capabilitiesTo),
    effective_capabilities: maybe(linux.effectiveCapabilities, capabilitiesTo),
    share_pid_namespace: linux.sharePidNamespace,
    seccomp: maybe(linux.seccomp, ({ profileName, unconfined }) => ({
      profile_name: profileName,
      unconfined,
    })),
    ipc_mode: linux.ipcMode,
    shm_size: linux.shmSizeMib,
    share_cgroups: linux.shareCgroups,
  };
}

function capabilitiesFrom({ capabilities = [] }: V1Capabilities): string[] {
  return capabilities.filter((one) => one !== "UNKNOWN");
}

function capabilitiesTo(names: readonly string[]): V1Capabilities {
  const { numbers } = v1.CapabilityInfoCapability;
  return { capabilities: names.filter((one): one is "CHOWN" => numbers.has(one)) };
}

/** How others find a task. */
export function discoveryFrom(given: V1Discovery): DiscoveryInfo {
  return defined({
    visibility: given.visibility,
    name: given.name,
    environment: given.environment,
    location: given.location,
    version: given.version,
    ports: each(given.ports?.ports, (port) =>
      defined({
        number: port.number,
        name: port.name,
        protocol: port.protocol,
        visibility: port.visibility,
        labels: labelsOf(port.labels),
      }),
    ),
    labels: labelsOf(given.labels),
  });
}

/** How others find a task, in the API's form. */
export function discoveryTo(discovery: DiscoveryInfo): V1Discovery {
  return {
    visibility: discovery.visibility,
    name: discovery.name,
    environment: discovery.environment,
    location: discovery.location,
    version: discovery.version,
    ports: maybe(discovery.ports, (list) => ({
      ports: list.map(({ labels, ...port }) => ({ ...port, labels: labelsTo(labels) })),
    })),
    labels: labelsTo(discovery.labels),
  };
}
