import { describe, expect, test } from "vitest";
import { AgentFlag, ClientFlag } from "../../kernel/core/tables/shape.ts";
import { Cluster, newDrf, vector } from "./support/cluster.ts";

describe("DRF shares", () => {
  test("the paper's example: 9 cpus, 18 GB give A three tasks and B two (NSDI 2011, 4.1)", () => {
    const cluster = new Cluster();
    const a = cluster.client("A", "a");
    const b = cluster.client("B", "b");
    // The whole cluster is known, and task by task is offered to whoever is neediest: A's tasks
    // take 1 cpu and 4 GB, B's take 3 cpus and 1 GB.
    const agent = cluster.agent("all", 9, 18);
    const { tables } = cluster;
    const tasks = { A: vector(1, 4), B: vector(3, 1) };
    const ran = { A: 0, B: 0 };
    const full = new Set<string>();
    let left = [9000, 18000];
    while (full.size < 2) {
      const [given] = cluster.allocate();
      if (given === undefined) break;
      const name = given.client as "A" | "B";
      const client = name === "A" ? a : b;
      // It takes one task out of the offer, and the rest comes back.
      tables.addUsed(client, vector(given.cpus, given.mem), -1);
      const task = tasks[name];
      if (left.every((quantity, kind) => quantity >= (task[kind] as number))) {
        tables.addUsed(client, task, 1);
        left = left.map((quantity, kind) => quantity - (task[kind] as number));
        ran[name] += 1;
      } else {
        full.add(name);
        tables.setFiltered(client, agent, true);
      }
      tables.setAgentFree(agent, Float64Array.from([...left, 0, 0, 0, 0, 0, 0]));
      tables.touchAgent(agent);
    }
    expect(ran).toEqual({ A: 3, B: 2 });
  });

  test("frameworks with equal weights get equally many equal agents (O12)", () => {
    const cluster = new Cluster();
    cluster.client("f1", "a");
    cluster.client("f2", "b");
    for (let n = 0; n < 20; n++) cluster.agent(`a${n}`, 4, 1024);
    expect(cluster.tally()).toEqual({ f1: 10, f2: 10 });
  });

  test("weights of 2:1 give 2:1 (E2, O12)", () => {
    const cluster = new Cluster();
    cluster.client("f1", "a");
    cluster.client("f2", "b");
    cluster.tables.setRoleWeight(cluster.role("a"), 2);
    for (let n = 0; n < 30; n++) cluster.agent(`a${n}`, 4, 1024);
    expect(cluster.tally()).toEqual({ f1: 20, f2: 10 });
  });

  test("the dominant resource decides, not the sum", () => {
    const cluster = new Cluster();
    const f1 = cluster.client("f1", "a");
    const f2 = cluster.client("f2", "b");
    cluster.agent("used", 0, 0);
    cluster.tables.setAgentTotal(0, vector(100, 1000));
    // f1 has 30 % of the cpus and nothing else, f2 has 20 % of both.
    cluster.tables.addUsed(f1, vector(30, 0), 1);
    cluster.tables.addUsed(f2, vector(20, 200), 1);
    cluster.agent("new", 1, 1);
    expect(cluster.pairs()).toEqual(["new>f2"]);
  });

  test("kinds that are excluded do not count (E4)", () => {
    const cluster = new Cluster();
    const f1 = cluster.client("f1", "a");
    const f2 = cluster.client("f2", "b");
    cluster.agent("new", 10, 100);
    cluster.tables.addUsed(f1, vector(5, 0), 1);
    cluster.tables.addUsed(f2, vector(1, 20), 1);
    const input = { round: 1, seed: 1, nowMs: 0, stepsMax: 1000 };
    expect(newDrf(cluster.tables).allocate(cluster.tables, input).clients[0]).toBe(f2);
    expect(newDrf(cluster.tables, [1]).allocate(cluster.tables, input).clients[0]).toBe(f1);
  });
});

describe("DRF ties", () => {
  test("go to whoever was given something less often", () => {
    const cluster = new Cluster();
    const f1 = cluster.client("f1", "a");
    cluster.client("f2", "b");
    cluster.tables.countAllocation(f1);
    cluster.agent("a0", 1, 1);
    expect(cluster.pairs()).toEqual(["a0>f2"]);
  });

  test("go by the name of the role after that, not by age", () => {
    const cluster = new Cluster();
    cluster.client("late", "zebra");
    cluster.client("early", "ant");
    cluster.agent("a0", 1, 1);
    expect(cluster.pairs()).toEqual(["a0>early"]);
  });

  test("go by order of subscription within a role", () => {
    const cluster = new Cluster();
    cluster.client("first", "a");
    cluster.client("second", "a");
    for (const name of ["a0", "a1", "a2"]) cluster.agent(name, 1, 1);
    expect(cluster.pairs()).toEqual(["a0>first", "a1>second", "a2>first"]);
  });
});

describe("DRF in a role tree (E5)", () => {
  test("siblings compete by the shares of their subtrees", () => {
    const cluster = new Cluster();
    cluster.client("ab", "a/b");
    cluster.client("ac", "a/c");
    cluster.client("d", "d");
    for (let n = 0; n < 8; n++) cluster.agent(`a${n}`, 1, 1);
    expect(cluster.tally()).toEqual({ ab: 2, ac: 2, d: 4 });
  });

  test("the frameworks of an inner role compete with its children as one of them", () => {
    const cluster = new Cluster();
    cluster.client("a1", "a");
    cluster.client("a2", "a");
    cluster.client("ab", "a/b");
    for (let n = 0; n < 8; n++) cluster.agent(`a${n}`, 1, 1);
    expect(cluster.tally()).toEqual({ a1: 2, a2: 2, ab: 4 });
  });

  test("a weight counts among siblings only", () => {
    const cluster = new Cluster();
    cluster.client("ab", "a/b");
    cluster.client("ac", "a/c");
    cluster.client("d", "d");
    cluster.tables.setRoleWeight(cluster.role("a/b"), 3);
    for (let n = 0; n < 16; n++) cluster.agent(`a${n}`, 1, 1);
    expect(cluster.tally()).toEqual({ ab: 6, ac: 2, d: 8 });
  });
});

describe("DRF passes over", () => {
  test("suppressed and inactive frameworks (C11)", () => {
    const cluster = new Cluster();
    cluster.client("suppressed", "a", ClientFlag.ACTIVE | ClientFlag.SUPPRESSED);
    cluster.client("gone", "b", 0);
    cluster.client("here", "c");
    cluster.agent("a0", 1, 1);
    expect(cluster.pairs()).toEqual(["a0>here"]);
  });

  test("pairs that are filtered, and comes back when they are not (C8)", () => {
    const cluster = new Cluster();
    const client = cluster.client("f", "a");
    const agent = cluster.agent("a0", 1, 1);
    cluster.tables.setFiltered(client, agent, true);
    expect(cluster.pairs()).toEqual([]);
    expect(cluster.tables.candidates).toHaveLength(0);
    cluster.tables.setFiltered(client, agent, false);
    expect(cluster.pairs()).toEqual(["a0>f"]);
  });

  test("agents that are draining or inactive", () => {
    const cluster = new Cluster();
    cluster.client("f", "a");
    cluster.tables.setAgentFlags(cluster.agent("a0", 1, 1), AgentFlag.ACTIVE | AgentFlag.DRAINING);
    cluster.tables.setAgentFlags(cluster.agent("a1", 1, 1), 0);
    cluster.agent("a2", 1, 1);
    expect(cluster.pairs()).toEqual(["a2>f"]);
  });

  test("remainders below every minimum alternative (C13)", () => {
    const cluster = new Cluster();
    cluster.tables.setDefaultMinAllocatable([vector(0.01), vector(0, 32)]);
    cluster.client("f", "a");
    cluster.agent("crumbs", 0.009, 31);
    cluster.agent("cpus", 0.01, 0);
    cluster.agent("mem", 0, 32);
    expect(cluster.pairs()).toEqual(["cpus>f", "mem>f"]);
  });

  test("a framework whose own minimum is higher, in favour of the next (C13)", () => {
    const cluster = new Cluster();
    cluster.tables.setDefaultMinAllocatable([vector(0.01)]);
    cluster.tables.setMinAllocatable(cluster.client("picky", "a"), [vector(2, 64)]);
    cluster.client("modest", "b");
    cluster.agent("small", 1, 128);
    expect(cluster.pairs()).toEqual(["small>modest"]);
  });

  test("agents fenced for gpus and of other regions, without the capability (C19, E16)", () => {
    const cluster = new Cluster();
    cluster.client("plain", "a");
    cluster.client("gpu", "b", ClientFlag.ACTIVE | ClientFlag.GPU);
    const far = ClientFlag.ACTIVE | ClientFlag.REGION_AWARE;
    cluster.client("far", "c", far);
    cluster.client("both", "d", far | ClientFlag.GPU);
    const flags = [AgentFlag.GPU_FENCED, AgentFlag.REMOTE_REGION];
    for (const [n, fences] of [...flags, (flags[0] ?? 0) | (flags[1] ?? 0)].entries()) {
      cluster.tables.setAgentFlags(cluster.agent(`a${n}`, 1, 1), AgentFlag.ACTIVE | fences);
    }
    expect(cluster.pairs()).toEqual(["a0>gpu", "a1>far", "a2>both"]);
  });
});

describe("DRF gives", () => {
  test("a reservation to its role and to roles below, and the rest to others (E5, E11)", () => {
    const cluster = new Cluster();
    const heavy = cluster.client("below", "a/b");
    cluster.client("other", "c");
    const agent = cluster.agent("a0", 1, 100);
    cluster.tables.setReservation(agent, cluster.role("a"), vector(2, 50), vector(2, 50));
    cluster.tables.addUsed(heavy, vector(0.5, 0), 1);
    expect(cluster.allocate()).toEqual([
      { agent: "a0", client: "other", cpus: 1, mem: 100 },
      { agent: "a0", client: "below", cpus: 2, mem: 50 },
    ]);
  });

  test("no reservation of a role to the roles above it", () => {
    const cluster = new Cluster();
    cluster.client("above", "a");
    const agent = cluster.agent("a0", 0, 0);
    cluster.tables.setReservation(agent, cluster.role("a/b"), vector(2, 50), vector(2, 50));
    expect(cluster.pairs()).toEqual([]);
  });

  test("refined reservations to frameworks that know of them only (C20)", () => {
    const cluster = new Cluster();
    cluster.client("old", "a");
    const agent = cluster.agent("a0", 0, 0);
    cluster.tables.setReservation(agent, cluster.role("a"), vector(1), vector(1), true);
    expect(cluster.pairs()).toEqual([]);
    cluster.client("new", "a", ClientFlag.ACTIVE | ClientFlag.REFINEMENT);
    expect(cluster.pairs()).toEqual(["a0>new"]);
  });

  test("revocable resources to those that can use them, the rest to whoever is first (C20)", () => {
    const cluster = new Cluster();
    cluster.client("plain", "a");
    cluster.client("able", "b", ClientFlag.ACTIVE | ClientFlag.REVOCABLE);
    const agent = cluster.agent("a0", 1, 10);
    cluster.tables.setAgentRevocable(agent, vector(3));
    expect(cluster.allocate()).toEqual([
      { agent: "a0", client: "plain", cpus: 1, mem: 10 },
      { agent: "a0", client: "able", cpus: 3, mem: 0 },
    ]);
  });

  test("part of an agent where a limit leaves room for no more (E9)", () => {
    const cluster = new Cluster();
    cluster.client("capped", "a/b");
    cluster.tables.setRoleQuota(cluster.role("a"), undefined, [3000, Number.POSITIVE_INFINITY]);
    cluster.agent("a0", 2, 10);
    cluster.agent("a1", 2, 10);
    cluster.agent("a2", 2, 10);
    const given = cluster.allocate();
    expect(given.map(({ cpus, mem }) => [cpus, mem])).toEqual([
      [2, 10],
      [1, 10],
      [0, 10],
    ]);
  });
});
