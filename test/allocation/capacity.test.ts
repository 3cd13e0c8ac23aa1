import { describe, expect, test } from "vitest";
import { Cluster, instancesOf, vector } from "./support/cluster.ts";

// Compiled before the first test, which has a time limit.
instancesOf("capacity");

const capacity = (...params: number[]) =>
  new Cluster({ policies: instancesOf("capacity", params) });

/** Agents of 1 cpu and 1 MiB each. */
function agents(cluster: Cluster, count: number): void {
  for (let n = 0; n < count; n++) cluster.agent(`a${n}`, 1, 1);
}

/** Capacity and maximum of a queue, the same of cpus and mem. */
function queue(cluster: Cluster, path: string, has: number, most = Number.POSITIVE_INFINITY) {
  const limit = most === Number.POSITIVE_INFINITY ? undefined : vector(most, most);
  const rest = Array(6).fill(Number.POSITIVE_INFINITY);
  const maximum = limit && [...limit.subarray(0, 2), ...rest];
  cluster.tables.setRoleQuota(cluster.role(path), vector(has, has), maximum);
}

describe("capacity", () => {
  test("fills queues in proportion to their capacities", () => {
    const cluster = capacity();
    cluster.client("f1", "a");
    cluster.client("f2", "b");
    queue(cluster, "a", 12);
    queue(cluster, "b", 4);
    agents(cluster, 16);
    expect(cluster.tally()).toEqual({ f1: 12, f2: 4 });
  });

  test("lets a queue grow beyond its capacity while others want nothing", () => {
    const cluster = capacity();
    cluster.client("f1", "a");
    queue(cluster, "a", 2);
    queue(cluster, "b", 6);
    agents(cluster, 8);
    expect(cluster.tally()).toEqual({ f1: 8 });
  });

  test("but not beyond its maximum", () => {
    const cluster = capacity();
    cluster.client("f1", "a");
    queue(cluster, "a", 2, 5);
    agents(cluster, 8);
    expect(cluster.tally()).toEqual({ f1: 5 });
  });

  test("serves a queue below its capacity before one beyond its own", () => {
    const cluster = capacity();
    const over = cluster.client("over", "a");
    const under = cluster.client("under", "b");
    queue(cluster, "a", 2);
    queue(cluster, "b", 8);
    agents(cluster, 3);
    cluster.tables.addUsed(over, vector(3, 3), 1);
    cluster.tables.addUsed(under, vector(5, 5), 1);
    expect(cluster.tally()).toEqual({ under: 3 });
  });

  test("gives queues without a guarantee what the others leave, by weight", () => {
    const cluster = capacity();
    cluster.client("a", "a");
    cluster.client("b", "b");
    cluster.client("c", "c");
    queue(cluster, "a", 8);
    cluster.tables.setRoleWeight(cluster.role("b"), 3);
    agents(cluster, 16);
    expect(cluster.tally()).toEqual({ a: 8, b: 6, c: 2 });
  });

  test("divides the capacity of a queue among the queues below it", () => {
    const cluster = capacity();
    cluster.client("ab", "a/b");
    cluster.client("ac", "a/c");
    cluster.client("d", "d");
    queue(cluster, "a", 8);
    queue(cluster, "a/b", 6);
    queue(cluster, "d", 8);
    agents(cluster, 16);
    expect(cluster.tally()).toEqual({ ab: 6, ac: 2, d: 8 });
  });

  test("serves queues without any capacity last", () => {
    const cluster = capacity();
    cluster.client("none", "a");
    cluster.client("all", "b");
    queue(cluster, "b", 4);
    agents(cluster, 4);
    expect(cluster.tally()).toEqual({ all: 4 });
  });

  test("serves the oldest framework of a queue first, or shares when it is told to", () => {
    const tally = (fairQueues: number) => {
      const cluster = capacity(0, fairQueues);
      cluster.client("old", "a");
      cluster.client("new", "a");
      agents(cluster, 4);
      return cluster.tally();
    };
    expect(tally(0)).toEqual({ old: 4 });
    expect(tally(1)).toEqual({ old: 2, new: 2 });
  });

  test("gives a framework no more than its part of the queue", () => {
    const cluster = capacity(0.5);
    cluster.client("old", "a");
    cluster.client("new", "a");
    cluster.client("other", "b");
    queue(cluster, "a", 8);
    queue(cluster, "b", 8);
    agents(cluster, 12);
    expect(cluster.tally()).toEqual({ old: 4, new: 4, other: 4 });
  });

  test("cuts an agent where the user limit is in the middle of it", () => {
    const cluster = capacity(0.5);
    cluster.client("old", "a");
    cluster.client("new", "a");
    cluster.agent("a0", 4, 4);
    expect(cluster.allocate()).toEqual([
      { agent: "a0", client: "old", cpus: 2, mem: 2 },
      { agent: "a0", client: "new", cpus: 2, mem: 2 },
    ]);
  });
});
