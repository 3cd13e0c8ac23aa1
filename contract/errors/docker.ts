import { type FaultTable, fault } from "./fault.ts";

/** Refusals of the docker isolator (F25, F71). */
export const dockerErrors = {
  DOCKER_ENGINE_UNREACHABLE: (socket: string, reason: string, cause?: unknown) =>
    fault("DOCKER_ENGINE_UNREACHABLE", 503, `the Docker engine does not answer: ${reason}`, {
      where: socket,
      hint: "start dockerd, or set `socket` of the docker isolator to where it listens",
      cause,
    }),
  DOCKER_ENGINE_REFUSED: (call: string, reason: string, cause?: unknown) =>
    fault("DOCKER_ENGINE_REFUSED", 502, `the Docker engine refused it: ${reason}`, {
      where: call,
      cause,
    }),
  DOCKER_API_VERSION: (theirs: string, ours: string) =>
    fault("DOCKER_API_VERSION", 500, `the Docker engine speaks API ${theirs}`, {
      hint: `this isolator speaks ${ours}`,
    }),
  DOCKER_IMAGE_INVALID: (image: string) =>
    fault("DOCKER_IMAGE_INVALID", 400, `"${image}" cannot be the name of an image`, {
      where: "container.docker.image",
      hint: "write REPOSITORY[:TAG] or REPOSITORY@DIGEST, with the registry's host in front of it",
    }),
  DOCKER_IMAGE_MISSING: (image: string, reason: string) =>
    fault("DOCKER_IMAGE_MISSING", 404, `there is no image ${image}: ${reason}`, {
      where: "container.docker.image",
      hint: "check its name and tag; private images need credentials",
    }),
  DOCKER_REGISTRY_UNREACHABLE: (image: string, reason: string) =>
    fault(
      "DOCKER_REGISTRY_UNREACHABLE",
      502,
      `the registry of ${image} is out of reach: ${reason}`,
      {
        where: "container.docker.image",
      },
    ),
  DOCKER_REGISTRY_DENIED: (image: string, reason: string) =>
    fault("DOCKER_REGISTRY_DENIED", 403, `the registry does not give ${image}: ${reason}`, {
      where: "container.docker.image",
      hint: "put credentials into .docker/config.json of the sandbox, or into the agent's config",
    }),
  DOCKER_PULL_FAILED: (image: string, reason: string) =>
    fault("DOCKER_PULL_FAILED", 502, `the image ${image} cannot be pulled: ${reason}`, {
      where: "container.docker.image",
    }),
  DOCKER_PULL_TIMEOUT: (image: string, timeoutMs: number) =>
    fault("DOCKER_PULL_TIMEOUT", 504, `pulling ${image} took over ${timeoutMs} ms`, {
      where: "container.docker.image",
      hint: "raise `pullTimeout` of the docker isolator, or bring the image to the agent before",
    }),
  DOCKER_CREDENTIALS_INVALID: (file: string, reason: string) =>
    fault("DOCKER_CREDENTIALS_INVALID", 400, `the registry credentials cannot be used: ${reason}`, {
      where: file,
      hint: 'Docker\'s own form: {"auths": {"HOST": {"auth": "BASE64 OF USER:PASSWORD"}}}',
    }),
  DOCKER_PRIVILEGED_FORBIDDEN: (what: string) =>
    fault("DOCKER_PRIVILEGED_FORBIDDEN", 403, `${what} is not allowed on this agent`, {
      hint: "the operator can set `allowPrivileged` of the docker isolator",
    }),
  DOCKER_VOLUME_FORBIDDEN: (path: string, allowed: readonly string[]) =>
    fault("DOCKER_VOLUME_FORBIDDEN", 403, `${path} of the host may not be mounted`, {
      where: "container.volumes",
      hint:
        allowed.length === 0
          ? "this agent allows no host paths (`allowedHostPaths` of the docker isolator)"
          : `this agent allows what is below ${allowed.join(", ")}`,
    }),
  DOCKER_VOLUME_INVALID: (path: string, reason: string) =>
    fault("DOCKER_VOLUME_INVALID", 400, `the volume at ${path} ${reason}`, {
      where: "container.volumes",
    }),
  DOCKER_PORT_NOT_OFFERED: (port: number, offered: string) =>
    fault("DOCKER_PORT_NOT_OFFERED", 400, `host port ${port} is not among the task's ports`, {
      where: "container.docker.portMappings",
      hint: `its ports are ${offered}; take ports from the offer into the task's resources`,
    }),
  DOCKER_PORT_TAKEN: (reason: string) =>
    fault("DOCKER_PORT_TAKEN", 409, `a host port is in use: ${reason}`, {
      where: "container.docker.portMappings",
    }),
  DOCKER_NETWORK_INVALID: (reason: string) =>
    fault("DOCKER_NETWORK_INVALID", 400, reason, { where: "container.docker.network" }),
  DOCKER_NETWORK_MISSING: (name: string) =>
    fault("DOCKER_NETWORK_MISSING", 404, `the engine has no network "${name}"`, {
      where: "container.networkInfos",
      hint: "make it on the agent with `docker network create`",
    }),
  DOCKER_PARAMETER_REFUSED: (key: string, reason: string) =>
    fault("DOCKER_PARAMETER_REFUSED", 400, `the parameter "${key}" ${reason}`, {
      where: "container.docker.parameters",
    }),
  DOCKER_UNSUPPORTED: (field: string, reason: string) =>
    fault("DOCKER_UNSUPPORTED", 400, `docker containers cannot have it: ${reason}`, {
      where: field,
    }),
  DOCKER_USER_UNKNOWN: (reason: string) =>
    fault("DOCKER_USER_UNKNOWN", 400, `the image does not have that user: ${reason}`, {
      where: "command.user",
    }),
  DOCKER_DISK_FULL: (reason: string) =>
    fault("DOCKER_DISK_FULL", 507, `the engine's disk is full: ${reason}`),
  DOCKER_CONTAINER_UNKNOWN: (container: string) =>
    fault("DOCKER_CONTAINER_UNKNOWN", 404, "the engine has no such container", {
      where: `container ${container}`,
    }),
} satisfies FaultTable;
