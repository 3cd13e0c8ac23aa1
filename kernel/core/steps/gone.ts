import { errors, type TepuiError } from "../../../contract/errors.ts";
import type { AgentId } from "../../../contract/ids.ts";
import type { OperatorParams } from "../../../contract/operator-api.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import { announceFailure, awayOf, removeAgent } from "../agents.ts";
import { flagAgent } from "../books.ts";
import { refuseAgent } from "../calls.ts";
import type { Effect } from "../effect.ts";
import { rescindOffer } from "../offers.ts";
import {
  agentEntry,
  deactivatedEntry,
  drainEntry,
  goneEntry,
  unreachableEntry,
  writeRegistry,
} from "../registry.ts";
import type { ClusterState, Framework, PendingWrite, Task } from "../state.ts";
import {
  forAwareness,
  masterStatus,
  publishUpdate,
  recordStatus,
  sendStatus,
} from "../statuses.ts";
import { tallyEnd } from "../tallies.ts";
import { remember } from "../tasks.ts";
import type { Asked } from "./operator.ts";

const MESSAGE = "The agent was marked as gone by an operator";

/** An operator says that an agent will never come back (B31). */
export function markAgentGone(
  { state, token, reply, nowMs, out }: Asked,
  { agentId }: OperatorParams<"mark-agent-gone">,
): void {
  if (state.registry.gone.has(agentId)) {
    reply({ result: {} });
    return;
  }
  const error = absenceOf(state, agentId);
  if (error !== undefined) {
    reply({ error });
    return;
  }
  beginGone(state, agentId, token, nowMs, out);
}

/**
 * Why an operator can ask nothing of an agent any more: the registry does not know it, be it here,
 * awaited or given up; or it is being marked as gone.
 */
export function absenceOf(state: ClusterState, id: AgentId): TepuiError | undefined {
  const { agents, recovering, registry, going } = state;
  if (going.has(id)) return errors.AGENT_LEAVING(id);
  const isKnown = agents.has(id) || recovering.has(id) || registry.unreachable.has(id);
  return isKnown ? undefined : errors.AGENT_UNKNOWN(id);
}

/**
 * Whether an operator gave the agent up for good, be it written yet or not: from the moment on at
 * which that is asked for, it is never taken back.
 */
export function isGone({ registry, going }: ClusterState, id: AgentId): boolean {
  return going.has(id) || registry.gone.has(id);
}

/** First the registry, then everybody else (B31). No offers of it meanwhile. */
export function beginGone(
  state: ClusterState,
  agentId: AgentId,
  token: number | undefined,
  nowMs: number,
  out: Effect[],
): void {
  state.going.add(agentId);
  const agent = state.agents.get(agentId);
  if (agent !== undefined) {
    agent.leaving = true;
    flagAgent(state, agent);
    for (const offer of [...agent.offers]) rescindOffer(state, offer, out);
  }
  const away = awayOf(state, agentId, nowMs);
  const entries = [
    agentEntry(agentId, undefined),
    unreachableEntry(agentId, undefined),
    drainEntry(agentId, undefined),
    deactivatedEntry(agentId, false),
    goneEntry(agentId, away),
  ];
  writeRegistry(state, entries, { type: "gone", token, agentId, away }, out);
}

/** The registry has it: its tasks are gone, and it is shut down if it is here (B31). */
export function goneWritten(
  state: ClusterState,
  { token, agentId, away }: Extract<PendingWrite, { type: "gone" }>,
  nowMs: number,
  out: Effect[],
): void {
  const { registry } = state;
  state.going.delete(agentId);
  registry.admitted.delete(agentId);
  registry.unreachable.delete(agentId);
  state.strayIds.delete(agentId);
  registry.drains.delete(agentId);
  registry.deactivated.delete(agentId);
  registry.gone.set(agentId, away);
  const agent = state.agents.get(agentId);
  if (agent !== undefined) {
    const { peer } = agent;
    removeAgent(state, agent, { how: "gone", message: MESSAGE }, nowMs, out);
    if (peer !== undefined) refuseAgent(peer, errors.AGENT_GONE(agentId), out);
  } else {
    for (const framework of state.frameworks.values()) {
      endUnreachable(state, framework, agentId, nowMs, out);
    }
    if (state.recovering.delete(agentId)) announceFailure(state, agentId, out);
  }
  if (token !== undefined) out.push({ type: "reply-operator", token, result: {} });
}

/** Tasks that were only out of sight are gone with their agent. */
function endUnreachable(
  state: ClusterState,
  framework: Framework,
  agentId: AgentId,
  nowMs: number,
  out: Effect[],
): void {
  const lost: Task[] = [];
  for (const task of framework.unreachable.values()) if (task.agentId === agentId) lost.push(task);
  for (const task of lost) {
    framework.unreachable.delete(task.id);
    const wasOver = isTerminal(task.state);
    task.state = forAwareness(framework, "TASK_GONE_BY_OPERATOR");
    const reason = "REASON_AGENT_REMOVED_BY_OPERATOR";
    const status = masterStatus(task.id, task.state, nowMs, { reason, message: MESSAGE, agentId });
    recordStatus(task, status);
    // Who knows nothing of partitions has heard of a loss when the agent went out of sight.
    if (!wasOver) tallyEnd(state, framework, status);
    sendStatus(framework, status, out);
    publishUpdate(state, task, status, nowMs, out);
    remember(state, task);
  }
}
