import type { AgentMessageOf, AgentOrderOf, ExecutorRecord } from "../../../contract/agent-api.ts";
import type { FrameworkId } from "../../../contract/ids.ts";
import type { FrameworkInfo } from "../../../contract/schema/framework.ts";
import type { TaskRecord } from "../../../contract/schema/task.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import { charge, takeFound } from "../books.ts";
import { clientOf, dropIdleClient } from "../clients.ts";
import type { Effect } from "../effect.ts";
import { addFramework } from "../frameworks.ts";
import { isOver } from "../ids.ts";
import { normal } from "../pool.ts";
import {
  type Agent,
  type ClusterState,
  executorKey,
  type Framework,
  strayKey,
  type Task,
} from "../state.ts";
import { masterStatus, publishUpdate, recordMissed, sendStatus } from "../statuses.ts";
import { addStray, dropStrays, isStray } from "../strays.ts";
import { tallyEnd } from "../tallies.ts";
import { addTask, completeTask, endOf, executorEnded, newestState, releaseTask } from "../tasks.ts";

type Reregister = AgentMessageOf<"reregister">;

/** The framework of something that the agent has; known by that alone, if need be (G6). */
export function frameworkOf(
  state: ClusterState,
  id: FrameworkId,
  infos: ReadonlyMap<FrameworkId, FrameworkInfo>,
  nowMs: number,
): Framework | undefined {
  const known = state.frameworks.get(id);
  if (known !== undefined) return known;
  if (isOver(state, id)) return undefined;
  const info = infos.get(id) ?? { name: id, user: "", roles: [] };
  return addFramework(state, id, info, nowMs);
}

/** Takes over the agent's tasks; returns those that it should have and did not report (B21). */
export function mergeTasks(
  state: ClusterState,
  agent: Agent,
  message: Reregister,
  infos: ReadonlyMap<FrameworkId, FrameworkInfo>,
  tell: boolean,
  nowMs: number,
  out: Effect[],
): AgentOrderOf<"reregistered">["reconcile"] {
  const reported = new Set<Task>();
  const strayIds = new Set<string>();
  const strayIdsBefore = state.strayIds.get(agent.id);
  dropStrays(state, agent);
  for (const record of message.tasks) {
    const framework = frameworkOf(state, record.frameworkId, infos, nowMs);
    if (framework === undefined) continue;
    if (isStray(agent, framework, record.taskId, strayIdsBefore)) {
      strayIds.add(strayKey(framework.id, record.taskId));
      addStray(state, agent, framework, record, nowMs);
      continue;
    }
    const known = framework.tasks.get(record.taskId);
    if (known === undefined) {
      reported.add(returnedTask(state, agent, framework, record, tell, nowMs, out));
    } else {
      refresh(state, agent, known, record);
      reported.add(known);
    }
  }
  if (strayIds.size > 0) state.strayIds.set(agent.id, strayIds);
  else state.strayIds.delete(agent.id);
  const missing: AgentOrderOf<"reregistered">["reconcile"] = [];
  for (const task of [...agent.tasks]) {
    if (reported.has(task)) continue;
    // A task that ended and that the agent knows no more was acknowledged while it was away.
    if (isTerminal(task.state)) completeTask(state, agent, task);
    else missing.push({ frameworkId: task.framework.id, taskId: task.id });
  }
  return missing;
}

/** A task that both sides know: the agent is right, but for an end (D9). */
function refresh(state: ClusterState, agent: Agent, task: Task, record: TaskRecord): void {
  const wasOver = isTerminal(task.state);
  if (!wasOver) task.state = newestState(record.state, record.statusUpdateState);
  task.updateState = record.statusUpdateState ?? task.updateState;
  task.updateUuid = record.statusUpdateUuid ?? task.updateUuid;
  recordMissed(task, record.statuses);
  if (!isTerminal(task.state)) return;
  if (!wasOver) tallyEnd(state, task.framework, endOf(task, record.statuses.at(-1)));
  releaseTask(state, agent, task);
}

/** A task that the master did not have any more, or never had (B25, G6). */
function returnedTask(
  state: ClusterState,
  agent: Agent,
  framework: Framework,
  record: TaskRecord,
  tell: boolean,
  nowMs: number,
  out: Effect[],
): Task {
  const client = clientOf(state, framework, record.role);
  const lost = framework.unreachable.get(record.taskId);
  framework.unreachable.delete(record.taskId);
  const resources = normal(record.resources);
  const parts = {
    id: record.taskId,
    framework,
    agent,
    client,
    executorId: record.executorId,
    resources,
    about: lost?.about ?? record,
    state: newestState(record.state, record.statusUpdateState),
    launchedMs: record.launchedMs ?? lost?.launchedMs ?? nowMs,
  };
  const task = addTask(state, parts, nowMs, out);
  task.statuses = lost?.statuses ?? [];
  recordMissed(task, record.statuses);
  task.updateState = record.statusUpdateState;
  task.updateUuid = record.statusUpdateUuid;
  if (task.holds) {
    charge(state, agent, client, resources);
    takeFound(state, agent, resources);
  } else {
    dropIdleClient(state, client);
    const wasOver = lost !== undefined && isTerminal(lost.state);
    if (!wasOver) tallyEnd(state, framework, endOf(task, record.statuses.at(-1)));
  }
  // After a change of master everybody reconciles; else the framework has heard of a loss (B25).
  if (!tell || !task.holds) return task;
  const status = masterStatus(task.id, task.state, nowMs, {
    reason: "REASON_AGENT_REREGISTERED",
    message: "Agent is back",
    agentId: agent.id,
  });
  if (task.executorId !== undefined) status.executorId = task.executorId;
  task.statuses.push(status);
  sendStatus(framework, status, out);
  publishUpdate(state, task, status, nowMs, out);
  return task;
}

/** The wait status of an executor whose end nobody saw, as Mesos tells it. */
const STATUS_UNKNOWN = -1;

/** The agent's executors take the place of those that the master had. */
export function mergeExecutors(
  state: ClusterState,
  agent: Agent,
  records: readonly ExecutorRecord[],
  infos: ReadonlyMap<FrameworkId, FrameworkInfo>,
  nowMs: number,
  out: Effect[],
): void {
  const before = new Map(agent.executors);
  for (const { frameworkId, executor: info, role } of records) {
    const framework = frameworkOf(state, frameworkId, infos, nowMs);
    if (framework === undefined) continue;
    const key = executorKey(frameworkId, info.executorId);
    if (before.delete(key) || agent.executors.has(key)) continue;
    const client = clientOf(state, framework, role);
    const resources = normal(info.resources ?? []);
    client.holders += 1;
    agent.executors.set(key, { framework, info, client, resources });
    charge(state, agent, client, resources);
    takeFound(state, agent, resources);
  }
  // One that ended while the agent was away: nobody knows how.
  for (const executor of before.values()) {
    executorEnded(state, agent, executor, STATUS_UNKNOWN, out);
  }
}
