import { performance } from "node:perf_hooks";
import { AllocationRounds } from "../../kernel/allocation/round.ts";
import { DecisionFlag } from "../../kernel/allocation/slots.ts";
import type { PolicySupervisor } from "../../kernel/allocation/supervisor.ts";
import { AgentFlag, ClientFlag, KINDS, ROOT_ROLE } from "../../kernel/core/tables/shape.ts";
import { AllocationTables } from "../../kernel/core/tables.ts";
import type { Row } from "../harness/bench.ts";

/** Makes a supervisor with the policy to be measured live on these tables. */
export type SupervisorFor = (tables: AllocationTables) => PolicySupervisor;

/** Roles with small quotas, with large ones, and agents: those of Mesos' own quota benchmark. */
const QUOTAS: readonly (readonly [small: number, large: number, agents: number])[] = [
  [25, 5, 30],
  [250, 50, 300],
  [2_500, 500, 3_000],
];

const AGENT_CPUS = 24_000;
const AGENT_MEM = 4_096_000;
const AGENT_DISK = 4_096_000;
/** Measured times, of which the medians are taken; the first ones run unoptimised code. */
const REPEATS = 31;

/**
 * Guarantees for every role: half an agent for small ones, two agents' worth of cpus for large
 * ones. `firstMs` is the cycle that meets them all and shares the rest, `emptyMs` the one after it.
 */
export function quotaRows(supervisorFor: SupervisorFor, quick: boolean): Row[] {
  return QUOTAS.slice(0, quick ? 2 : 3).map(([small, large, agents]) => {
    const first: number[] = [];
    const empty: number[] = [];
    const tables = quotaCluster(small, large, agents);
    const cycle = cycleOf(tables, supervisorFor(tables));
    let decisions = 0;
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      first.push(cycle());
      decisions = cycle.decisions();
      empty.push(cycle());
      cycle.undo();
    }
    return {
      scenario: "quota",
      agents,
      frameworks: small + large,
      decisions,
      firstMs: median(first),
      emptyMs: median(empty),
    };
  });
}

/**
 * Every pair declined for an hour. `idleMs`: nothing changed. `lookedAgainMs`: every agent is
 * looked at again, and nobody may have any. `expiredMs`: the filters of 1 % of the agents expired
 * for one framework.
 */
export function filterRows(supervisorFor: SupervisorFor, quick: boolean): Row[] {
  const [agents, frameworks] = quick ? [1_000, 200] : [10_000, 1_000];
  const tables = new AllocationTables();
  for (let n = 0; n < frameworks; n++) addClient(tables, `role-${n}`, n);
  for (let agent = 0; agent < agents; agent++) addAgent(tables);
  for (let agent = 0; agent < agents; agent++) {
    for (let client = 0; client < frameworks; client++) tables.setFiltered(client, agent, true);
  }
  const cycle = cycleOf(tables, supervisorFor(tables));
  cycle();
  const idle: number[] = [];
  const again: number[] = [];
  const expired: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    idle.push(cycle());
    tables.touchAll();
    again.push(cycle());
    for (let agent = 0; agent < agents; agent += 100) tables.setFiltered(repeat, agent, false);
    expired.push(cycle());
    cycle.undo();
    for (let agent = 0; agent < agents; agent += 100) tables.setFiltered(repeat, agent, true);
    cycle();
  }
  return [
    {
      scenario: "filters",
      agents,
      frameworks,
      idleMs: median(idle),
      lookedAgainMs: median(again),
      expiredMs: median(expired),
    },
  ];
}

function quotaCluster(small: number, large: number, agents: number): AllocationTables {
  const tables = new AllocationTables();
  for (let n = 0; n < small + large; n++) {
    const role = addClient(tables, `role-${n}`, n);
    const quota = new Float64Array(KINDS);
    quota[0] = n < small ? AGENT_CPUS / 2 : AGENT_CPUS * 2;
    if (n < small) quota[1] = AGENT_MEM / 2;
    tables.setRoleQuota(role, quota, undefined);
  }
  for (let agent = 0; agent < agents; agent++) addAgent(tables);
  return tables;
}

function addClient(tables: AllocationTables, name: string, framework: number): number {
  const role = tables.addRole(ROOT_ROLE, name) as number;
  const flags = ClientFlag.ACTIVE;
  tables.addClient({ role, framework, submitOrder: framework, flags });
  return role;
}

function addAgent(tables: AllocationTables): void {
  const agent = tables.addAgent(AgentFlag.ACTIVE) as number;
  const total = new Float64Array(KINDS);
  total.set([AGENT_CPUS, AGENT_MEM, AGENT_DISK]);
  tables.setAgentTotal(agent, total);
  tables.setAgentFree(agent, total);
}

/** One cycle as production runs it; its decisions are applied outside the measured time. */
function cycleOf(tables: AllocationTables, supervisor: PolicySupervisor) {
  const rounds = new AllocationRounds(supervisor, () => performance.now());
  let count = 0;
  let given: [agent: number, client: number, amounts: Float64Array][] = [];
  const apply = (sign: 1 | -1): void => {
    for (const [agent, client, amounts] of given) {
      tables.addAgentFree(agent, amounts, sign === 1 ? -1 : 1);
      tables.addUsed(client, amounts, sign);
    }
  };
  const cycle = (): number => {
    const startMs = performance.now();
    const decided = rounds.run(tables, { seed: 7, nowMs: 0, stepsMax: 0xffffffff });
    const tookMs = performance.now() - startMs;
    if (supervisor.standing !== "live") throw new Error(JSON.stringify(supervisor.events));
    count = decided?.count ?? 0;
    if (decided === undefined || count === 0) return tookMs;
    given = [];
    const left = tables.agents.free.slice();
    for (let row = 0; row < count; row++) {
      const agent = decided.agents[row] as number;
      const whole = (decided.flags[row] as number) === DecisionFlag.WHOLE;
      const at = agent * KINDS;
      const amounts = whole
        ? left.slice(at, at + KINDS)
        : decided.amounts.slice(row * KINDS, (row + 1) * KINDS);
      for (const [kind, amount] of amounts.entries()) {
        left[at + kind] = (left[at + kind] as number) - amount;
      }
      given.push([agent, decided.clients[row] as number, amounts]);
    }
    apply(1);
    return tookMs;
  };
  return Object.assign(cycle, { decisions: () => count, undo: () => apply(-1) });
}

/** The middle of some times in ms, to the microsecond; sorts them. */
export function median(values: number[]): number {
  const ms = values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  return Math.round(ms * 1_000) / 1_000;
}
