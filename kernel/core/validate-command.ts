import type {
  CheckInfo,
  CommandInfo,
  EnvironmentVariable,
  HealthCheck,
} from "../../contract/schema/command.ts";
import type { ContainerInfo } from "../../contract/schema/container.ts";

/** The last port of TCP. */
const PORT_MAX = 65_535;
const CHECKS = ["command", "http", "tcp"] as const;

/** Says what is wrong with a check or health check (M9), or `undefined`. */
export function checkProblem(
  where: string,
  check: CheckInfo | HealthCheck | undefined,
): string | undefined {
  if (check === undefined) return undefined;
  const given = CHECKS.filter((kind) => check[kind] !== undefined);
  const type = check.type?.toLowerCase() ?? (given.length === 1 ? given[0] : undefined);
  if (type === undefined) return `${where}: exactly one of command, http and tcp is needed`;
  if (given.length !== 1 || given[0] !== type) {
    return `${where}: type ${type.toUpperCase()} needs "${type}" and nothing else`;
  }
  if (check.command !== undefined) {
    const problem = commandProblem(`${where}.command`, check.command);
    if (problem !== undefined) return problem;
  }
  const { path, scheme } = (check as HealthCheck).http ?? {};
  if (path !== undefined && !path.startsWith("/")) {
    return `${where}.http.path: "${path}" must start with "/"`;
  }
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") {
    return `${where}.http.scheme: "${scheme}" is not supported, http and https are`;
  }
  for (const kind of ["http", "tcp"] as const) {
    const port = check[kind]?.port;
    if (port !== undefined && !(Number.isInteger(port) && port > 0 && port <= PORT_MAX)) {
      return `${where}.${kind}.port: ${port} is not one of 1 to ${PORT_MAX}`;
    }
  }
  for (const field of ["delayMs", "intervalMs", "timeoutMs", "gracePeriodMs"] as const) {
    const value = (check as HealthCheck)[field];
    if (value !== undefined && !(value >= 0)) return `${where}.${field}: it must not be negative`;
  }
  return undefined;
}

/** Says what is wrong with a command and its environment (M9, M10), or `undefined`. */
export function commandProblem(
  where: string,
  command: CommandInfo | undefined,
): string | undefined {
  if (command === undefined) return undefined;
  if (command.shell !== false && command.value === undefined) {
    return `${where}: a shell command needs a value`;
  }
  for (const variable of command.environment ?? []) {
    const problem = variableProblem(variable);
    if (problem !== undefined) return `${where}.environment: ${problem}`;
  }
  return undefined;
}

function variableProblem({ name, value, secret }: EnvironmentVariable): string | undefined {
  if (name.length === 0) return "a variable has no name";
  if (value !== undefined && secret !== undefined) return `"${name}" has both value and secret`;
  if (value === undefined && secret === undefined) return `"${name}" has no value`;
  if (secret?.value?.includes(0)) return `the secret of "${name}" has a NUL byte`;
  return undefined;
}

/** Says what is wrong with a container (M7), or `undefined`. */
export function containerProblem(
  where: string,
  container: ContainerInfo | undefined,
): string | undefined {
  if (container === undefined) return undefined;
  if (container.type === "DOCKER" && container.docker === undefined) {
    return `${where}: type DOCKER needs "docker"`;
  }
  if (container.docker?.parameters?.some(({ key }) => key === "name")) {
    return `${where}.docker.parameters: the container's name is not free`;
  }
  for (const volume of container.volumes ?? []) {
    const sources = [volume.hostPath, volume.image, volume.source].filter((s) => s !== undefined);
    if (sources.length !== 1) {
      return `${where}.volumes: exactly one of hostPath, image and source is needed`;
    }
    if (volume.mode === undefined) return `${where}.volumes: mode is needed`;
  }
  return undefined;
}
