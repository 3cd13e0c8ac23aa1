import { describe, expect, test } from "vitest";
import type { ClientFacts, StatementView } from "../../contract/ports/policy-companion.ts";
import { companion } from "../../plugins/allocators/condor/companion.ts";
import { agentFacts, CondorCluster, condor, RankReader } from "./support/condor.ts";

// Compiled before the first test, which has a time limit.
const instances = condor();
const reader = new RankReader();

function compile(clients: readonly ClientFacts[]): Uint8Array {
  const view: StatementView = {
    clients,
    agents: [agentFacts("host", { rack: "r1" })],
    changedClients: undefined,
    changedAgents: undefined,
    kindNames: ["cpus"],
    numberOf: (word) => word.length,
    renumbered: 0,
    bytesMax: 1 << 24,
  };
  return companion({}).compiler().compile(view);
}

/** A framework in so many roles, with one label. */
function inRoles(count: number, label: { readonly key: string; readonly value: string }) {
  const framework = { name: "f", user: "u", roles: [], labels: [label] };
  return Array.from({ length: count }, (_, n): ClientFacts => ({ framework, role: `role-${n}` }));
}

describe("a framework of many roles", () => {
  test("has what it states read a few times, and not in each of them", () => {
    let reads = 0;
    const label = {
      key: "condor.requirements",
      get value() {
        reads += 1;
        return 'TARGET.rack == "r1"';
      },
    };
    const clients = inRoles(1_000, label);
    const one = companion({});
    expect(clients[0] && one.checkFramework?.(clients[0].framework)).toBeUndefined();
    compile(clients);
    expect(reads).toBeLessThan(5);
  });

  test("has its code once in the program, though it asks for its role", () => {
    const parts = Array.from({ length: 60 }, (_, n) => `MY.role != "${"x".repeat(15)}${n}"`);
    const label = { key: "condor.requirements", value: parts.join(" && ") };
    const [few, many] = [compile(inRoles(1, label)), compile(inRoles(1_000, label))];
    // For each role its class: a row, two addresses, a value and the role's name.
    expect(many.length - few.length).toBeLessThan(1_000 * 40);
  });

  test("has a role of its own in each", () => {
    const cluster = new CondorCluster(instances);
    cluster.machine("host", { "condor.rank": "TARGET.role" });
    const value = 'MY.role == "b" ? role : 0';
    const labels = [
      { key: "condor.rank", value },
      { key: "role", value: "claimed" },
    ];
    const framework = { name: "f", user: "u", roles: [], labels };
    for (const role of ["a", "b"]) {
      const row = cluster.client(`f-${role}`, role);
      cluster.tables.describeClient(row, { framework, role });
    }
    expect(reader.read(cluster.tables)).toEqual([
      [
        { is: "integer", value: 0n },
        { is: "string", value: "a" },
      ],
      [
        { is: "string", value: "b" },
        { is: "string", value: "b" },
      ],
    ]);
  });
});
