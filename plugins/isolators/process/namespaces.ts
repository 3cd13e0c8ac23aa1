import { spawnSync } from "node:child_process";
import { readlinkSync } from "node:fs";
import { errors } from "../../../contract/errors.ts";
import type { ContainerSpec, ProcessIdentity } from "../../../contract/ports/isolator.ts";
import type { Programs } from "./programs.ts";

/** Namespaces that containers may have of their own. */
export const namespaceNames = ["pid", "mount", "ipc", "uts"] as const;

/** One of `namespaceNames`. */
export type Namespace = (typeof namespaceNames)[number];

/** What this host offers, and why it does not offer the rest. */
export interface Offered {
  readonly namespaces: ReadonlySet<Namespace>;
  readonly reasons: Readonly<Partial<Record<Namespace, string>>>;
}

/** System call numbers of other machines are not known to contain.pl. */
const machines = ["x64", "arm64", "riscv64", "loong64"];

function problemWith(name: Namespace, { unshare, perl }: Programs): string | undefined {
  if (unshare === undefined) return "there is no unshare of util-linux";
  if (perl === undefined) return "there is no perl";
  if (!machines.includes(process.arch)) return `system calls of ${process.arch} are not known`;
  const { status, stderr } = spawnSync(unshare, [`--${name}`, "/bin/true"], { encoding: "utf8" });
  if (status === 0) return undefined;
  return stderr?.trim().split("\n")[0] || "unshare fails";
}

/** Finds out by trying, once for each. */
export function probeNamespaces(programs: Programs): Offered {
  const problems = namespaceNames.map((name) => [name, problemWith(name, programs)] as const);
  return {
    namespaces: new Set(problems.flatMap(([name, problem]) => (problem === undefined ? name : []))),
    reasons: Object.fromEntries(problems.filter(([, problem]) => problem !== undefined)),
  };
}

/** How an operator wants containers to be apart. */
export interface NamespaceConfig {
  readonly namespaces: readonly Namespace[];
  readonly disallowSharingAgentPidNamespace: boolean;
}

/**
 * The namespaces that a container gets: those of the config as far as the host offers them, and
 * what it asks for itself, which is refused rather than left out (F59, F64).
 * @throws CONTAINER_LAUNCH_REFUSED
 */
export function namespacesOf(
  spec: ContainerSpec,
  config: NamespaceConfig,
  { namespaces, reasons }: Offered,
): ReadonlySet<Namespace> {
  const { hostname, linuxInfo = {} } = spec.container ?? {};
  const { ipcMode, shmSizeMib, sharePidNamespace } = linuxInfo;
  if (ipcMode === "SHARE_PARENT" && shmSizeMib !== undefined) {
    throw errors.CONTAINER_LAUNCH_REFUSED("shmSizeMib takes a private ipc namespace");
  }
  if (sharePidNamespace === true && config.disallowSharingAgentPidNamespace) {
    throw errors.CONTAINER_LAUNCH_REFUSED("this agent shares its pid namespace with no container");
  }
  const needed: Namespace[] = [];
  if (ipcMode === "PRIVATE" || shmSizeMib !== undefined) needed.push("ipc", "mount");
  if (hostname !== undefined) needed.push("uts");
  const hasVolumes = (spec.container?.volumes ?? []).length > 0;
  if (spec.rootfs !== undefined || hasVolumes) needed.push("mount");
  if (spec.rootfs !== undefined && sharePidNamespace !== true) needed.push("pid");
  for (const name of needed) {
    if (namespaces.has(name)) continue;
    const reason = `it takes a namespace of kind ${name}, and ${reasons[name]}`;
    throw errors.CONTAINER_LAUNCH_REFUSED(reason);
  }
  const own = new Set([...config.namespaces.filter((name) => namespaces.has(name)), ...needed]);
  if (sharePidNamespace === true) own.delete("pid");
  if (ipcMode === "SHARE_PARENT") own.delete("ipc");
  // Without a /proc of its own, a pid namespace shows the numbers of another one.
  if (own.has("pid") && namespaces.has("mount")) own.add("mount");
  return own;
}

/** True when a process, or what it starts, is in other namespaces than this one. */
export function isApart({ pid }: ProcessIdentity): boolean {
  const pairs = [
    ["pid_for_children", "pid"],
    ["mnt", "mnt"],
    ["ipc", "ipc"],
    ["uts", "uts"],
  ] as const;
  try {
    return pairs.some(
      ([theirs, ours]) =>
        readlinkSync(`/proc/${pid}/ns/${theirs}`) !== readlinkSync(`/proc/self/ns/${ours}`),
    );
  } catch {
    return false;
  }
}
