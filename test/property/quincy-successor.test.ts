import fc from "fast-check";
import { expect, test } from "vitest";
import type { DecisionRows } from "../../kernel/allocation/policy.ts";
import { DecisionFlag } from "../../kernel/allocation/slots.ts";
import { KINDS } from "../../kernel/core/tables/shape.ts";
import { Quincy, stateData, stateRack } from "../allocation/support/quincy.ts";
import { real } from "./clusters.ts";
import { apply, dataOf, instance, type State } from "./quincy-clusters.ts";

test("whoever takes the private state over decides as the one before, finished or not", () => {
  let rounds = 0;
  let unfinished = 0;
  fc.assert(
    fc.property(instance, (of) => {
      const { tables } = real(of.drawn, {});
      let state: State = { drawn: of.drawn, data: of.data.map(dataOf) };
      for (const [agent, rack] of of.racks.entries()) {
        if (agent < of.drawn.agents.length) stateRack(tables, agent, rack);
      }
      for (const client of of.drawn.clients.keys()) stateData(tables, client, state.data[client]);
      const slots = 1 + (of.rounds.length % 3);
      const options = { costs: of.costs, slots };
      const quincy = new Quincy(tables, options);
      // This one falls behind, and is handed over a state that is newer than what it knows.
      const spare = new Quincy(tables, options);
      for (const [number, changes] of [[], ...of.rounds].entries()) {
        for (const one of changes) state = apply(tables, state, one);
        tables.touchAgent(0);
        const left = quincy.policy.snapshot();
        const successor = number % 2 === 0 ? spare : new Quincy(tables, options);
        expect(successor.policy.restore(left)).toBe(true);
        const expected = shown(successor.decide(number, of.stepsMax));
        const rows = quincy.decide(number, of.stepsMax);
        expect(shown(rows)).toEqual(expected);
        // Comparing them by element would take minutes.
        const [one, other] = [successor, quincy].map(({ policy }) => policy.snapshot().bytes);
        expect(Buffer.compare(one as Uint8Array, other as Uint8Array)).toBe(0);
        tables.dropCandidates(rows.looked);
        rounds += 1;
        if (rows.more) unfinished += 1;
      }
    }),
    { numRuns: 500 },
  );
  expect(rounds).toBeGreaterThan(1_000);
  expect(unfinished).toBeGreaterThan(100);
}, 600_000);

/** Rows as they can be compared after the next round; what is WHOLE has no amounts of its own. */
const shown = ({ count, agents, clients, flags, amounts, more, looked }: DecisionRows) => ({
  rows: Array.from({ length: count }, (_, row) => {
    const of = amounts.subarray(row * KINDS, (row + 1) * KINDS);
    const given = flags[row] === DecisionFlag.WHOLE ? [] : [...of];
    return [agents[row], clients[row], flags[row], ...given];
  }),
  more,
  looked,
});
