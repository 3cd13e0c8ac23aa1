import type { AgentMessageOf, AgentOrderOf } from "../../../contract/agent-api.ts";
import { errors, type TepuiError } from "../../../contract/errors.ts";
import type { AgentId, FrameworkId } from "../../../contract/ids.ts";
import type { FrameworkInfo } from "../../../contract/schema/framework.ts";
import { beginAdmission, endAdmission } from "../admissions.ts";
import {
  addAgent,
  describeAgent,
  disconnectAgent,
  publishAgent,
  registrationProblem,
} from "../agents.ts";
import { flagAgent, recount, totalChanged } from "../books.ts";
import { refuseAgent, replaceAgentPeer } from "../calls.ts";
import type { Effect } from "../effect.ts";
import type { PeerNumber } from "../event.ts";
import { isOver, noteAgentId } from "../ids.ts";
import { warnBeyondKinds } from "../known-kind.ts";
import { agentEntry, unreachableEntry, writeRegistry } from "../registry.ts";
import { type Agent, type ClusterState, type PendingWrite, wantRound } from "../state.ts";
import { killStrays, noteStrayExecutors } from "../strays.ts";
import { tally } from "../tallies.ts";
import { holdingsProblem } from "../validate-holdings.ts";
import { sendDrain } from "./drain.ts";
import { isGone } from "./gone.ts";
import { sendKill } from "./kill.ts";
import { mergeExecutors, mergeTasks } from "./merge.ts";
import { mergeOperations } from "./operations.ts";
import { masterPingTimeoutMs, refusalOf } from "./register.ts";

type Reregister = AgentMessageOf<"reregister">;

/** A known agent is back with all that it runs (B21, B25, B30, B31). */
export function stepReregister(
  state: ClusterState,
  peer: PeerNumber,
  message: Reregister,
  nowMs: number,
  out: Effect[],
): void {
  const { id } = message.agent;
  const problem =
    id === undefined
      ? "agent.id: it is missing"
      : (registrationProblem(message) ?? holdingsProblem(message));
  if (id === undefined || problem !== undefined) {
    refuseAgent(peer, errors.AGENT_INVALID(problem ?? ""), out);
    return;
  }
  noteAgentId(state, id);
  const refusal = refusalOf(state, message.agent) ?? strangeTo(state, peer, id);
  if (refusal !== undefined) {
    refuseAgent(peer, refusal, out);
    return;
  }
  if (state.admitting.has(peer)) return;
  const agent = state.agents.get(id);
  const before = agent?.info ?? state.recovering.get(id);
  if (before !== undefined) {
    const from = `${before.hostname} (${before.ip})`;
    const to = `${message.agent.hostname} (${message.agent.ip})`;
    if (from !== to) {
      refuseAgent(peer, errors.AGENT_MOVED(id, from, to), out);
      return;
    }
  }
  // Its removal is being written: it asks again, and is then taken back as unreachable.
  if (agent?.leaving || isLeaving(state, id)) return;
  if (agent !== undefined) {
    if (agent.peer === peer) answerAgain(state, agent, peer, out);
    else takeBack(state, agent, peer, message, nowMs, out);
    return;
  }
  if (state.recovering.has(id)) {
    const added = addAgent(state, id, peer, message, nowMs);
    if (added === undefined) refuseAgent(peer, errors.AGENTS_FULL(state.agents.size), out);
    else welcome(state, added, message, false, nowMs, out);
    return;
  }
  const older = beginAdmission(state, peer, id);
  if (older !== undefined) replaceAgentPeer(older, out);
  const entries = [agentEntry(id, message.agent), unreachableEntry(id, undefined)];
  writeRegistry(state, entries, { type: "readmit", agentId: id, peer, message }, out);
}

/** A connection is one agent's: else the one that it was before would be on none. */
function strangeTo(state: ClusterState, peer: PeerNumber, id: AgentId): TepuiError | undefined {
  const known = state.agentPeers.get(peer);
  if (known === undefined || known.id === id) return undefined;
  return errors.AGENT_INVALID(`agent.id: this connection is that of agent ${known.id}`);
}

/**
 * An agent asks again before it has heard the answer. What it says is older than what it is told by
 * now, so that nothing is taken from it: on one connection nothing was lost either.
 */
function answerAgain(state: ClusterState, agent: Agent, peer: PeerNumber, out: Effect[]): void {
  agent.heard = true;
  out.push({ type: "send-agent", to: peer, order: answerOf(state, agent, []) });
}

function answerOf(
  state: ClusterState,
  agent: Agent,
  reconcile: AgentOrderOf<"reregistered">["reconcile"],
): AgentOrderOf<"reregistered"> {
  return {
    type: "reregistered",
    agentId: agent.id,
    master: state.options.master,
    masterPingTimeoutMs: masterPingTimeoutMs(state),
    reconcile,
  };
}

/** Whether an agent that this master never saw is being given up (B26). */
function isLeaving(state: ClusterState, id: Agent["id"]): boolean {
  if (!state.recovering.has(id)) return false;
  for (const write of state.writes.values()) {
    if (write.type === "unreachable" && write.agentId === id) return true;
  }
  return false;
}

/** The registry has taken an agent back that had been given up (B25). */
export function readmitted(
  state: ClusterState,
  { agentId, peer, message }: Extract<PendingWrite, { type: "readmit" }>,
  nowMs: number,
  out: Effect[],
): void {
  const newest = state.admissions.get(agentId);
  // It has asked again on a newer connection meanwhile: the write for that one settles it.
  if (newest !== undefined && newest !== peer) return;
  endAdmission(state, peer);
  const refusal = refusalOf(state, message.agent);
  if (refusal !== undefined && newest === peer) refuseAgent(peer, refusal, out);
  // What the registry has of it goes with the write that makes it gone.
  if (isGone(state, agentId)) return;
  state.registry.unreachable.delete(agentId);
  state.registry.admitted.set(agentId, message.agent);
  if (newest !== peer || refusal !== undefined) {
    // It has left meanwhile, or had to, and has the usual time to come back.
    if (!state.agents.has(agentId)) state.recovering.set(agentId, message.agent);
    const atMs = nowMs + state.options.agentReregisterTimeoutMs;
    state.timers.set(atMs, "reregister", agentId);
    return;
  }
  const agent = addAgent(state, agentId, peer, message, nowMs);
  if (agent === undefined) refuseAgent(peer, errors.AGENTS_FULL(state.agents.size), out);
  else welcome(state, agent, message, true, nowMs, out);
}

/** An agent that was here all the time, on an older connection. */
function takeBack(
  state: ClusterState,
  agent: Agent,
  peer: PeerNumber,
  message: Reregister,
  nowMs: number,
  out: Effect[],
): void {
  if (agent.peer !== undefined) {
    const before = agent.peer;
    disconnectAgent(state, agent, nowMs, out);
    replaceAgentPeer(before, out);
  }
  agent.peer = peer;
  state.agentPeers.set(peer, agent);
  agent.reregisterAtMs = undefined;
  agent.removalAtMs = undefined;
  agent.heard = true;
  agent.missedPings = 0;
  describeAgent(state, agent, message);
  // The agent process may be a new one that was told nothing yet.
  for (const framework of agent.known.keys()) framework.agents.delete(agent);
  agent.known.clear();
  welcome(state, agent, message, true, nowMs, out);
  wantRound(state);
}

/** Brings the books in line with what the agent runs, and tells it what it should know (B21). */
function welcome(
  state: ClusterState,
  agent: Agent,
  message: Reregister,
  tell: boolean,
  nowMs: number,
  out: Effect[],
): void {
  const to = agent.peer as PeerNumber;
  agent.reregisteredMs = nowMs;
  tally(state, "slave_reregistrations");
  const infos = new Map<FrameworkId, FrameworkInfo>();
  for (const info of message.frameworks) if (info.id !== undefined) infos.set(info.id, info);
  const strayIdsBefore = state.strayIds.get(agent.id);
  const reconcile = mergeTasks(state, agent, message, infos, tell, nowMs, out);
  mergeExecutors(state, agent, message.executors, infos, nowMs, out);
  noteStrayExecutors(state, agent, strayIdsBefore);
  mergeOperations(state, agent, message.operations, infos, nowMs, out);
  recount(agent);
  totalChanged(state, agent);
  flagAgent(state, agent);
  out.push({ type: "send-agent", to, order: answerOf(state, agent, reconcile) });
  const ids = new Set(infos.keys());
  for (const { frameworkId } of message.tasks) ids.add(frameworkId);
  for (const { frameworkId } of message.operations) {
    if (frameworkId !== undefined) ids.add(frameworkId);
  }
  for (const id of ids) greetFramework(state, agent, id, infos.has(id), out);
  for (const [task, killPolicy] of agent.kills) sendKill(agent, task, killPolicy, out);
  agent.kills.clear();
  killStrays(state, agent, out);
  sendDrain(state, agent, out);
  state.emptied.add(agent);
  publishAgent(state, agent, "agent-added", nowMs, out);
  warnBeyondKinds(state, agent, nowMs, out);
}

/**
 * Tells the agent how a framework that it reported stands now: as it is, or gone (B21). One that it
 * does not know, and has but a task or an operation of, comes along with the next launch.
 */
function greetFramework(
  state: ClusterState,
  agent: Agent,
  id: FrameworkId,
  isKnown: boolean,
  out: Effect[],
): void {
  const to = agent.peer as PeerNumber;
  const framework = state.frameworks.get(id);
  if (framework === undefined) {
    if (!isOver(state, id)) return;
    const order = { type: "shutdown-framework", frameworkId: id } as const;
    out.push({ type: "send-agent", to, order });
    return;
  }
  agent.known.set(framework, isKnown ? framework.infoVersion : 0);
  framework.agents.add(agent);
  if (framework.state === "recovered") return;
  const order = { type: "update-framework", framework: framework.info } as const;
  out.push({ type: "send-agent", to, order });
}
