import { unreachable } from "./assert.ts";
import type { Effect } from "./effect.ts";
import type { ClusterInput } from "./event.ts";
import { wouldBeOffer } from "./offers.ts";
import { beginRound, endRound } from "./rounds.ts";
import type { Agent, Client, ClusterState } from "./state.ts";
import { stepAgentClosed, unreachableWritten } from "./steps/agent-lost.ts";
import { stepAgentMessage } from "./steps/agent-message.ts";
import { deactivateWritten, drainWritten, settleDrains } from "./steps/drain.ts";
import { stepFrameworkCall } from "./steps/framework-call.ts";
import { stepFrameworkClosed } from "./steps/framework-closed.ts";
import { goneWritten } from "./steps/gone.ts";
import { maintenanceWritten } from "./steps/maintenance.ts";
import { stepOperator } from "./steps/operator.ts";
import { quotasWritten, weightsWritten } from "./steps/operator-roles.ts";
import { stepRecovered } from "./steps/recovered.ts";
import { admitted, removed } from "./steps/register.ts";
import { readmitted } from "./steps/reregister.ts";
import { stepTick } from "./steps/tick.ts";
import { tally, tallyEvents } from "./tallies.ts";

/** The cluster reacts to one thing that happened: changes `state`, puts what follows into `out`. */
export function step(state: ClusterState, input: ClusterInput, nowMs: number, out: Effect[]): void {
  if (!state.recovered && input.type !== "recovered") {
    const isMessage = input.type === "framework-call" || input.type === "agent-message";
    if (isMessage) tally(state, "dropped_messages");
    return;
  }
  const before = out.length;
  dispatch(state, input, nowMs, out);
  if (state.emptied.size > 0) settleDrains(state, out);
  tallyEvents(state, out, before);
  if (state.allocation.freed) awaitMore(state, nowMs);
}

/** Sets a time for the round over what was freed: what is freed until then is offered with it. */
function awaitMore({ allocation, options, timers }: ClusterState, nowMs: number): void {
  allocation.freed = false;
  const { freedResourcesDelayMs: delayMs, allocationIntervalMs } = options;
  if (allocation.freedDue || delayMs >= allocationIntervalMs) return;
  allocation.freedDue = true;
  timers.set(nowMs + delayMs, "freed");
}

function dispatch(state: ClusterState, input: ClusterInput, nowMs: number, out: Effect[]): void {
  switch (input.type) {
    case "agent-message":
      stepAgentMessage(state, input.peer, input.message, nowMs, out);
      return;
    case "framework-call":
      stepFrameworkCall(state, input, nowMs, out);
      return;
    case "offers-decided":
      stepOffersDecided(state, input, nowMs, out);
      return;
    case "tick":
      stepTick(state, nowMs, out);
      return;
    case "framework-closed":
      stepFrameworkClosed(state, input.peer, nowMs, out);
      return;
    case "agent-closed":
      stepAgentClosed(state, input.peer, nowMs, out);
      return;
    case "operator":
      stepOperator(state, input.token, input.command, nowMs, out);
      return;
    case "registry-written":
      stepRegistryWritten(state, input.token, nowMs, out);
      return;
    case "recovered":
      stepRecovered(state, input.entries, nowMs);
      return;
    case "listeners":
      state.listeners = input.count;
      return;
    default:
      unreachable(input);
      return;
  }
}

function stepOffersDecided(
  state: ClusterState,
  decided: Extract<ClusterInput, { type: "offers-decided" }>,
  nowMs: number,
  out: Effect[],
): void {
  const { allocation } = state;
  const { policy } = decided;
  if (allocation.policy.digest !== policy.digest || allocation.policy.name !== policy.name) {
    allocation.policy = { name: policy.name, digest: policy.digest };
  }
  endRound(state, decided, nowMs, out);
}

/** What waited for the registry goes on (G4). */
function stepRegistryWritten(
  state: ClusterState,
  token: number,
  nowMs: number,
  out: Effect[],
): void {
  const pending = state.writes.get(token);
  if (pending === undefined) return;
  state.writes.delete(token);
  switch (pending.type) {
    case "admit":
      admitted(state, pending, nowMs, out);
      return;
    case "readmit":
      readmitted(state, pending, nowMs, out);
      return;
    case "unreachable":
      unreachableWritten(state, pending, nowMs, out);
      return;
    case "remove":
      removed(state, pending, nowMs, out);
      return;
    case "weights":
      weightsWritten(state, pending, out);
      return;
    case "quotas":
      quotasWritten(state, pending, out);
      return;
    case "deactivate":
      deactivateWritten(state, pending, out);
      return;
    case "drain":
      drainWritten(state, pending, nowMs, out);
      return;
    case "gone":
      goneWritten(state, pending, nowMs, out);
      return;
    case "maintenance":
      maintenanceWritten(state, pending, nowMs, out);
      return;
    case "forget":
      return;
    default:
      unreachable(pending);
      return;
  }
}

/** Whether a round of allocation is wanted now (C1). */
export function isRoundDue(state: ClusterState): boolean {
  const { allocation, rounds, tables } = state;
  const wanted = allocation.wanted || rounds.next !== undefined;
  if (!wanted || !state.recovered || tables.candidates.length === 0) return false;
  return allocation.pausedUntilMs === undefined || state.agents.size >= allocation.agentsAwaited;
}

/**
 * Brings what the policies read up to date: which pairs filters block now (C8), and whom the round
 * is for. Call it right before a round over `state.tables`; the round's decisions are stepped as
 * `offers-decided`, also when there are none.
 */
export function prepareRound(state: ClusterState): void {
  const { filters, tables } = state;
  const offers = (agent: number, client: number) =>
    wouldBeOffer(state, state.agentRows[agent] as Agent, state.clientRows[client] as Client);
  for (const row of filters.takeDirty()) {
    if (state.agentRows[row] === undefined) continue;
    tables.filters.resetAgent(row);
    filters.blocked(row, offers, (client) => tables.setFiltered(client, row, true));
  }
  beginRound(state);
}
