import type { AgentId, FrameworkId } from "../../../contract/ids.ts";
import { unreachable } from "../assert.ts";
import type { Effect } from "../effect.ts";
import { askForAbsent } from "../inverse-offers.ts";
import { expireOffers } from "../offers.ts";
import {
  forgetService,
  goneEntry,
  type RegistryEntry,
  unreachableEntry,
  writeRegistry,
} from "../registry.ts";
import { type Away, type ClusterState, wantRound } from "../state.ts";
import { tally } from "../tallies.ts";
import type { Timer } from "../timers.ts";
import { giveUp, markUnreachable } from "./agent-lost.ts";
import { failoverTimedOut } from "./framework-closed.ts";
import { answerAll } from "./reconcile.ts";
import { recoveryEnded } from "./recovered.ts";

/**
 * Time from one to the next look at what policies withhold from offers that were refused. They may
 * give more once others of the same role hold less, which nothing on the agent tells.
 */
const RETEST_MS = 10_000;

/** Time has passed. */
export function stepTick(state: ClusterState, nowMs: number, out: Effect[]): void {
  expireOffers(state, nowMs, out);
  state.filters.expire(nowMs, (agent) => state.tables.touchAgent(agent));
  for (let timer = state.timers.take(nowMs); timer !== undefined; ) {
    fire(state, timer, nowMs, out);
    timer = state.timers.take(nowMs);
  }
}

function fire(state: ClusterState, { kind, key, atMs }: Timer, nowMs: number, out: Effect[]): void {
  const { timers, options } = state;
  switch (kind) {
    case "batch":
      timers.set(nowMs + options.allocationIntervalMs, "batch");
      batch(state, nowMs, out);
      return;
    case "freed":
      state.allocation.freedDue = false;
      wantRound(state);
      return;
    case "ping":
      ping(state, key as AgentId, atMs, nowMs, out);
      return;
    case "reregister":
      reregisterTimedOut(state, key as AgentId, atMs, nowMs, out);
      return;
    case "removal":
      removal(state, key as AgentId, atMs, nowMs, out);
      return;
    case "failover":
      failoverTimedOut(state, key as FrameworkId, atMs, nowMs, out);
      return;
    case "reconcile":
      reconcile(state, key as FrameworkId, nowMs, out);
      return;
    case "recovery":
      recoveryEnded(state, nowMs, out);
      return;
    case "allocation-recovery":
      state.allocation.pausedUntilMs = undefined;
      wantRound(state);
      return;
    case "registry-gc":
      timers.set(nowMs + options.registryGcIntervalMs, "registry-gc");
      collectGarbage(state, nowMs, out);
      return;
    default:
      unreachable(kind);
      return;
  }
}

/**
 * A batch (C1). Nothing can be new on agents that were not touched, but where there are quotas:
 * what one role gives back may be another's anywhere; or where the policy waits for time to pass.
 */
function batch(state: ClusterState, nowMs: number, out: Effect[]): void {
  const { allocation, registry } = state;
  allocation.tookBack = false;
  askForAbsent(state, nowMs, out);
  if (nowMs >= allocation.retestMs) {
    allocation.retestMs = nowMs + RETEST_MS;
    state.filters.retest((agent) => state.tables.touchAgent(agent));
  }
  if (registry.quotas.size > 0 || allocation.lookAgain) state.tables.touchAll();
  // A policy that waits for time to pass may take back what is offered and not answered.
  if (allocation.lookAgain) {
    for (const { agent } of state.offers.values()) state.tables.touchAgent(agent.row);
  }
  wantRound(state);
}

/** Counts silence, and asks again; after so many questions the agent is given up (B22). */
function ping(state: ClusterState, id: AgentId, atMs: number, nowMs: number, out: Effect[]): void {
  const agent = state.agents.get(id);
  if (agent?.pingAtMs !== atMs || agent.leaving) return;
  const { agentPingTimeoutMs, maxAgentPingTimeouts } = state.options;
  agent.pingAtMs = nowMs + agentPingTimeoutMs;
  state.timers.set(agent.pingAtMs, "ping", id);
  agent.missedPings = agent.heard ? 0 : agent.missedPings + 1;
  agent.heard = false;
  if (agent.missedPings >= maxAgentPingTimeouts) {
    giveUp(state, id, nowMs, out);
    return;
  }
  if (agent.peer === undefined) return;
  out.push({ type: "send-agent", to: agent.peer, order: { type: "ping", connected: true } });
}

/** A disconnected agent, or one that a new master waits for, did not come back (B23, B26). */
function reregisterTimedOut(
  state: ClusterState,
  id: AgentId,
  atMs: number,
  nowMs: number,
  out: Effect[],
): void {
  const agent = state.agents.get(id);
  if (agent === undefined ? state.recovering.has(id) : agent.reregisterAtMs === atMs) {
    giveUp(state, id, nowMs, out);
  }
}

/** Its turn to be removed; an agent that was heard meanwhile stays (B27). */
function removal(
  state: ClusterState,
  id: AgentId,
  atMs: number,
  nowMs: number,
  out: Effect[],
): void {
  const agent = state.agents.get(id);
  if (agent === undefined ? !state.recovering.has(id) : agent.removalAtMs !== atMs) {
    tally(state, "slave_unreachable_canceled");
    return;
  }
  if (agent !== undefined) agent.removalAtMs = undefined;
  markUnreachable(state, id, nowMs, out);
}

/** The other inputs of the turn in which a framework asked for everything have been stepped. */
function reconcile(state: ClusterState, id: FrameworkId, nowMs: number, out: Effect[]): void {
  const framework = state.frameworks.get(id);
  if (framework !== undefined) answerAll({ state, framework, nowMs, out });
}

/** Forgets agents that have been away too long, or are too many (B33). */
function collectGarbage(state: ClusterState, nowMs: number, out: Effect[]): void {
  const { registryMaxAgentAgeMs, registryMaxAgentCount } = state.options;
  const entries: RegistryEntry[] = [];
  const collect = (from: Map<AgentId, Away>, entry: typeof goneEntry): void => {
    for (const [id, { sinceMs }] of from) {
      const isOld = nowMs - sinceMs > registryMaxAgentAgeMs;
      if (!isOld && from.size <= registryMaxAgentCount) continue;
      from.delete(id);
      state.strayIds.delete(id);
      entries.push(entry(id, undefined), ...forgetService(state.registry, id));
    }
  };
  collect(state.registry.unreachable, unreachableEntry);
  collect(state.registry.gone, goneEntry);
  if (entries.length > 0) writeRegistry(state, entries, { type: "forget" }, out);
}
