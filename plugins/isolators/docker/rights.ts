import { errors } from "../../../contract/errors.ts";
import type { ContainerInfo } from "../../../contract/schema/container.ts";
import type { HostConfig } from "./engine-types.ts";

/** Capabilities that the engine gives without being asked, and so anybody may have. */
const USUAL: ReadonlySet<string> = new Set([
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "NET_RAW",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]);

/**
 * Sets capabilities, namespaces, seccomp and rlimits of a container (F59, F64).
 * @throws DOCKER_PRIVILEGED_FORBIDDEN, DOCKER_UNSUPPORTED, DOCKER_PARAMETER_REFUSED
 */
export function setRights(
  to: HostConfig,
  container: ContainerInfo,
  allowPrivileged: boolean,
): void {
  const needsLeave = (what: string): void => {
    if (!allowPrivileged) throw errors.DOCKER_PRIVILEGED_FORBIDDEN(what);
  };
  const { linuxInfo = {}, rlimits = [], docker } = container;
  if (docker?.privileged === true) {
    needsLeave("a privileged container");
    to.Privileged = true;
  }
  const wanted = linuxInfo.effectiveCapabilities ?? linuxInfo.boundingCapabilities;
  if (wanted !== undefined) {
    const names = wanted.map((name) => name.toUpperCase().replace(/^CAP_/, ""));
    for (const name of names) if (!USUAL.has(name)) needsLeave(`the capability ${name}`);
    to.CapDrop = ["ALL"];
    to.CapAdd = names;
  }
  if (linuxInfo.sharePidNamespace === true) {
    needsLeave("the host's pid namespace");
    to.PidMode = "host";
  }
  if (linuxInfo.ipcMode === "SHARE_PARENT") {
    needsLeave("the host's ipc namespace");
    to.IpcMode = "host";
  }
  const options: string[] = [];
  if (linuxInfo.noNewPrivileges === true) options.push("no-new-privileges");
  if (linuxInfo.seccomp?.unconfined === true) {
    needsLeave("a container without seccomp");
    options.push("seccomp=unconfined");
  } else if (linuxInfo.seccomp?.profileName !== undefined) {
    throw errors.DOCKER_UNSUPPORTED(
      "container.linuxInfo.seccomp.profileName",
      "the engine has its own profile",
    );
  }
  if (options.length > 0) to.SecurityOpt = options;
  if (linuxInfo.shmSizeMib !== undefined) to.ShmSize = linuxInfo.shmSizeMib * 2 ** 20;
  if (rlimits.length > 0) {
    to.Ulimits = rlimits.map(({ type, soft = -1, hard = -1 }) => {
      if (!/^RLMT_[A-Z]+$/.test(type)) throw errors.RLIMIT_UNKNOWN(type);
      return { Name: type.slice("RLMT_".length).toLowerCase(), Soft: soft, Hard: hard };
    });
  }
  if (container.ttyInfo !== undefined) {
    throw errors.DOCKER_UNSUPPORTED(
      "container.ttyInfo",
      "its output goes to files, not a terminal",
    );
  }
}
