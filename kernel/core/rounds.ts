import type { Effect } from "./effect.ts";
import type { ClusterInput, Row } from "./event.ts";
import { hide, revealAll, standsBehind, withoutSurplus } from "./hoarding.ts";
import type { RoundPart } from "./model.ts";
import { mintOffers } from "./offers.ts";
import { reclaimOffers } from "./offers-out.ts";
import type { ClusterState } from "./state.ts";
import type { AllocationTables } from "./tables.ts";

/** Rounds that are remembered. */
const RECENT_MAX = 64;

/** Makes the tables show what the round that begins is for: these candidates, to these clients. */
export function beginRound(state: ClusterState): void {
  const { rounds, tables } = state;
  const { next } = rounds;
  if (next === undefined) {
    rounds.cycle += 1;
    rounds.part = hide(state, (row) => standsBehind(state, row)) ? "front" : "all";
  } else {
    rounds.next = undefined;
    rounds.part = next.part;
    const wanted = new Set(next.agents);
    rounds.aside = Array.from(tables.candidates).filter((row) => !wanted.has(row));
    replaceCandidates(tables, next.agents);
    if (next.part === "second") hide(state, () => true);
  }
  rounds.candidates = Array.from(tables.candidates);
}

function replaceCandidates(tables: AllocationTables, rows: readonly Row[]): void {
  tables.dropCandidates(tables.candidates.length);
  for (const row of rows) tables.touchAgent(row);
}

/** Takes over what a round decided: makes the offers, and says what has to follow. */
export function endRound(
  state: ClusterState,
  { decisions, more, lookAgain }: Extract<ClusterInput, { type: "offers-decided" }>,
  nowMs: number,
  out: Effect[],
): void {
  const { allocation, rounds, tables, counts } = state;
  const { part } = rounds;
  rounds.number += 1;
  const hid = rounds.hidden.length > 0;
  revealAll(state);
  const looked = noteLooked(state);
  const before = counts.offersMade;
  const gives = decisions.filter(({ reclaim }) => reclaim !== true);
  // Those who stand behind have no claim to what others hold: `rest` is for what those left.
  const takes = part === "rest" || gives.length === decisions.length ? [] : decisions;
  const reclaimed = reclaimOffers(state, takes, out);
  const kept = part === "front" ? withoutSurplus(state, gives) : gives;
  // What was wanted while earlier parts of the cycle ran is wanted still.
  const isFirst = part === "all" || part === "front";
  const follows = more === true || reclaimed > 0;
  // Once in an interval: a policy that takes back what it gives could go on for ever at once.
  const waits = reclaimed > 0 && allocation.tookBack;
  allocation.tookBack ||= reclaimed > 0;
  allocation.wanted = (follows && !waits) || (!isFirst && allocation.wanted);
  allocation.lookAgain = lookAgain === true || (!isFirst && allocation.lookAgain);
  mintOffers(state, kept, allocation.policy, nowMs, out);
  const { name: policy, digest } = allocation.policy;
  const offers = counts.offersMade - before;
  rounds.recent.push({ round: rounds.number, atMs: nowMs, policy, digest, looked, offers, part });
  if (rounds.recent.length > RECENT_MAX) rounds.recent.shift();
  if (part === "front" && kept.length < gives.length) goOn(state, "second");
  else if (hid) goOn(state, "rest");
  for (const row of rounds.aside) tables.touchAgent(row);
  rounds.aside = [];
  rounds.candidates = [];
}

/** Notes which agents the round looked at: all candidates but those that wait still. */
function noteLooked({ rounds, tables }: ClusterState): number {
  const { lookedIn } = tables.agents;
  // A budget that ran out is rare; else nobody waits and nothing has to be compared.
  const waiting = tables.candidates.length === 0 ? undefined : new Set(tables.candidates);
  let count = 0;
  for (const agent of rounds.candidates) {
    if (waiting?.has(agent)) continue;
    lookedIn[agent] = rounds.number;
    count += 1;
  }
  return count;
}

/** Has the next round go on with what this one left of its agents. */
function goOn({ rounds, tables, agentRows }: ClusterState, part: RoundPart): void {
  const waiting = new Set(tables.candidates);
  const agents: Row[] = [];
  for (const row of rounds.candidates) {
    if (waiting.has(row) || !tables.agents.offerable(row)) continue;
    if ((agentRows[row]?.free.length ?? 0) > 0) agents.push(row);
  }
  if (agents.length === 0) return;
  for (const row of agents) tables.touchAgent(row);
  rounds.next = { part, agents };
}
