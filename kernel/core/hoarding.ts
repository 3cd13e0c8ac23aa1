import type { OfferDecision, Row } from "./event.ts";
import type { Client, ClusterState, Offer } from "./state.ts";

// A framework that gives back all that it is offered, at once and without a filter, keeps the
// lowest share and would be offered everything again, cycle after cycle, while others have work.
// Such a client is on trial: it competes as the policy has it, but is given one agent at most, so
// that a client without work costs no more than that. When it uses nothing again, it is set behind
// the others, for more and more cycles between two trials: policies see it only once all others
// have had their choice, and then it may have what they left.

/** A client used something of an offer: whatever it gave back before is forgiven. */
export function noteUse(state: ClusterState, client: Client, nowMs: number): void {
  client.usedCycle = state.rounds.cycle;
  client.usedMs = nowMs;
  forgive(state, client);
}

/**
 * A client gave a whole offer back with no filter, or let it run out. It counts once for all offers
 * that the client has by then, and not at all if it used one of them: whoever uses one offer and
 * gives ten back has work.
 */
export function noteUnused(state: ClusterState, { client, cycle }: Offer): void {
  const { backOffCyclesMax } = state.options;
  if (backOffCyclesMax === 0 || cycle <= client.usedCycle || cycle <= client.unusedCycle) return;
  client.unusedCycle = state.rounds.cycle;
  client.unusedTimes += 1;
  state.rounds.idle.add(client.row);
  if (client.unusedTimes < 2) return;
  const cycles = Math.min(2 ** (client.unusedTimes - 2), backOffCyclesMax);
  client.behindUntilCycle = state.rounds.cycle + cycles;
}

/** The client may have new work: it stands with the others again, at once. */
export function forgive({ rounds }: ClusterState, client: Client): void {
  client.unusedTimes = 0;
  client.behindUntilCycle = 0;
  rounds.idle.delete(client.row);
}

/** Whether a client stands behind the others in the cycle at hand. */
export function standsBehind({ rounds, clientRows }: ClusterState, row: Row): boolean {
  return (clientRows[row]?.behindUntilCycle ?? 0) >= rounds.cycle;
}

/**
 * Shows some of the idle clients as suppressed, for one round. False, and nobody is hidden, when
 * none of them wants offers, or when all who want some are idle: then there is nobody to protect.
 */
export function hide({ rounds, tables }: ClusterState, which: (row: Row) => boolean): boolean {
  const { clients } = tables;
  if (rounds.idle.size === 0) return false;
  const idle = [...rounds.idle].filter((row) => clients.offerable(row));
  if (idle.length === 0 || clients.offerableCount() === idle.length) return false;
  rounds.hidden = idle.filter(which);
  for (const row of rounds.hidden) clients.setHidden(row, true);
  return true;
}

/** Shows everybody as they are again. */
export function revealAll({ rounds, tables }: ClusterState): void {
  for (const row of rounds.hidden) tables.clients.setHidden(row, false);
  rounds.hidden = [];
}

/**
 * The decisions without those that give a client on trial a second agent. What others were to have
 * of such an agent is left out with it, since they were to have what the first one left.
 */
export function withoutSurplus(
  { rounds }: ClusterState,
  decisions: readonly OfferDecision[],
): readonly OfferDecision[] {
  const firstAgent = new Map<Row, Row>();
  const dropped = new Set<Row>();
  return decisions.filter(({ agentRow, clientRow }) => {
    if (dropped.has(agentRow)) return false;
    if (!rounds.idle.has(clientRow)) return true;
    const first = firstAgent.get(clientRow) ?? agentRow;
    firstAgent.set(clientRow, first);
    if (first === agentRow) return true;
    dropped.add(agentRow);
    return false;
  });
}
