import { describe, expect, test } from "vitest";
import { ClientFlag } from "../../kernel/core/tables/shape.ts";
import { Cluster, instancesOf, vector } from "./support/cluster.ts";

// Compiled before the first test, which has a time limit.
instancesOf("fifo");

const fifo = (...params: number[]) => new Cluster({ policies: instancesOf("fifo", params) });
const HINTED = ClientFlag.ACTIVE | ClientFlag.HAS_DEMAND;

describe("fifo", () => {
  test("gives everything to the framework that was submitted first", () => {
    const cluster = fifo();
    cluster.client("first", "z");
    cluster.client("second", "a");
    for (let n = 0; n < 3; n++) cluster.agent(`a${n}`, 4, 4);
    expect(cluster.tally()).toEqual({ first: 3 });
  });

  test("has new frameworks begin with one agent, and take twice as many from round to round", () => {
    const cluster = fifo(1, 0, 1);
    const [first] = ["first", "second"].map((name) => cluster.client(name, "a"));
    const roundOf = (agents: number) => {
      const name = (n: number) => `${cluster.tables.agents.pool.end}-${n}`;
      for (let n = 0; n < agents; n++) cluster.agent(name(n), 4, 4);
      return cluster.tally();
    };
    expect([roundOf(2), roundOf(4)]).toEqual([
      { first: 1, second: 1 },
      { first: 2, second: 2 },
    ]);
    // What both have had their turn for goes by the line again.
    expect(roundOf(9)).toEqual({ first: 5, second: 4 });
    cluster.tables.setClientFlags(first as number, ClientFlag.ACTIVE | ClientFlag.SUPPRESSED);
    expect(roundOf(20)).toEqual({ second: 20 });
  });

  test("goes on to the next when the first has the demand that it stated", () => {
    const cluster = fifo();
    cluster.tables.setDemand(cluster.client("first", "a", HINTED), vector(6, 6));
    cluster.client("second", "b");
    for (let n = 0; n < 4; n++) cluster.agent(`a${n}`, 4, 4);
    expect(cluster.tally()).toEqual({ first: 2, second: 2 });
  });

  test("passes over whoever wants nothing, or said so by suppressing", () => {
    const cluster = fifo(0);
    cluster.client("sated", "a", HINTED);
    cluster.client("silent", "b", ClientFlag.ACTIVE | ClientFlag.SUPPRESSED);
    cluster.client("third", "c");
    cluster.agent("a0", 1, 1);
    expect(cluster.pairs()).toEqual(["a0>third"]);
  });

  test("back-fills what the first filters or finds too small", () => {
    const cluster = fifo();
    const first = cluster.client("first", "a");
    cluster.tables.setMinAllocatable(first, [vector(2)]);
    cluster.client("second", "b");
    cluster.tables.setFiltered(first, cluster.agent("filtered", 4, 4), true);
    cluster.agent("small", 1, 1);
    cluster.agent("big", 4, 4);
    expect(cluster.pairs()).toEqual(["filtered>second", "small>second", "big>first"]);
  });

  test("leaves that idle without back-filling", () => {
    const cluster = fifo(0);
    const first = cluster.client("first", "a");
    cluster.client("second", "b");
    cluster.tables.setFiltered(first, cluster.agent("filtered", 4, 4), true);
    cluster.agent("other", 4, 4);
    expect(cluster.pairs()).toEqual(["other>first"]);
  });

  test("looks at priorities when it is told to", () => {
    const order = (params: number[]) => {
      const cluster = fifo(...params);
      cluster.client("old", "a");
      cluster.tables.setPriority(cluster.client("urgent", "b"), 5);
      cluster.agent("a0", 1, 1);
      return cluster.pairs();
    };
    expect(order([1, 0])).toEqual(["a0>old"]);
    expect(order([1, 1])).toEqual(["a0>urgent"]);
  });

  test("gives no more than a limit allows, and the rest to the next", () => {
    const cluster = fifo();
    cluster.client("capped", "a");
    cluster.client("second", "b");
    cluster.tables.setRoleQuota(cluster.role("a"), undefined, [3_000, 3_000]);
    cluster.agent("a0", 4, 4);
    expect(cluster.allocate()).toEqual([
      { agent: "a0", client: "capped", cpus: 3, mem: 3 },
      { agent: "a0", client: "second", cpus: 1, mem: 1 },
    ]);
  });
});
