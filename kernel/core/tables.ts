import type { AgentFacts, ClientFacts } from "../../contract/ports/policy-companion.ts";
import {
  AgentTable,
  AttributeTable,
  type AttributeValue,
  ReservationTable,
} from "./tables/agents.ts";
import { Candidates } from "./tables/candidates.ts";
import { AlternativeTable, ClientTable, FilterTable } from "./tables/clients.ts";
import { RoleTable } from "./tables/roles.ts";
import {
  FIXED_KINDS,
  grownSize,
  INITIAL_SIZES,
  KINDS,
  LARGEST_SIZES,
  NO_ROW,
  type TableSizes,
  type Vector,
} from "./tables/shape.ts";
import { addVector, copyVector, EMPTY, isEmpty, vectorAt } from "./tables/vectors.ts";

/** What a new client is (C11, C13, E21). */
export interface ClientSpec {
  readonly role: number;
  /** Dense number of the framework, the same for all its clients. */
  readonly framework: number;
  /** Unique and growing; decides last between frameworks with equal shares. */
  readonly submitOrder: number;
  /** Bits of `ClientFlag` beside PRESENT. */
  readonly flags: number;
}

/**
 * What the allocation policies see of the cluster, kept up to date by the core as things happen:
 * plain columns with dense rows, and for each table a log of changed rows, so that a round costs
 * what changed. Pure and deterministic: the same calls give the same rows and columns.
 *
 * Rows that do not fit the largest sizes are refused with `undefined`; the core turns that into
 * its coded error. Vectors are in thousandths, `KINDS` long.
 */
export class AllocationTables {
  readonly agents: AgentTable;
  readonly reservations: ReservationTable;
  readonly attributes: AttributeTable;
  readonly roles: RoleTable;
  readonly clients: ClientTable;
  readonly alternatives: AlternativeTable;
  readonly filters: FilterTable;
  /** First row of the minimum alternatives of clients that set none (C13). */
  defaultMinimum: number = NO_ROW;
  /** Rows there is room for now. Replaced, together with `generation`, when a table grows. */
  sizes: TableSizes;
  /** Counts the growths: a policy instance is laid out for one generation. */
  generation = 0;
  /** Scalar names by kind. */
  readonly kindNames: string[] = [...FIXED_KINDS];
  readonly #largest: TableSizes;
  readonly ownMinimum = new Set<number>();
  readonly #candidates: Candidates;

  constructor(sizes: TableSizes = INITIAL_SIZES, largest: TableSizes = LARGEST_SIZES) {
    this.sizes = sizes;
    this.#largest = largest;
    this.agents = new AgentTable(sizes.agents);
    this.reservations = new ReservationTable(sizes.reservations);
    this.attributes = new AttributeTable(sizes.attributes);
    this.roles = new RoleTable(sizes.roles);
    this.clients = new ClientTable(sizes.clients);
    this.alternatives = new AlternativeTable(sizes.alternatives);
    this.filters = new FilterTable(sizes.agents, sizes.clients);
    this.#candidates = new Candidates(sizes.agents);
  }

  /** Kind of a scalar's name, bound first come first served; `undefined` when all are taken. */
  kindOf(name: string): number | undefined {
    const known = this.kindNames.indexOf(name);
    if (known >= 0) return known;
    if (this.kindNames.length === KINDS) return undefined;
    return this.kindNames.push(name) - 1;
  }

  // Agents.

  /** A new agent with nothing, not active; `undefined` when the table is full. */
  addAgent(flags: number): number | undefined {
    if (!this.#room("agents", this.agents.pool.peek + 1)) return undefined;
    const row = this.agents.pool.take();
    this.agents.clear(row);
    this.filters.clearAgent(row);
    this.setAgentFlags(row, flags);
    return row;
  }

  /**
   * Forgets an agent, its reservations, attributes and filters. Its use must be recovered before.
   */
  removeAgent(row: number): void {
    this.setAgentTotal(row, EMPTY);
    while (this.agents.firstReservation[row] !== NO_ROW) {
      const reservation = this.agents.firstReservation[row] as number;
      this.setReservation(row, this.reservations.role[reservation] as number, EMPTY, EMPTY);
    }
    this.#dropAttributes(row);
    this.filters.clearAgent(row);
    this.agents.clear(row);
    this.agents.pool.give(row);
  }

  /** Replaces the flags (bits of `AgentFlag`, PRESENT implied) and looks at the agent again. */
  setAgentFlags(row: number, flags: number): void {
    this.agents.flags[row] = flags | 1;
    this.agents.changes.mark(row);
    this.touchAgent(row);
  }

  /** Replaces what the agent has in all, and with it the cluster's total. */
  setAgentTotal(row: number, total: Vector): void {
    const cluster = this.clusterTotal;
    for (let kind = 0; kind < KINDS; kind++) {
      const at = row * KINDS + kind;
      const value = total[kind] ?? 0;
      cluster[kind] = (cluster[kind] as number) + value - (this.agents.total[at] as number);
      this.agents.total[at] = value;
    }
    this.agents.changes.mark(row);
  }

  /** Replaces what is unreserved, non-revocable and neither offered nor used. */
  setAgentFree(row: number, free: Vector): void {
    if (copyVector(this.agents.free, row, free)) this.touchAgent(row);
    this.agents.freeChanges.mark(row);
  }

  /** Adds to what is free: `sign` is -1 when it is offered, 1 when it comes back. */
  addAgentFree(row: number, vector: Vector, sign: 1 | -1): void {
    if (addVector(this.agents.free, row, vector, sign)) this.touchAgent(row);
    this.agents.freeChanges.mark(row);
  }

  /** Replaces what is revocable and free (E15). */
  setAgentRevocable(row: number, free: Vector): void {
    if (copyVector(this.agents.revocable, row, free)) this.touchAgent(row);
    if (!isEmpty(free)) this.agents.hasRevocable = true;
    this.agents.revocableChanges.mark(row);
  }

  /** Start of the agent's next unavailability in ms since the epoch; 0 for none (C15). */
  setUnavailability(row: number, startMs: number): void {
    this.agents.unavailableFrom[row] = startMs;
    this.agents.changes.mark(row);
    this.touchAgent(row);
  }

  /**
   * Replaces what the agent says about itself and the attributes that the columns carry of it;
   * false when the table has no room for them.
   */
  describeAgent(agent: number, facts: AgentFacts, values: readonly AttributeValue[]): boolean {
    this.agents.setFacts(agent, facts);
    this.#dropAttributes(agent);
    // Freed rows are counted too, which only makes the table grow a little early.
    if (!this.#room("attributes", this.attributes.pool.end + values.length)) return false;
    this.agents.firstAttribute[agent] = this.attributes.add(values);
    this.touchAgent(agent);
    return true;
  }

  /**
   * Replaces what the agent holds reserved for a role (E10, E11): `free` of it is neither offered
   * nor used. An empty `total` removes the row. False when the table is full.
   */
  setReservation(
    agent: number,
    role: number,
    free: Vector,
    total: Vector,
    refined = false,
  ): boolean {
    const { agents, reservations, roles } = this;
    let row = agents.firstReservation[agent] as number;
    let before: number = NO_ROW;
    while (row !== NO_ROW && reservations.role[row] !== role) {
      before = row;
      row = reservations.next[row] as number;
    }
    if (row !== NO_ROW) roles.addUp(roles.consumed, role, vectorAt(reservations.total, row), -1);
    if (isEmpty(total)) {
      if (row === NO_ROW) return true;
      const next = reservations.next[row] as number;
      if (before === NO_ROW) agents.firstReservation[agent] = next;
      else reservations.next[before] = next;
      if (before !== NO_ROW) reservations.changes.mark(before);
      agents.changes.mark(agent);
      reservations.clear(row);
      reservations.pool.give(row);
      return true;
    }
    if (row === NO_ROW) {
      if (!this.#room("reservations", reservations.pool.peek + 1)) return false;
      row = reservations.pool.take();
      reservations.next[row] = agents.firstReservation[agent] as number;
      agents.firstReservation[agent] = row;
      agents.changes.mark(agent);
    }
    reservations.fill(row, agent, role, free, total, refined);
    roles.addUp(roles.consumed, role, total, 1);
    this.touchAgent(agent);
    return true;
  }

  // Roles.

  /** A new role below `parent` (`ROOT_ROLE` for a top-level one); `name` is its full path. */
  addRole(parent: number, name: string): number | undefined {
    if (!this.#room("roles", this.roles.pool.peek + 1)) return undefined;
    const row = this.roles.pool.take();
    this.roles.add(row, parent, name);
    return row;
  }

  /** Forgets a role; it must have no children, clients, reservations or use left (E18). */
  removeRole(row: number): void {
    this.roles.clear(row);
    this.roles.pool.give(row);
  }

  /** Weight of a role among its siblings, above 0 (E7). Every agent is looked at again. */
  setRoleWeight(row: number, weight: number): void {
    this.roles.weight[row] = weight;
    this.roles.changes.mark(row);
    this.touchAll();
  }

  /**
   * Guarantee and limit per kind; `undefined` for none, Infinity for no limit in a kind (E8, E9).
   */
  setRoleQuota(row: number, guarantee: Vector | undefined, limit: Vector | undefined): void {
    this.roles.setQuota(row, guarantee, limit);
    this.touchAll();
  }

  // Clients.

  /** A new client, offered from now on if its flags say so; `undefined` when the table is full. */
  addClient(spec: ClientSpec): number | undefined {
    if (!this.#room("clients", this.clients.pool.peek + 1)) return undefined;
    const row = this.clients.pool.take();
    this.clients.clear(row);
    this.clients.role[row] = spec.role;
    this.clients.framework[row] = spec.framework;
    this.clients.submitOrder[row] = spec.submitOrder;
    this.clients.firstMinimum[row] = this.defaultMinimum;
    this.setClientFlags(row, spec.flags);
    return row;
  }

  /** Forgets a client and its filters; its use must be recovered before. */
  removeClient(row: number): void {
    this.setMinAllocatable(row, undefined);
    this.filters.clearClient(row, this.agents.pool.end);
    this.clients.clear(row);
    this.clients.pool.give(row);
  }

  /** Replaces the flags (bits of `ClientFlag`, PRESENT implied); every agent is looked at again. */
  setClientFlags(row: number, flags: number): void {
    const before = this.clients.offerable(row);
    const wasFlags = this.clients.flags[row];
    this.clients.flags[row] = flags | 1;
    if (wasFlags === (flags | 1)) return;
    this.clients.changes.mark(row);
    if (this.clients.offerable(row) || before) this.touchAll();
  }

  /** Replaces what companions are told of the client; every agent is looked at again. */
  describeClient(row: number, facts: ClientFacts): void {
    this.clients.setFacts(row, facts);
    this.touchAll();
  }

  /**
   * Adds to what the client has been offered or uses, in its role and all above it, the cluster
   * included. `charged` is the part that counts against quotas beside reservations: unreserved and
   * non-revocable (E9); it is the whole vector when left out.
   */
  addUsed(client: number, vector: Vector, sign: 1 | -1, charged: Vector = vector): void {
    const { clients, roles } = this;
    addVector(clients.used, client, vector, sign);
    clients.useChanges.mark(client);
    const role = clients.role[client] as number;
    roles.addUp(roles.used, role, vector, sign);
    roles.addUp(roles.consumed, role, charged, sign);
  }

  /**
   * Counts one grant for the tie-break of the sorters (E2). Called once for each decision taken.
   */
  countAllocation(client: number): void {
    this.clients.allocations[client] = (this.clients.allocations[client] as number) + 1;
    this.clients.useChanges.mark(client);
    this.roles.countUp(this.clients.role[client] as number);
  }

  /**
   * The least quantities that this client takes (C13): `undefined` for the master's default, an
   * empty list for no minimum. False when the table is full.
   */
  setMinAllocatable(client: number, alternatives: readonly Vector[] | undefined): boolean {
    const { alternatives: table, clients } = this;
    if (this.ownMinimum.delete(client)) table.remove(clients.firstMinimum[client] as number);
    clients.firstMinimum[client] = this.defaultMinimum;
    clients.changes.mark(client);
    if (alternatives === undefined) return true;
    if (!this.#room("alternatives", table.pool.end + alternatives.length)) return false;
    clients.firstMinimum[client] = table.add(alternatives);
    this.ownMinimum.add(client);
    this.touchAll();
    return true;
  }

  /** The minimum for clients that state none; an empty list for no minimum (C13). */
  setDefaultMinAllocatable(alternatives: readonly Vector[]): boolean {
    const { alternatives: table, clients } = this;
    if (!this.#room("alternatives", table.pool.end + alternatives.length)) return false;
    table.remove(this.defaultMinimum);
    this.defaultMinimum = table.add(alternatives);
    for (let row = 0; row < clients.pool.end; row++) {
      if (this.ownMinimum.has(row)) continue;
      clients.firstMinimum[row] = this.defaultMinimum;
      clients.changes.mark(row);
    }
    this.touchAll();
    return true;
  }

  /** What the framework says it still wants; policies may use it, the kernel does not. */
  setDemand(client: number, demand: Vector): void {
    copyVector(this.clients.demand, client, demand);
    this.clients.changes.mark(client);
  }

  /** Higher comes first where a policy looks at priorities. */
  setPriority(client: number, priority: number): void {
    this.clients.priority[client] = priority;
    this.clients.changes.mark(client);
  }

  /** Whether this pair may not be offered now (C8); unblocking looks at the agent again. */
  setFiltered(client: number, agent: number, blocked: boolean): void {
    if (this.filters.set(client, agent, blocked) && !blocked) this.touchAgent(agent);
  }

  // Sums and candidates.

  /** Everything that all agents have, per kind: the denominator of shares (E2). */
  readonly clusterTotal = new Float64Array(KINDS);

  /** Has the next round look at this agent: something became free there, or someone eligible. */
  touchAgent(row: number): void {
    this.#candidates.add(row);
  }

  /** Has the next round look at every agent that has something left. */
  touchAll(): void {
    const { agents } = this;
    for (let row = 0; row < agents.pool.end; row++) {
      if (!this.#candidates.has(row) && this.#hasSomething(row)) this.touchAgent(row);
    }
  }

  /** Agents that the next round must look at, in order of being touched; valid until touched. */
  get candidates(): Uint32Array {
    return this.#candidates.rows;
  }

  /** Takes the first `count` agents off the candidates, after a round has looked at them. */
  dropCandidates(count: number): void {
    this.#candidates.drop(count);
  }

  /** Moves the first `count` candidates behind the others, so that no agent is always first. */
  rotateCandidates(count: number): void {
    this.#candidates.rotate(count);
  }

  #hasSomething(agent: number): boolean {
    if (!this.agents.offerable(agent)) return false;
    if (this.agents.firstReservation[agent] !== NO_ROW) return true;
    const { free, revocable } = this.agents;
    for (let at = agent * KINDS; at < (agent + 1) * KINDS; at++) {
      if ((free[at] as number) > 0 || (revocable[at] as number) > 0) return true;
    }
    return false;
  }

  #dropAttributes(agent: number): void {
    this.attributes.remove(this.agents.firstAttribute[agent] as number);
    this.agents.firstAttribute[agent] = NO_ROW;
    this.agents.changes.mark(agent);
  }

  /** Grows a table so that it has `rows`; false when it may not grow that far. */
  #room(table: keyof TableSizes, rows: number): boolean {
    const size = this.sizes[table];
    if (rows <= size) return true;
    const grown = grownSize(size, rows, this.#largest[table]);
    if (grown === undefined) return false;
    this.sizes = { ...this.sizes, [table]: grown };
    this.generation += 1;
    this[table].grow(grown);
    if (table === "agents" || table === "clients") {
      this.filters.grow(this.sizes.agents, this.sizes.clients);
    }
    if (table === "agents") this.#candidates.grow(grown);
    return true;
  }
}
