import { chownSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { errors } from "../../../contract/errors.ts";
import type { ContainerId } from "../../../contract/ids.ts";
import type { Clock } from "../../../contract/ports/clock.ts";
import {
  type ContainerCheckpoint,
  type ContainerSpec,
  type Isolator,
  type IsolatorStatus,
  type LaunchParts,
  type ProcessIdentity,
  SANDBOX_INSIDE,
  type Usage,
  type UserNumbers,
} from "../../../contract/ports/isolator.ts";
import { VolumeUsers } from "../../../contract/volume-users.ts";
import { type Capabilities, capabilitiesOf, capabilityWords } from "./capabilities.ts";
import type { ProcessConfig } from "./config.ts";
import { type Containment, containWords } from "./contain.ts";
import { canSetCapabilities, type ProcessHost } from "./host.ts";
import { isApart, namespacesOf } from "./namespaces.ts";
import { rlimitWords } from "./rlimits.ts";
import { ProcessTable } from "./usage.ts";
import { Users } from "./users.ts";
import { bindsInSandbox, bindsOf, linkedInSandbox } from "./volumes.ts";

/** What a container may do, whatever it is put into. */
interface Rights {
  readonly user?: UserNumbers;
  /** Name of the user where it is one of the host's. */
  readonly name?: string;
  readonly capabilities: Capabilities;
  readonly noNewPrivileges: boolean;
}

/**
 * Contains by what every Linux has: a session of its own (the launcher's doing), a user, rlimits,
 * capabilities, no-new-privileges, namespaces, and a root filesystem from an image. What cannot be
 * done here is refused or announced, never left out in silence.
 */
export class ProcessIsolator implements Isolator {
  readonly #config: ProcessConfig;
  readonly #host: ProcessHost;
  readonly #clock: Clock;
  readonly #users: Users;
  readonly #table = new ProcessTable();
  readonly #processes = new Map<ContainerId, ProcessIdentity>();
  readonly #volumeUsers = new VolumeUsers();

  constructor(config: ProcessConfig, host: ProcessHost, clock: Clock) {
    this.#config = config;
    this.#host = host;
    this.#clock = clock;
    this.#users = new Users({ clock, getent: host.programs.getent });
  }

  async prepare(given: ContainerSpec, signal: AbortSignal): Promise<LaunchParts> {
    signal.throwIfAborted();
    // An engine has its own users and limits.
    if (given.container?.type === "DOCKER") {
      this.#volumeUsers.take(given);
      return {};
    }
    refuseNetworks(given);
    refuseTerminal(given);
    const { own: self, offered } = this.#host;
    const canMount = offered.namespaces.has("mount");
    const spec = canMount || self.uid === 0 ? given : linkedInSandbox(given);
    const rights = await this.#rightsOf(spec);
    signal.throwIfAborted();
    const own = namespacesOf(spec, this.#config, offered);
    const rlimits = this.#rlimitsOf(spec);
    const { rootfs } = spec;
    const binds = rootfs === undefined ? bindsInSandbox(spec, this.#config.allowedHostPaths) : [];
    this.#giveSandbox(spec, rights.user);
    await this.#giveParent(spec);
    if (own.size === 0) return { wrap: [...rlimits, ...this.#setprivWords(rights)] };
    const { programs } = this.#host;
    const unshare = [programs.unshare ?? "", ...[...own].map((name) => `--${name}`)];
    if (own.has("mount")) unshare.push("--propagation", "slave");
    const what: Containment = {
      binds,
      hasInit: own.has("pid"),
      hasProc: own.has("pid") && own.has("mount"),
      ...(own.has("ipc") && own.has("mount")
        ? { shmSizeMib: spec.container?.linuxInfo?.shmSizeMib ?? 0 }
        : {}),
      ...(spec.container?.hostname === undefined ? {} : { hostname: spec.container.hostname }),
    };
    const wrap = this.#inside(spec, rights, rlimits, unshare, what);
    return { wrap, ...(rootfs === undefined ? {} : { entersRootfs: true }) };
  }

  /** Words for a further process: into the namespaces of the container, if it has any. */
  async enter(spec: ContainerSpec): Promise<readonly string[]> {
    if (spec.container?.type === "DOCKER") return [];
    const rights = await this.#rightsOf(spec);
    const rlimits = this.#rlimitsOf(spec);
    const process = this.#processes.get(spec.id);
    if (process === undefined || !isApart(process)) {
      if (spec.rootfs !== undefined) throw errors.CONTAINER_LAUNCH_REFUSED("its image is gone");
      return [...rlimits, ...this.#setprivWords(rights)];
    }
    return this.#inside(spec, rights, rlimits, [], { enter: process });
  }

  /**
   * Words that go through contain.pl. Programs of the host work until the step into an image, so
   * rights are given up by them where there is no image, and by contain.pl itself where there is.
   */
  #inside(
    spec: ContainerSpec,
    rights: Rights,
    rlimits: readonly string[],
    unshare: readonly string[],
    what: Containment,
  ): readonly string[] {
    const perl = this.#host.programs.perl ?? "";
    const { rootfs } = spec;
    if (rootfs === undefined) {
      const folder = { directory: spec.sandbox };
      const contain = containWords(perl, { ...what, ...folder });
      return [...unshare, ...contain, ...rlimits, ...this.#setprivWords(rights)];
    }
    const binds = bindsOf(spec, this.#config.allowedHostPaths);
    const contain = containWords(perl, {
      ...what,
      ...rights,
      ...(what.enter === undefined ? { rootfs, binds } : {}),
      directory: rootfs.workingDirectory ?? SANDBOX_INSIDE,
    });
    return [...rlimits, ...unshare, ...contain];
  }

  /**
   * @throws USER_UNKNOWN, USER_LOOKUP_FAILED, SWITCH_USER_DENIED, CAPABILITY_UNKNOWN,
   * CAPABILITY_FORBIDDEN
   */
  async #rightsOf(spec: ContainerSpec): Promise<Rights> {
    const { linuxInfo = {} } = spec.container ?? {};
    if (linuxInfo.seccomp?.profileName !== undefined) {
      throw errors.CONTAINER_LAUNCH_REFUSED("this agent has no seccomp profiles");
    }
    const asks =
      linuxInfo.effectiveCapabilities !== undefined || linuxInfo.boundingCapabilities !== undefined;
    const can = canSetCapabilities(this.#host.own, this.#host.programs);
    if (asks && !can) {
      throw errors.CONTAINER_LAUNCH_REFUSED(
        "capabilities take an agent that runs as root, setpriv",
      );
    }
    return {
      ...(await this.#userOf(spec)),
      capabilities: can ? capabilitiesOf(linuxInfo, this.#config) : {},
      noNewPrivileges: linuxInfo.noNewPrivileges ?? this.#config.noNewPrivileges,
    };
  }

  /**
   * The user that a container is to run as, where that is not the agent's own. One that an image
   * names counts only where the framework could have named anyone: otherwise an image would make
   * root of a user who may not be root.
   */
  async #userOf({
    user: name = this.#host.own.name,
    rootfs,
    command,
  }: ContainerSpec): Promise<Pick<Rights, "user" | "name">> {
    const { own } = this.#host;
    const user = name === own.name ? { ...own, groups: [] } : await this.#users.find(name);
    if (user === undefined) throw errors.USER_UNKNOWN(name);
    const isOwn = user.uid === own.uid;
    if (isOwn && command.user === undefined && rootfs?.user !== undefined) {
      return { user: rootfs.user };
    }
    if (isOwn) return {};
    if (own.uid !== 0) throw errors.SWITCH_USER_DENIED(user.name);
    const { uid, gid, groups } = user;
    return { user: { uid, gid, groups }, name: user.name };
  }

  #giveSandbox(spec: ContainerSpec, user: UserNumbers | undefined): void {
    const own = this.#volumeUsers.take(spec);
    if (user === undefined) return;
    giveTo(spec.sandbox, user.uid, user.gid);
    for (const { hostPath } of own) chownSync(hostPath, user.uid, user.gid);
  }

  /** Whoever its group's executor runs as has that one's sandbox, whichever task comes first. */
  async #giveParent({ parent }: ContainerSpec): Promise<void> {
    const { own } = this.#host;
    if (parent?.user === undefined || own.uid !== 0) return;
    const user = await this.#users.find(parent.user);
    if (user === undefined) throw errors.USER_UNKNOWN(parent.user);
    chownSync(parent.sandbox, user.uid, user.gid);
  }

  /** Limits are raised while it is still allowed, so they come before the user is switched. */
  #rlimitsOf(spec: ContainerSpec): readonly string[] {
    const [, ...words] = rlimitWords(spec.container?.rlimits ?? []);
    const { prlimit } = this.#host.programs;
    if (words.length === 0) return [];
    if (prlimit === undefined) {
      throw errors.CONTAINER_LAUNCH_REFUSED("rlimits need prlimit of util-linux, which is missing");
    }
    return [prlimit, ...words];
  }

  #setprivWords({ user, capabilities, noNewPrivileges }: Rights): readonly string[] {
    const words: string[] = [];
    if (user !== undefined) {
      words.push(`--reuid=${user.uid}`, `--regid=${user.gid}`);
      const { groups } = user;
      words.push(groups.length === 0 ? "--clear-groups" : `--groups=${groups.join()}`);
    }
    words.push(...capabilityWords(capabilities));
    if (noNewPrivileges) words.push("--no-new-privs");
    if (words.length === 0) return [];
    const { setpriv } = this.#host.programs;
    if (setpriv === undefined) {
      throw errors.CONTAINER_LAUNCH_REFUSED("it needs setpriv of util-linux, which is missing");
    }
    return [setpriv, ...words, "--"];
  }

  async isolate(spec: ContainerSpec, process: ProcessIdentity): Promise<void> {
    this.#processes.set(spec.id, process);
  }

  async cleanup(id: ContainerId): Promise<void> {
    this.#processes.delete(id);
    this.#volumeUsers.leave(id);
  }

  async recover(known: readonly ContainerCheckpoint[]): Promise<readonly ContainerId[]> {
    const ids = new Set(known.map(({ spec }) => spec.id));
    for (const { spec, process } of known) {
      this.#volumeUsers.take(spec);
      if (process !== undefined) this.#processes.set(spec.id, process);
    }
    return [...this.#processes.keys()].filter((id) => !ids.has(id));
  }

  async usage(id: ContainerId): Promise<Usage> {
    const process = this.#processes.get(id);
    const timeMs = this.#clock.nowMs();
    return process === undefined ? { timeMs } : this.#table.usageOf(process.pid, timeMs);
  }

  status(): IsolatorStatus {
    const { own, offered, degraded } = this.#host;
    const had = this.#config.namespaces.filter((name) => offered.namespaces.has(name));
    const apart = had.length === 0 ? "no namespaces" : `namespaces ${had.join(", ")}`;
    return { summary: `processes as ${own.name}, ${apart} of their own`, degraded };
  }
}

/** Every container has its host's network (F60); one that asks for another is not run in it. */
function refuseNetworks({ container }: ContainerSpec): void {
  for (const { name, portMappings = [] } of container?.networkInfos ?? []) {
    if (name === undefined && portMappings.length === 0) continue;
    const what = name === undefined ? "mappings of ports are" : `the network ${name} is`;
    throw errors.CONTAINER_LAUNCH_REFUSED(`${what} not to be had: containers share the host's`);
  }
}

/**
 * What a container prints goes to files, and it reads nothing: a terminal is for sessions in it.
 */
function refuseTerminal({ container }: ContainerSpec): void {
  if (container?.ttyInfo === undefined) return;
  throw errors.CONTAINER_LAUNCH_REFUSED("a terminal is not to be had: its output goes to files");
}

/** Gives a fresh sandbox, and what was put into it, to the user who will work in it. */
function giveTo(folder: string, uid: number, gid: number): void {
  chownSync(folder, uid, gid);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) giveTo(path, uid, gid);
    else chownSync(path, uid, gid);
  }
}
