import type { AgentId, ExecutorId, TaskId } from "../../contract/ids.ts";
import type { Resources } from "../../contract/resources.ts";
import type { TaskRecord, TaskStatus } from "../../contract/schema/task.ts";
import { isTerminal, type TaskState } from "../../contract/task-state.ts";
import { assert } from "./assert.ts";
import { discharge, giveFree } from "./books.ts";
import { dropIdleClient } from "./clients.ts";
import type { Effect } from "./effect.ts";
import type { Agent, Client, ClusterState, Executor, Framework, Task, TaskAbout } from "./state.ts";
import { executorKey } from "./state.ts";
import { recordStatus } from "./statuses.ts";
import { tallyEnd } from "./tallies.ts";

/** What a new task is made of. */
export interface TaskParts {
  readonly id: TaskId;
  readonly framework: Framework;
  readonly agent: Agent;
  readonly client: Client;
  readonly executorId: ExecutorId | undefined;
  readonly resources: Resources;
  readonly about: TaskAbout;
  readonly state: TaskState;
  readonly launchedMs: number;
}

/** A task that is in no books yet. */
export function newTask(parts: TaskParts): Task {
  return {
    id: parts.id,
    framework: parts.framework,
    agentId: parts.agent.id,
    client: parts.client,
    executorId: parts.executorId,
    resources: parts.resources,
    about: parts.about,
    state: parts.state,
    updateState: undefined,
    updateUuid: undefined,
    statuses: [],
    holds: !isTerminal(parts.state),
    launchedMs: parts.launchedMs,
    unreachableMs: undefined,
  };
}

/** Adds a task to the books; the caller has charged its resources. */
export function addTask(state: ClusterState, parts: TaskParts, nowMs: number, out: Effect[]): Task {
  const { framework, agent, client } = parts;
  assert(!framework.tasks.has(parts.id), `task ${parts.id} is added twice`);
  const task = newTask(parts);
  framework.tasks.set(task.id, task);
  agent.tasks.add(task);
  if (task.holds) client.holders += 1;
  if (state.listeners > 0) {
    out.push({
      type: "publish",
      event: {
        kind: "task-added",
        timeMs: nowMs,
        frameworkId: framework.id,
        agentId: agent.id,
        taskId: task.id,
        state: task.state,
        name: task.about.name,
      },
    });
  }
  return task;
}

/** Gives a task's resources back, once (D8). */
export function releaseTask(state: ClusterState, agent: Agent, task: Task): void {
  if (!task.holds) return;
  task.holds = false;
  task.client.holders -= 1;
  discharge(state, agent, task.client, task.resources);
  giveFree(state, agent, task.resources);
  state.allocation.freed = true;
  dropIdleClient(state, task.client);
}

/**
 * Takes over a newer state and the status that brought it. A terminal state stays (D9); resources
 * are freed as soon as the newest state is terminal, whatever was told so far (D8).
 */
export function updateTask(
  state: ClusterState,
  agent: Agent,
  task: Task,
  status: TaskStatus,
  latest: TaskState,
): void {
  const wasOver = isTerminal(task.state);
  if (!wasOver) task.state = latest;
  if (status.uuid !== undefined) {
    task.updateState = status.state;
    task.updateUuid = status.uuid;
  }
  recordStatus(task, status);
  if (!isTerminal(task.state)) return;
  if (!wasOver) tallyEnd(state, task.framework, endOf(task, status));
  releaseTask(state, agent, task);
}

/** What is known of a task's end: the status that brought it, if that is the one that says so. */
export function endOf(task: Task, status: TaskStatus | undefined): Parameters<typeof tallyEnd>[2] {
  return status?.state === task.state ? status : { state: task.state };
}

/**
 * The newest state of a task, by what its agent says of it and of the update that is on its way: an
 * update that ends a task is the end of it, whatever else is said (D8).
 */
export function newestState(latest: TaskState, update: TaskState | undefined): TaskState {
  return update !== undefined && isTerminal(update) ? update : latest;
}

/** Takes a task off its framework and agent, and remembers it as completed (D8). */
export function completeTask(state: ClusterState, agent: Agent, task: Task): void {
  assert(isTerminal(task.state), `task ${task.id} completes as ${task.state}`);
  detachTask(state, agent, task);
  task.about = withoutCommand(task.about);
  remember(state, task);
}

/** What is remembered: without the command and data, which only mattered to the agent. */
export function withoutCommand(about: TaskAbout): TaskAbout {
  const { labels, discovery, container, healthCheck, killPolicy, limits, name, user } = about;
  return {
    name,
    ...(labels && { labels }),
    ...(discovery && { discovery }),
    ...(container && { container }),
    ...(healthCheck && { healthCheck }),
    ...(killPolicy && { killPolicy }),
    ...(limits && { limits }),
    user,
  };
}

/** Takes a task off its framework and agent; its resources come back. */
export function detachTask(state: ClusterState, agent: Agent, task: Task): void {
  releaseTask(state, agent, task);
  task.framework.tasks.delete(task.id);
  agent.tasks.delete(task);
  agent.kills.delete(task);
  if (agent.tasks.size === 0 && state.registry.drains.has(agent.id)) state.emptied.add(agent);
}

/**
 * Keeps a task that has ended with its framework, whose list forgets its oldest, many at
 * once, since cutting costs its length.
 */
export function remember(state: ClusterState, task: Task): void {
  const list = task.framework.completed;
  const most = state.options.maxCompletedTasksPerFramework;
  list.push(task);
  if (list.length >= most * 2 || most === 0) list.splice(0, list.length - most);
}

/** The newest of a list kept by `remember`, the oldest first. */
export function remembered(list: readonly Task[], most: number): readonly Task[] {
  return list.length > most ? list.slice(list.length - most) : list;
}

/** Forgets an executor; what it used comes back. */
export function dropExecutor(state: ClusterState, agent: Agent, executor: Executor): void {
  const key = executorKey(executor.framework.id, executor.info.executorId);
  assert(agent.executors.get(key) === executor, `executor ${key} is dropped twice`);
  agent.executors.delete(key);
  executor.client.holders -= 1;
  discharge(state, agent, executor.client, executor.resources);
  giveFree(state, agent, executor.resources);
  state.allocation.freed = true;
  dropIdleClient(state, executor.client);
}

/**
 * An executor is gone: what it used is free, and its framework hears of it (D15). `status` is a
 * wait status.
 */
export function executorEnded(
  state: ClusterState,
  agent: Agent,
  executor: Executor,
  status: number,
  out: Effect[],
): void {
  dropExecutor(state, agent, executor);
  const { peer } = executor.framework;
  if (peer === undefined) return;
  const { executorId } = executor.info;
  const event = { type: "failure", agentId: agent.id, executorId, status } as const;
  out.push({ type: "send-framework", to: peer, event });
}

/** A task as it is told to agents and operators. */
export function recordOf(task: Task): TaskRecord {
  const { about } = task;
  const record: TaskRecord = {
    taskId: task.id,
    frameworkId: task.framework.id,
    agentId: task.agentId as AgentId,
    name: about.name,
    role: task.client.role.name,
    resources: task.resources as TaskRecord["resources"],
    state: task.state,
    statuses: task.statuses,
    launchedMs: task.launchedMs,
  };
  if (task.executorId !== undefined) record.executorId = task.executorId;
  if (task.updateState !== undefined) record.statusUpdateState = task.updateState;
  if (task.updateUuid !== undefined) record.statusUpdateUuid = task.updateUuid;
  if (about.user !== undefined) record.user = about.user;
  if (about.labels !== undefined) record.labels = about.labels;
  if (about.discovery !== undefined) record.discovery = about.discovery;
  if (about.container !== undefined) record.container = about.container;
  if (about.healthCheck !== undefined) record.healthCheck = about.healthCheck;
  if (about.killPolicy !== undefined) record.killPolicy = about.killPolicy;
  if (about.limits !== undefined) record.limits = about.limits;
  return record;
}

/** A task by its id and its owner, where ids alone may fit several. */
export function ownedTask({ id, framework }: Task): string {
  return `${id} of framework ${framework.id}`;
}
