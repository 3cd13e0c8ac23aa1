import { AgentFlag, ClientFlag, KINDS, ROOT_ROLE } from "../core/tables/shape.ts";
import type { AllocationTables } from "../core/tables.ts";
import type { DecisionRows, Policy, RoundInput } from "./policy.ts";
import { Guarantees } from "./reference-guarantees.ts";
import { type Portion, Remains } from "./reference-remains.ts";
import {
  before,
  credit,
  neediest,
  newNode,
  playAll,
  type SorterNode,
  shareOf,
} from "./reference-sorter.ts";
import { DecisionFlag } from "./slots.ts";

/**
 * Hierarchical weighted DRF (E2, E3, E5, E8, E9, E11) in plain TypeScript, straight on the tables:
 * the policy that is built in, for when no other is fit to run, and the one that the WebAssembly
 * DRF is measured against. Both decide the same, row for row. Source: Ghodsi et al., NSDI 2011.
 */
export class ReferenceDrf implements Policy {
  readonly name = "built-in";
  readonly digest = "";
  /** Bits of kinds that shares leave out (E4). */
  readonly #excluded: number;

  constructor(excludedKinds = 0) {
    this.#excluded = excludedKinds;
  }

  allocate(tables: AllocationTables, input: RoundInput): DecisionRows {
    tables.roles.settleRanks();
    return new Round(tables, this.#excluded).run(input.stepsMax);
  }

  snapshot(): undefined {
    return undefined;
  }
}

class Round {
  readonly #tables: AllocationTables;
  readonly #whole: number[] = [];
  readonly #root: SorterNode;
  readonly #nodes: (SorterNode | undefined)[] = [];
  readonly #ready: number[] = [];
  #ownMinimums = false;
  // Decisions.
  readonly #agents: number[] = [];
  readonly #clients: number[] = [];
  readonly #flags: number[] = [];
  readonly #amounts = new Map<number, number[]>();
  /** What roles lack to their guarantees, while any does. */
  readonly #guarantees: Guarantees | undefined;
  readonly #remains: Remains;

  constructor(tables: AllocationTables, excluded: number) {
    this.#tables = tables;
    for (let kind = 0; kind < KINDS; kind++) {
      const total = tables.clusterTotal[kind] as number;
      const counts = total > 0 && ((excluded >> kind) & 1) === 0;
      this.#whole.push(counts ? total : Number.POSITIVE_INFINITY);
    }
    this.#guarantees = Guarantees.of(tables);
    this.#remains = new Remains(tables, this.#guarantees);
    for (let client = 0; client < tables.clients.pool.end; client++) {
      if (!tables.clients.offerable(client)) continue;
      this.#ready.push(client);
      if (tables.clients.firstMinimum[client] !== tables.defaultMinimum) this.#ownMinimums = true;
    }
    this.#root = this.#buildTree();
  }

  run(stepsMax: number): DecisionRows {
    const { candidates } = this.#tables;
    this.#giveGuaranteed(stepsMax);
    let looked = 0;
    let steps = 0;
    for (; looked < candidates.length && this.#ready.length > 0; looked++) {
      if (steps > stepsMax) break;
      steps += 1;
      const agent = candidates[looked] as number;
      if (this.#tables.agents.offerable(agent)) steps += this.#serve(agent);
    }
    const amounts = new Float64Array(this.#amounts.size > 0 ? this.#agents.length * KINDS : 0);
    for (const [row, amount] of this.#amounts) amounts.set(amount, row * KINDS);
    const more = this.#ready.length > 0 && looked < candidates.length;
    return {
      count: this.#agents.length,
      agents: Uint32Array.from(this.#agents),
      clients: Uint32Array.from(this.#clients),
      flags: Uint32Array.from(this.#flags),
      amounts,
      more,
      looked: more ? looked : candidates.length,
    };
  }

  /** The sorter of the round: roles with ready clients below, and those clients. */
  #buildTree(): SorterNode {
    const { roles, clients } = this.#tables;
    const root = newNode(undefined, { order: 0, grants: 0 });
    const inner = new Map<number, SorterNode>([[ROOT_ROLE, root]]);
    const own = new Map<SorterNode, SorterNode>();
    const nodeOf = (role: number): SorterNode => {
      const known = inner.get(role);
      if (known !== undefined) return known;
      const node = newNode(nodeOf(roles.parent[role] as number), {
        weight: roles.weight[role] as number,
        order: roles.rank[role] as number,
        grants: roles.allocations[role] as number,
      });
      for (let kind = 0; kind < KINDS; kind++) {
        node.used[kind] = roles.used[role * KINDS + kind] as number;
      }
      node.share = shareOf(node, this.#whole);
      inner.set(role, node);
      return node;
    };
    for (const client of this.#ready) nodeOf(clients.role[client] as number);
    const parents = new Set([...inner.values()].filter((node) => node.members.length > 0));
    for (const client of this.#ready) {
      let home = nodeOf(clients.role[client] as number);
      if (parents.has(home)) {
        // Own clients of an inner role compete as a role named ".", of weight 1 and first of all.
        const virtual = own.get(home) ?? newNode(home, { order: -1, grants: 0 });
        own.set(home, virtual);
        home = virtual;
      }
      this.#nodes[client] = this.#clientNode(client, home);
    }
    playAll(root);
    return root;
  }

  #clientNode(client: number, home: SorterNode): SorterNode {
    const { clients } = this.#tables;
    const grants = clients.allocations[client] as number;
    const order = clients.submitOrder[client] as number;
    const node = newNode(home, { client, order, grants });
    for (let kind = 0; kind < KINDS; kind++) {
      node.used[kind] = clients.used[client * KINDS + kind] as number;
    }
    node.share = shareOf(node, this.#whole);
    if (home.order === -1) {
      for (let kind = 0; kind < KINDS; kind++) {
        home.used[kind] = (home.used[kind] as number) + (node.used[kind] as number);
      }
      home.grants += grants;
      home.share = shareOf(home, this.#whole);
    }
    return node;
  }

  /** Gives one agent out; returns what it cost beyond one step. */
  #serve(agent: number): number {
    const remains = this.#remains;
    const { clients } = this.#tables;
    remains.begin(agent);
    if (remains.nothing) return 0;
    if (remains.plain) {
      // The common case: whoever is first may have all of it.
      const first = neediest(this.#root);
      const minimum = clients.firstMinimum[first.client] as number;
      if (
        this.#mayServe(agent, first.client) &&
        !remains.restricted(first.client) &&
        remains.worthOffering(remains.left, minimum)
      ) {
        this.#decide(agent, first.client, DecisionFlag.WHOLE);
        this.#guarantees?.charge(remains.left);
        credit(first, remains.left, this.#whole);
        return 0;
      }
    }
    const allowed = new Set(this.#ready.filter((client) => this.#mayServe(agent, client)));
    let cost = 0;
    while (allowed.size > 0) {
      cost += clients.pool.end >>> 3;
      const node = this.#firstServed(allowed);
      if (node === undefined) break;
      const portion = remains.portionOf(node.client);
      if (portion.cut) {
        this.#amounts.set(this.#agents.length, portion.unreserved);
        this.#decide(agent, node.client, DecisionFlag.RESERVED | DecisionFlag.REVOCABLE);
      } else this.#decide(agent, node.client, DecisionFlag.WHOLE);
      remains.take(node.client, portion);
      credit(node, portion.all, this.#whole);
      allowed.delete(node.client);
      if (remains.nothing) break;
    }
    return cost;
  }

  /** The first stage: serves roles below their guarantee, with no more than they lack (E8). */
  #giveGuaranteed(stepsMax: number): void {
    const { candidates, agents } = this.#tables;
    let steps = 0;
    for (let at = 0; at < candidates.length; at++) {
      if (this.#guarantees?.unmet(this.#ready) !== true || steps > stepsMax) return;
      const agent = candidates[at] as number;
      steps += 1;
      if (agents.offerable(agent)) steps += this.#serveUnmet(agent, this.#guarantees);
    }
  }

  /** Gives an agent to those that it brings nearer to a guarantee; the cost beyond one step. */
  #serveUnmet(agent: number, guarantees: Guarantees): number {
    const remains = this.#remains;
    remains.begin(agent);
    const ready = this.#ready.filter((client) => this.#mayServe(agent, client));
    const served = this.#agents.length;
    let cost = 0;
    for (;;) {
      let best: { node: SorterNode; portion: Portion } | undefined;
      for (const client of ready) {
        const node = this.#nodes[client] as SorterNode;
        if (!guarantees.lacks(client)) continue;
        if (best !== undefined && !before(node, best.node)) continue;
        const most = guarantees.mostFor(client);
        const portion = remains.portionOf(client, most);
        if (!guarantees.nearer(client, portion.unreserved)) continue;
        const minimum = this.#tables.clients.firstMinimum[client] as number;
        if (remains.worthOffering(portion.all, minimum)) best = { node, portion };
      }
      if (best === undefined) break;
      const { node, portion } = best;
      this.#amounts.set(this.#agents.length, portion.unreserved);
      this.#decide(agent, node.client, DecisionFlag.RESERVED);
      remains.takeUnrevocable(node.client, portion);
      guarantees.note(node.client, portion.unreserved);
      credit(node, portion.all, this.#whole);
      cost += this.#tables.clients.pool.end >>> 3;
    }
    if (this.#agents.length > served) remains.keep();
    return cost;
  }

  #decide(agent: number, client: number, flags: number): void {
    this.#agents.push(agent);
    this.#clients.push(client);
    this.#flags.push(flags);
  }

  /** Of these clients, the first in DRF order that the agent has enough for. */
  #firstServed(allowed: ReadonlySet<number>): SorterNode | undefined {
    const remains = this.#remains;
    const { clients, defaultMinimum } = this.#tables;
    const { plain } = remains;
    const enough = remains.worthOffering(remains.left, defaultMinimum);
    if (plain && !enough && !this.#ownMinimums) return undefined;
    let best: SorterNode | undefined;
    for (const client of allowed) {
      const node = this.#nodes[client] as SorterNode;
      if (best !== undefined && !before(node, best)) continue;
      const minimum = clients.firstMinimum[client] as number;
      const usual = plain && minimum === defaultMinimum && !remains.restricted(client);
      if (usual ? enough : remains.worthOffering(remains.portionOf(client).all, minimum))
        best = node;
    }
    return best;
  }

  #mayServe(agent: number, client: number): boolean {
    const { agents, clients, filters } = this.#tables;
    if (filters.get(client, agent)) return false;
    const fences = agents.flags[agent] as number;
    const able = clients.flags[client] as number;
    if ((fences & AgentFlag.GPU_FENCED) !== 0 && (able & ClientFlag.GPU) === 0) return false;
    return (fences & AgentFlag.REMOTE_REGION) === 0 || (able & ClientFlag.REGION_AWARE) !== 0;
  }
}
