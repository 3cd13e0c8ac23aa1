import { type PolicySpec, PolicySupervisor } from "../../kernel/allocation/supervisor.ts";
import { attributesOf } from "../../kernel/core/describe.ts";
import type { AllocationTables } from "../../kernel/core/tables.ts";
import { companion } from "../../plugins/allocators/condor/companion.ts";
import type { Row } from "../harness/bench.ts";
import { buildCluster, measureCycles, shownMs } from "./measure.ts";

/** How many different statements frameworks make, and whether they look at amounts. */
const STATEMENTS: readonly (readonly [wishes: number, amounts: boolean])[] = [
  [20, false],
  [1_000, false],
  [20, true],
];

/** Times of cycles in which everybody states something (see `CycleTimes`). */
export function condorRows(spec: PolicySpec, quick: boolean): Row[] {
  const [agents, frameworks] = quick ? [1_000, 200] : [10_000, 1_000];
  return STATEMENTS.map(([wishes, amounts]) => {
    const cluster = buildCluster(agents, frameworks);
    makeStatements(cluster.tables, wishes, amounts);
    const supervisor = new PolicySupervisor();
    const stated = { ...spec, options: { ...spec.options, companion: companion({}) } };
    supervisor.promote(stated, cluster.tables, 0);
    const times = measureCycles(cluster, supervisor, quick ? 5 : 41);
    if (supervisor.standing !== "live") throw new Error(JSON.stringify(supervisor.events));
    return {
      scenario: `condor, ${wishes} wishes${amounts ? " by amounts" : ""}`,
      agents,
      frameworks,
      fullMs: shownMs(times.fullMs),
      changedMs: shownMs(times.changedMs),
      idleMs: shownMs(times.idleMs),
      decisionsHash: times.hash,
    };
  });
}

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
function makeStatements(tables: AllocationTables, wishes: number, amounts: boolean): void {
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
