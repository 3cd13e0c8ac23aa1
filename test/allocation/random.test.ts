import { describe, expect, test } from "vitest";
import { Cluster, instancesOf } from "./support/cluster.ts";

const policies = instancesOf("random");

/** Agents of 1 cpu and 1 MiB each. */
function agents(cluster: Cluster, count: number): void {
  for (let n = 0; n < count; n++) cluster.agent(`a${n}`, 1, 1);
}

/** Frameworks in roles of weight 1, 2 and in two roles below one of weight 5. */
function weighted(): Cluster {
  const cluster = new Cluster({ policies });
  for (const [name, role] of Object.entries({ one: "a", two: "b", left: "c/l", right: "c/r" })) {
    cluster.client(name, role);
  }
  cluster.tables.setRoleWeight(cluster.role("b"), 2);
  cluster.tables.setRoleWeight(cluster.role("c"), 5);
  cluster.tables.setRoleWeight(cluster.role("c/l"), 4);
  return cluster;
}

/** Rows for these tables, seed and round. */
function drawn(cluster: Cluster, seed: number, round: number): string {
  const input = { round, seed, nowMs: 0, stepsMax: 0xffffffff };
  const { count, clients } = policies(cluster.tables).allocate(cluster.tables, input);
  return clients.subarray(0, count).join(" ");
}

describe("random", () => {
  test("gives parts by the weights along the tree", () => {
    const cluster = weighted();
    agents(cluster, 8_000);
    const tally = cluster.tally();
    // Of 8,000: 1/8, 2/8, and 5/8 divided 4:1. Three standard deviations are below 135.
    for (const [name, part] of Object.entries({ one: 1000, two: 2000, left: 4000, right: 1000 })) {
      expect(Math.abs((tally[name] ?? 0) - part), name).toBeLessThan(135);
    }
  });

  test("draws by the same chances among those that an agent is left to", () => {
    const cluster = weighted();
    agents(cluster, 6_000);
    for (let agent = 0; agent < 6_000; agent++) cluster.tables.setFiltered(2, agent, true);
    const tally = cluster.tally();
    // Chances of 1/8, 2/8 and 1/8 are left.
    for (const [name, part] of Object.entries({ one: 1500, two: 3000, right: 1500 })) {
      expect(Math.abs((tally[name] ?? 0) - part), name).toBeLessThan(135);
    }
    expect(tally["left"]).toBeUndefined();
  });

  test("draws the same for the same seed and round, and anew for others", () => {
    const cluster = weighted();
    agents(cluster, 64);
    const first = drawn(cluster, 7, 1);
    expect(drawn(cluster, 7, 1)).toBe(first);
    expect(drawn(cluster, 8, 1)).not.toBe(first);
    expect(drawn(cluster, 7, 2)).not.toBe(first);
    expect(drawn(cluster, 7 + 2 ** 32, 1)).not.toBe(first);
  });
});
