import type { AgentFacts, ClientFacts } from "../../../contract/ports/policy-companion.ts";
import type { Label } from "../../../contract/schema/resource.ts";
import { WasmPolicy } from "../../../kernel/allocation/wasm-policy.ts";
import { attributesOf } from "../../../kernel/core/describe.ts";
import { KINDS } from "../../../kernel/core/tables/shape.ts";
import type { AllocationTables } from "../../../kernel/core/tables.ts";
import { companion } from "../../../plugins/allocators/condor/companion.ts";
import type { Value } from "../references/classad.ts";
import { Cluster, type Instances } from "./cluster.ts";
import { misbehaving, shipped } from "./compile.ts";

/** Config of the policy in tests. */
export type CondorConfig = Parameters<typeof companion>[0];

/** Instances of the policy with its companion. Compiles it now: call it outside of tests. */
export function condor(config: CondorConfig = {}): Instances {
  const policy = shipped("condor");
  return (tables) => {
    return new WasmPolicy(policy, tables, { deadlineMs: 10_000, companion: companion(config) });
  };
}

/** What a framework states, by label. */
export type Labels = Readonly<Record<string, string>>;

/** What the tables are told of a framework in a role. */
export function factsOf(name: string, role: string, labels: Labels): ClientFacts {
  const list: Label[] = Object.entries(labels).map(([key, value]) => ({ key, value }));
  return { role, framework: { name, user: `${name}-user`, roles: [], labels: list } };
}

/** What the tables are told of an agent: texts, and numbers in thousandths. */
export function agentFacts(
  hostname: string,
  attributes: Readonly<Record<string, string | number>>,
): AgentFacts {
  const list = Object.entries(attributes).map(([name, value]) =>
    typeof value === "number" ? { name, scalar: value } : { name, text: value },
  );
  return { hostname, attributes: list };
}

/** Tells the tables about an agent, as the core does. */
export function describeAgent(tables: AllocationTables, row: number, facts: AgentFacts): void {
  tables.describeAgent(row, facts, attributesOf({ ...facts, ip: "", port: 0, resources: [] }));
}

/** A cluster whose frameworks and agents state things. */
export class CondorCluster extends Cluster {
  readonly #hosts: string[] = [];

  constructor(instances: Instances) {
    super({ policies: instances });
  }

  /** A framework in a role, with labels. */
  framework(name: string, role: string, labels: Labels = {}, flags?: number): number {
    const row = flags === undefined ? this.client(name, role) : this.client(name, role, flags);
    this.tables.describeClient(row, factsOf(name, role, labels));
    return row;
  }

  /** An agent with attributes; amounts as in `agent`. */
  machine(
    name: string,
    attributes: Readonly<Record<string, string | number>>,
    ...quantities: number[]
  ): number {
    const row = this.agent(name, ...(quantities.length === 0 ? [1, 1] : quantities));
    this.#hosts[row] = name;
    this.redescribe(row, attributes);
    return row;
  }

  /** Replaces the attributes of an agent. */
  redescribe(row: number, attributes: Readonly<Record<string, string | number>>): void {
    describeAgent(this.tables, row, agentFacts(this.#hosts[row] ?? "", attributes));
  }
}

const TAGS = ["undefined", "error", "boolean", "integer", "real", "string"] as const;

/** What the ranks evaluate to: each framework's over the agent, and the agent's over each. */
export class RankReader {
  readonly #policy = misbehaving("condor-values");

  /** Values by framework: its own rank, then the agent's rank of it. */
  read(tables: AllocationTables, config: CondorConfig = {}): [mine: Value, theirs: Value][] {
    const options = { deadlineMs: 10_000, companion: companion(config) };
    const instance = new WasmPolicy(this.#policy, tables, options);
    const input = { round: 1, seed: 1, nowMs: 0, stepsMax: 1_000 };
    const rows = instance.allocate(tables, input);
    const values = Array.from({ length: rows.count }, (_, row): Value => {
      const amounts = rows.amounts.slice(row * KINDS, (row + 1) * KINDS);
      return valueIn(TAGS[rows.agents[row] as number] as Value["is"], amounts);
    });
    return Array.from({ length: values.length / 2 }, (_, n) => {
      return [values[n * 2] as Value, values[n * 2 + 1] as Value];
    });
  }
}

function valueIn(is: Value["is"], amounts: Float64Array): Value {
  const number = amounts[0] as number;
  switch (is) {
    case "boolean":
      return { is, value: number !== 0 };
    case "integer":
      return { is, value: BigInt(number) };
    case "real":
      return { is, value: number };
    case "string": {
      const bytes = Buffer.from(amounts.buffer, 16, Math.min(amounts[1] as number, 48));
      return { is, value: bytes.toString("latin1") };
    }
    default:
      return { is };
  }
}
