import { takeGrant } from "../../../conformance/allocator/books.ts";
import { OfferBook, type OpenOffer } from "../../../conformance/allocator/offer-book.ts";
import type { DecisionRows, RoundInput } from "../../../kernel/allocation/policy.ts";
import { ReferenceDrf } from "../../../kernel/allocation/reference-drf.ts";
import { DecisionFlag } from "../../../kernel/allocation/slots.ts";
import { Verifier } from "../../../kernel/allocation/verify.ts";
import { WasmPolicy } from "../../../kernel/allocation/wasm-policy.ts";
import { AgentFlag, ClientFlag, KINDS, ROOT_ROLE } from "../../../kernel/core/tables/shape.ts";
import { AllocationTables } from "../../../kernel/core/tables.ts";
import { shipped } from "./compile.ts";

/** One decision in names instead of rows. */
export interface Given {
  readonly agent: string;
  readonly client: string;
  readonly cpus: number;
  readonly mem: number;
}

/** `cpus` and `mem` (and whatever follows) in whole units, as a vector of thousandths. */
export function vector(...quantities: number[]): Float64Array {
  const result = new Float64Array(KINDS);
  result.set(quantities.map((quantity) => Math.round(quantity * 1000)));
  return result;
}

/** Makes the instance of a policy for these tables. */
export type Instances = (tables: AllocationTables) => WasmPolicy;

/** Who decides over a cluster. */
export interface ClusterOptions {
  /** DRF, which is also compared with the built-in policy, unless another is given. */
  readonly policies?: Instances;
}

/**
 * A small cluster by name, with what the core would do around a round: decisions are applied, and
 * can be undone. Runs the WebAssembly DRF and the built-in one side by side and holds them equal.
 */
export class Cluster {
  readonly tables = new AllocationTables();
  /** What is offered and not answered; only what a test puts in. */
  readonly offers = new OfferBook<OpenOffer>();
  /** What the last round took back, as `agent>client`. */
  reclaimed: string[] = [];
  nowMs = 0;
  readonly #policies: Instances;
  readonly #agents: string[] = [];
  readonly #clients: string[] = [];
  readonly #roles = new Map<string, number>([["", ROOT_ROLE]]);
  readonly #verifier = new Verifier();
  #wasmPolicy: WasmPolicy | undefined;
  #round = 0;

  constructor(options: ClusterOptions = {}) {
    this.#policies = options.policies ?? drf;
  }

  /** Row of a role; those above it are made too. */
  role(path: string): number {
    const known = this.#roles.get(path);
    if (known !== undefined) return known;
    const cut = path.lastIndexOf("/");
    const parent = this.role(cut < 0 ? "" : path.slice(0, cut));
    const row = this.tables.addRole(parent, path) as number;
    this.#roles.set(path, row);
    return row;
  }

  agent(name: string, ...quantities: number[]): number {
    const row = this.tables.addAgent(AgentFlag.ACTIVE) as number;
    this.#agents[row] = name;
    this.tables.setAgentTotal(row, vector(...quantities));
    this.tables.setAgentFree(row, vector(...quantities));
    return row;
  }

  client(name: string, role: string, flags: number = ClientFlag.ACTIVE): number {
    const framework = this.#clients.length;
    const row = this.tables.addClient({
      role: this.role(role),
      framework,
      submitOrder: framework,
      flags,
    }) as number;
    this.#clients[row] = name;
    return row;
  }

  /** One round; the decisions are applied as the core would apply them. */
  allocate(): Given[] {
    const { tables } = this;
    this.#round += 1;
    const { nowMs, offers } = this;
    const input: RoundInput = { round: this.#round, seed: 1, nowMs, stepsMax: 0xffffffff, offers };
    if (!this.#wasmPolicy?.fits(tables)) {
      this.#wasmPolicy = this.#policies(tables);
    }
    const rows = this.#wasmPolicy.allocate(tables, input);
    const listed = (of: typeof rows) =>
      Array.from({ length: of.count }, (_, row) => [
        of.agents[row],
        of.clients[row],
        of.flags[row],
        of.flags[row] === DecisionFlag.WHOLE
          ? []
          : Array.from(of.amounts.subarray(row * KINDS, (row + 1) * KINDS)),
      ]);
    const decided = listed(rows);
    if (this.#wasmPolicy.name === "drf") {
      const plain = JSON.stringify(listed(new ReferenceDrf().allocate(tables, input)));
      if (JSON.stringify(decided) !== plain) {
        throw new Error(`WebAssembly ${JSON.stringify(decided)}\nTypeScript ${plain}`);
      }
    }
    this.#verifier.verify(tables, rows, offers);
    const all = Array.from({ length: rows.count }, (_, row) => row);
    const isTake = (row: number) => rows.flags[row] === DecisionFlag.RECLAIM;
    const given = all.filter((row) => !isTake(row)).map((row) => this.#take(rows, row));
    tables.dropCandidates(rows.looked);
    this.reclaimed = all.filter(isTake).map((row) => this.#reclaim(rows, row));
    return given;
  }

  /** Has a client hold an offer of an agent since a time; both must have been made before. */
  offer(client: number, agent: number, all: number[], sinceMs = 0, unreserved = all): void {
    const offer = {
      agent,
      client,
      sinceMs,
      sum: vector(...all),
      unreserved: vector(...unreserved),
    };
    this.tables.addUsed(client, offer.sum, 1, offer.unreserved);
    this.offers.add(offer);
  }

  /** Gives back what a row takes; reservations and the revocable part are not kept here. */
  #reclaim(rows: DecisionRows, row: number): string {
    const [agent, client] = [rows.agents[row] as number, rows.clients[row] as number];
    for (const offer of this.offers.of(agent, client)) {
      this.offers.remove(offer);
      this.tables.addUsed(client, offer.sum, -1, offer.unreserved);
      this.tables.addAgentFree(agent, offer.unreserved, 1);
    }
    return `${this.#agents[agent]}>${this.#clients[client]}`;
  }

  /** Who got which agent, as `agent>client`. */
  pairs(): string[] {
    return this.allocate().map(({ agent, client }) => `${agent}>${client}`);
  }

  /** How many of the rows of a round each client got. */
  tally(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { client } of this.allocate()) counts[client] = (counts[client] ?? 0) + 1;
    return counts;
  }

  /** Moves what a row decided from free to used. */
  #take(rows: DecisionRows, row: number): Given {
    const { agent, client, sum } = takeGrant(this.tables, rows, row);
    return {
      agent: this.#agents[agent] ?? `#${agent}`,
      client: this.#clients[client] ?? `#${client}`,
      cpus: (sum[0] as number) / 1000,
      mem: (sum[1] as number) / 1000,
    };
  }
}

/** A DRF instance for these tables. */
export function newDrf(tables: AllocationTables, params: readonly number[] = []): WasmPolicy {
  return new WasmPolicy(shipped("drf"), tables, { deadlineMs: 10_000, params });
}

/** Instances of a shipped policy. Compiles it now: call it outside of tests. */
export function instancesOf(name: string, params: readonly number[] = []): Instances {
  const policy = shipped(name);
  return (tables) => new WasmPolicy(policy, tables, { deadlineMs: 10_000, params });
}

const drf = instancesOf("drf");
