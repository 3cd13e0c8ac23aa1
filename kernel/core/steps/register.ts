import type { AgentMessageOf } from "../../../contract/agent-api.ts";
import { errors, type TepuiError } from "../../../contract/errors.ts";
import type { AgentInfo } from "../../../contract/schema/agent.ts";
import { beginAdmission, endAdmission } from "../admissions.ts";
import {
  addAgent,
  disconnectAgent,
  publishAgent,
  registrationProblem,
  removeAgent,
} from "../agents.ts";
import { refuseAgent } from "../calls.ts";
import type { Effect } from "../effect.ts";
import type { PeerNumber } from "../event.ts";
import { mintAgentId } from "../ids.ts";
import { warnBeyondKinds } from "../known-kind.ts";
import { isDown } from "../maintenance.ts";
import { agentEntry, forgetService, writeRegistry } from "../registry.ts";
import type { Agent, ClusterState, PendingWrite } from "../state.ts";
import { tally } from "../tallies.ts";
import { isGone } from "./gone.ts";

/** How long an agent goes without a ping before it takes the master for lost (B22). */
export function masterPingTimeoutMs({ options }: ClusterState): number {
  return options.agentPingTimeoutMs * options.maxAgentPingTimeouts;
}

/** A new agent: admitted once the registry has it (B20). A retry is answered again (B29). */
export function stepRegister(
  state: ClusterState,
  peer: PeerNumber,
  message: AgentMessageOf<"register">,
  nowMs: number,
  out: Effect[],
): void {
  const known = state.agentPeers.get(peer);
  if (known !== undefined) {
    sayRegistered(state, known, out);
    return;
  }
  if (state.admitting.has(peer)) return;
  const problem = registrationProblem(message);
  if (problem !== undefined) {
    refuseAgent(peer, errors.AGENT_INVALID(problem), out);
    return;
  }
  const refusal = refusalOf(state, message.agent);
  if (refusal !== undefined) {
    refuseAgent(peer, refusal, out);
    return;
  }
  replaceSameAddress(state, message, nowMs, out);
  const agentId = mintAgentId(state);
  beginAdmission(state, peer, agentId);
  const info = { ...message.agent, id: agentId };
  const pending: PendingWrite = { type: "admit", agentId, peer, message };
  writeRegistry(state, [agentEntry(agentId, info)], pending, out);
}

/** Why an agent may not be here: it was given up for good, or its machine is down (B31, I2). */
export function refusalOf(state: ClusterState, info: AgentInfo): TepuiError | undefined {
  if (info.id !== undefined && isGone(state, info.id)) return errors.AGENT_GONE(info.id);
  const isOut = isDown(state.registry.maintenance, info);
  return isOut ? errors.MACHINE_DOWN(info.hostname) : undefined;
}

/** A new agent at the address of a disconnected one takes its place (B29). */
function replaceSameAddress(
  state: ClusterState,
  { agent: { ip, port } }: AgentMessageOf<"register">,
  nowMs: number,
  out: Effect[],
): void {
  // Port 0 says that the agent serves nothing: then the address tells no two apart.
  if (port === 0) return;
  for (const agent of state.agents.values()) {
    if (agent.peer !== undefined || agent.leaving) continue;
    if (agent.info.ip !== ip || agent.info.port !== port) continue;
    tally(state, "slave_removals/reason_registered");
    beginRemoval(state, agent, "A new agent registered at the same address", nowMs, out);
  }
}

/** Removes an agent for good, after the registry has forgotten it (B28, B29). */
export function beginRemoval(
  state: ClusterState,
  agent: Agent,
  message: string,
  nowMs: number,
  out: Effect[],
): void {
  if (agent.leaving) return;
  if (agent.peer !== undefined) disconnectAgent(state, agent, nowMs, out);
  agent.leaving = true;
  const pending: PendingWrite = { type: "remove", agentId: agent.id, message };
  const entries = [agentEntry(agent.id, undefined), ...forgetService(state.registry, agent.id)];
  writeRegistry(state, entries, pending, out);
}

/** The registry has the new agent. */
export function admitted(
  state: ClusterState,
  { agentId, peer, message }: Extract<PendingWrite, { type: "admit" }>,
  nowMs: number,
  out: Effect[],
): void {
  const waits = state.admitting.get(peer) === agentId;
  endAdmission(state, peer);
  const agent = waits ? addAgent(state, agentId, peer, message, nowMs) : undefined;
  if (agent === undefined) {
    // It has gone while it waited, or there is no room; it never learned this id.
    writeRegistry(state, [agentEntry(agentId, undefined)], { type: "forget" }, out);
    const most = state.tables.sizes.agents;
    if (waits) refuseAgent(peer, errors.AGENTS_FULL(most), out);
    return;
  }
  state.registry.admitted.set(agentId, agent.info);
  tally(state, "slave_registrations");
  sayRegistered(state, agent, out);
  publishAgent(state, agent, "agent-added", nowMs, out);
  warnBeyondKinds(state, agent, nowMs, out);
}

function sayRegistered(state: ClusterState, agent: Agent, out: Effect[]): void {
  out.push({
    type: "send-agent",
    to: agent.peer as PeerNumber,
    order: {
      type: "registered",
      agentId: agent.id,
      master: state.options.master,
      masterPingTimeoutMs: masterPingTimeoutMs(state),
    },
  });
}

/** The registry has forgotten an agent that leaves (B28). */
export function removed(
  state: ClusterState,
  { agentId, message }: Extract<PendingWrite, { type: "remove" }>,
  nowMs: number,
  out: Effect[],
): void {
  state.registry.admitted.delete(agentId);
  const agent = state.agents.get(agentId);
  if (agent !== undefined) {
    removeAgent(state, agent, { how: "removed", message }, nowMs, out);
  }
}
