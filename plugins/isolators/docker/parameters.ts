import { errors } from "../../../contract/errors.ts";
import type { Parsed } from "../../../contract/parsed.ts";
import { parseBytes } from "../../../contract/units.ts";
import type { CreateBody } from "./engine-types.ts";
import { allowedHostPath, type VolumeSurroundings } from "./volumes.ts";

/** What parameters may do on this agent. */
export interface ParameterSurroundings extends VolumeSurroundings {
  readonly allowPrivileged: boolean;
}

type Setter = (body: CreateBody, value: string, around: ParameterSurroundings) => void;

/** Appends to a list of the body that may not be there yet. */
const adds =
  (
    field:
      | "Dns"
      | "DnsSearch"
      | "DnsOptions"
      | "ExtraHosts"
      | "CapAdd"
      | "CapDrop"
      | "GroupAdd"
      | "SecurityOpt",
  ): Setter =>
  ({ HostConfig }, value) => {
    HostConfig[field] = [...(HostConfig[field] ?? []), value];
  };

function wrong(key: string, why: string): never {
  throw errors.DOCKER_PARAMETER_REFUSED(key, why);
}

function wholeOf(key: string, value: string, least: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= least) return number;
  return wrong(key, `is "${value}", and must be a whole number from ${least}`);
}

function bytesOf(key: string, value: string): number {
  // Docker writes 64m, we write 64MB.
  const parsed: Parsed<number> = parseBytes(value.replace(/^(\d+)([bkmg])$/i, sizeWord));
  return parsed.ok ? parsed.value : wrong(key, `is "${value}", which is not a size`);
}

function sizeWord(_: string, amount: string, letter: string): string {
  return amount + (letter.toLowerCase() === "b" ? "B" : `${letter.toUpperCase()}B`);
}

function pairOf(key: string, value: string, separator: string): [string, string] {
  const at = value.indexOf(separator);
  if (at < 1) return wrong(key, `is "${value}", and must be NAME${separator}VALUE`);
  return [value.slice(0, at), value.slice(at + 1)];
}

const flagOf = (key: string, value: string): boolean =>
  value === "true" || value === "" || (value !== "false" && wrong(key, "is true or false"));

const volume: Setter = ({ HostConfig }, value, around) => {
  const [source = "", target = "", mode = "rw", ...more] = value.split(":");
  if (!target.startsWith("/") || !/^(rw|ro)$/.test(mode) || more.length > 0) {
    wrong("volume", `is "${value}", and must be SOURCE:/TARGET[:ro]`);
  }
  const isPath = source.startsWith("/");
  const Source = isPath ? allowedHostPath(source, around) : source;
  const mount = { Type: isPath ? "bind" : "volume", Source, Target: target } as const;
  HostConfig.Mounts = [...(HostConfig.Mounts ?? []), { ...mount, ReadOnly: mode === "ro" }];
};

/** Parameters that anybody may give. */
const free: Readonly<Record<string, Setter>> = {
  "add-host": adds("ExtraHosts"),
  "cap-drop": adds("CapDrop"),
  dns: adds("Dns"),
  "dns-option": adds("DnsOptions"),
  "dns-search": adds("DnsSearch"),
  "group-add": adds("GroupAdd"),
  "cpuset-cpus": ({ HostConfig }, value) => {
    HostConfig.CpusetCpus = value;
  },
  entrypoint: (body, value) => {
    body.Entrypoint = [value];
  },
  env: (body, value) => {
    pairOf("env", value, "=");
    body.Env.push(value);
  },
  hostname: (body, value) => {
    body.Hostname = value;
  },
  init: ({ HostConfig }, value) => {
    HostConfig.Init = flagOf("init", value);
  },
  label: (body, value) => {
    const [key, text] = value.includes("=") ? pairOf("label", value, "=") : [value, ""];
    if (key.startsWith("tepui.")) wrong("label", "may not begin with tepui.");
    body.Labels[key] = text;
  },
  "mac-address": (body, value) => {
    body.MacAddress = value;
  },
  "pids-limit": ({ HostConfig }, value) => {
    const most = HostConfig.PidsLimit ?? Number.POSITIVE_INFINITY;
    HostConfig.PidsLimit = Math.min(most, wholeOf("pids-limit", value, 1));
  },
  "read-only": ({ HostConfig }, value) => {
    HostConfig.ReadonlyRootfs = flagOf("read-only", value);
  },
  "shm-size": ({ HostConfig }, value) => {
    HostConfig.ShmSize = bytesOf("shm-size", value);
  },
  "stop-signal": (body, value) => {
    body.StopSignal = value;
  },
  tmpfs: ({ HostConfig }, value) => {
    const [path = "", options = ""] = value.split(/:(.*)/s);
    HostConfig.Tmpfs = { ...HostConfig.Tmpfs, [path]: options };
  },
  ulimit: ({ HostConfig }, value) => {
    const [Name, range] = pairOf("ulimit", value, "=");
    const [soft = "", hard = soft] = range.split(":");
    const one = { Name, Soft: wholeOf("ulimit", soft, -1), Hard: wholeOf("ulimit", hard, -1) };
    HostConfig.Ulimits = [...(HostConfig.Ulimits ?? []), one];
  },
  user: (body, value) => {
    body.User = value;
  },
  volume,
  workdir: (body, value) => {
    body.WorkingDir = value;
  },
};

/** Parameters that weaken what holds a container in. */
const privileged: Readonly<Record<string, Setter>> = {
  "cap-add": adds("CapAdd"),
  "security-opt": adds("SecurityOpt"),
  device: ({ HostConfig }, value) => {
    const [path = "", inside = path, rights = "rwm"] = value.split(":");
    const one = { PathOnHost: path, PathInContainer: inside, CgroupPermissions: rights };
    HostConfig.Devices = [...(HostConfig.Devices ?? []), one];
  },
  ipc: ({ HostConfig }, value) => {
    HostConfig.IpcMode = value;
  },
  pid: ({ HostConfig }, value) => {
    HostConfig.PidMode = value;
  },
  runtime: ({ HostConfig }, value) => {
    HostConfig.Runtime = value;
  },
  sysctl: ({ HostConfig }, value) => {
    const [key, setting] = pairOf("sysctl", value, "=");
    HostConfig.Sysctls = { ...HostConfig.Sysctls, [key]: setting };
  },
  userns: ({ HostConfig }, value) => {
    HostConfig.UsernsMode = value;
  },
  uts: ({ HostConfig }, value) => {
    HostConfig.UTSMode = value;
  },
};

/** Parameters whose place is elsewhere. */
const elsewhere: Readonly<Record<string, string>> = {
  name: "is refused: names are how the agent finds its containers (M7)",
  network: "is refused: set container.docker.network",
  publish: "is refused: set container.docker.portMappings",
  privileged: "is refused: set container.docker.privileged",
  memory: "is refused: memory comes from the task's resources and limits",
  "memory-swap": "is refused: swap is not given",
  cpus: "is refused: cpus come from the task's resources and limits",
  "cpu-shares": "is refused: cpus come from the task's resources and limits",
  restart: "is refused: frameworks decide what is started again",
  rm: "is refused: the agent removes its containers",
  "log-driver": "is refused: output goes to the sandbox",
  "log-opt": "is refused: output goes to the sandbox",
};

/** Short and older names of parameters, as `docker run` has them. */
const aliases: Readonly<Record<string, string>> = {
  e: "env",
  h: "hostname",
  l: "label",
  m: "memory",
  net: "network",
  p: "publish",
  u: "user",
  v: "volume",
  w: "workdir",
};

/**
 * Applies parameters, which are the options of `docker run` (F71).
 * @throws DOCKER_PARAMETER_REFUSED, DOCKER_PRIVILEGED_FORBIDDEN, DOCKER_VOLUME_FORBIDDEN
 */
export function applyParameters(
  body: CreateBody,
  parameters: readonly { readonly key: string; readonly value: string }[],
  around: ParameterSurroundings,
): void {
  for (const { key, value } of parameters) {
    const name = aliases[key] ?? key;
    const reason = Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined;
    if (reason !== undefined) wrong(key, reason);
    const weakens = Object.hasOwn(privileged, name) ? privileged[name] : undefined;
    if (weakens !== undefined && !around.allowPrivileged) {
      throw errors.DOCKER_PRIVILEGED_FORBIDDEN(`the parameter ${key}`);
    }
    const set = weakens ?? (Object.hasOwn(free, name) ? free[name] : undefined);
    if (set === undefined) {
      const known = [...Object.keys(free), ...Object.keys(privileged)].sort().join(", ");
      throw errors.DOCKER_PARAMETER_REFUSED(key, `is not known; known are ${known}`);
    }
    set(body, value, around);
  }
}
