import type { AgentInfo } from "../../contract/schema/agent.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import { isTerminal } from "../../contract/task-state.ts";
import type { Effect } from "./effect.ts";
import type { ExecutorExit } from "./exits.ts";
import { executorIdOf, executorKey } from "./ids.ts";
import { inherit, madeOf } from "./inherit.ts";
import { type Declared, declaredOf, Reconfiguration, reconfigure } from "./reconfigure.ts";
import {
  type AgentSetup,
  type AgentState,
  type Container,
  type Executor,
  type GroupExecutor,
  newState,
  type Operation,
  type Task,
  type VolumeChange,
} from "./state.ts";
import { restoreStreams, type UpdateEntry } from "./streams.ts";

/** One entry of the checkpoint as it was read. */
export interface CheckpointEntry {
  readonly key: string;
  readonly value: unknown;
}

/** What of an agent outlives it. */
export interface AgentRecord {
  /** Absent once it has left: the next agent in its folder is another one, with its volumes. */
  readonly id?: string;
  /** With the reservations and volumes that operations made (E11, E12). */
  readonly resources: AgentInfo["resources"];
  /** What it was configured with when it registered (B32). */
  readonly declared?: Declared;
}

/** Writes the task, without its stream, as it is at the end of the turn. */
export function keepTask(task: Task, out: Effect[]): void {
  out.push({ type: "checkpoint", key: `task/${task.key}`, value: task });
}

/** Writes the container. */
export function keepContainer(container: Container, out: Effect[]): void {
  out.push({ type: "checkpoint", key: `container/${container.plan.id}`, value: container });
}

/** Writes the executor; its tasks are found again through their own records. */
export function keepExecutor(executor: Executor, out: Effect[]): void {
  const { tasks: _, connection: __, messages: ___, ...value } = executor;
  out.push({ type: "checkpoint", key: `executor/${executor.key}`, value });
}

/** Writes the executor of groups; as with the others, its tasks know that they are its. */
export function keepGroupExecutor(executor: GroupExecutor, out: Effect[]): void {
  const { tasks: _, ...value } = executor;
  out.push({ type: "checkpoint", key: `group-executor/${executor.key}`, value });
}

/** Writes the framework. */
export function keepFramework(info: FrameworkInfo, out: Effect[]): void {
  out.push({ type: "checkpoint", key: `framework/${info.id}`, value: info });
}

/** Writes who the agent is and what it has; of one that has left, what the next one takes over. */
export function keepAgent(state: AgentState, out: Effect[]): void {
  const { id, resources } = state.info;
  if (id === undefined) return;
  const record: AgentRecord = { id, resources, declared: declaredOf(state.setup.info) };
  const hasLeft = state.leaving !== undefined && state.containers.size === 0;
  const value = hasLeft ? leftOf(record) : record;
  out.push({ type: "checkpoint", key: "agent", value });
}

/**
 * What an agent leaves to the next one in its folder: nothing unless operations have made
 * reservations or volumes of its resources (E11, E12).
 */
export function leftOf({ resources, declared }: AgentRecord): AgentRecord | undefined {
  if (declared === undefined) return undefined;
  const hasMade = madeOf(declared.resources, resources).length > 0;
  return hasMade ? { resources, declared } : undefined;
}

/** Writes an operation whose outcome its framework has not acknowledged (C18). */
export function keepOperation(operation: Operation, out: Effect[]): void {
  out.push({ type: "checkpoint", key: `operation/${operation.uuid}`, value: operation });
}

/** Writes what is to become of a volume's folder. */
export function keepVolumeChange(change: VolumeChange, out: Effect[]): void {
  out.push({ type: "checkpoint", key: `volume/${change.id}`, value: change });
}

/** Whether an entry is the folder's own, whoever is the agent in it. */
export function isOfFolder({ key }: CheckpointEntry): boolean {
  return key.startsWith("volume/");
}

/** Removes an entry. */
export function dropEntry(key: string, out: Effect[]): void {
  out.push({ type: "checkpoint", key, value: undefined });
}

/** What a checkpoint says of the agent itself, or of the one that has left its folder. */
export function agentIn(entries: readonly CheckpointEntry[]): AgentRecord | undefined {
  return entries.find(({ key }) => key === "agent")?.value as AgentRecord | undefined;
}

/**
 * The state that a checkpoint tells of. Entries were checked when they were read; what they say of
 * each other is put right here: a task whose container is gone stays, with its unsent updates.
 */
export function restore(setup: AgentSetup, entries: readonly CheckpointEntry[]): AgentState {
  const state = newState(setup);
  const updates: UpdateEntry[] = [];
  for (const { key, value } of entries) {
    if (key.startsWith("update/")) updates.push(value as UpdateEntry);
    else restoreOne(state, key, value);
  }
  restoreStreams(state, updates);
  for (const task of state.tasks.values()) {
    const executorId = executorIdOf(task);
    if (executorId === undefined || isTerminal(task.state)) continue;
    const key = executorKey(task.frameworkId, executorId);
    const executor = state.executors.get(key);
    if (executor?.containerId === task.containerId) executor?.tasks.add(task.key);
    state.groupExecutors.get(key)?.tasks.add(task.key);
  }
  for (const [key, executor] of state.executors) {
    if (!state.containers.has(executor.containerId)) state.executors.delete(key);
  }
  for (const [key, { tasks }] of state.groupExecutors) {
    if (tasks.size === 0) state.groupExecutors.delete(key);
  }
  return state;
}

/**
 * Who the agent is, and what operations have made of its resources.
 * @throws Reconfiguration when it is configured otherwise than its policy allows (B32)
 */
function restoreAgent(state: AgentState, { id, resources, declared }: AgentRecord): void {
  const { info, reconfigurationPolicy: policy } = state.setup;
  if (id !== undefined) state.info = { ...state.info, id: id as NonNullable<AgentInfo["id"]> };
  if (declared === undefined) return;
  const result =
    id === undefined
      ? inherit(madeOf(declared.resources, resources), info.resources, policy)
      : reconfigure(declared, declaredOf(info), resources, policy);
  if (result.problem !== undefined) throw new Reconfiguration(result.problem);
  state.info = { ...state.info, resources: result.resources };
}

function restoreOne(state: AgentState, key: string, value: unknown): void {
  const kind = key.split("/", 1)[0];
  if (kind === "agent") {
    restoreAgent(state, value as AgentRecord);
  } else if (kind === "framework") {
    const info = value as FrameworkInfo;
    if (info.id !== undefined) state.frameworks.set(info.id, { info });
  } else if (kind === "task") {
    const task = value as Task;
    state.tasks.set(task.key, { ...task, resendDueMs: 0 });
    for (const dueMs of [task.completionDueMs]) {
      if (dueMs !== undefined) state.timers.add({ dueMs, kind: "completion", of: task.key });
    }
    if (task.killDueMs !== undefined) {
      state.timers.add({ dueMs: task.killDueMs, kind: "kill", of: task.key });
    }
  } else if (kind === "operation") {
    const operation = value as Operation;
    state.operations.set(operation.uuid, { ...operation, resendDueMs: 0 });
  } else if (kind === "volume") {
    const change = value as VolumeChange;
    state.volumeChanges.set(change.id, change);
  } else if (kind === "container") {
    const container = value as Container;
    state.containers.set(container.plan.id, container);
  } else if (kind === "executor") {
    const executor = value as Omit<Executor, "tasks">;
    // It may subscribe to this agent before it is known to run on.
    const phase = executor.phase === "ending" ? "ending" : "starting";
    state.executors.set(executor.key, { ...executor, phase, tasks: new Set() });
    if (executor.killDueMs !== undefined) {
      state.timers.add({ dueMs: executor.killDueMs, kind: "shutdown", of: executor.key });
    }
  } else if (kind === "exit") {
    const exit = value as ExecutorExit;
    state.exits.set(exit.key, exit);
  } else if (kind === "group-executor") {
    const executor = value as Omit<GroupExecutor, "tasks">;
    state.groupExecutors.set(executor.key, { ...executor, tasks: new Set() });
  }
}
