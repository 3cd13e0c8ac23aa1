import { performance } from "node:perf_hooks";
import type { AdmittedPolicy } from "../../kernel/allocation/admission.ts";
import { AllocationRounds, type RoundDecisions } from "../../kernel/allocation/round.ts";
import { PolicySupervisor } from "../../kernel/allocation/supervisor.ts";
import { AgentFlag, ClientFlag, KINDS, ROOT_ROLE } from "../../kernel/core/tables/shape.ts";
import { AllocationTables } from "../../kernel/core/tables.ts";
import { companion } from "../../plugins/allocators/quincy/companion.ts";
import type { Row } from "../harness/bench.ts";
import { median } from "./scenarios.ts";

const RACKS = 40;
const HOSTS_STATED = 5;
/** Frameworks that filter each agent: then no two agents are alike, and none can be merged. */
const FILTERS = 3;
const CPUS = 24_000;
const WARM_ROUNDS = 30;
/** The costs of the manifest. */
const RACK_TRANSFER = 1;
const CORE_TRANSFER = 2;
const WAIT = 1_000;
const SHARE = 20_000;

/** Where a framework's data is, in MB, and the cpus that it uses. */
interface Framework {
  readonly total: number;
  readonly onAgent: Map<number, number>;
  readonly inRack: Map<number, number>;
  used: number;
}

interface Locality {
  readonly tables: AllocationTables;
  readonly frameworks: readonly Framework[];
  readonly agents: number;
}

/**
 * Min-cost flow where every framework has its data somewhere else and every agent is filtered by
 * some. `coldMs`: a new instance solves everything. `warmMs`: 1 % of the agents and what 5 % of the
 * frameworks use changed. Throws when the decisions of a warm round cost more or less than those of
 * a new instance; the hash is over the costs of all rounds.
 */
export function localityRows(policy: AdmittedPolicy, quick: boolean): Row[] {
  const sizes: readonly (readonly [number, number])[] = [
    [1_000, 200],
    [10_000, 1_000],
  ];
  return sizes.slice(0, quick ? 1 : 2).map(([agents, frameworks]) => {
    const cluster = build(agents, frameworks);
    const warm = instance(policy, cluster.tables);
    const cold: number[] = [];
    const warmMs: number[] = [];
    let hash = 0x811c9dc5;
    let decisions = warm().count;
    for (let round = 0; round < (quick ? 4 : WARM_ROUNDS); round++) {
      change(cluster, round);
      const decided = warm();
      warmMs.push(decided.tookMs);
      decisions = decided.count;
      const cost = costOf(cluster, decided);
      hash = Math.imul(hash ^ cost, 0x01000193) >>> 0;
      if (round % 10 !== 0) continue;
      cluster.tables.touchAll();
      const anew = instance(policy, cluster.tables)();
      cold.push(anew.tookMs);
      const least = costOf(cluster, anew);
      if (least !== cost) throw new Error(`round ${round} cost ${cost}, and anew ${least}`);
    }
    return {
      scenario: "quincy locality",
      agents,
      frameworks,
      decisions,
      coldMs: median(cold),
      warmMs: median(warmMs),
      warmMaxMs: Math.round(Math.max(...warmMs) * 1_000) / 1_000,
      costHash: hash.toString(16).padStart(8, "0"),
    };
  });
}

/** Runs rounds as production does: columns written, one call, every row verified. */
function instance(policy: AdmittedPolicy, tables: AllocationTables): () => RoundDecisions {
  const supervisor = new PolicySupervisor();
  const options = { deadlineMs: 60_000, companion: companion({}) };
  supervisor.promote({ policy, options }, tables, 0);
  const rounds = new AllocationRounds(supervisor, () => performance.now());
  return () => {
    const decided = rounds.run(tables, { seed: 7, nowMs: 0, stepsMax: 0xffffffff });
    if (decided === undefined || supervisor.standing !== "live" || decided.more) {
      throw new Error(JSON.stringify(supervisor.events));
    }
    return decided;
  };
}

function build(agents: number, count: number): Locality {
  const tables = new AllocationTables();
  let state = agents + count;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const frameworks = Array.from({ length: count }, (_, n): Framework => {
    const role = tables.addRole(ROOT_ROLE, `role-${n}`) as number;
    tables.addClient({ role, framework: n, submitOrder: n, flags: ClientFlag.ACTIVE });
    const onAgent = new Map<number, number>();
    for (let host = 0; host < HOSTS_STATED; host++) onAgent.set(random(agents), random(3_000));
    const inRack = new Map([[random(RACKS), random(3_000)]]);
    return { total: 3_000 + random(10_000), onAgent, inRack, used: 0 };
  });
  for (let agent = 0; agent < agents; agent++) {
    const total = new Float64Array(KINDS);
    total.set([CPUS, 4_096_000, 4_096_000]);
    tables.addAgent(AgentFlag.ACTIVE);
    tables.setAgentTotal(agent, total);
    tables.setAgentFree(agent, total);
    const attributes = [{ name: "rack", text: `r${agent % RACKS}` }];
    tables.describeAgent(agent, { hostname: `h${agent}`, attributes }, attributes);
    for (let filter = 0; filter < FILTERS; filter++) {
      tables.setFiltered(random(count), agent, true);
    }
  }
  for (const [row, { total, onAgent, inRack }] of frameworks.entries()) {
    const places = [
      `${total}MB in all`,
      ...[...onAgent].map(([agent, mb]) => `${mb}MB at hostname=h${agent}`),
      ...[...inRack].map(([rack, mb]) => `${mb}MB at rack=r${rack}`),
    ];
    const labels = [{ key: "quincy.data", value: places.join("; ") }];
    tables.describeClient(row, {
      framework: { name: "f", user: "u", roles: [], labels },
      role: "",
    });
    for (const [agent, mb] of onAgent) {
      inRack.set(agent % RACKS, Math.max(inRack.get(agent % RACKS) ?? 0, mb));
    }
  }
  return { tables, frameworks, agents };
}

/** Takes 1 % of the agents away and gives them back; 5 % of the frameworks use more or less. */
function change({ tables, frameworks, agents }: Locality, round: number): void {
  for (let agent = round % 100; agent < agents; agent += 100) {
    const all = tables.agents.total.slice(agent * KINDS, (agent + 1) * KINDS);
    tables.addAgentFree(agent, all, -1);
    tables.addAgentFree(agent, all, 1);
  }
  for (let row = round % 20; row < frameworks.length; row += 20) {
    const framework = frameworks[row] as Framework;
    const cpus = CPUS * ((round + row) % 4);
    const vector = new Float64Array(KINDS);
    vector[0] = cpus - framework.used;
    tables.addUsed(row, vector, 1);
    framework.used = cpus;
  }
}

/** Data moved and claims left open, worked out from the statements, in whole numbers. */
function costOf({ frameworks, agents }: Locality, decided: RoundDecisions): number {
  const grants = new Array<number>(frameworks.length).fill(0);
  let cost = 0;
  for (let row = 0; row < decided.count; row++) {
    const agent = decided.agents[row] as number;
    const client = decided.clients[row] as number;
    const { total, onAgent, inRack } = frameworks[client] as Framework;
    const here = Math.min(onAgent.get(agent) ?? 0, total);
    const near = Math.min(Math.max(inRack.get(agent % RACKS) ?? 0, here), total);
    cost += RACK_TRANSFER * (near - here) + CORE_TRANSFER * (total - near);
    grants[client] = (grants[client] as number) + 1;
  }
  const fair = (1 / frameworks.length) * agents;
  for (const [client, { used }] of frameworks.entries()) {
    const held = (used / (CPUS * agents)) * agents;
    for (let nth = 1; nth <= (grants[client] as number); nth++) {
      cost -= WAIT + Math.floor((SHARE * fair) / (fair + held + nth));
    }
  }
  return cost;
}
