import {
  AgentFlag,
  ClientFlag,
  KINDS,
  NO_ROW,
  ReservationFlag,
  ROOT_ROLE,
  RoleFlag,
} from "../core/tables/shape.ts";
import type { AllocationTables } from "../core/tables.ts";
import type { DecisionRows, Policy, RoundInput } from "./policy.ts";
import { Guarantees } from "./reference-guarantees.ts";
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

/** What a client may have of the agent at hand. */
interface Portion {
  /** All of it, and the unreserved part alone. */
  readonly all: number[];
  readonly unreserved: number[];
  /** A limit above the client cut it. */
  readonly cut: boolean;
}

/** What is left of an agent that was given in part. */
interface Kept {
  readonly left: number[];
  readonly reservations: number[];
}

class Round {
  readonly #tables: AllocationTables;
  readonly #whole: number[] = [];
  readonly #root: SorterNode;
  readonly #nodes: (SorterNode | undefined)[] = [];
  readonly #ready: number[] = [];
  readonly #consumed: Float64Array | undefined;
  #ownMinimums = false;
  // Decisions.
  readonly #agents: number[] = [];
  readonly #clients: number[] = [];
  readonly #flags: number[] = [];
  readonly #amounts = new Map<number, number[]>();
  // The agent at hand.
  #agent = 0;
  #left: number[] = [];
  #revocableLeft = false;
  readonly #reservationsLeft = new Set<number>();
  /** Agents that were given in part and come again. */
  readonly #kept = new Map<number, Kept>();
  /** What roles lack to their guarantees, while any does. */
  #guarantees: Guarantees | undefined;

  constructor(tables: AllocationTables, excluded: number) {
    this.#tables = tables;
    for (let kind = 0; kind < KINDS; kind++) {
      const total = tables.clusterTotal[kind] as number;
      const counts = total > 0 && ((excluded >> kind) & 1) === 0;
      this.#whole.push(counts ? total : Number.POSITIVE_INFINITY);
    }
    if (tables.roles.limited > 0) this.#consumed = tables.roles.consumed.slice();
    for (let client = 0; client < tables.clients.pool.end; client++) {
      if (!tables.clients.offerable(client)) continue;
      this.#ready.push(client);
      if (tables.clients.firstMinimum[client] !== tables.defaultMinimum) this.#ownMinimums = true;
    }
    this.#root = this.#buildTree();
  }

  run(stepsMax: number): DecisionRows {
    const { candidates } = this.#tables;
    this.#guarantees = Guarantees.of(this.#tables);
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
    const { clients } = this.#tables;
    this.#begin(agent);
    if (this.#nothingLeft()) return 0;
    const plain = !this.#revocableLeft && this.#reservationsLeft.size === 0;
    if (plain) {
      // The common case: whoever is first may have all of it.
      const first = neediest(this.#root);
      const minimum = clients.firstMinimum[first.client] as number;
      if (
        this.#mayServe(agent, first.client) &&
        !this.#restricted(first.client) &&
        this.#worthOffering(this.#left, minimum)
      ) {
        this.#decide(first.client, DecisionFlag.WHOLE);
        this.#guarantees?.charge(this.#left);
        credit(first, this.#left, this.#whole);
        return 0;
      }
    }
    const allowed = new Set(this.#ready.filter((client) => this.#mayServe(agent, client)));
    let cost = 0;
    while (allowed.size > 0) {
      cost += clients.pool.end >>> 3;
      const node = this.#firstServed(allowed);
      if (node === undefined) break;
      const portion = this.#portionOf(node.client);
      if (portion.cut) {
        this.#amounts.set(this.#agents.length, portion.unreserved);
        this.#decide(node.client, DecisionFlag.RESERVED | DecisionFlag.REVOCABLE);
      } else this.#decide(node.client, DecisionFlag.WHOLE);
      this.#take(node.client, portion);
      credit(node, portion.all, this.#whole);
      allowed.delete(node.client);
      if (this.#nothingLeft()) break;
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
    this.#begin(agent);
    const ready = this.#ready.filter((client) => this.#mayServe(agent, client));
    const served = this.#agents.length;
    let cost = 0;
    for (;;) {
      let best: { node: SorterNode; portion: Portion } | undefined;
      for (const client of ready) {
        const node = this.#nodes[client] as SorterNode;
        const most = guarantees.mostFor(client);
        if (most === undefined || (best !== undefined && !before(node, best.node))) continue;
        const portion = this.#portionOf(client, most);
        if (!guarantees.nearer(client, portion.unreserved)) continue;
        const minimum = this.#tables.clients.firstMinimum[client] as number;
        if (this.#worthOffering(portion.all, minimum)) best = { node, portion };
      }
      if (best === undefined) break;
      const { node, portion } = best;
      this.#amounts.set(this.#agents.length, portion.unreserved);
      this.#decide(node.client, DecisionFlag.RESERVED);
      this.#takeUnrevocable(node.client, portion);
      guarantees.note(node.client, portion.unreserved);
      credit(node, portion.all, this.#whole);
      cost += this.#tables.clients.pool.end >>> 3;
    }
    if (this.#agents.length > served) {
      this.#kept.set(agent, { left: this.#left, reservations: [...this.#reservationsLeft] });
    }
    return cost;
  }

  #begin(agent: number): void {
    const { agents, reservations } = this.#tables;
    this.#agent = agent;
    const at = agent * KINDS;
    const kept = this.#kept.get(agent);
    this.#left = kept?.left ?? Array.from(agents.free.subarray(at, at + KINDS));
    this.#revocableLeft =
      agents.hasRevocable && agents.revocable.subarray(at, at + KINDS).some((n) => n > 0);
    this.#reservationsLeft.clear();
    let row = agents.firstReservation[agent] as number;
    for (; row !== NO_ROW; row = reservations.next[row] as number) {
      if (kept !== undefined && !kept.reservations.includes(row)) continue;
      const free = reservations.free.subarray(row * KINDS, (row + 1) * KINDS);
      if (free.some((n) => n > 0)) this.#reservationsLeft.add(row);
    }
  }

  #nothingLeft(): boolean {
    if (this.#revocableLeft || this.#reservationsLeft.size > 0) return false;
    return !this.#left.some((n) => n > 0);
  }

  #decide(client: number, flags: number): void {
    this.#agents.push(this.#agent);
    this.#clients.push(client);
    this.#flags.push(flags);
  }

  /** Of these clients, the first in DRF order that the agent has enough for. */
  #firstServed(allowed: ReadonlySet<number>): SorterNode | undefined {
    const { clients, defaultMinimum } = this.#tables;
    const plain = !this.#revocableLeft && this.#reservationsLeft.size === 0;
    const enough = this.#worthOffering(this.#left, defaultMinimum);
    if (plain && !enough && !this.#ownMinimums) return undefined;
    let best: SorterNode | undefined;
    for (const client of allowed) {
      const node = this.#nodes[client] as SorterNode;
      if (best !== undefined && !before(node, best)) continue;
      const minimum = clients.firstMinimum[client] as number;
      const usual = plain && minimum === defaultMinimum && !this.#restricted(client);
      if (usual ? enough : this.#worthOffering(this.#portionOf(client).all, minimum)) best = node;
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

  /** May the client perhaps not have all that is left, because of a limit or the headroom? */
  #restricted(client: number): boolean {
    if (this.#guarantees?.holdsBack(this.#left) === true) return true;
    if (this.#consumed === undefined) return false;
    const { roles } = this.#tables;
    let role = this.#tables.clients.role[client] as number;
    for (; role !== ROOT_ROLE; role = roles.parent[role] as number) {
      if (((roles.flags[role] as number) & RoleFlag.LIMITED) !== 0) return true;
    }
    return false;
  }

  /** Does the quantity hold one of the minimum alternatives (C13)? */
  #worthOffering(quantity: readonly number[], first: number): boolean {
    if (!quantity.some((n) => n > 0)) return false;
    if (first === NO_ROW) return true;
    const { least, next } = this.#tables.alternatives;
    for (let row = first; row !== NO_ROW; row = next[row] as number) {
      if (quantity.every((n, kind) => n >= (least[row * KINDS + kind] as number))) return true;
    }
    return false;
  }

  /** What the client may have; with `most`, at most that, and nothing that is revocable. */
  #portionOf(client: number, most?: readonly number[]): Portion {
    const { agents, clients, reservations, roles } = this.#tables;
    const surplus = most ?? this.#guarantees?.surplus;
    const unreserved = this.#left.map((left, kind) => Math.min(left, surplus?.[kind] ?? left));
    let cut = unreserved.some((quantity, kind) => quantity < (this.#left[kind] as number));
    let role = clients.role[client] as number;
    for (; this.#consumed && role !== ROOT_ROLE; role = roles.parent[role] as number) {
      if (((roles.flags[role] as number) & RoleFlag.LIMITED) === 0) continue;
      for (let kind = 0; kind < KINDS; kind++) {
        const at = role * KINDS + kind;
        const room = (roles.limit[at] as number) - (this.#consumed[at] as number);
        if ((unreserved[kind] as number) <= room) continue;
        unreserved[kind] = Math.max(room, 0);
        cut = true;
      }
    }
    const all = unreserved.slice();
    for (const row of this.#reservationsLeft) {
      if (this.#visible(row, client)) addTo(all, reservations.free, row * KINDS);
    }
    const able = ((clients.flags[client] as number) & ClientFlag.REVOCABLE) !== 0;
    if (most === undefined && this.#revocableLeft && able) {
      addTo(all, agents.revocable, this.#agent * KINDS);
    }
    return { all, unreserved, cut };
  }

  #take(client: number, portion: Portion): void {
    this.#takeUnrevocable(client, portion);
    this.#guarantees?.charge(portion.unreserved);
    const able = this.#tables.clients.flags[client] as number;
    if ((able & ClientFlag.REVOCABLE) !== 0) this.#revocableLeft = false;
  }

  #takeUnrevocable(client: number, portion: Portion): void {
    const { clients, roles } = this.#tables;
    for (let kind = 0; kind < KINDS; kind++) {
      this.#left[kind] = (this.#left[kind] as number) - (portion.unreserved[kind] as number);
    }
    let role = clients.role[client] as number;
    for (; this.#consumed && role !== ROOT_ROLE; role = roles.parent[role] as number) {
      addTo(this.#consumed, portion.unreserved, 0, role * KINDS);
    }
    for (const row of this.#reservationsLeft) {
      if (this.#visible(row, client)) this.#reservationsLeft.delete(row);
    }
  }

  /** Is this reservation the client's to have (E5, C20)? */
  #visible(row: number, client: number): boolean {
    const { clients, reservations, roles } = this.#tables;
    const refined = ((reservations.flags[row] as number) & ReservationFlag.REFINED) !== 0;
    if (refined && ((clients.flags[client] as number) & ClientFlag.REFINEMENT) === 0) return false;
    return roles.within(clients.role[client] as number, reservations.role[row] as number);
  }
}

function addTo(to: number[] | Float64Array, from: ArrayLike<number>, at: number, toAt = 0): void {
  for (let kind = 0; kind < KINDS; kind++) {
    to[toAt + kind] = (to[toAt + kind] as number) + (from[at + kind] as number);
  }
}
