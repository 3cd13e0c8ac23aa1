import type { AgentMessageOf } from "../../contract/agent-api.ts";
import type { ExecutorId, FrameworkId, TaskId } from "../../contract/ids.ts";
import type { TaskRecord } from "../../contract/schema/task.ts";
import { isTerminal } from "../../contract/task-state.ts";
import { charge, takeFound } from "./books.ts";
import { clientOf } from "./clients.ts";
import type { Effect } from "./effect.ts";
import { normal } from "./pool.ts";
import {
  type Agent,
  type ClusterState,
  type Executor,
  type Framework,
  strayKey,
  type Task,
} from "./state.ts";
import { sendKill } from "./steps/kill.ts";
import { newestState, newTask, releaseTask } from "./tasks.ts";

// A new master takes launches while it waits for agents, and cannot know which ids those have in
// use (B26, D13). When such an agent is back, its task goes by an id that is another's by then. The
// framework has settled for that one: the stray is killed, and the framework hears nothing of it,
// for all that it could tell them apart by is the id. Its resources are in use until it has ended,
// and its id tells it apart for longer: the other task may end, or the agent be lost, before the
// last of the stray is heard.
//
// The same goes for what was lost because its framework does not checkpoint (B23). Where the
// agent's process ended, the next one ends it; where only the connection was lost, the agent comes
// back with tasks that have been lost for good (D9), and with their executors. A new master does
// not know what the one before it has declared lost: to it, what runs is there.

/** Key of an executor that was lost, among those of tasks: no task's id begins like this. */
function strayExecutorKey(frameworkId: FrameworkId, executorId: ExecutorId): string {
  return `${frameworkId}//${executorId}`;
}

/** Notes tasks and executors that are lost for good, whatever their agent brings back of them. */
export function noteLost(
  state: ClusterState,
  agent: Agent,
  tasks: readonly Task[],
  executors: readonly Executor[],
): void {
  if (tasks.length + executors.length === 0) return;
  const ids = new Set(state.strayIds.get(agent.id));
  for (const { framework, id } of tasks) ids.add(strayKey(framework.id, id));
  for (const { framework, info } of executors) {
    ids.add(strayExecutorKey(framework.id, info.executorId));
  }
  state.strayIds.set(agent.id, ids);
}

/** Keeps it noted that executors which an agent brought back were lost, but for those in use. */
export function noteStrayExecutors(
  state: ClusterState,
  agent: Agent,
  before: ReadonlySet<string> | undefined,
): void {
  if (before === undefined) return;
  const users = [...agent.tasks];
  const lost = [...agent.executors.values()].filter(
    ({ framework, info: { executorId } }) =>
      before.has(strayExecutorKey(framework.id, executorId)) &&
      !users.some((task) => task.framework === framework && task.executorId === executorId),
  );
  noteLost(state, agent, [], lost);
}

/** Forgets that an executor was lost, now that it has ended; true when it was. */
export function strayExecutorEnded(
  state: ClusterState,
  agent: Agent,
  { framework, info }: Executor,
): boolean {
  const key = strayExecutorKey(framework.id, info.executorId);
  const ids = new Set(state.strayIds.get(agent.id));
  if (!ids.delete(key)) return false;
  state.strayIds.set(agent.id, ids);
  return true;
}

/** Whether a task that a returning agent reports is not the one that its framework knows. */
export function isStray(
  agent: Agent,
  framework: Framework,
  taskId: TaskId,
  before: ReadonlySet<string> | undefined,
): boolean {
  const settled = framework.tasks.get(taskId) ?? framework.unreachable.get(taskId);
  if (settled !== undefined) return settled.agentId !== agent.id;
  return before?.has(strayKey(framework.id, taskId)) === true;
}

/** Takes up a task that a returning agent has under an id that is in use elsewhere. */
export function addStray(
  state: ClusterState,
  agent: Agent,
  framework: Framework,
  record: TaskRecord,
  nowMs: number,
): void {
  const latest = newestState(record.state, record.statusUpdateState);
  const key = strayKey(framework.id, record.taskId);
  if (isTerminal(latest) || agent.strays.has(key)) return;
  const client = clientOf(state, framework, record.role);
  const resources = normal(record.resources);
  const stray = newTask({
    id: record.taskId,
    framework,
    agent,
    client,
    executorId: record.executorId,
    resources,
    about: record,
    state: latest,
    launchedMs: record.launchedMs ?? nowMs,
  });
  agent.strays.set(key, stray);
  client.holders += 1;
  charge(state, agent, client, resources);
  takeFound(state, agent, resources);
}

/** Orders an agent to end what it has that is lost, or goes by ids that are in use elsewhere. */
export function killStrays(state: ClusterState, agent: Agent, out: Effect[]): void {
  const to = agent.peer;
  const ids = state.strayIds.get(agent.id);
  if (ids === undefined || to === undefined) return;
  for (const stray of agent.strays.values()) sendKill(agent, stray, undefined, out);
  for (const { framework, info } of agent.executors.values()) {
    const { executorId } = info;
    if (!ids.has(strayExecutorKey(framework.id, executorId))) continue;
    const order = { type: "shutdown-executor", frameworkId: framework.id, executorId } as const;
    out.push({ type: "send-agent", to, order });
  }
}

/**
 * An update of a task that is not the one which its framework knows by that id. Nobody else will
 * acknowledge it, so it is done here; else its agent would send it for ever.
 */
export function stepStrayUpdate(
  state: ClusterState,
  agent: Agent,
  { frameworkId, status, latestState }: AgentMessageOf<"update">,
  out: Effect[],
): void {
  const { taskId, uuid } = status;
  const stray = agent.strays.get(strayKey(frameworkId, taskId));
  if (stray !== undefined && isTerminal(newestState(latestState, status.state))) {
    dropStray(state, agent, stray);
  }
  if (uuid === undefined || agent.peer === undefined) return;
  const order = { type: "acknowledge", frameworkId, taskId, uuid } as const;
  out.push({ type: "send-agent", to: agent.peer, order });
}

/** Forgets the strays on an agent, those of one framework or all; what they used comes back. */
export function dropStrays(state: ClusterState, agent: Agent, framework?: Framework): void {
  for (const stray of [...agent.strays.values()]) {
    if (framework === undefined || stray.framework === framework) dropStray(state, agent, stray);
  }
}

function dropStray(state: ClusterState, agent: Agent, stray: Task): void {
  agent.strays.delete(strayKey(stray.framework.id, stray.id));
  releaseTask(state, agent, stray);
  if (agent.strays.size === 0 && state.registry.drains.has(agent.id)) state.emptied.add(agent);
}
