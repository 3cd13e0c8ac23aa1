import type {
  AgentId,
  ContainerId,
  ExecutorId,
  FrameworkId,
  RoleName,
  UpdateId,
} from "../../contract/ids.ts";
import type { Limitation, ProcessIdentity } from "../../contract/ports/isolator.ts";
import type { AgentCapability, AgentInfo, DrainConfig } from "../../contract/schema/agent.ts";
import type { CheckStatus, CommandInfo, KillPolicy } from "../../contract/schema/command.ts";
import type { ContainerInfo } from "../../contract/schema/container.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import type { Operation as OperationInfo, OperationStatus } from "../../contract/schema/offer.ts";
import type { Resource } from "../../contract/schema/resource.ts";
import type { ExecutorInfo, TaskInfo, TaskStatus } from "../../contract/schema/task.ts";
import type { TaskState } from "../../contract/task-state.ts";
import type { ExecutorExit } from "./exits.ts";
import type { ExecutorKey, GroupId, TaskKey } from "./ids.ts";
import type { ReconfigurationPolicy } from "./reconfigure.ts";
import type { UpdateStream } from "./streams.ts";
import type { Tallies } from "./tallies.ts";
import { Timers } from "./timers.ts";

/** Times of an agent, in milliseconds; see the config fields of the same names. */
export interface AgentTimes {
  readonly registrationBackoffFactorMs: number;
  readonly executorRegistrationTimeoutMs: number;
  readonly executorReregistrationTimeoutMs: number;
  readonly executorShutdownGraceMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
}

/** What an agent is made with. */
export interface AgentSetup {
  readonly info: AgentInfo;
  readonly version: string;
  readonly capabilities: readonly AgentCapability[];
  readonly times: AgentTimes;
  readonly reconfigurationPolicy: ReconfigurationPolicy;
  /** Sixteen random hexadecimal characters, new for each process. */
  readonly seed: string;
}

/** Everything that is needed to launch a container, or to know it again after a restart. */
export interface ContainerPlan {
  readonly id: ContainerId;
  readonly agentId: AgentId;
  readonly frameworkId: FrameworkId;
  readonly executorId: ExecutorId;
  /** Present for command tasks. */
  readonly taskId?: TaskInfo["taskId"];
  readonly role: RoleName;
  readonly command: CommandInfo;
  readonly container?: ContainerInfo;
  /** The run of its group's executor, where it shares folders of that one's sandbox. */
  readonly parent?: { readonly id: ContainerId; readonly user?: string };
  readonly resources: readonly Resource[];
  readonly limits?: Readonly<Record<string, number>>;
  /** The user asked for: the command's, else the framework's (F9). */
  readonly user?: string;
  readonly checkpoint: boolean;
  readonly shutdownGraceMs: number;
}

/** A framework as far as this agent knows it. Checkpointed under `framework/ID`. */
export interface Framework {
  info: FrameworkInfo;
}

/** Why a task or executor is being ended by this agent, and what to say when it has. */
export interface Ending {
  readonly state: TaskState;
  readonly reason?: NonNullable<TaskStatus["reason"]>;
  readonly message: string;
  readonly limitation?: Limitation["resources"];
  /** Frameworks that know TASK_KILLING are told that it is being ended. */
  readonly isAnnounced?: true;
}

/** The health check of a task, or its general check. */
export type CheckKind = "health" | "check";

/** What one look at a task saw: the member of its kind, or why it saw nothing. */
export interface CheckResult {
  readonly exitCode?: number;
  readonly statusCode?: number;
  readonly succeeded?: boolean;
  readonly failure?: string;
}

/** What the checks of a running command task have seen so far (F30–F32). */
export interface Checks {
  /** When they began; the grace period counts from here. */
  readonly sinceMs: number;
  /** Health checks that failed in a row. */
  failures: number;
  /** Absent before the first health check that counts. */
  healthy?: boolean;
  /** Present where there is a general check; its member is empty before the first result. */
  status?: CheckStatus;
}

/** A task, but for its update stream (D5). Checkpointed under `task/KEY`. */
export interface Task {
  readonly key: TaskKey;
  readonly frameworkId: FrameworkId;
  readonly role: RoleName;
  readonly info: TaskInfo;
  readonly launchedMs: number;
  /** The container that runs it: its own, or that of its executor. */
  readonly containerId?: ContainerId;
  /** The group that it was launched in (F24), and its executor, which `info` does not repeat. */
  readonly group?: { readonly id: GroupId; readonly executorId: ExecutorId };
  /** Newest state, which travels with every update (D8). */
  state: TaskState;
  /** One status per state, oldest first (D18). */
  statuses: TaskStatus[];
  /** Updates that an older agent has kept in here; others have entries of their own (`streams`). */
  pending: TaskStatus[];
  /** The state that the master was told of last, acknowledged or in flight. */
  toldState?: TaskState;
  toldUuid?: UpdateId;
  /** Set once it is to be ended; decides what its end is called. */
  ending?: Ending;
  /**
   * A kill that its custom executor was asked for: asked again whenever that one subscribes, as it
   * may not have heard of it.
   */
  killAsked?: { readonly killPolicy?: KillPolicy };
  /** When SIGTERM gives way to SIGKILL. */
  killDueMs?: number;
  completionDueMs?: number;
  /** Present from RUNNING on, for command tasks that have checks. */
  checks?: Checks;
  /** True once a custom executor was given it. */
  delivered: boolean;
  /** Its framework is gone: nobody is told of its end. */
  silent?: boolean;
  /** When the head is sent again; not checkpointed as such, a restart sends at once. */
  resendDueMs: number;
  resendWaitMs: number;
}

/** A container. Checkpointed under `container/ID`. */
export interface Container {
  /** Only the resources of an executor's change, as its tasks come and go. */
  plan: ContainerPlan;
  /**
   * `starting` until it is held and its process known, `running` from its release. Only tasks of a
   * group wait in between, as `held`, for the others; that is not checkpointed, for what is held
   * ends with the agent.
   */
  phase: "starting" | "held" | "running";
  process?: ProcessIdentity;
}

/** A custom executor (B40–B44). Checkpointed under `executor/KEY`. */
export interface Executor {
  readonly key: ExecutorKey;
  readonly frameworkId: FrameworkId;
  readonly role: RoleName;
  readonly info: ExecutorInfo;
  readonly containerId: ContainerId;
  phase: "starting" | "running" | "ending";
  readonly tasks: Set<TaskKey>;
  /** It has been given a task at least once (B44). */
  everRan: boolean;
  /** It must have subscribed by then (B40, B41). */
  subscribeDueMs?: number;
  /** It is killed then (D17). */
  killDueMs?: number;
  /** What its tasks are told when it has ended; absent means that it ended by itself. */
  ending?: Ending;
  /** The connection that it has subscribed on; absent while it is cut off. Not checkpointed. */
  connection?: number;
  /** Messages that came while it was cut off, oldest first (F28). Not checkpointed. */
  messages?: Uint8Array[];
}

/**
 * The built-in executor of task groups (F24). It is no process: each of its tasks has a container
 * of its own, and it is there while one of them is. Checkpointed under `group-executor/KEY`.
 */
export interface GroupExecutor {
  readonly key: ExecutorKey;
  readonly frameworkId: FrameworkId;
  readonly role: RoleName;
  readonly info: ExecutorInfo;
  /** Names its sandbox; there is no such container. */
  readonly runId: ContainerId;
  /** Those that have not ended. */
  readonly tasks: Set<TaskKey>;
}

/**
 * An operation that was applied and asked for feedback, until its framework has acknowledged that
 * (C18). Checkpointed under `operation/UUID`.
 */
export interface Operation {
  readonly uuid: UpdateId;
  readonly frameworkId: FrameworkId | undefined;
  /** What was asked for. */
  readonly info: OperationInfo;
  /** What is sent, again and again; its `uuid` is acknowledged. */
  readonly status: OperationStatus;
  resendDueMs: number;
  resendWaitMs: number;
}

/**
 * What is to become of the folder of a persistent volume: made, empty, or removed with all that is
 * in it (E12). Checkpointed under `volume/ID` from the operation on until it is done.
 */
export interface VolumeChange {
  readonly id: string;
  readonly change: "make-volume" | "remove-volume";
  readonly volume: Resource;
}

/** How far the agent is with its master. */
export interface MasterSide {
  phase: "down" | "waiting" | "registering" | "registered";
  /** When to (re)register next, while waiting or registering. */
  dueMs: number;
  attempts: number;
  heardMs: number;
  pingTimeoutMs: number;
}

/** All that an agent knows. Only `step` changes it. */
export interface AgentState {
  readonly setup: AgentSetup;
  readonly seed: string;
  minted: number;
  chance: number;
  info: AgentInfo;
  readonly master: MasterSide;
  readonly frameworks: Map<FrameworkId, Framework>;
  readonly tasks: Map<TaskKey, Task>;
  readonly streams: Map<TaskKey, UpdateStream>;
  readonly executors: Map<ExecutorKey, Executor>;
  /** Executors that have yet to come back after a restart; it registers when none is left. */
  readonly returning: Set<ExecutorKey>;
  readonly groupExecutors: Map<ExecutorKey, GroupExecutor>;
  readonly exits: Map<ExecutorKey, ExecutorExit>;
  readonly containers: Map<ContainerId, Container>;
  readonly operations: Map<UpdateId, Operation>;
  readonly volumeChanges: Map<string, VolumeChange>;
  readonly timers: Timers;
  readonly tallies: Tallies;
  /**
   * How the master had it emptied last, and when; until it is given something again. Not
   * checkpointed: after a restart, the master says so anew.
   */
  drain?: { readonly config: DrainConfig; readonly startedMs: number };
  /** Set once the agent is to end everything and then itself. */
  leaving?: { readonly code: string; readonly message: string };
}

/** An agent that has never registered and runs nothing. */
export function newState(setup: AgentSetup): AgentState {
  return {
    setup,
    seed: setup.seed,
    minted: 0,
    chance: Number.parseInt(setup.seed.slice(0, 8), 16) | 0,
    info: setup.info,
    master: { phase: "down", dueMs: 0, attempts: 0, heardMs: 0, pingTimeoutMs: 75_000 },
    frameworks: new Map(),
    tasks: new Map(),
    streams: new Map(),
    executors: new Map(),
    returning: new Set(),
    groupExecutors: new Map(),
    exits: new Map(),
    containers: new Map(),
    operations: new Map(),
    volumeChanges: new Map(),
    timers: new Timers(),
    tallies: new Map(),
  };
}

/** True when a framework has declared a capability. */
export function isCapable(
  state: AgentState,
  frameworkId: FrameworkId,
  capability: NonNullable<FrameworkInfo["capabilities"]>[number],
): boolean {
  const capabilities = state.frameworks.get(frameworkId)?.info.capabilities ?? [];
  return capabilities.includes(capability);
}

/** Whether a sandbox of this name is in use, of a container or of a group's executor. */
export function hasSandbox({ containers }: AgentState, id: ContainerId): boolean {
  if (containers.has(id)) return true;
  return [...containers.values()].some(({ plan }) => plan.parent?.id === id);
}
