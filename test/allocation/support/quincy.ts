import type { PolicyCompanion } from "../../../contract/ports/policy-companion.ts";
import type { DecisionRows } from "../../../kernel/allocation/policy.ts";
import { Verifier } from "../../../kernel/allocation/verify.ts";
import { WasmPolicy } from "../../../kernel/allocation/wasm-policy.ts";
import type { AllocationTables } from "../../../kernel/core/tables.ts";
import { companion } from "../../../plugins/allocators/quincy/companion.ts";
import type { NaiveCosts, NaiveData } from "../references/quincy.ts";
import { Cluster } from "./cluster.ts";
import { shipped } from "./compile.ts";

const policy = shipped("quincy");

/** Costs that make the default parameters of the manifest. */
export const usualCosts: NaiveCosts = {
  rackTransfer: 1,
  coreTransfer: 2,
  wait: 1_000,
  waitSecond: 250,
  share: 20_000,
};

/** What an instance is made with. */
export interface QuincyOptions {
  readonly costs?: NaiveCosts;
  readonly slots?: number;
  readonly priorityCost?: number;
  readonly patienceRounds?: number;
  /** The policy's own unless given. */
  readonly companion?: PolicyCompanion;
}

/** Parameters in the order of the manifest. */
export function paramsOf(options: QuincyOptions): number[] {
  const { costs = usualCosts, slots = 1, priorityCost = 0, patienceRounds = 4 } = options;
  const { rackTransfer, coreTransfer, wait, waitSecond, share } = costs;
  return [slots, rackTransfer, coreTransfer, wait, waitSecond, share, priorityCost, patienceRounds];
}

/** An instance of the policy with its companion over some tables; decisions are not applied. */
export class Quincy {
  readonly #tables: AllocationTables;
  readonly policy: WasmPolicy;
  readonly #companion: PolicyCompanion;
  readonly #verifier = new Verifier();
  #round = 0;

  constructor(tables: AllocationTables, options: QuincyOptions = {}) {
    this.#tables = tables;
    this.#companion = options.companion ?? companion({});
    this.policy = new WasmPolicy(policy, tables, {
      deadlineMs: 20_000,
      params: paramsOf(options),
      companion: this.#companion,
    });
  }

  /** Other parameters, as an operator sets them while the policy runs. */
  configure(options: QuincyOptions): void {
    this.policy.configure({ params: paramsOf(options), companion: this.#companion });
  }

  /** One verified round, after which the candidates are what they were. */
  decide(nowMs = 0, stepsMax = 0xffffffff): DecisionRows {
    this.#round += 1;
    if (!this.policy.fits(this.#tables)) throw new Error("the tables grew");
    const input = { round: this.#round, seed: 1, nowMs, stepsMax };
    const rows = this.policy.allocate(this.#tables, input);
    this.#verifier.verify(this.#tables, rows);
    return rows;
  }

  /** One verified round; what it looked at is off the candidates afterwards. */
  round(nowMs = 0, stepsMax = 0xffffffff): DecisionRows & { readonly pairs: [number, number][] } {
    const rows = this.decide(nowMs, stepsMax);
    this.#tables.dropCandidates(rows.looked);
    const pairs = Array.from({ length: rows.count }, (_, row): [number, number] => [
      rows.agents[row] as number,
      rows.clients[row] as number,
    ]);
    return { ...rows, pairs };
  }
}

/** Tells where a client's data is, as a label of its framework does. */
export function stateData(tables: AllocationTables, client: number, data: NaiveData | undefined) {
  const items =
    data === undefined
      ? []
      : [
          `${data.total}MB in all`,
          ...[...data.onAgent].map(([agent, mb]) => `${mb}MB at hostname=a${agent}`),
          ...[...data.inRack].map(([rack, mb]) => `${mb}MB at rack=${rack}`),
        ];
  const labels = items.length === 0 ? [] : [{ key: "quincy.data", value: items.join("; ") }];
  const framework = { name: `f${client}`, user: "u", roles: [], labels };
  tables.describeClient(client, { framework, role: "" });
}

/** Tells an agent's host, `a` and its row, and its rack. */
export function stateRack(tables: AllocationTables, agent: number, rack: string | undefined) {
  const attributes = rack === undefined ? [] : [{ name: "rack", text: rack }];
  tables.describeAgent(agent, { hostname: `a${agent}`, attributes }, attributes);
}

/**
 * Agents of 4 cpus and 4 MiB in two racks, even rows in r0; clients f0, f1 … in roles of their own.
 */
export function quincyCluster(
  agents: number,
  clients: readonly (NaiveData | undefined)[],
  options?: QuincyOptions,
) {
  const cluster = new Cluster();
  const { tables } = cluster;
  for (let n = 0; n < agents; n++) stateRack(tables, cluster.agent(`a${n}`, 4, 4), `r${n % 2}`);
  for (const [n, stated] of clients.entries()) {
    stateData(tables, cluster.client(`f${n}`, `role${n}`), stated);
  }
  return { cluster, tables, quincy: new Quincy(tables, options) };
}

/** Where a framework's data is; what is not said is nowhere. */
export function dataAt(
  total: number,
  on: Readonly<Record<number, number>>,
  racks: Readonly<Record<string, number>> = {},
): NaiveData {
  const onAgent = new Map(Object.entries(on).map(([agent, mb]) => [Number(agent), mb]));
  return { total, onAgent, inRack: new Map(Object.entries(racks)) };
}

/** Agents by client. */
export function givenTo(pairs: readonly (readonly [number, number])[]): Record<string, number[]> {
  const result: Record<string, number[]> = {};
  for (const [agent, client] of pairs) {
    result[`f${client}`] = [...(result[`f${client}`] ?? []), agent].sort((a, b) => a - b);
  }
  return result;
}
