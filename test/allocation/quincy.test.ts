import { describe, expect, test } from "vitest";
import { ClientFlag } from "../../kernel/core/tables/shape.ts";
import { vector } from "./support/cluster.ts";
import { dataAt, givenTo, Quincy, quincyCluster, usualCosts } from "./support/quincy.ts";

describe("quincy", () => {
  test("offers agents to those who have their data there", () => {
    const { quincy } = quincyCluster(2, [dataAt(500, { 1: 500 }), dataAt(500, { 0: 500 })]);
    expect(givenTo(quincy.round().pairs)).toEqual({ f0: [1], f1: [0] });
  });

  test("takes the rack before the rest of the cluster", () => {
    const { quincy } = quincyCluster(2, [dataAt(500, {}, { r1: 500 }), undefined]);
    expect(givenTo(quincy.round().pairs)).toEqual({ f0: [1], f1: [0] });
  });

  test("knows that data on an agent is in its rack", () => {
    const { quincy, tables } = quincyCluster(4, [
      dataAt(500, { 3: 500 }),
      undefined,
      undefined,
      undefined,
    ]);
    tables.setFiltered(0, 3, true);
    expect(givenTo(quincy.round().pairs)["f0"]).toEqual([1]);
  });

  test("gives up a preferred agent where the cluster saves more by it", () => {
    // Both want a0; the second has a copy on a1 as well.
    const copies = dataAt(500, { 0: 500, 1: 500 });
    const { quincy } = quincyCluster(2, [copies, dataAt(500, { 0: 500 })]);
    expect(givenTo(quincy.round().pairs)).toEqual({ f0: [1], f1: [0] });
  });

  test("shares by weight where data plays no part", () => {
    const { quincy, cluster } = quincyCluster(12, [undefined, undefined]);
    cluster.tables.setRoleWeight(cluster.role("role1"), 3);
    const { f0, f1 } = givenTo(quincy.round().pairs);
    expect([f0?.length, f1?.length]).toEqual([3, 9]);
  });

  test("counts what frameworks use against their share", () => {
    const { quincy, tables } = quincyCluster(6, [undefined, undefined]);
    tables.addUsed(0, vector(8, 8), 1);
    const { f0, f1 } = givenTo(quincy.round().pairs);
    expect([f0?.length, f1?.length]).toEqual([2, 4]);
  });

  test("lets priority count for as much as it is told to", () => {
    const winner = (priorityCost: number) => {
      const { tables } = quincyCluster(1, [undefined, undefined]);
      tables.addUsed(0, vector(1, 1), 1);
      tables.setPriority(0, 2);
      return new Quincy(tables, { priorityCost }).round().pairs[0]?.[1];
    };
    expect([winner(0), winner(10_000)]).toEqual([1, 0]);
  });

  test("leaves an agent idle rather than move more data than waiting costs, for a while", () => {
    const { quincy, tables } = quincyCluster(1, [dataAt(20_000, {})]);
    const { share: _, ...costs } = usualCosts;
    const waiting = quincy.round(0);
    expect([waiting.count, waiting.more, waiting.lookAgain]).toEqual([0, false, true]);
    // 40,000 to move, 1,000 for waiting, and a claim of 10,000: even after 116 seconds at 250.
    const evenMs = ((40_000 - costs.wait - 10_000) / costs.waitSecond) * 1_000;
    tables.touchAll();
    expect(quincy.round(evenMs).count).toBe(0);
    tables.touchAll();
    const served = quincy.round(evenMs + 1_000);
    expect([served.count, served.lookAgain]).toEqual([1, false]);
  });

  test("starts to wait anew when it was given something, or came back", () => {
    // With two agents the claim is 13,333: 103 seconds.
    const { quincy, tables } = quincyCluster(2, [dataAt(20_000, { 1: 20_000 })]);
    const roundAt = (seconds: number) => {
      tables.touchAll();
      return quincy.round(seconds * 1_000).count;
    };
    expect(roundAt(0)).toBe(1);
    tables.setAgentFree(1, vector());
    expect([roundAt(102), roundAt(103)]).toEqual([0, 1]);
    expect(roundAt(205)).toBe(0);
    tables.setClientFlags(0, ClientFlag.ACTIVE | ClientFlag.SUPPRESSED);
    expect(roundAt(205)).toBe(0);
    tables.setClientFlags(0, ClientFlag.ACTIVE);
    expect([roundAt(206), roundAt(308), roundAt(309)]).toEqual([0, 0, 1]);
  });

  test("goes by parameters that change while it runs", () => {
    const stated = [dataAt(500, { 1: 500 }), dataAt(900, { 1: 900 })];
    const { quincy, tables } = quincyCluster(2, stated);
    const winnerWith = (coreTransfer: number, rackTransfer: number) => {
      quincy.configure({ costs: { ...usualCosts, coreTransfer, rackTransfer } });
      tables.touchAll();
      const { pairs } = quincy.round();
      return [pairs.find(([agent]) => agent === 1)?.[1], pairs.length];
    };
    expect(winnerWith(2, 1)).toEqual([1, 2]);
    // Free to move, the older one comes first; dear to move, nobody is offered the far agent.
    expect(winnerWith(0, 0)[1]).toBe(2);
    expect(winnerWith(1_000, 1)[1]).toBe(1);
    expect(winnerWith(2, 1)).toEqual([1, 2]);
  });

  test("hands over since when frameworks wait", () => {
    const { quincy, tables } = quincyCluster(1, [dataAt(20_000, {})]);
    quincy.round(0);
    const roundAtEnd = (policy: Quincy) => {
      tables.touchAll();
      return policy.round(117_000).count;
    };
    const successor = new Quincy(tables);
    expect(successor.policy.restore(quincy.policy.snapshot())).toBe(true);
    expect([roundAtEnd(successor), roundAtEnd(new Quincy(tables))]).toEqual([1, 0]);
  });
});
