import { describe, expect, test } from "vitest";
import { PROGRAM_BYTES_MAX } from "../../kernel/allocation/companion.ts";
import { WasmPolicy } from "../../kernel/allocation/wasm-policy.ts";
import { ClientFlag, LARGEST_SIZES } from "../../kernel/core/tables/shape.ts";
import { AllocationTables } from "../../kernel/core/tables.ts";
import { companion } from "../../plugins/allocators/condor/companion.ts";
import { vector } from "./support/cluster.ts";
import { shipped } from "./support/compile.ts";
import { CondorCluster, condor } from "./support/condor.ts";

// Compiled before the first test, which has a time limit.
condor();

const setUp = () => new CondorCluster(condor());
const requires = (text: string) => ({ "condor.requirements": text });

describe("a round", () => {
  /** How many candidates and rows each of the rounds has that it takes to look at all. */
  function rounds(cluster: CondorCluster, stepsMax: number): [looked: number, rows: number][] {
    const { tables } = cluster;
    const options = { deadlineMs: 10_000, companion: companion({}) };
    const policy = new WasmPolicy(shipped("condor"), tables, options);
    const list: [number, number][] = [];
    for (let round = 1; tables.candidates.length > 0; round++) {
      const rows = policy.allocate(tables, { round, seed: 1, nowMs: 0, stepsMax });
      for (let row = 0; row < rows.count; row++) {
        tables.setAgentFree(rows.agents[row] as number, vector());
      }
      list.push([rows.looked, rows.count]);
      expect(rows.more).toBe(rows.looked < tables.candidates.length);
      tables.dropCandidates(rows.looked);
    }
    return list;
  }

  const wishes = (frameworks: number, agents: number) => {
    const cluster = setUp();
    for (let n = 0; n < frameworks; n++) {
      const text = Array.from({ length: 20 }, (_, at) => `size != ${n + at + 0.5}`).join(" && ");
      cluster.framework(`f${n}`, "a", requires(text));
    }
    for (let n = 0; n < agents; n++) cluster.machine(`a${n}`, { size: (n % 10) * 1000 });
    return cluster;
  };

  test("looks at as many agents as its steps allow, and goes on with the others", () => {
    const list = rounds(wishes(50, 100), 500);
    expect(list.length).toBeGreaterThan(3);
    expect(list.map(([looked]) => looked).reduce((a, b) => a + b)).toBe(100);
    expect(list.map(([, rows]) => rows).reduce((a, b) => a + b)).toBe(100);
    expect(rounds(wishes(50, 100), 1_000_000)).toEqual([[100, 100]]);
  });

  test("counts what strings are read, not calls alone", () => {
    const comparing = (length: number) => {
      const cluster = setUp();
      for (let n = 0; n < 20; n++) {
        const text = "x".repeat(length - 3) + (100 + n);
        cluster.framework(`f${n}`, "a", { text, ...requires("strcmp(TARGET.text, MY.text) != 0") });
      }
      for (let n = 0; n < 60; n++) {
        cluster.machine(`a${n}`, { text: "x".repeat(length - 3) + (500 + n) });
      }
      return rounds(cluster, 1_000);
    };
    expect(comparing(8)).toEqual([[60, 60]]);
    expect(comparing(1_000).length).toBeGreaterThan(5);
  });

  test("costs the same, however many names a list has", () => {
    const listing = (names: number) => {
      const cluster = setUp();
      const hosts = Array.from({ length: names }, (_, n) => `host-${100 + n}`);
      const text = `stringListMember(TARGET.hostname, "${hosts.join(",")}")`;
      for (let n = 0; n < 20; n++) cluster.framework(`f${n}`, "a", requires(text));
      for (let n = 0; n < 60; n++) cluster.machine(`host-${100 + n}`, {});
      return rounds(cluster, 200);
    };
    expect(listing(110).map(([looked]) => looked)).toEqual(listing(60).map(([looked]) => looked));
  });

  test("gets on however few steps there are", () => {
    expect(rounds(wishes(5, 4), 1)).toEqual(Array(4).fill([1, 1]));
  });

  test("decides the same in an instance that remembers nothing", () => {
    const [warm, cold] = [wishes(30, 60), wishes(30, 60)];
    const of = (cluster: CondorCluster, instance: WasmPolicy, round: number) => {
      const rows = instance.allocate(cluster.tables, { round, seed: 1, nowMs: 0, stepsMax: 1_500 });
      return [
        rows.looked,
        [...rows.agents.subarray(0, rows.count)],
        [...rows.clients.subarray(0, rows.count)],
      ];
    };
    const start = (cluster: CondorCluster) =>
      new WasmPolicy(shipped("condor"), cluster.tables, {
        deadlineMs: 10_000,
        companion: companion({}),
      });
    const instance = start(warm);
    for (let round = 1; round <= 5; round++) {
      expect(of(warm, instance, round)).toEqual(of(cold, start(cold), round));
    }
  });

  test("has room for the largest sizes with the largest program", () => {
    const tables = new AllocationTables(LARGEST_SIZES);
    const largest = { compile: () => new Uint8Array(PROGRAM_BYTES_MAX) };
    const options = { deadlineMs: 60_000, companion: { compiler: () => largest } };
    expect(() => new WasmPolicy(shipped("condor"), tables, options)).not.toThrow();
  }, 60_000);

  test("takes a text that is too long for an error, on both sides", () => {
    const cluster = setUp();
    const long = "x".repeat(2_000);
    cluster.framework("f", "a", { team: long, ...requires("isError(rack) && isError(MY.team)") });
    cluster.machine("a0", { rack: "short" });
    cluster.machine("a1", { rack: long, ...requires("isError(TARGET.team)") });
    expect(cluster.pairs()).toEqual(["a1>f"]);
  });

  test("passes over who is filtered, suppressed or away", () => {
    const cluster = setUp();
    const [filtered] = ["f0", "f1", "f2"].map((name) => cluster.framework(name, name)) as [number];
    cluster.tables.setClientFlags(1, ClientFlag.ACTIVE | ClientFlag.SUPPRESSED);
    for (let n = 0; n < 3; n++) cluster.machine(`a${n}`, {});
    cluster.tables.setFiltered(filtered, 0, true);
    cluster.tables.setFiltered(filtered, 1, true);
    expect(cluster.tally()).toEqual({ f0: 1, f2: 2 });
  });
});
