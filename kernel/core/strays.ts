import type { AgentMessageOf } from "../../contract/agent-api.ts";
import type { TaskId } from "../../contract/ids.ts";
import type { TaskRecord } from "../../contract/schema/task.ts";
import { isTerminal } from "../../contract/task-state.ts";
import { charge, takeFound } from "./books.ts";
import { clientOf } from "./clients.ts";
import type { Effect } from "./effect.ts";
import { normal } from "./pool.ts";
import { type Agent, type ClusterState, type Framework, strayKey, type Task } from "./state.ts";
import { sendKill } from "./steps/kill.ts";
import { newestState, newTask, releaseTask } from "./tasks.ts";

// A new master takes launches while it waits for agents, and cannot know which ids those have in
// use (B26, D13). When such an agent is back, its task goes by an id that is another's by then. The
// framework has settled for that one: the stray is killed, and the framework hears nothing of it,
// for all that it could tell them apart by is the id. Its resources are in use until it has ended,
// and its id tells it apart for longer: the other task may end, or the agent be lost, before the
// last of the stray is heard.

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

/** Orders an agent to end what it has under ids that are in use elsewhere. */
export function killStrays(agent: Agent, out: Effect[]): void {
  for (const stray of agent.strays.values()) sendKill(agent, stray, undefined, out);
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
