import type { AgentMessage, AgentMessageOf } from "../../../contract/agent-api.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import { unreachable } from "../assert.ts";
import type { Effect } from "../effect.ts";
import type { PeerNumber } from "../event.ts";
import { isOver } from "../ids.ts";
import { type Agent, type ClusterState, executorKey, strayKey } from "../state.ts";
import { publishUpdate, sendStatus } from "../statuses.ts";
import { stepStrayUpdate, strayExecutorEnded } from "../strays.ts";
import { tally, tallyMessage } from "../tallies.ts";
import { completeTask, dropExecutor, newestState, updateTask } from "../tasks.ts";
import { stepOperationUpdate } from "./operations.ts";
import { beginRemoval, stepRegister } from "./register.ts";
import { stepReregister } from "./reregister.ts";

/** An agent says something. Whatever it is, it is alive (B22). */
export function stepAgentMessage(
  state: ClusterState,
  peer: PeerNumber,
  message: AgentMessage,
  nowMs: number,
  out: Effect[],
): void {
  tallyMessage(state, message);
  if (message.type === "register") {
    stepRegister(state, peer, message, nowMs, out);
    return;
  }
  if (message.type === "reregister") {
    stepReregister(state, peer, message, nowMs, out);
    return;
  }
  const agent = state.agentPeers.get(peer);
  if (agent === undefined) {
    tallyRefused(state, message);
    // Not registered on this connection, or given up: it has to register (again) first.
    if (!state.admitting.has(peer)) {
      out.push({ type: "send-agent", to: peer, order: { type: "ping", connected: false } });
    }
    return;
  }
  agent.heard = true;
  agent.removalAtMs = undefined;
  if (agent.leaving) {
    tallyRefused(state, message);
    return;
  }
  stepRegistered(state, agent, message, nowMs, out);
}

/** What an agent says that is none of the cluster's, or soon will be none, is heeded no more. */
function tallyRefused(state: ClusterState, { type }: AgentMessage): void {
  if (type === "update") tally(state, "invalid_status_updates");
  else if (type === "operation-update") tally(state, "invalid_operation_status_updates");
  else if (type === "executor-message") tally(state, "invalid_executor_to_framework_messages");
}

function stepRegistered(
  state: ClusterState,
  agent: Agent,
  message: Exclude<AgentMessage, { type: "register" | "reregister" }>,
  nowMs: number,
  out: Effect[],
): void {
  switch (message.type) {
    case "update":
      stepUpdate(state, agent, message, nowMs, out);
      return;
    case "executor-exited":
      stepExecutorExited(state, agent, message, out);
      return;
    case "executor-message":
      stepExecutorMessage(state, agent, message, out);
      return;
    case "operation-update":
      stepOperationUpdate(state, agent, message, out);
      return;
    case "unregister": {
      const text = `Agent ${agent.info.hostname} unregistered`;
      if (!agent.leaving) tally(state, "slave_removals/reason_unregistered");
      beginRemoval(state, agent, text, nowMs, out);
      return;
    }
    // Revocable resources come with oversubscription; a pong was heard above.
    case "oversubscribed-resources":
    case "pong":
      return;
    default:
      unreachable(message);
      return;
  }
}

/**
 * A status update on its way to its framework (D5, D8). Nothing undelivered is kept: the agent
 * sends it again until it is acknowledged.
 */
export function stepUpdate(
  state: ClusterState,
  agent: Agent,
  update: AgentMessageOf<"update">,
  nowMs: number,
  out: Effect[],
): void {
  const { frameworkId, status, latestState } = update;
  const framework = state.frameworks.get(frameworkId);
  if (framework === undefined) {
    tally(state, "invalid_status_updates");
    // Its framework is gone: the agent missed that, and would send this for ever.
    if (!isOver(state, frameworkId) || agent.peer === undefined) return;
    const order = { type: "shutdown-framework", frameworkId } as const;
    out.push({ type: "send-agent", to: agent.peer, order });
    return;
  }
  state.counts.updates += 1;
  const task = framework.tasks.get(status.taskId);
  const isHere = task !== undefined && task.agentId === agent.id;
  const isStray = state.strayIds.get(agent.id)?.has(strayKey(frameworkId, status.taskId));
  if (!isHere && (task !== undefined || isStray)) {
    tally(state, "invalid_status_updates");
    stepStrayUpdate(state, agent, update, out);
    return;
  }
  const isValid = isHere && framework.peer !== undefined;
  tally(state, isValid ? "valid_status_updates" : "invalid_status_updates");
  if (isHere) {
    updateTask(state, agent, task, status, newestState(latestState, status.state));
    publishUpdate(state, task, status, nowMs, out);
  }
  sendStatus(framework, status, out);
  // Without a uuid nobody acknowledges it, so its end is the end (D7).
  if (isHere && status.uuid === undefined && isTerminal(task.state)) {
    completeTask(state, agent, task);
  }
}

/** An executor is gone: what it used is free, and its framework hears of it (D15, O7). */
function stepExecutorExited(
  state: ClusterState,
  agent: Agent,
  { frameworkId, executorId, status }: AgentMessageOf<"executor-exited">,
  out: Effect[],
): void {
  const executor = agent.executors.get(executorKey(frameworkId, executorId));
  if (executor === undefined) return;
  dropExecutor(state, agent, executor);
  const { peer } = executor.framework;
  if (strayExecutorEnded(state, agent, executor) || peer === undefined) return;
  const event = { type: "failure", agentId: agent.id, executorId, status } as const;
  out.push({ type: "send-framework", to: peer, event });
}

/** An executor's message to its framework: best effort (A4). */
function stepExecutorMessage(
  state: ClusterState,
  agent: Agent,
  { frameworkId, executorId, data }: AgentMessageOf<"executor-message">,
  out: Effect[],
): void {
  const peer = state.frameworks.get(frameworkId)?.peer;
  tally(
    state,
    peer === undefined
      ? "invalid_executor_to_framework_messages"
      : "valid_executor_to_framework_messages",
  );
  if (peer === undefined) return;
  const event = { type: "message", agentId: agent.id, executorId, data } as const;
  out.push({ type: "send-framework", to: peer, event });
}
