import { type ContainerSpec, SANDBOX_INSIDE } from "../../contract/ports/isolator.ts";
import type { CommandInfo } from "../../contract/schema/command.ts";
import type { ContainerInfo } from "../../contract/schema/container.ts";
import type { ImageConfig } from "./layout.ts";

/** A container with what its image says where it says nothing itself (F57). */
export function inImage(spec: ContainerSpec, config: ImageConfig): ContainerSpec {
  return {
    ...spec,
    command: commandIn(spec.command, config),
    environment: environmentIn(spec, config),
  };
}

/**
 * A command that has a value runs that; arguments alone go to the image's entrypoint in place of
 * its own; no command at all is what the image says.
 */
function commandIn(command: CommandInfo, { Entrypoint, Cmd }: ImageConfig): CommandInfo {
  const { value, arguments: argv = [] } = command;
  if (value !== undefined && value !== "") return command;
  const words = [...(Entrypoint ?? []), ...(argv.length > 0 ? argv : (Cmd ?? []))];
  const [first] = words;
  return first === undefined
    ? command
    : { ...command, value: first, shell: false, arguments: words };
}

/** The agent's PATH would hide the image's; all else that the container is given comes first. */
function environmentIn(spec: ContainerSpec, { Env }: ImageConfig): Record<string, string> {
  const own = Object.fromEntries(
    (Env ?? []).flatMap((entry) => {
      const at = entry.indexOf("=");
      return at <= 0 ? [] : [[entry.slice(0, at), entry.slice(at + 1)]];
    }),
  );
  const setsPath = spec.command.environment?.some(({ name }) => name === "PATH") === true;
  return {
    ...own,
    ...spec.environment,
    ...(setsPath || own["PATH"] === undefined ? {} : { PATH: own["PATH"] }),
    MESOS_SANDBOX: SANDBOX_INSIDE,
    TEPUI_SANDBOX: SANDBOX_INSIDE,
  };
}

/**
 * A container of type DOCKER as one of the agent's own, for agents without an engine; `undefined`
 * where it asks for what takes one.
 */
export function withoutEngine(container: ContainerInfo): ContainerInfo | undefined {
  const { docker, ...rest } = container;
  if (docker === undefined) return undefined;
  const { image: name, network = "HOST", portMappings = [], privileged, parameters = [] } = docker;
  const takesEngine = network !== "HOST" || portMappings.length > 0 || parameters.length > 0;
  if (takesEngine || privileged === true) return undefined;
  return { ...rest, type: "MESOS", mesos: { image: { type: "DOCKER", name } } };
}
