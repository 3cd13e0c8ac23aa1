import { performance } from "node:perf_hooks";
import { Random } from "../../conformance/random.ts";
import { TepuiError } from "../../contract/errors.ts";
import { AllocationRounds, type RoundDecisions } from "../../kernel/allocation/round.ts";
import { type PolicySpec, PolicySupervisor } from "../../kernel/allocation/supervisor.ts";
import { AgentFlag, ClientFlag, KINDS, ROOT_ROLE } from "../../kernel/core/tables/shape.ts";
import { AllocationTables } from "../../kernel/core/tables.ts";

/**
 * Medians over cycles as production runs them: changed columns written, policy, every row verified.
 * Full: every agent, role and client row changed and every agent is a candidate. Changed: 1 % of
 * the agents. Idle: nothing changed.
 */
export interface CycleTimes {
  readonly fullMs: number;
  readonly changedMs: number;
  readonly idleMs: number;
  /** Covers the decisions of all rounds. */
  readonly hash: string;
}

/** A cluster that is full of agents, for cycles to be measured over. */
export interface BenchCluster {
  readonly tables: AllocationTables;
  /** Free vectors of the agents, `KINDS` a row. */
  readonly free: Float64Array;
  readonly agents: number;
  readonly frameworks: number;
}

/** Agents of many shapes, a third of each already used by frameworks picked unevenly. */
export function buildCluster(agents: number, frameworks: number): BenchCluster {
  const tables = new AllocationTables();
  const random = new Random(agents * 31 + frameworks);
  const least = new Float64Array(KINDS);
  tables.setDefaultMinAllocatable([least.with(0, 10), least.with(1, 32_000)]);
  for (let n = 0; n < frameworks; n++) {
    const role = tables.addRole(ROOT_ROLE, `role-${String(n).padStart(4, "0")}`) as number;
    tables.addClient({ role, framework: n, submitOrder: n, flags: ClientFlag.ACTIVE });
  }
  const free = new Float64Array(agents * KINDS);
  for (let agent = 0; agent < agents; agent++) {
    tables.addAgent(AgentFlag.ACTIVE);
    const total = new Float64Array(KINDS);
    total[0] = 1_000 * (4 + Math.floor(random.next() * 60));
    total[1] = 1_024_000 * (8 + Math.floor(random.next() * 248));
    total[2] = 1_024_000 * (100 + Math.floor(random.next() * 900));
    tables.setAgentTotal(agent, total);
    const used = total.map((quantity) => Math.floor((quantity / 3) * random.next()));
    tables.addUsed(Math.floor(random.next() ** 2 * frameworks), used, 1);
    const left = total.map((quantity, kind) => quantity - (used[kind] as number));
    free.set(left, agent * KINDS);
    tables.setAgentFree(agent, left);
  }
  return { tables, free, agents, frameworks };
}

/** Measures so many cycles of each kind with the supervisor's policy, after some to warm up. */
export function measureCycles(
  cluster: BenchCluster,
  supervisor: PolicySupervisor,
  rounds: number,
): CycleTimes {
  const { tables, free } = cluster;
  const allocation = new AllocationRounds(supervisor, () => performance.now());
  const hash = new Hash();
  const cycle = (times: number, prepare: (n: number) => void): number => {
    const took: number[] = [];
    for (let n = 0; n < times; n++) {
      prepare(n);
      const startMs = performance.now();
      const decisions = allocation.run(tables, { seed: 7, nowMs: 0, stepsMax: 0xffffffff });
      took.push(performance.now() - startMs);
      if (decisions !== undefined) hash.add(decisions);
    }
    return median(took);
  };
  const full = (): void => {
    for (let agent = 0; agent < cluster.agents; agent++) changeAgent(tables, free, agent);
    for (let client = 0; client < cluster.frameworks; client++) tables.countAllocation(client);
  };
  const changed = (n: number): void => {
    for (let agent = n % 100; agent < cluster.agents; agent += 100)
      changeAgent(tables, free, agent);
  };
  // Until both engines have optimised, which takes some rounds of every kind.
  cycle(Math.ceil(rounds / 4), full);
  const fullMs = cycle(rounds, full);
  cycle(Math.ceil(rounds / 4), changed);
  const changedMs = cycle(rounds, changed);
  const idleMs = cycle(rounds, () => undefined);
  return { fullMs, changedMs, idleMs, hash: hash.hex };
}

/**
 * Measures a policy on a fresh cluster.
 * @throws TepuiError its first fault, when it had any
 */
export function measurePolicy(
  spec: PolicySpec,
  agents: number,
  frameworks: number,
  rounds: number,
): CycleTimes {
  const cluster = buildCluster(agents, frameworks);
  const supervisor = new PolicySupervisor();
  supervisor.promote(spec, cluster.tables, 0);
  const times = measureCycles(cluster, supervisor, rounds);
  const fault = supervisor.events.find(({ code }) => code !== undefined);
  if (fault?.code === undefined) return times;
  const where = `policy ${fault.name}, round ${fault.round}`;
  throw new TepuiError(fault.code, 500, fault.detail ?? "", { where });
}

/** Milliseconds to the microsecond, as they are shown. */
export function shownMs(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

/** Takes the agent's resources away and gives them back, as the end of its tasks would. */
function changeAgent(tables: AllocationTables, free: Float64Array, agent: number): void {
  const vector = free.subarray(agent * KINDS, (agent + 1) * KINDS);
  tables.addAgentFree(agent, vector, -1);
  tables.addAgentFree(agent, vector, 1);
}

/** FNV-1a over the decisions, 32 bits. */
class Hash {
  #bits = 0x811c9dc5;

  add(decisions: RoundDecisions): void {
    for (let row = 0; row < decisions.count; row++) {
      this.#mix(decisions.agents[row] as number);
      this.#mix(decisions.clients[row] as number);
      this.#mix(decisions.flags[row] as number);
    }
  }

  get hex(): string {
    return (this.#bits >>> 0).toString(16).padStart(8, "0");
  }

  #mix(value: number): void {
    this.#bits = Math.imul(this.#bits ^ value, 0x01000193);
  }
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
