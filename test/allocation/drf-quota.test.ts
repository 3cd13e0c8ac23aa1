import { describe, expect, test } from "vitest";
import { ClientFlag } from "../../kernel/core/tables/shape.ts";
import { Cluster, vector } from "./support/cluster.ts";

/** Guarantees in whole units; what is not named is not guaranteed. */
function guarantee(cluster: Cluster, role: string, ...quantities: number[]): void {
  cluster.tables.setRoleQuota(cluster.role(role), vector(...quantities), undefined);
}

describe("DRF quota guarantees (E8)", () => {
  test("go before fair shares: a heavy role below its guarantee is served first", () => {
    const cluster = new Cluster();
    const heavy = cluster.client("heavy", "a");
    cluster.client("light", "b");
    cluster.agent("used", 0, 0);
    cluster.tables.setAgentTotal(0, vector(20, 20));
    cluster.tables.addUsed(heavy, vector(10, 10), 1);
    guarantee(cluster, "a", 12, 12);
    cluster.agent("a0", 1, 1);
    cluster.agent("a1", 1, 1);
    cluster.agent("a2", 1, 1);
    expect(cluster.pairs()).toEqual(["a0>heavy", "a1>heavy", "a2>light"]);
  });

  test("take no more of an agent than the role lacks; the rest is shared", () => {
    const cluster = new Cluster();
    cluster.client("small", "a");
    cluster.client("other", "b");
    guarantee(cluster, "a", 1, 4);
    cluster.agent("a0", 4, 16);
    expect(cluster.allocate()).toEqual([
      { agent: "a0", client: "small", cpus: 1, mem: 4 },
      { agent: "a0", client: "other", cpus: 3, mem: 12 },
    ]);
  });

  test("bring along what is not guaranteed and nobody needs", () => {
    const cluster = new Cluster();
    cluster.client("small", "a");
    guarantee(cluster, "a", 1);
    guarantee(cluster, "absent", 0, 6);
    cluster.agent("a0", 4, 16);
    expect(cluster.allocate()[0]).toEqual({ agent: "a0", client: "small", cpus: 1, mem: 10 });
  });

  test("are held back from others while nobody in the role can use them", () => {
    const cluster = new Cluster();
    cluster.client("other", "b");
    guarantee(cluster, "a", 2, 2);
    for (const name of ["a0", "a1", "a2"]) cluster.agent(name, 1, 1);
    expect(cluster.pairs()).toEqual(["a0>other"]);
    const late = cluster.client("late", "a");
    expect(cluster.pairs()).toEqual(["a1>late", "a2>late"]);
    expect(cluster.tables.clients.used[late * 8]).toBe(2_000);
  });

  test("are held back in part of an agent too, kind by kind", () => {
    const cluster = new Cluster();
    cluster.client("other", "b");
    guarantee(cluster, "a", 1.5);
    cluster.agent("a0", 4, 16);
    expect(cluster.allocate()).toEqual([{ agent: "a0", client: "other", cpus: 2.5, mem: 16 }]);
  });

  test("count for all that is below the role", () => {
    const cluster = new Cluster();
    cluster.client("deep", "a/b/c");
    cluster.client("other", "b");
    guarantee(cluster, "a", 2, 2);
    for (const name of ["a0", "a1"]) cluster.agent(name, 1, 1);
    expect(cluster.tally()).toEqual({ deep: 2 });
  });

  test("count reservations of the role as consumed", () => {
    const cluster = new Cluster();
    cluster.client("other", "b");
    const agent = cluster.agent("a0", 1, 1);
    cluster.tables.setReservation(agent, cluster.role("a"), vector(2, 2), vector(2, 2));
    guarantee(cluster, "a", 2, 2);
    expect(cluster.pairs()).toEqual(["a0>other"]);
  });

  test("leave revocable resources to whoever can use them", () => {
    const cluster = new Cluster();
    cluster.client("able", "b", ClientFlag.ACTIVE | ClientFlag.REVOCABLE);
    guarantee(cluster, "a", 5, 5);
    const agent = cluster.agent("a0", 1, 1);
    cluster.tables.setAgentRevocable(agent, vector(3, 3));
    expect(cluster.allocate()).toEqual([{ agent: "a0", client: "able", cpus: 3, mem: 3 }]);
  });

  test("are met across frameworks of the role by their shares", () => {
    const cluster = new Cluster();
    cluster.client("f1", "a");
    cluster.client("f2", "a");
    guarantee(cluster, "a", 4, 4);
    for (let n = 0; n < 4; n++) cluster.agent(`a${n}`, 1, 1);
    expect(cluster.tally()).toEqual({ f1: 2, f2: 2 });
  });

  test("skip a filtered framework, and hold back for it elsewhere", () => {
    const cluster = new Cluster();
    const f1 = cluster.client("f1", "a");
    cluster.client("other", "b");
    guarantee(cluster, "a", 1, 1);
    cluster.tables.setFiltered(f1, cluster.agent("a0", 1, 1), true);
    cluster.agent("a1", 1, 1);
    expect(cluster.pairs()).toEqual(["a1>f1", "a0>other"]);
  });

  test("stop at a limit that is lower", () => {
    const cluster = new Cluster();
    cluster.client("f1", "a");
    cluster.tables.setRoleQuota(cluster.role("a"), vector(3), [1_000]);
    cluster.agent("a0", 4, 0);
    expect(cluster.allocate()[0]).toEqual({ agent: "a0", client: "f1", cpus: 1, mem: 0 });
  });
});
