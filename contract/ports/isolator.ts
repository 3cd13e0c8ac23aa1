import type { TerminalSize } from "../exec-api.ts";
import type { AgentId, ContainerId, ExecutorId, FrameworkId, TaskId } from "../ids.ts";
import type { CommandInfo } from "../schema/command.ts";
import type { ContainerInfo } from "../schema/container.ts";
import type { Resource } from "../schema/resource.ts";
import { type Port, port } from "./plugin.ts";

/** The port that isolators serve. */
export const ISOLATOR: Port<Isolator> = port<Isolator>("isolator");

/**
 * A process as the kernel of the host knows it: a pid alone is reused, pid and start time are not.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, in clock ticks since boot. */
  readonly startTicks: number;
}

/** A persistent volume in a container (E12). */
export interface PersistentVolume {
  readonly id: string;
  /** The folder on this host. */
  readonly hostPath: string;
  /** Absolute, or relative to the sandbox. */
  readonly containerPath: string;
  readonly mode: "RW" | "RO";
  /** Others may use it at the same time (E13). */
  readonly shared?: true;
}

/** A user by numbers, which need no entry in a list of users. */
export interface UserNumbers {
  readonly uid: number;
  readonly gid: number;
  /** Groups beside `gid`. */
  readonly groups: readonly number[];
}

/** An image, made ready for one container that is to have it as its root (F70). */
export interface RootFilesystem {
  /** Folder that becomes the root: it holds all files, unless `overlay` is to be mounted on it. */
  readonly path: string;
  /** Files that containers share, and folders of this one's own for what it changes. */
  readonly overlay?: { readonly lower: string; readonly upper: string; readonly work: string };
  /** Inside; the sandbox where the image does not say. */
  readonly workingDirectory?: string;
  /** Who the image says runs in it, by its own list of users. */
  readonly user?: UserNumbers;
}

/** Where a container with a root of its own finds its sandbox (F40). */
export const SANDBOX_INSIDE = "/mnt/mesos/sandbox";

/**
 * Stands in words that wrap for the path of a file: a program that writes there why, and ends, has
 * not run the command, and the launch has failed.
 */
export const FAILURE_NOTE = "{failure-note}";

/** How files of output are kept small. */
export interface OutputRotation {
  /** When a file is this long, what follows goes into a new one. */
  readonly bytes: number;
  /** Of each output, with the one that is written: `stdout`, `stdout.1` and so on. */
  readonly files: number;
}

/** What is to be contained: a command task, or an executor with the tasks it will run. */
export interface ContainerSpec {
  readonly id: ContainerId;
  readonly agentId: AgentId;
  readonly frameworkId: FrameworkId;
  readonly executorId: ExecutorId;
  /** Absent for custom executors. */
  readonly taskId?: TaskId;
  readonly command: CommandInfo;
  readonly container?: ContainerInfo;
  /** Requests; what the agent charges to the framework. */
  readonly resources: readonly Resource[];
  /** Limits above requests by resource name, in thousandths (D20). */
  readonly limits?: Readonly<Record<string, number>>;
  /** Absolute path of the sandbox on the host; exists and belongs to `user`. */
  readonly sandbox: string;
  /** Of the executor of its group, where it shares folders of that; `user` is who has them. */
  readonly parent?: { readonly sandbox: string; readonly user?: string };
  /** Volumes to mount. Containers that see the host's files find links to them in the sandbox. */
  readonly volumes?: readonly PersistentVolume[];
  /** The image that it runs in; absent when it sees the host's files. */
  readonly rootfs?: RootFilesystem;
  /** User to run as; absent means the agent's own. */
  readonly user?: string;
  /** Complete environment, secrets included; never logged. */
  readonly environment: Readonly<Record<string, string>>;
  /** For whoever writes `stdout` and `stderr`; without it they grow as long as it prints. */
  readonly rotation?: OutputRotation;
}

/** What an isolator asks of the launcher. Later isolators see what earlier ones returned. */
export interface LaunchParts {
  /** Words put before the command, outermost first: `unshare --pid --fork`, `setpriv …`. */
  readonly wrap?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /** Its words put the command into `rootfs`; without them it would see the host's files. */
  readonly entersRootfs?: boolean;
  /**
   * Set when the isolator runs the container itself (an engine), and no process is to be forked.
   */
  readonly external?: ExternalContainer;
}

/** What is known of an external container once it runs. */
export interface StartedContainer {
  readonly pid?: number;
  /** Its own addresses; none when it shares the host's network. */
  readonly ipAddresses?: readonly string[];
}

/** A container that something else runs, such as a Docker engine. */
export interface ExternalContainer {
  /**
   * Starts it; called where a process would have been released from the barrier. Of one that was
   * started before, by this agent or an earlier one, it only tells.
   */
  start(): Promise<StartedContainer>;
  /**
   * Resolves when it has ended, also after the agent came back to it; rejects when nobody knows
   * how it ended.
   */
  wait(): Promise<ExitStatus>;
  /** SIGTERM or SIGKILL to everything inside. */
  signal(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Runs a further command inside and tells its exit status; one that is late is given up. */
  exec?(command: CommandInfo, timeoutMs: number): Promise<number>;
  /**
   * Runs a further command inside that is talked to; resolves when it runs.
   * @throws COMMAND_NOT_FOUND, EXEC_FAILED
   */
  open?(command: CommandInfo, streams: SessionStreams): Promise<CommandSession>;
}

/** What a further command is to read from and write to. */
export interface SessionStreams {
  /** Whether it gets input; otherwise that is at its end from the beginning. */
  readonly stdin: boolean;
  /** A terminal of this size; without one, output and error output are apart. */
  readonly terminal?: TerminalSize;
}

/** A further command of a container that somebody talks to. */
export interface CommandSession {
  /** What it writes, read at its reader's pace; on a terminal that is all of it. */
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  /** Resolves when the input is on its way; rejects when the command reads no more. */
  write(data: Uint8Array): Promise<void>;
  /** Its input is at its end. */
  endInput(): void;
  resize(size: TerminalSize): void;
  /** Sends the command a signal, by its number, where that can be done. */
  signal?(number: number): void;
  /**
   * Resolves when it has ended, which may be before its output is read to its end.
   * @throws EXEC_ENDED when nobody knows how it ended
   */
  wait(): Promise<ExitStatus>;
  /**
   * Gives it up, for this reason, with which `wait` rejects. What is left of it is ended by whoever
   * opened it.
   */
  close(reason?: string): void;
}

/** How a container ended. Exactly one of `code` and `signal`. */
export interface ExitStatus {
  readonly code?: number;
  /** Name of the signal, `SIGKILL` and so on. */
  readonly signal?: string;
}

/** Why a container must end, or has been ended by the kernel (D15, F52, F55). */
export interface Limitation {
  readonly reason:
    | "REASON_CONTAINER_LIMITATION"
    | "REASON_CONTAINER_LIMITATION_MEMORY"
    | "REASON_CONTAINER_LIMITATION_DISK";
  readonly message: string;
  readonly resources: readonly Resource[];
}

/** Use of resources at one moment; what an isolator cannot tell is absent. */
export interface Usage {
  readonly timeMs: number;
  readonly processes?: number;
  readonly threads?: number;
  readonly cpusUserSeconds?: number;
  readonly cpusSystemSeconds?: number;
  readonly cpusThrottledSeconds?: number;
  readonly cpusLimit?: number;
  readonly memRssBytes?: number;
  readonly memTotalBytes?: number;
  readonly memLimitBytes?: number;
  readonly memCacheBytes?: number;
  readonly memSwapBytes?: number;
  readonly diskUsedBytes?: number;
  /** Bytes read from and written to block devices since the start. */
  readonly ioReadBytes?: number;
  readonly ioWrittenBytes?: number;
}

/** What an isolator does on this host, and what it cannot do there. */
export interface IsolatorStatus {
  /** One line for people: `cgroups v1: cpu, memory, pids below tepui`. */
  readonly summary: string;
  /** What was asked for and is not had, one sentence each; empty when nothing is amiss. */
  readonly degraded: readonly string[];
}

/** A container that the agent remembers, handed back to isolators after a restart. */
export interface ContainerCheckpoint {
  readonly spec: ContainerSpec;
  readonly process?: ProcessIdentity;
}

/**
 * Contains processes in one respect: their session, their cgroup, their engine. Isolators are
 * composed in manifest order: prepare* → fork held at a barrier → isolate* → release; cleanup in
 * reverse. Every method may be called again for the same container.
 */
export interface Isolator {
  /**
   * Readies what the container needs before its process exists.
   * @throws TepuiError with the reason the launch must fail (CONTAINER_LAUNCH_FAILED, D16).
   */
  prepare(spec: ContainerSpec, signal: AbortSignal): Promise<LaunchParts>;
  /** Acts on the held process, before it runs anything. */
  isolate(spec: ContainerSpec, process: ProcessIdentity): Promise<void>;
  /** Removes every trace. Also for ids it never saw; comes after prepare finished or failed. */
  cleanup(id: ContainerId): Promise<void>;
  /** After an agent restart: takes up `known` again, returns ids it found that are not in it. */
  recover(known: readonly ContainerCheckpoint[]): Promise<readonly ContainerId[]>;
  /**
   * Tells of limits hit; returns how to stop watching. Stopping takes a last look first and tells
   * what it finds before it returns, so whoever stops watching when the process has ended, and
   * only then tells of its end, knows whether a limit ended it (D15).
   */
  watch?(id: ContainerId, onLimit: (limitation: Limitation) => void): () => void;
  /**
   * Words put before the command of a further process of a running container, such as that of a
   * health check. Changes nothing.
   */
  enter?(spec: ContainerSpec): readonly string[] | Promise<readonly string[]>;
  /** Puts such a process, held like the first, where the others of the container are. */
  join?(spec: ContainerSpec, process: ProcessIdentity): Promise<void>;
  /** New requests and limits for a running container. */
  update?(spec: ContainerSpec): Promise<void>;
  usage?(id: ContainerId): Promise<Usage>;
  /** Kills all processes at once; false when it cannot, so that the launcher does it (F76). */
  kill?(id: ContainerId): Promise<boolean>;
  /**
   * After `recover`: a known container that it runs itself, so that the launcher waits for it there
   * and not for a process.
   */
  external?(id: ContainerId): ExternalContainer | undefined;
  /** How it stands on this host, for the log, the state endpoints and people. */
  status?(): IsolatorStatus;
}
