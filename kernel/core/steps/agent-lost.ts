import { errors } from "../../../contract/errors.ts";
import type { AgentId } from "../../../contract/ids.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import { endAdmission } from "../admissions.ts";
import { announceFailure, awayOf, disconnectAgent, loseTask, removeAgent } from "../agents.ts";
import { flagAgent } from "../books.ts";
import type { Effect } from "../effect.ts";
import type { PeerNumber } from "../event.ts";
import { rescindOffer } from "../offers.ts";
import { agentEntry, unreachableEntry, writeRegistry } from "../registry.ts";
import type { Agent, ClusterState, Framework, PendingWrite } from "../state.ts";
import { noteLost } from "../strays.ts";
import { tally } from "../tallies.ts";
import { dropExecutor } from "../tasks.ts";

/** An agent's connection is gone (B23). Tasks of frameworks that do not checkpoint are lost. */
export function stepAgentClosed(
  state: ClusterState,
  peer: PeerNumber,
  nowMs: number,
  out: Effect[],
): void {
  endAdmission(state, peer);
  const agent = state.agentPeers.get(peer);
  if (agent === undefined) return;
  disconnectAgent(state, agent, nowMs, out);
  const message = `Agent ${agent.info.hostname} disconnected`;
  const isBound = ({ framework }: { framework: Framework }) => framework.info.checkpoint !== true;
  const tasks = [...agent.tasks].filter(isBound);
  const executors = [...agent.executors.values()].filter(isBound);
  const running = tasks.filter(({ state: now }) => !isTerminal(now));
  noteLost(state, agent, running, executors);
  for (const task of tasks) {
    loseTask(state, agent, task, "REASON_AGENT_DISCONNECTED", message, nowMs, out);
  }
  for (const executor of executors) dropExecutor(state, agent, executor);
}

/** Gives an agent up as soon as removals are not rationed any more (B24, B27). */
export function giveUp(state: ClusterState, agentId: AgentId, nowMs: number, out: Effect[]): void {
  const { agentRemovalRateLimit: rate } = state.options;
  const agent = state.agents.get(agentId);
  if (agent?.leaving || agent?.removalAtMs !== undefined) return;
  tally(state, "slave_unreachable_scheduled");
  if (rate === undefined) {
    markUnreachable(state, agentId, nowMs, out);
    return;
  }
  const atMs = Math.max(nowMs, state.nextRemovalMs);
  state.nextRemovalMs = atMs + rate.perMs / rate.count;
  if (agent !== undefined) agent.removalAtMs = atMs;
  state.timers.set(atMs, "removal", agentId);
}

/** First the registry, then everybody else (B24). No offers of it meanwhile. */
export function markUnreachable(
  state: ClusterState,
  agentId: AgentId,
  nowMs: number,
  out: Effect[],
): void {
  const agent = state.agents.get(agentId);
  // One that goes for good would be unreachable beside it.
  const goes = state.going.has(agentId) || agent?.leaving === true;
  tally(state, goes ? "slave_unreachable_canceled" : "slave_unreachable_completed");
  if (goes) return;
  if (agent !== undefined) {
    agent.leaving = true;
    flagAgent(state, agent);
    for (const offer of [...agent.offers]) rescindOffer(state, offer, out);
  }
  const away = awayOf(state, agentId, nowMs);
  const entries = [agentEntry(agentId, undefined), unreachableEntry(agentId, away)];
  writeRegistry(state, entries, { type: "unreachable", agentId, away }, out);
}

/** The registry has it: the agent is unreachable, and its tasks with it. */
export function unreachableWritten(
  state: ClusterState,
  { agentId, away }: Extract<PendingWrite, { type: "unreachable" }>,
  nowMs: number,
  out: Effect[],
): void {
  state.registry.admitted.delete(agentId);
  state.registry.unreachable.set(agentId, away);
  const agent = state.agents.get(agentId);
  tally(state, "slave_removals/reason_unhealthy");
  if (agent === undefined) {
    // It never came back to this master, which knows none of its tasks.
    tally(state, "slave_removals");
    tally(state, "recovery_slave_removals");
    if (state.recovering.delete(agentId)) announceFailure(state, agentId, out);
    return;
  }
  const peer = agent.peer;
  const message = `Agent ${agent.info.hostname} is unreachable`;
  removeAgent(state, agent, { how: "unreachable", message }, nowMs, out);
  // A connection that is still there serves an agent that the books do not have.
  if (peer !== undefined) closeLost(peer, agent, out);
}

function closeLost(peer: PeerNumber, agent: Agent, out: Effect[]): void {
  const { code, message } = errors.AGENT_UNREACHABLE(agent.id);
  out.push({ type: "close-peer", peer, code, message });
}
