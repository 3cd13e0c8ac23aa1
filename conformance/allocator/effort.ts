import { POLICY_DEADLINE_MS } from "../../kernel/allocation/spec.ts";
import { Broken, type Rule } from "../rule.ts";
import { takeGrant } from "./books.ts";
import { evenCluster } from "./even-cluster.ts";
import { Player } from "./play.ts";
import type { AllocatorSubject } from "./subject.ts";

/** Agents of the cluster over which the budget is tried, and the budget. */
const AGENTS = 640;
const FEW_STEPS = 20;
/** What "roughly, agents looked at" may be at most for that budget. */
const LOOKED_MAX = 4 * FEW_STEPS + 64;
/** Rounds in a row without a decision or an agent done with, after which a master gives it up. */
const STALLED_MAX = 8;

/** How much a policy may do in one round. */
export const effortRules: readonly Rule<AllocatorSubject>[] = [
  {
    name: "a round ends when its steps are used up, and the next goes on where it ended",
    async run(subject, note) {
      note(`${roundsWithFewSteps(subject)} rounds for ${AGENTS} agents in ${FEW_STEPS} steps each`);
    },
  },
  {
    name: "a round of 1,000 agents and 100 frameworks is far from its deadline",
    async run(subject, note) {
      const tables = evenCluster(1_000, 100);
      const player = new Player(subject, tables, subject.seed);
      const tookMs: number[] = [];
      for (let n = 0; n < 9; n++) {
        tables.touchAll();
        const startMs = performance.now();
        const rows = player.round();
        tookMs.push(performance.now() - startMs);
        tables.dropCandidates(rows.looked);
      }
      const medianMs = tookMs.sort((a, b) => a - b)[4] as number;
      note(`${medianMs.toFixed(1)} ms`);
      if (medianMs <= POLICY_DEADLINE_MS / 2) return;
      const seen = `${Math.round(medianMs)} ms, and a master stops it after ${POLICY_DEADLINE_MS}`;
      throw new Broken(`half of its rounds take ${seen}`, { seed: subject.seed });
    },
  },
];

/** Gives a cluster out in rounds of few steps; answers how many rounds that took. */
function roundsWithFewSteps(subject: AllocatorSubject): number {
  const tables = evenCluster(AGENTS, 8);
  const player = new Player(subject, tables, subject.seed);
  let stalled = 0;
  for (let rounds = 0; ; rounds++) {
    const left = tables.candidates.length;
    if (left === 0) return rounds;
    if (rounds > 4 * AGENTS) {
      throw new Broken(`${left} of ${AGENTS} agents wait after ${rounds} rounds`, player.where);
    }
    const rows = player.round(FEW_STEPS);
    // Later rounds may be done with much that earlier ones have prepared.
    if (rounds === 0 && rows.looked > LOOKED_MAX) {
      const seen = `${rows.looked} of ${left} agents in a round of ${FEW_STEPS} steps`;
      throw new Broken(`it looked at ${seen}`, player.where);
    }
    stalled = rows.looked === 0 && rows.count === 0 ? stalled + 1 : 0;
    if (stalled > STALLED_MAX) {
      const seen = `${stalled} rounds in a row neither decide nor finish anything`;
      throw new Broken(`${seen}; ${left} agents wait`, player.where);
    }
    for (let row = 0; row < rows.count; row++) takeGrant(tables, rows, row);
    tables.dropCandidates(rows.looked);
  }
}
