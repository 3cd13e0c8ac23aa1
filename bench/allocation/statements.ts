import { attributesOf } from "../../kernel/core/describe.ts";
import type { AllocationTables } from "../../kernel/core/tables.ts";

/** Attributes that agents have: a rack of a hundred, one of three architectures, a speed of ten. */
function attributesFor(agent: number) {
  return [
    { name: "rack", text: `rack-${agent % 100}` },
    { name: "arch", text: ["x86_64", "aarch64", "riscv64"][agent % 3] as string },
    { name: "speed", scalar: (agent % 10) * 1_000 },
  ];
}

/**
 * Has every agent and every framework state something: agents whom they take, frameworks one of
 * `wishes` different requirements and ranks. `amounts` has requirements look at what is left of an
 * agent too, which cannot be worked out once for all agents that are alike.
 */
export function makeStatements(tables: AllocationTables, wishes: number, amounts: boolean): void {
  for (let agent = 0; agent < tables.agents.pool.end; agent++) {
    const attributes = [
      ...attributesFor(agent),
      { name: "condor.requirements", text: 'TARGET.team != "none"' },
    ];
    const facts = { hostname: `host-${agent}`, attributes };
    tables.describeAgent(agent, facts, attributesOf({ ...facts, ip: "", port: 0, resources: [] }));
  }
  for (let client = 0; client < tables.clients.pool.end; client++) {
    const wish = client % wishes;
    const requirements = [
      `TARGET.rack != "rack-${wish % 100}"`,
      '(TARGET.arch == "x86_64" || TARGET.arch == "aarch64")',
      `TARGET.speed >= ${wish % 5}`,
      ...(amounts ? [`TARGET.cpus >= ${1 + (wish % 4)}`] : []),
    ];
    const labels = [
      { key: "team", value: `team-${client % 7}` },
      { key: "condor.requirements", value: requirements.join(" && ") },
      { key: "condor.rank", value: `TARGET.speed + ${wish}` },
    ];
    const framework = { name: `f${client}`, user: "u", roles: [], labels };
    tables.describeClient(client, { role: `role-${client}`, framework });
  }
}
