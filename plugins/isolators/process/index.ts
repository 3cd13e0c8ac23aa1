import { accessSync, chownSync, constants, readdirSync } from "node:fs";
import { join } from "node:path";
import { errors } from "../../../contract/errors.ts";
import type { ContainerId } from "../../../contract/ids.ts";
import type { Clock } from "../../../contract/ports/clock.ts";
import {
  type ContainerCheckpoint,
  type ContainerSpec,
  ISOLATOR,
  type Isolator,
  type LaunchParts,
  type ProcessIdentity,
  type Usage,
} from "../../../contract/ports/isolator.ts";
import type { Logger } from "../../../contract/ports/log.ts";
import type { PluginContext, PluginInstance } from "../../../contract/ports/plugin.ts";
import { rlimitWords } from "./rlimits.ts";
import { ProcessTable } from "./usage.ts";
import { findUser, ownUser, type User } from "./users.ts";

/** Config of the plugin, as its manifest describes it. */
export interface ProcessConfig {
  readonly noNewPrivileges: boolean;
}

/** Makes the isolator. */
export function create(context: PluginContext<ProcessConfig>): PluginInstance {
  const isolator = new ProcessIsolator(context.config, context.log, context.clock);
  return { ports: { [ISOLATOR.name]: isolator } };
}

function onPath(program: string): boolean {
  return ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Contains by what every Linux has without privileges: a session of its own (the launcher's doing),
 * a user, rlimits, no-new-privileges. What cannot be done here is refused or announced, never
 * left out in silence.
 */
export class ProcessIsolator implements Isolator {
  readonly #config: ProcessConfig;
  readonly #clock: Clock;
  readonly #own = ownUser();
  readonly #table = new ProcessTable();
  readonly #processes = new Map<ContainerId, ProcessIdentity>();
  readonly #hasSetpriv = onPath("setpriv");
  readonly #hasPrlimit = onPath("prlimit");

  constructor(config: ProcessConfig, log: Logger, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
    if (this.#own.uid !== 0) {
      log.warn({ user: this.#own.name }, "not root: every task runs as the agent's own user");
    }
    if (!this.#hasSetpriv) {
      log.warn("no setpriv here: users cannot be switched, privileges cannot be given up");
    }
    if (!this.#hasPrlimit) log.warn("no prlimit here: containers with rlimits are refused");
  }

  async prepare(spec: ContainerSpec, signal: AbortSignal): Promise<LaunchParts> {
    signal.throwIfAborted();
    // An engine has its own users and limits.
    if (spec.container?.type === "DOCKER") return {};
    this.#giveSandbox(spec);
    return { wrap: this.enter(spec) };
  }

  /** Limits are raised while it is still allowed, so they come before the user is switched. */
  enter(spec: ContainerSpec): readonly string[] {
    if (spec.container?.type === "DOCKER") return [];
    const user = this.#userWords(spec);
    const rlimits = rlimitWords(spec.container?.rlimits ?? []);
    if (rlimits.length > 0 && !this.#hasPrlimit) {
      throw errors.CONTAINER_LAUNCH_REFUSED("rlimits need prlimit of util-linux, which is missing");
    }
    return [...rlimits, ...user];
  }

  /** The user that a container is to run as, where that is not the agent's own. */
  #otherUser({ user: name }: ContainerSpec): User | undefined {
    if (name === undefined) return undefined;
    const user = findUser(name);
    if (user === undefined) throw errors.USER_UNKNOWN(name);
    if (user.uid === this.#own.uid) return undefined;
    if (this.#own.uid !== 0) throw errors.SWITCH_USER_DENIED(name);
    return user;
  }

  #giveSandbox(spec: ContainerSpec): void {
    const user = this.#otherUser(spec);
    if (user === undefined) return;
    giveTo(spec.sandbox, user.uid, user.gid);
    for (const { hostPath } of spec.volumes ?? []) chownSync(hostPath, user.uid, user.gid);
  }

  #userWords(spec: ContainerSpec): readonly string[] {
    const words: string[] = [];
    const user = this.#otherUser(spec);
    if (user !== undefined) {
      words.push(`--reuid=${user.uid}`, `--regid=${user.gid}`, "--init-groups");
    }
    const noNew = spec.container?.linuxInfo?.noNewPrivileges ?? this.#config.noNewPrivileges;
    if (noNew) words.push("--no-new-privs");
    if (words.length === 0) return [];
    if (!this.#hasSetpriv) {
      throw errors.CONTAINER_LAUNCH_REFUSED("it needs setpriv of util-linux, which is missing");
    }
    return ["setpriv", ...words, "--"];
  }

  async isolate(spec: ContainerSpec, process: ProcessIdentity): Promise<void> {
    this.#processes.set(spec.id, process);
  }

  async cleanup(id: ContainerId): Promise<void> {
    this.#processes.delete(id);
  }

  async recover(known: readonly ContainerCheckpoint[]): Promise<readonly ContainerId[]> {
    const ids = new Set(known.map(({ spec }) => spec.id));
    for (const { spec, process } of known) {
      if (process !== undefined) this.#processes.set(spec.id, process);
    }
    return [...this.#processes.keys()].filter((id) => !ids.has(id));
  }

  async usage(id: ContainerId): Promise<Usage> {
    const process = this.#processes.get(id);
    const timeMs = this.#clock.nowMs();
    return process === undefined ? { timeMs } : this.#table.usageOf(process.pid, timeMs);
  }
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
