import { errors } from "../../../contract/errors.ts";
import type { ContainerSpec } from "../../../contract/ports/isolator.ts";
import type { ContainerInfo } from "../../../contract/schema/container.ts";

/** What a task says of its container to the engine. */
export type DockerInfo = NonNullable<ContainerInfo["docker"]>;
/** See `PortMappingSchema`. */
export type PortMapping = NonNullable<DockerInfo["portMappings"]>[number];

/** True for containers that this isolator runs; all others are none of its business. */
export function isOurs(spec: ContainerSpec): boolean {
  return spec.container?.type === "DOCKER";
}

/**
 * The docker part of a container.
 * @throws DOCKER_IMAGE_INVALID when there is none (M7)
 */
export function dockerInfoOf(spec: ContainerSpec): DockerInfo {
  const docker = spec.container?.docker;
  if (docker === undefined) throw errors.DOCKER_IMAGE_INVALID("");
  return docker;
}
