import { describe, expect, test } from "vitest";
import { WasmPolicy } from "../../kernel/allocation/wasm-policy.ts";
import { AgentFlag, ClientFlag, LARGEST_SIZES, ROOT_ROLE } from "../../kernel/core/tables/shape.ts";
import { AllocationTables } from "../../kernel/core/tables.ts";
import { Cluster, newDrf, vector } from "./support/cluster.ts";
import { shipped } from "./support/compile.ts";

const SHIPPED = ["fifo", "fair", "capacity", "random", "quincy", "condor"];

// Compiled before the first test, which has a time limit.
for (const name of SHIPPED) shipped(name);

describe("an allocation round", () => {
  test("looks at nothing when nothing changed", () => {
    const cluster = new Cluster();
    cluster.client("f", "a");
    cluster.agent("a0", 1, 1);
    cluster.allocate();
    expect(cluster.tables.candidates).toHaveLength(0);
  });

  test("stops at its budget, says so, and goes on where it stopped", () => {
    const cluster = new Cluster();
    cluster.client("f", "a");
    for (let n = 0; n < 10; n++) cluster.agent(`a${n}`, 1, 1);
    const policy = newDrf(cluster.tables);
    const rows = policy.allocate(cluster.tables, { round: 1, seed: 1, nowMs: 0, stepsMax: 3 });
    expect([rows.count, rows.looked, rows.more]).toEqual([4, 4, true]);
    cluster.tables.dropCandidates(rows.looked);
    expect(Array.from(cluster.tables.candidates)).toEqual([4, 5, 6, 7, 8, 9]);
  });

  test("sees what changed between rounds, growth of the tables included", () => {
    const cluster = new Cluster();
    cluster.client("f", "a");
    cluster.agent("a0", 1, 1);
    expect(cluster.pairs()).toEqual(["a0>f"]);
    for (let n = 1; n <= 300; n++) cluster.agent(`a${n}`, 1, 1);
    for (let n = 0; n < 100; n++) cluster.client(`g${n}`, `b/${n}`);
    expect(cluster.tables.generation).toBeGreaterThan(0);
    expect(cluster.allocate()).toHaveLength(300);
    expect(cluster.tables.roles.used[ROOT_ROLE]).toBe(301_000);
  });

  test.each(SHIPPED)("%s has room for the largest sizes", (name) => {
    const tables = new AllocationTables(LARGEST_SIZES);
    expect(() => new WasmPolicy(shipped(name), tables, { deadlineMs: 10_000 })).not.toThrow();
  });

  test("works at the largest sizes there may be", () => {
    const tables = new AllocationTables(LARGEST_SIZES);
    const role = tables.addRole(ROOT_ROLE, "a") as number;
    for (let n = 0; n < LARGEST_SIZES.clients; n++) {
      tables.addClient({ role, framework: n, submitOrder: n, flags: ClientFlag.ACTIVE });
    }
    for (let n = 0; n < LARGEST_SIZES.agents; n++) tables.addAgent(AgentFlag.ACTIVE);
    const last = LARGEST_SIZES.agents - 1;
    tables.setAgentTotal(last, vector(1, 1));
    tables.setAgentFree(last, vector(1, 1));
    for (let n = 0; n < LARGEST_SIZES.clients - 1; n++) tables.setFiltered(n, last, true);
    const input = { round: 1, seed: 1, nowMs: 0, stepsMax: 0xffffffff };
    const rows = newDrf(tables).allocate(tables, input);
    expect([rows.count, rows.agents[0], rows.clients[0]]).toEqual([
      1,
      last,
      LARGEST_SIZES.clients - 1,
    ]);
    expect(tables.addAgent(AgentFlag.ACTIVE)).toBeUndefined();
  });
});
