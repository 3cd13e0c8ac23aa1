import { unreachable } from "./assert.ts";
import type { Effect } from "./effect.ts";
import type { ClusterInput } from "./event.ts";
import { mintOffers, wouldBeOffer } from "./offers.ts";
import type { Agent, Client, ClusterState } from "./state.ts";
import { stepAgentClosed, unreachableWritten } from "./steps/agent-lost.ts";
import { stepAgentMessage } from "./steps/agent-message.ts";
import { stepFrameworkCall } from "./steps/framework-call.ts";
import { stepFrameworkClosed } from "./steps/framework-closed.ts";
import { quotasWritten, stepOperator, weightsWritten } from "./steps/operator.ts";
import { stepRecovered } from "./steps/recovered.ts";
import { admitted, removed } from "./steps/register.ts";
import { readmitted } from "./steps/reregister.ts";
import { stepTick } from "./steps/tick.ts";

/** The cluster reacts to one thing that happened: changes `state`, appends what follows to `out`. */
export function step(state: ClusterState, input: ClusterInput, nowMs: number, out: Effect[]): void {
  if (!state.recovered && input.type !== "recovered") return;
  switch (input.type) {
    case "agent-message":
      return stepAgentMessage(state, input.peer, input.message, nowMs, out);
    case "framework-call":
      return stepFrameworkCall(state, input.peer, input.call, nowMs, out);
    case "offers-decided":
      return stepOffersDecided(state, input, nowMs, out);
    case "tick":
      return stepTick(state, nowMs, out);
    case "framework-closed":
      return stepFrameworkClosed(state, input.peer, nowMs, out);
    case "agent-closed":
      return stepAgentClosed(state, input.peer, nowMs, out);
    case "operator":
      return stepOperator(state, input.token, input.command, nowMs, out);
    case "registry-written":
      return stepRegistryWritten(state, input.token, nowMs, out);
    case "recovered":
      return stepRecovered(state, input.entries, nowMs);
    case "listeners":
      state.listeners = input.count;
      return;
    default:
      return unreachable(input);
  }
}

function stepOffersDecided(
  state: ClusterState,
  { decisions, policy, more }: Extract<ClusterInput, { type: "offers-decided" }>,
  nowMs: number,
  out: Effect[],
): void {
  const { allocation } = state;
  allocation.wanted = more === true;
  if (allocation.policy.digest !== policy.digest || allocation.policy.name !== policy.name) {
    allocation.policy = { name: policy.name, digest: policy.digest };
    if (state.listeners > 0) {
      const event = { kind: "policy-changed", timeMs: nowMs, name: policy.name } as const;
      out.push({ type: "publish", event });
    }
  }
  mintOffers(state, decisions, allocation.policy, nowMs, out);
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
      return admitted(state, pending, nowMs, out);
    case "readmit":
      return readmitted(state, pending, nowMs, out);
    case "unreachable":
      return unreachableWritten(state, pending, nowMs, out);
    case "remove":
      return removed(state, pending, nowMs, out);
    case "weights":
      return weightsWritten(state, pending, out);
    case "quotas":
      return quotasWritten(state, pending, out);
    case "forget":
      return;
    default:
      return unreachable(pending);
  }
}

/** Whether a round of allocation is wanted now (C1). */
export function isRoundDue(state: ClusterState): boolean {
  const { allocation, tables } = state;
  if (!allocation.wanted || !state.recovered || tables.candidates.length === 0) return false;
  return allocation.pausedUntilMs === undefined || state.agents.size >= allocation.agentsAwaited;
}

/**
 * Brings what the policies read up to date: which pairs filters block now (C8). Call it right
 * before a round over `state.tables`; the round's decisions are stepped as `offers-decided`, also
 * when there are none.
 */
export function prepareRound(state: ClusterState): void {
  const { filters, tables } = state;
  const offers = (agent: number, client: number) =>
    wouldBeOffer(state, state.agentRows[agent] as Agent, state.clientRows[client] as Client);
  for (const row of filters.takeDirty()) {
    if (state.agentRows[row] === undefined) continue;
    tables.filters.clearAgent(row);
    filters.blocked(row, offers, (client) => tables.setFiltered(client, row, true));
  }
}
