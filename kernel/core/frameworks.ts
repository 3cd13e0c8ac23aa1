import type { FrameworkId } from "../../contract/ids.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import { isTerminal } from "../../contract/task-state.ts";
import { assert } from "./assert.ts";
import { flagClient } from "./books.ts";
import { dropIdleClient } from "./clients.ts";
import type { Effect } from "./effect.ts";
import { noteEmptied } from "./emptied.ts";
import { withHints } from "./hints.ts";
import { noteOver } from "./ids.ts";
import { dropFrameworkAnswers, forgetFramework } from "./inverse-offers.ts";
import { recoverOffer } from "./offers.ts";
import type { Agent, ClusterState, Framework, Task } from "./state.ts";
import { masterStatus, publishUpdate } from "./statuses.ts";
import { dropStrays } from "./strays.ts";
import { tallyEnd } from "./tallies.ts";
import { detachTask, dropExecutor, remember, remembered } from "./tasks.ts";

/** Adds a framework with no connection and no roles yet. */
export function addFramework(
  state: ClusterState,
  id: FrameworkId,
  info: FrameworkInfo,
  nowMs: number,
): Framework {
  assert(!state.frameworks.has(id), `framework ${id} is added twice`);
  const framework: Framework = {
    id,
    number: state.frameworkNumbers.take(),
    info: { ...withHints(info), id },
    infoVersion: 1,
    peer: undefined,
    state: "recovered",
    partitionAware: info.capabilities?.includes("PARTITION_AWARE") ?? false,
    clients: new Map(),
    suppressed: new Set(),
    constraints: undefined,
    admits: new Map(),
    offers: new Set(),
    tasks: new Map(),
    unreachable: new Map(),
    completed: [],
    operations: new Map(),
    otherOperations: new Map(),
    agents: new Set(),
    registeredMs: nowMs,
    reregisteredMs: undefined,
    failoverAtMs: undefined,
    failoverTimerMs: undefined,
    asked: undefined,
    tallies: new Map(),
  };
  state.frameworks.set(id, framework);
  return framework;
}

/** Takes over a framework's new description; what may never change was checked (B6, B7). */
export function setInfo(framework: Framework, info: FrameworkInfo): void {
  framework.info = { ...withHints(info), id: framework.id };
  framework.infoVersion += 1;
  framework.partitionAware = info.capabilities?.includes("PARTITION_AWARE") ?? false;
}

/** The framework's connection is gone or taken over: no offers, no filters (B4, C9). */
export function disconnectFramework(state: ClusterState, framework: Framework): void {
  if (framework.peer !== undefined) state.frameworkPeers.delete(framework.peer);
  framework.peer = undefined;
  framework.state = "disconnected";
  recoverOffers(state, framework);
  forgetFramework(state, framework);
  for (const client of framework.clients.values()) {
    if (client.row >= 0) state.filters.dropClient(client.row);
    flagClient(state, client);
  }
}

/** Takes a framework's offers back without a word: its stream is gone (B2, B4). */
export function recoverOffers(state: ClusterState, framework: Framework): void {
  if (framework.offers.size > 0) state.allocation.freed = true;
  for (const offer of [...framework.offers]) recoverOffer(state, offer);
}

/**
 * Removes a framework for good (B8): agents are told to stop it, its tasks are killed in the books
 * without a word to it, and its id is remembered.
 */
export function removeFramework(
  state: ClusterState,
  framework: Framework,
  nowMs: number,
  out: Effect[],
): void {
  const { id, peer } = framework;
  disconnectFramework(state, framework);
  for (const agent of [...framework.agents]) {
    agent.known.delete(framework);
    if (agent.peer === undefined) continue;
    const order = { type: "shutdown-framework", frameworkId: id } as const;
    out.push({ type: "send-agent", to: agent.peer, order });
  }
  framework.agents.clear();
  for (const task of [...framework.tasks.values()]) {
    const agent = state.agents.get(task.agentId);
    assert(agent !== undefined, `task ${task.id} is on agent ${task.agentId}, which is not there`);
    killInBooks(state, task, nowMs, out);
    detachTask(state, agent, task);
  }
  for (const task of framework.unreachable.values()) killInBooks(state, task, nowMs, out);
  framework.unreachable.clear();
  for (const agent of state.agents.values()) {
    dropStrays(state, agent, framework);
    dropExecutorsOf(state, agent, framework);
  }
  for (const client of [...framework.clients.values()]) {
    client.subscribed = false;
    assert(client.holders === 0, `framework ${id} still holds something in ${client.role.name}`);
    dropIdleClient(state, client);
  }
  dropFrameworkAnswers(state, framework);
  for (const { agentId } of framework.operations.values()) noteEmptied(state, agentId);
  for (const { agentId } of framework.otherOperations.values()) noteEmptied(state, agentId);
  state.frameworks.delete(id);
  state.frameworkNumbers.give(framework.number);
  completeFramework(state, framework, nowMs);
  if (peer !== undefined) {
    out.push({
      type: "close-peer",
      peer,
      code: "FRAMEWORK_REMOVED",
      message: "Framework has been removed",
    });
  }
  publishFramework(state, framework, "framework-removed", nowMs, out);
}

function killInBooks(state: ClusterState, task: Task, nowMs: number, out: Effect[]): void {
  if (!isTerminal(task.state)) {
    task.state = "TASK_KILLED";
    const reason = "REASON_FRAMEWORK_REMOVED";
    const message = `Framework ${task.framework.id} removed`;
    const status = masterStatus(task.id, "TASK_KILLED", nowMs, { reason, message });
    task.statuses.push(status);
    tallyEnd(state, task.framework, status);
    publishUpdate(state, task, status, nowMs, out);
  }
  remember(state, task);
}

/** Forgets the executors of a framework on an agent. */
function dropExecutorsOf(state: ClusterState, agent: Agent, framework: Framework): void {
  if (agent.executors.size === 0) return;
  for (const executor of [...agent.executors.values()]) {
    if (executor.framework === framework) dropExecutor(state, agent, executor);
  }
}

function completeFramework(state: ClusterState, framework: Framework, nowMs: number): void {
  const { completedFrameworks, options } = state;
  noteOver(state, framework.id);
  completedFrameworks.set(framework.id, {
    id: framework.id,
    info: framework.info,
    registeredMs: framework.registeredMs,
    reregisteredMs: framework.reregisteredMs,
    unregisteredMs: nowMs,
    tasks: remembered(framework.completed, options.maxCompletedTasksPerFramework),
  });
  for (const oldest of completedFrameworks.keys()) {
    if (completedFrameworks.size <= options.maxCompletedFrameworks) break;
    completedFrameworks.delete(oldest);
  }
}

/** Tells listeners about a framework (H2). */
export function publishFramework(
  state: ClusterState,
  framework: Framework,
  kind: "framework-added" | "framework-updated" | "framework-removed",
  nowMs: number,
  out: Effect[],
): void {
  if (state.listeners === 0) return;
  const { id, info } = framework;
  out.push({
    type: "publish",
    event: { kind, timeMs: nowMs, frameworkId: id, name: info.name },
  });
}
