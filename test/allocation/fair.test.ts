import { describe, expect, test } from "vitest";
import { Cluster, instancesOf, vector } from "./support/cluster.ts";

// Compiled before the first test, which has a time limit.
instancesOf("fair");

const fair = (resource = -1) => new Cluster({ policies: instancesOf("fair", [resource]) });

/** Agents of 1 cpu and 1 MiB each. */
function agents(cluster: Cluster, count: number): void {
  for (let n = 0; n < count; n++) cluster.agent(`a${n}`, 1, 1);
}

describe("fair", () => {
  test("shares by weight where no pool has a minimum", () => {
    const cluster = fair();
    cluster.client("f1", "a");
    cluster.client("f2", "b");
    cluster.tables.setRoleWeight(cluster.role("a"), 3);
    agents(cluster, 16);
    expect(cluster.tally()).toEqual({ f1: 12, f2: 4 });
  });

  test("brings pools to their minimum share first, however much they use already", () => {
    const cluster = fair();
    const big = cluster.client("big", "a");
    cluster.client("small", "b");
    agents(cluster, 4);
    cluster.tables.addUsed(big, vector(2, 2), 1);
    cluster.tables.setRoleQuota(cluster.role("a"), vector(5, 5), undefined);
    expect(cluster.tally()).toEqual({ big: 3, small: 1 });
  });

  test("of two pools below their minimum, serves the one with the smaller part of it", () => {
    const cluster = fair();
    const half = cluster.client("half", "a");
    const third = cluster.client("third", "b");
    agents(cluster, 1);
    cluster.tables.addUsed(half, vector(1, 1), 1);
    cluster.tables.addUsed(third, vector(2, 2), 1);
    cluster.tables.setRoleQuota(cluster.role("a"), vector(2, 2), undefined);
    cluster.tables.setRoleQuota(cluster.role("b"), vector(6, 6), undefined);
    expect(cluster.tally()).toEqual({ third: 1 });
  });

  test("shares what is beyond all minimums by weight again", () => {
    const cluster = fair();
    cluster.client("f1", "a");
    cluster.client("f2", "b");
    cluster.tables.setRoleQuota(cluster.role("a"), vector(2, 2), undefined);
    agents(cluster, 10);
    expect(cluster.tally()).toEqual({ f1: 5, f2: 5 });
  });

  test("shares the kind that it is told to, or the dominant one", () => {
    const winner = (resource: number) => {
      const cluster = fair(resource);
      const cpus = cluster.client("cpus", "a");
      const mem = cluster.client("mem", "b");
      cluster.agent("a0", 10, 10);
      cluster.tables.addUsed(cpus, vector(3, 1), 1);
      cluster.tables.addUsed(mem, vector(1, 4), 1);
      return Object.keys(cluster.tally());
    };
    expect(winner(0)).toEqual(["mem"]);
    expect(winner(1)).toEqual(["cpus"]);
    expect(winner(-1)).toEqual(["cpus"]);
  });

  test("is fair within pools and between pools of a tree", () => {
    const cluster = fair();
    cluster.client("ab1", "a/b");
    cluster.client("ab2", "a/b");
    cluster.client("ac", "a/c");
    cluster.client("d", "d");
    agents(cluster, 16);
    expect(cluster.tally()).toEqual({ ab1: 2, ab2: 2, ac: 4, d: 8 });
  });

  test("breaks ties by age", () => {
    const cluster = fair();
    cluster.client("older", "z");
    cluster.client("younger", "a");
    agents(cluster, 1);
    expect(cluster.pairs()).toEqual(["a0>older"]);
  });
});
