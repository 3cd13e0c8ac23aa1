import type { ContainerSpec } from "../../../contract/ports/isolator.ts";
import { limitsOf } from "./amounts.ts";
import type { DockerConfig } from "./config.ts";
import { dockerInfoOf } from "./container-info.ts";
import type { CreateBody } from "./engine-types.ts";
import { setNetwork } from "./networks.ts";
import { applyParameters } from "./parameters.ts";
import { setRights } from "./rights.ts";
import { mountOf, persistentMount, SANDBOX_IN_CONTAINER } from "./volumes.ts";

/** Labels by which containers are found again; `docker ps --filter label=tepui.scope=…`. */
export const labels = {
  scope: "tepui.scope",
  container: "tepui.container",
  agent: "tepui.agent",
  framework: "tepui.framework",
  executor: "tepui.executor",
  task: "tepui.task",
} as const;

/** Name of a container in the engine; like Mesos' `mesos-ID` (F71). */
export function nameOf(containerId: string): string {
  return `tepui-${containerId}`;
}

/**
 * What a command runs: a shell command line replaces the image's entrypoint by `/bin/sh -c`, a
 * program with its argv by the program. Arguments alone go to the image's own entrypoint, and no
 * command at all runs what the image says (F25, F57).
 */
function setCommand(body: CreateBody, spec: ContainerSpec): void {
  const { value, shell = true, arguments: argv } = spec.command;
  const hasValue = value !== undefined && value !== "";
  if (shell && hasValue) {
    body.Entrypoint = ["/bin/sh", "-c"];
    body.Cmd = [value];
  } else if (hasValue) {
    body.Entrypoint = [value];
    body.Cmd = argv?.slice(1) ?? [];
  } else if (argv !== undefined && argv.length > 0) {
    body.Cmd = [...argv];
  }
}

/**
 * The container's environment. The host's PATH would hide the image's, so it is left out unless the
 * command itself sets one; the sandbox is where the container sees it.
 */
function environmentOf(spec: ContainerSpec): string[] {
  const setsPath = spec.command.environment?.some(({ name }) => name === "PATH") === true;
  const { PATH, ...rest } = spec.environment;
  const all = {
    ...rest,
    ...(setsPath && PATH !== undefined ? { PATH } : {}),
    MESOS_SANDBOX: SANDBOX_IN_CONTAINER,
    TEPUI_SANDBOX: SANDBOX_IN_CONTAINER,
    MESOS_CONTAINER_NAME: nameOf(spec.id),
  };
  return Object.entries(all).map(([key, value]) => `${key}=${value}`);
}

/**
 * The whole of what the engine is told to make.
 * @throws the coded refusals of volumes, networks, rights and parameters
 */
export function createBody(spec: ContainerSpec, config: DockerConfig, scope: string): CreateBody {
  const docker = dockerInfoOf(spec);
  const { sandbox, container, taskId } = spec;
  const around = { sandbox, ...config };
  const logSize = Math.ceil(config.logSizeMax / 2);
  const body: CreateBody = {
    Image: docker.image,
    Env: environmentOf(spec),
    Labels: {
      [labels.scope]: scope,
      [labels.container]: spec.id,
      [labels.agent]: spec.agentId,
      [labels.framework]: spec.frameworkId,
      [labels.executor]: spec.executorId,
      ...(taskId === undefined ? {} : { [labels.task]: taskId }),
    },
    HostConfig: {
      ...limitsOf(spec, config),
      Mounts: [
        { Type: "bind", Source: sandbox, Target: SANDBOX_IN_CONTAINER, ReadOnly: false },
        ...(container?.volumes ?? []).map((volume) => mountOf(volume, around)),
        ...(spec.volumes ?? []).map(persistentMount),
      ],
      RestartPolicy: { Name: "no" },
      // The one driver that keeps every byte as it was written.
      LogConfig: {
        Type: "local",
        Config: { "max-size": `${logSize}`, "max-file": "2", compress: "false" },
      },
      ...(config.init ? { Init: true } : {}),
    },
  };
  if (container?.hostname !== undefined) body.Hostname = container.hostname;
  // The user of a framework is one of the host; only a user named for this command is the image's.
  if (spec.command.user !== undefined) body.User = spec.command.user;
  setCommand(body, spec);
  setNetwork(body, spec);
  if (container !== undefined) setRights(body.HostConfig, container, config.allowPrivileged);
  applyParameters(body, docker.parameters ?? [], around);
  return body;
}
