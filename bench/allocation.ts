import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { admitPolicy } from "../kernel/allocation/admission.ts";
import { AllocationRounds, type RoundDecisions } from "../kernel/allocation/round.ts";
import { PolicySupervisor } from "../kernel/allocation/supervisor.ts";
import { AgentFlag, ClientFlag, KINDS, ROOT_ROLE } from "../kernel/core/tables/shape.ts";
import { AllocationTables } from "../kernel/core/tables.ts";
import { localityRows } from "./allocation/locality.ts";
import { filterRows, quotaRows } from "./allocation/scenarios.ts";

/** Sizes of issue A; each framework in a role of its own. */
const SIZES: readonly (readonly [agents: number, frameworks: number])[] = [
  [1_000, 10],
  [1_000, 200],
  [5_000, 50],
  [10_000, 200],
  [10_000, 1_000],
  [50_000, 200],
  [50_000, 1_000],
];

/** Policies that are measured beside DRF, at one size. */
const OTHERS = ["fifo", "fair", "capacity", "random", "quincy"] as const;

/** A cycle as production runs it: changed columns written, policy, every row verified. */
interface Times {
  readonly fullMs: number;
  readonly changedMs: number;
  readonly idleMs: number;
  readonly hash: string;
}

/**
 * Times of allocation cycles, WebAssembly next to plain TypeScript, both verified. Full: every
 * agent, role and client row changed and every agent is a candidate. Changed: 1 % of the agents.
 * Idle: nothing changed. Medians, in milliseconds. The hash covers the decisions of all rounds and
 * must be the same for both.
 */
export async function run(options: { quick?: boolean } = {}): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (const [agents, frameworks] of options.quick ? SIZES.slice(0, 2) : SIZES) {
    const cluster = build(agents, frameworks);
    const supervisor = supervisorFor(cluster.tables, "drf");
    const rounds = options.quick ? 5 : agents > 10_000 ? 41 : 101;
    const wasm = measure(cluster, supervisor, rounds);
    if (supervisor.standing !== "live") throw new Error(JSON.stringify(supervisor.events));
    const plain = measure(build(agents, frameworks), new PolicySupervisor(), rounds);
    if (wasm.hash !== plain.hash) {
      throw new Error(
        `at ${agents} × ${frameworks}, WebAssembly and TypeScript decided differently`,
      );
    }
    rows.push({
      scenario: "drf",
      agents,
      frameworks,
      fullMs: rounded(wasm.fullMs),
      changedMs: rounded(wasm.changedMs),
      idleMs: rounded(wasm.idleMs),
      plainTsFullMs: rounded(plain.fullMs),
      plainTsChangedMs: rounded(plain.changedMs),
      memoryMib: memoryMibOf(agents, frameworks),
      decisionsHash: wasm.hash,
    });
  }
  for (const name of OTHERS) rows.push(otherRow(name, options.quick === true));
  const drf = (tables: AllocationTables) => supervisorFor(tables, "drf");
  rows.push(...quotaRows(drf, options.quick === true), ...filterRows(drf, options.quick === true));
  const quincy = admitPolicy("quincy", policyBytes("quincy"));
  rows.push(...localityRows(quincy, options.quick === true));
  return rows;
}

/** Times of another policy's cycles. */
function otherRow(name: string, quick: boolean): Record<string, unknown> {
  const [agents, frameworks] = quick ? [1_000, 200] : [10_000, 1_000];
  const cluster = build(agents, frameworks);
  const supervisor = supervisorFor(cluster.tables, name);
  const { fullMs, changedMs, idleMs, hash } = measure(cluster, supervisor, quick ? 5 : 101);
  if (supervisor.standing !== "live") throw new Error(JSON.stringify(supervisor.events));
  return {
    scenario: name,
    agents,
    frameworks,
    fullMs: rounded(fullMs),
    changedMs: rounded(changedMs),
    idleMs: rounded(idleMs),
    decisionsHash: hash,
  };
}

/** A supervisor with a shipped policy live. */
function supervisorFor(tables: AllocationTables, name: string): PolicySupervisor {
  const supervisor = new PolicySupervisor();
  const policy = admitPolicy(name, policyBytes(name));
  supervisor.promote({ policy, options: { deadlineMs: 10_000 } }, tables, 0);
  return supervisor;
}

/**
 * How much a process grows by a cluster's tables and its policy over some cycles, in MiB. Measured
 * in a process of its own, where nothing of other sizes can be reused.
 */
function memoryMibOf(agents: number, frameworks: number): number {
  const self = fileURLToPath(import.meta.url);
  const args = ["--expose-gc", self, "memory", String(agents), String(frameworks)];
  return Number(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

function printMemory(agents: number, frameworks: number): void {
  const collect = (globalThis as { gc?: () => void }).gc;
  collect?.();
  const before = process.memoryUsage().rss;
  const cluster = build(agents, frameworks);
  measure(cluster, supervisorFor(cluster.tables, "drf"), 8);
  collect?.();
  process.stdout.write(String(Math.round((process.memoryUsage().rss - before) / 2 ** 20)));
}

interface Cluster {
  readonly tables: AllocationTables;
  /** Free vectors of the agents, `KINDS` a row. */
  readonly free: Float64Array;
  readonly agents: number;
  readonly frameworks: number;
}

/** Agents of many shapes, a third of each already used by frameworks picked unevenly. */
function build(agents: number, frameworks: number): Cluster {
  const tables = new AllocationTables();
  const random = generator(agents * 31 + frameworks);
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
    total[0] = 1_000 * (4 + Math.floor(random() * 60));
    total[1] = 1_024_000 * (8 + Math.floor(random() * 248));
    total[2] = 1_024_000 * (100 + Math.floor(random() * 900));
    tables.setAgentTotal(agent, total);
    const used = total.map((quantity) => Math.floor((quantity / 3) * random()));
    tables.addUsed(Math.floor(random() ** 2 * frameworks), used, 1);
    const left = total.map((quantity, kind) => quantity - (used[kind] as number));
    free.set(left, agent * KINDS);
    tables.setAgentFree(agent, left);
  }
  return { tables, free, agents, frameworks };
}

function measure(cluster: Cluster, supervisor: PolicySupervisor, rounds: number): Times {
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

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

function policyBytes(name: string): Uint8Array {
  // Beside the compiled bench in dist/, or in dist/ beside the sources.
  const beside = import.meta.url.includes("/dist/") ? ".." : "../dist";
  return readFileSync(new URL(`${beside}/plugins/allocators/${name}/policy.wasm`, import.meta.url));
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === "memory") {
  printMemory(Number(process.argv[3]), Number(process.argv[4]));
}
