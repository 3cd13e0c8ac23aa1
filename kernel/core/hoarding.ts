import type { OfferDecision } from "./event.ts";
import type { Client, ClusterState, Offer } from "./state.ts";

// A framework that gives back all that it is offered, at once and without a filter, keeps the
// lowest share and would be offered everything again, cycle after cycle, while others have work.
// Such a client is on trial: it competes as the policy has it, but is given one agent at most, so
// that a client without work costs no more than that. When it uses nothing again, it is set behind
// the others, for more and more cycles between two trials: policies see it only once all others
// have had their choice, and then it may have what they left.

/** A client used something of an offer: whatever it gave back before is forgiven. */
export function noteUse(state: ClusterState, client: Client, nowMs: number): void {
  client.record.usedCycle = state.rounds.cycle;
  client.record.usedMs = nowMs;
  forgive(state, client);
}

/**
 * A client gave a whole offer back with no filter, or let it run out. It counts once for all offers
 * that the client has by then, and not at all if it used one of them: whoever uses one offer and
 * gives ten back has work.
 */
export function noteUnused(state: ClusterState, { client, cycle }: Offer): void {
  const { record } = client;
  const { backOffCyclesMax } = state.options;
  if (backOffCyclesMax === 0 || cycle <= record.usedCycle || cycle <= record.unusedCycle) return;
  record.unusedCycle = state.rounds.cycle;
  record.unusedTimes += 1;
  state.rounds.idle.add(client);
  if (record.unusedTimes < 2) return;
  const cycles = Math.min(2 ** (record.unusedTimes - 2), backOffCyclesMax);
  record.behindUntilCycle = state.rounds.cycle + cycles;
}

/** The client may have new work: it stands with the others again, at once. */
export function forgive({ rounds }: ClusterState, client: Client): void {
  client.record.unusedTimes = 0;
  client.record.behindUntilCycle = 0;
  rounds.idle.delete(client);
}

/** Whether the client stands behind the others in the cycle at hand. */
export function standsBehind({ rounds }: ClusterState, client: Client): boolean {
  return client.record.behindUntilCycle >= rounds.cycle;
}

/**
 * Shows some of the idle clients as suppressed, for one round. False, and nobody is hidden, when
 * none of them wants offers, or when all who want some are idle: then there is nobody to protect.
 */
export function hide(state: ClusterState, which: (client: Client) => boolean): boolean {
  const { rounds, tables } = state;
  const { clients } = tables;
  if (rounds.idle.size === 0) return false;
  const idle = [...rounds.idle].filter(({ row }) => row >= 0 && clients.offerable(row));
  if (idle.length === 0 || clients.offerableCount() === idle.length) return false;
  rounds.hidden = idle.filter(which);
  for (const { row } of rounds.hidden) clients.setHidden(row, true);
  return true;
}

/** Shows everybody as they are again. */
export function revealAll({ rounds, tables }: ClusterState): void {
  for (const { row } of rounds.hidden) tables.clients.setHidden(row, false);
  rounds.hidden = [];
}

/**
 * The decisions without those that give a client on trial a second agent. What others were to have
 * of such an agent is left out with it, since they were to have what the first one left.
 */
export function withoutSurplus(
  { rounds, clientRows }: ClusterState,
  decisions: readonly OfferDecision[],
): readonly OfferDecision[] {
  const firstAgent = new Map<Client, number>();
  const dropped = new Set<number>();
  return decisions.filter(({ agentRow, clientRow }) => {
    if (dropped.has(agentRow)) return false;
    const client = clientRows[clientRow];
    if (client === undefined || !rounds.idle.has(client)) return true;
    const first = firstAgent.get(client) ?? agentRow;
    firstAgent.set(client, first);
    if (first === agentRow) return true;
    dropped.add(agentRow);
    return false;
  });
}
