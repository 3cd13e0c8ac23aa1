import { errors } from "../../../contract/errors.ts";
import type { OperatorParams } from "../../../contract/operator-api.ts";
import type { DrainInfo } from "../../../contract/schema/agent.ts";
import { flagAgent } from "../books.ts";
import type { Effect } from "../effect.ts";
import { rescindOffer } from "../offers.ts";
import { deactivatedEntry, drainEntry, writeRegistry } from "../registry.ts";
import type { Agent, ClusterState, PendingWrite } from "../state.ts";
import { absenceOf, beginGone, isGone } from "./gone.ts";
import { hasOperations } from "./operations.ts";
import type { Asked } from "./operator.ts";

/** An agent is to be emptied (I5). Agents that are away are emptied when they come back. */
export function drainAgent(
  { state, token, reply, nowMs, out }: Asked,
  { agentId, maxGracePeriodMs, markGone }: OperatorParams<"drain-agent">,
): void {
  const error = absenceOf(state, agentId);
  if (error !== undefined) {
    reply({ error });
    return;
  }
  const agent = state.agents.get(agentId);
  if (agent?.unavailability !== undefined) {
    const text = "its machine is in the maintenance schedule";
    reply({ error: errors.AGENT_NOT_DRAINABLE(agentId, text) });
    return;
  }
  const drain: DrainInfo = {
    state: "DRAINING",
    config: {
      ...(maxGracePeriodMs === undefined ? {} : { maxGracePeriodMs }),
      ...(markGone === undefined ? {} : { markGone }),
    },
    startedMs: nowMs,
  };
  const entries = [drainEntry(agentId, drain), deactivatedEntry(agentId, true)];
  writeRegistry(state, entries, { type: "drain", token, agentId, drain }, out);
}

/** The registry has it: no offers any more, and the agent kills what it runs (I5). */
export function drainWritten(
  state: ClusterState,
  { token, agentId, drain }: Extract<PendingWrite, { type: "drain" }>,
  nowMs: number,
  out: Effect[],
): void {
  const { registry } = state;
  registry.drains.set(agentId, drain);
  registry.deactivated.add(agentId);
  if (token !== undefined) out.push({ type: "reply-operator", token, result: {} });
  const agent = state.agents.get(agentId);
  if (drain.state === "DRAINED") {
    const goes = drain.config.markGone === true && !isGone(state, agentId);
    if (goes) beginGone(state, agentId, undefined, nowMs, out);
    return;
  }
  if (agent === undefined) return;
  withdrawOffers(state, agent, out);
  sendDrain(state, agent, out);
  state.emptied.add(agent);
}

function withdrawOffers(state: ClusterState, agent: Agent, out: Effect[]): void {
  flagAgent(state, agent);
  for (const offer of [...agent.offers]) rescindOffer(state, offer, out);
}

/** Tells an agent that is being drained so; again whenever it comes back (I5). */
export function sendDrain({ registry }: ClusterState, agent: Agent, out: Effect[]): void {
  const drain = registry.drains.get(agent.id);
  if (drain?.state !== "DRAINING" || agent.peer === undefined) return;
  out.push({ type: "send-agent", to: agent.peer, order: { type: "drain", config: drain.config } });
}

/**
 * Looks at the agents on which the last task ended, or the last operation was acknowledged: where
 * there is neither any more, the drain is done (I5).
 */
export function settleDrains(state: ClusterState, out: Effect[]): void {
  for (const agent of state.emptied) {
    const drain = state.registry.drains.get(agent.id);
    const isHere =
      state.agents.get(agent.id) === agent && agent.peer !== undefined && !agent.leaving;
    if (drain?.state !== "DRAINING" || !isHere) continue;
    if (agent.tasks.size + agent.strays.size > 0 || hasOperations(state, agent)) continue;
    const done: DrainInfo = { ...drain, state: "DRAINED" };
    // In the books at once, so that it is written once; it counts when the registry has it.
    state.registry.drains.set(agent.id, done);
    const pending: PendingWrite = {
      type: "drain",
      token: undefined,
      agentId: agent.id,
      drain: done,
    };
    writeRegistry(state, [drainEntry(agent.id, done)], pending, out);
  }
  state.emptied.clear();
}

/** No offers of an agent, or offers again (I6). Reactivation ends a drain that is done. */
export function setDeactivated(
  { state, token, reply, out }: Asked,
  { agentId }: OperatorParams<"deactivate-agent">,
  deactivated: boolean,
): void {
  const error = absenceOf(state, agentId);
  if (error !== undefined) {
    reply({ error });
    return;
  }
  if (!deactivated && state.registry.drains.get(agentId)?.state === "DRAINING") {
    reply({ error: errors.AGENT_DRAINING(agentId) });
    return;
  }
  const entries = [deactivatedEntry(agentId, deactivated)];
  if (!deactivated) entries.push(drainEntry(agentId, undefined));
  writeRegistry(state, entries, { type: "deactivate", token, agentId, deactivated }, out);
}

/** The registry has it: offers stop or begin again (I6). */
export function deactivateWritten(
  state: ClusterState,
  { token, agentId, deactivated }: Extract<PendingWrite, { type: "deactivate" }>,
  out: Effect[],
): void {
  const { registry } = state;
  if (deactivated) registry.deactivated.add(agentId);
  else {
    registry.deactivated.delete(agentId);
    registry.drains.delete(agentId);
  }
  const agent = state.agents.get(agentId);
  if (agent !== undefined) {
    if (deactivated) withdrawOffers(state, agent, out);
    else flagAgent(state, agent);
  }
  out.push({ type: "reply-operator", token, result: {} });
}
