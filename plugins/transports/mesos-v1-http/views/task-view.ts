import type { TaskView } from "../../../../contract/operator-api.ts";
import type { ContainerStatus, NetworkInfo } from "../../../../contract/schema/container.ts";
import type { TaskStatus } from "../../../../contract/schema/task.ts";
import { writeJson } from "../codec/json-write.ts";
import { HealthCheck } from "../definitions/commands.ts";
import { ContainerInfo, DiscoveryInfo } from "../definitions/containers.ts";
import type { Message, MessageDef } from "../definitions/define.ts";
import { maybe, wrap } from "../map/basics.ts";
import { healthCheckTo } from "../map/commands.ts";
import { containerTo } from "../map/containers.ts";
import { discoveryTo } from "../map/linux.ts";
import { resourceObject } from "./resource-object.ts";

/** A task as the v0 views show it. */
export function taskPart({ task }: Pick<TaskView, "task">): object {
  return {
    id: task.taskId,
    name: task.name,
    framework_id: task.frameworkId,
    executor_id: task.executorId ?? "",
    slave_id: task.agentId,
    state: task.state,
    resources: resourceObject(task.resources),
    role: task.role,
    statuses: task.statuses.map(statusPart),
    user: task.user,
    labels: task.labels,
    discovery: maybe(task.discovery, (one) => plain(DiscoveryInfo, discoveryTo(one))),
    container: maybe(task.container, (one) => plain(ContainerInfo, containerTo(one))),
    health_check: maybe(task.healthCheck, (one) => plain(HealthCheck, healthCheckTo(one))),
  };
}

/** A message as the JSON of the v1 API has it, in which the v0 views show some parts. */
export function plain<M extends MessageDef>(def: M, value: Message<M>): object {
  return JSON.parse(writeJson(def, value)) as object;
}

function statusPart({ state, timestampMs, labels, healthy, containerStatus }: TaskStatus): object {
  return {
    state,
    timestamp: seconds(timestampMs),
    labels,
    container_status: maybe(containerStatus, containerStatusPart),
    healthy,
  };
}

function containerStatusPart({ containerId, networkInfos }: ContainerStatus): object {
  return { container_id: wrap(containerId), network_infos: networkInfos?.map(networkPart) };
}

function networkPart({ groups, labels, ipAddresses, name, portMappings }: NetworkInfo): object {
  return {
    groups,
    labels,
    ip_addresses: ipAddresses?.map(({ protocol, ipAddress }) => ({
      protocol,
      ip_address: ipAddress,
    })),
    name,
    port_mappings: portMappings?.map(({ hostPort, containerPort, protocol }) => ({
      host_port: hostPort,
      container_port: containerPort,
      protocol,
    })),
  };
}

/** Times in v0 views are seconds. */
export function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
