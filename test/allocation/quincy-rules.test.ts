import { describe, expect, test } from "vitest";
import { DecisionFlag } from "../../kernel/allocation/slots.ts";
import {
  AgentFlag,
  ClientFlag,
  KINDS,
  LARGEST_SIZES,
  ROOT_ROLE,
} from "../../kernel/core/tables/shape.ts";
import { AllocationTables } from "../../kernel/core/tables.ts";
import { vector } from "./support/cluster.ts";
import { dataAt, givenTo, Quincy, quincyCluster, stateData } from "./support/quincy.ts";
import { programOf } from "./support/quincy-program.ts";

const nobody = undefined;
const unlimited = Array(KINDS - 2).fill(Number.POSITIVE_INFINITY);

describe("quincy, by what may be given", () => {
  test("gives no more to a framework than it asks for, and the rest to others", () => {
    const { quincy, tables } = quincyCluster(8, [nobody, nobody]);
    tables.setDemand(0, vector(8, 0));
    tables.setClientFlags(0, ClientFlag.ACTIVE | ClientFlag.HAS_DEMAND);
    const { f0, f1 } = givenTo(quincy.round().pairs);
    expect([f0?.length, f1?.length]).toEqual([2, 6]);
  });

  test("reckons demand by the slots that it finds", () => {
    const { quincy, cluster, tables } = quincyCluster(2, [nobody]);
    for (let n = 0; n < 6; n++) cluster.agent(`small${n}`, 1, 1);
    // Two cpus are one mean slot; only small agents may be had.
    for (const agent of [0, 1]) tables.setFiltered(0, agent, true);
    tables.setDemand(0, vector(4, 0));
    tables.setClientFlags(0, ClientFlag.ACTIVE | ClientFlag.HAS_DEMAND);
    expect(quincy.round().count).toBe(4);
    tables.setDemand(0, vector(0, 0));
    tables.touchAll();
    expect(quincy.round().count).toBe(0);
  });

  test("keeps to limits of roles, and gives what they refuse to others (E9)", () => {
    const { quincy, cluster, tables } = quincyCluster(6, [nobody, nobody]);
    tables.setRoleQuota(cluster.role("role0"), undefined, [6_000, 40_000, ...unlimited]);
    const rows = quincy.round();
    const amounts = rows.pairs.map(([, client], row) =>
      client === 0 ? rows.amounts[row * KINDS] : undefined,
    );
    expect(amounts.filter((cpus) => cpus === 2_000)).toHaveLength(1);
    expect(givenTo(rows.pairs)["f0"]).toHaveLength(2);
    expect(givenTo(rows.pairs)["f1"]).toHaveLength(4);
  });

  test("meets guarantees before it looks at claims, and keeps what they lack (E8)", () => {
    const { quincy, cluster, tables } = quincyCluster(4, [nobody, nobody]);
    tables.setRoleWeight(cluster.role("role0"), 1_000);
    const guarantee = (role: string, cpus: number, mem: number) =>
      tables.setRoleQuota(cluster.role(role), vector(cpus, mem), undefined);
    guarantee("role1", 8, 8);
    expect(givenTo(quincy.round().pairs)).toMatchObject({ f0: [2, 3], f1: [0, 1] });
    tables.touchAll();
    tables.setRoleQuota(cluster.role("role1"), undefined, undefined);
    expect(givenTo(quincy.round().pairs)["f0"]).toHaveLength(4);
    tables.touchAll();
    guarantee("absent", 6, 6);
    const rows = quincy.round();
    const cpus = rows.pairs.map((_, row) => {
      const whole = rows.flags[row] === DecisionFlag.WHOLE;
      return whole ? 4_000 : (rows.amounts[row * KINDS] as number);
    });
    expect(cpus.reduce((sum, one) => sum + one)).toBe(10_000);
  });

  test("finds out that clients below one limit have it together", () => {
    const { quincy, cluster, tables } = quincyCluster(6, []);
    for (const name of ["a/x", "a/y", "b"]) cluster.client(name, name);
    tables.setRoleQuota(cluster.role("a"), undefined, [8_000, 8_000, ...unlimited]);
    const { f0 = [], f1 = [], f2 = [] } = givenTo(quincy.round().pairs);
    expect([f0.length + f1.length, f2.length]).toEqual([2, 4]);
  });

  test("divides agents into as many slots as it is told, of what is free", () => {
    const { quincy, tables } = quincyCluster(1, [nobody, nobody], { slots: 4 });
    tables.setDefaultMinAllocatable([vector(0.5, 0)]);
    const rows = quincy.round();
    const parts = rows.pairs.map(([, client], row) => [client, rows.amounts[row * KINDS]]);
    // The last row is WHOLE: all that is left.
    expect([parts[0], rows.flags[1], rows.count]).toEqual([[expect.any(Number), 2_000], 1, 2]);
    expect(new Set(rows.pairs.map(([, client]) => client))).toEqual(new Set([0, 1]));
    // Of half an agent two slots are made, or one where a quarter is not worth offering.
    const roundWith = (least: number) => {
      tables.setDefaultMinAllocatable([vector(least, 0)]);
      tables.setAgentFree(0, vector(2, 2));
      return quincy.round().count;
    };
    expect([roundWith(1), roundWith(1.5)]).toEqual([2, 1]);
  });

  test("offers what is reserved to its role, and to nobody else (E11)", () => {
    const { quincy, cluster, tables } = quincyCluster(2, [nobody, nobody]);
    tables.setReservation(0, cluster.role("role0"), vector(1, 1), vector(1, 1));
    tables.setReservation(1, cluster.role("role0"), vector(1, 1), vector(1, 1));
    tables.setFiltered(0, 1, true);
    tables.setAgentFree(0, vector());
    expect(quincy.round().pairs.sort()).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  test("offers what is revocable to those that can use it alone (C20)", () => {
    const { quincy, tables } = quincyCluster(2, [nobody, nobody]);
    tables.setClientFlags(1, ClientFlag.ACTIVE | ClientFlag.REVOCABLE);
    tables.setAgentFree(0, vector());
    tables.setAgentRevocable(0, vector(2, 2));
    tables.setAgentRevocable(1, vector(2, 2));
    tables.setFiltered(1, 1, true);
    expect(quincy.round().pairs.sort()).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  test("minds what is worth offering to each (C13)", () => {
    const { quincy, tables } = quincyCluster(3, [nobody, nobody]);
    tables.setMinAllocatable(0, [vector(3, 3)]);
    tables.setAgentFree(1, vector(2, 2));
    tables.setAgentFree(2, vector(1, 1));
    expect(givenTo(quincy.round().pairs)).toEqual({ f0: [0], f1: [1, 2] });
    tables.setMinAllocatable(0, [vector(2, 2)]);
    tables.addUsed(1, vector(4, 4), 1);
    tables.touchAll();
    expect(givenTo(quincy.round().pairs)).toEqual({ f0: [0, 1], f1: [2] });
  });
});

describe("quincy, within its steps", () => {
  const many = Array.from({ length: 12 }, (_, n) => dataAt(3_000, { [n]: 3_000, [n + 9]: 500 }));

  test("goes on where it stopped, and ends with the same decisions", () => {
    const whole = quincyCluster(24, many).quincy.round();
    const { quincy } = quincyCluster(24, many, { patienceRounds: 0 });
    let rows = quincy.round(0, 10);
    expect([rows.more, rows.count < whole.count]).toEqual([true, true]);
    let rounds = 1;
    for (; rows.more; rounds++) rows = quincy.round(0, 10);
    expect(rounds).toBeGreaterThan(2);
    expect(rows.pairs).toEqual(whole.pairs);
  });

  test("offers nothing for as long as it has patience, and then the best so far", () => {
    const { quincy } = quincyCluster(24, many, { patienceRounds: 3 });
    const counts = Array.from({ length: 4 }, () => quincy.round(0, 1).count);
    expect(counts.slice(0, 3)).toEqual([0, 0, 0]);
    expect(counts[3]).toBeGreaterThan(0);
  });

  test("never stands still for so long that it is taken for broken", () => {
    // Waiting is worth more than any agent, so that no search ends with a decision.
    const far = many.map(() => dataAt(1_000_000, {}));
    const { quincy } = quincyCluster(24, far, { patienceRounds: 8 });
    let idle = 0;
    for (let rows = quincy.round(0, 1); rows.more; rows = quincy.round(0, 1)) {
      idle = rows.count === 0 && rows.looked === 0 ? idle + 1 : 0;
      expect(idle).toBeLessThanOrEqual(8);
    }
  });

  test("decides the same for the same", () => {
    const decide = () => {
      const { quincy, tables } = quincyCluster(24, many);
      const first = quincy.round().pairs;
      tables.setFiltered(3, 4, true);
      tables.addUsed(2, vector(9, 9), 1);
      return [first, quincy.round().pairs];
    };
    expect(decide()).toEqual(decide());
  });
});

describe("quincy and a framework of many roles", () => {
  test("decides as if each were a framework of its own that states the same", () => {
    const decide = (shared: boolean) => {
      const { quincy, cluster, tables } = quincyCluster(12, []);
      const labels = () => [
        { key: "quincy.data", value: "9GB in all; 6GB at hostname=a3; 5GB at rack=r1" },
      ];
      const ofAll = { name: "f", user: "u", roles: [], labels: labels() };
      for (let n = 0; n < 8; n++) {
        const row = cluster.client(`f${n}`, `role${n}`);
        const framework = shared ? ofAll : { ...ofAll, labels: labels() };
        if (n !== 5) tables.describeClient(row, { framework, role: `role${n}` });
        for (let agent = n; agent < 12; agent += 5) tables.setFiltered(row, agent, true);
      }
      const first = quincy.round().pairs;
      tables.addUsed(2, vector(9, 9), 1);
      tables.touchAll();
      return [first, quincy.round().pairs];
    };
    const [first = [], second = []] = decide(true);
    expect(first.length).toBeGreaterThan(8);
    expect([first, second]).toEqual(decide(false));
  });
});

describe("quincy, whatever it is told", () => {
  test("does not use a program that contradicts itself", () => {
    const good = programOf({
      stated: [1],
      totals: [9_000],
      rackOf: [1, 0],
      racks: [[{ statement: 1, rackMib: 100 }]],
      agents: [[{ statement: 1, mib: 50, rackMib: 100 }]],
    });
    let state = 7;
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    let bytes = good;
    const companion = { compiler: () => ({ compile: () => bytes }) };
    const { quincy, tables } = quincyCluster(3, [nobody, nobody], { companion });
    for (let attempt = 0; attempt < 1_000; attempt++) {
      bytes = good.slice(0, attempt % 3 === 0 ? random(good.length) : good.length);
      const words = new DataView(bytes.buffer, 0, bytes.length & ~3);
      for (let flips = random(4); flips >= 0 && words.byteLength > 0; flips--) {
        const value = [0, 1, 0xffffffff, 0x7fffffff, random(40)][random(5)] ?? 0;
        words.setUint32(random(words.byteLength >> 2) * 4, value, true);
      }
      stateData(tables, 0, nobody);
      // Places may cost anything then, but nobody is to be given what is not theirs.
      expect(quincy.round(attempt * 60_000).more).toBe(false);
    }
  });

  test("takes prices and demands without sense", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1, 1e300]) {
      const costs = {
        rackTransfer: value,
        coreTransfer: value,
        wait: value,
        waitSecond: value,
        share: value,
      };
      const { quincy, tables } = quincyCluster(3, [dataAt(5, { 1: 2 }), nobody], {
        costs,
        slots: value,
        priorityCost: value,
        patienceRounds: value,
      });
      tables.setPriority(1, value);
      tables.setDemand(1, new Float64Array(KINDS).fill(value));
      tables.setClientFlags(1, ClientFlag.ACTIVE | ClientFlag.HAS_DEMAND);
      quincy.round(value);
      expect(quincy.round(value).more).toBe(false);
    }
  });

  test("works at the largest sizes there may be", () => {
    const tables = new AllocationTables(LARGEST_SIZES);
    const role = tables.addRole(ROOT_ROLE, "a") as number;
    for (let n = 0; n < LARGEST_SIZES.clients; n++) {
      tables.addClient({ role, framework: n, submitOrder: n, flags: ClientFlag.ACTIVE });
    }
    for (let n = 0; n < LARGEST_SIZES.agents; n++) {
      tables.addAgent(AgentFlag.ACTIVE);
      tables.setAgentTotal(n, vector(1, 1));
      tables.setAgentFree(n, vector(1, 1));
      if (n % 10 === 0) tables.setFiltered(n % LARGEST_SIZES.clients, n, true);
    }
    const quincy = new Quincy(tables, { slots: 8 });
    let rows = quincy.round(0, 200_000);
    for (let rounds = 0; rows.more && rows.count === 0; rounds++) {
      expect(rounds).toBeLessThan(9);
      rows = quincy.round(0, 200_000);
    }
    expect(rows.count).toBeGreaterThan(LARGEST_SIZES.clients);
  }, 120_000);
});
