import type { ContainerId, ExecutorId, FrameworkId, TaskId, UpdateId } from "../ids.ts";
import type { AgentCapability, AgentInfo, DrainInfo } from "../schema/agent.ts";
import type { FrameworkInfo } from "../schema/framework.ts";
import type { Operation, OperationStatus } from "../schema/offer.ts";
import type { Resource } from "../schema/resource.ts";
import type { ExecutorInfo, TaskRecord } from "../schema/task.ts";
import type { ShownFiles } from "./files.ts";
import type { Usage } from "./isolator.ts";
import type { Verbosity } from "./log.ts";
import type { NestedContainers } from "./nested-containers.ts";
import { type Port, port } from "./plugin.ts";

/** The port under which an agent shows its state to transports that must look before they ask. */
export const AGENT_VIEW: Port<OwnAgentView> = port<OwnAgentView>("agent-view");

/** What a transport must know of an executor before it hands on a call. */
export interface ExecutorStanding {
  readonly containerId: ContainerId;
  /** The token that a hello of this executor must carry. */
  readonly token: string;
}

/** A container: of an executor, or of a command that is a task by itself. */
export interface ContainerShown {
  /** For the built-in executor of groups, which has none by itself, the name of its sandbox. */
  readonly containerId: ContainerId;
  readonly frameworkId: FrameworkId;
  /** The id of the task, where it is a command. */
  readonly executorId: ExecutorId;
  /** Absent for commands. */
  readonly executor?: ExecutorInfo;
  readonly role: string;
  readonly resources: readonly Resource[];
  /** Its first process, once it runs. */
  readonly pid?: number;
  /** The sandbox, as a path of this host. */
  readonly directory: string;
  readonly tasks: readonly TaskId[];
  /** What can be measured: itself; for the built-in executor, the containers of its tasks. */
  readonly parts: readonly ContainerId[];
}

/** A container that has ended, of which the names are known and the sandbox is still there. */
export type EndedContainer = Pick<
  ContainerShown,
  "containerId" | "frameworkId" | "executorId" | "directory"
>;

/** An operation that was carried out, and what is told of it. */
export interface OperationShown {
  readonly uuid: UpdateId;
  /** Absent when an operator asked for it. */
  readonly frameworkId?: FrameworkId | undefined;
  readonly info: Operation;
  readonly status: OperationStatus;
}

/** An agent's state, to read only. Everything but `usage` answers at once. */
export interface OwnAgentView {
  /** False while it takes up what an earlier agent left; executors are told to come again. */
  isReady(): boolean;
  /** Whether tasks or executors of this framework are here. */
  hasFramework(id: FrameworkId): boolean;
  executor(frameworkId: FrameworkId, executorId: ExecutorId): ExecutorStanding | undefined;
  /** Without an id before it has ever registered; absent before it is ready. */
  info(): AgentInfo | undefined;
  /** What it can do (A8). */
  capabilities(): readonly AgentCapability[];
  /** How it is being emptied and since when, as long as something of that is left (I5). */
  drain(): Pick<DrainInfo, "config" | "startedMs"> | undefined;
  /** The host that its master is said to run on, as configured. */
  master(): string;
  /** Frameworks that have something here. */
  frameworks(): Iterable<FrameworkInfo>;
  /** Tasks that run, or whose end is not acknowledged yet. */
  tasks(): Iterable<TaskRecord>;
  /** Operations whose outcome nobody has acknowledged yet. */
  operations(): Iterable<OperationShown>;
  /** Those of a group's tasks are shown as their executor, as one. */
  containers(): Iterable<ContainerShown>;
  /** The newest of those that have ended, for each framework, the oldest first (D23). */
  endedContainers(): Iterable<EndedContainer>;
  /** What a container uses, as far as an isolator measures it. */
  usage(id: ContainerId): Promise<Usage | undefined>;
  /** Sandboxes, and the log. */
  readonly files: ShownFiles;
  /** Containers in those of tasks and executors. */
  readonly nested: NestedContainers;
  /** Removes unpacked images that no container is in, but for those of these names. */
  pruneImages(kept: readonly string[]): Promise<void>;
  readonly verbosity: Verbosity;
  /** Numbers by Mesos' metric name, such as `slave/tasks_running`. */
  metrics(): Readonly<Record<string, number>>;
  /** The configuration as text by option, without secrets. */
  flags(): Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  startedMs(): number;
}
