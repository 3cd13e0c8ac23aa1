import type { OffersOut } from "../core/offers-out.ts";
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
import { PolicyFault } from "./faults.ts";
import { holdsSparse, sparse, worthOffering } from "./minimums.ts";
import type { DecisionRows } from "./policy.ts";
import { DecisionFlag } from "./slots.ts";

/**
 * Checks every row that a policy decided before anybody acts on one: that agent and client are
 * there and may meet, that the pair is not filtered, and that what is given is still there, visible
 * to the client, within the limits above it and worth its while. One bad row refuses the round.
 *
 * It keeps nothing between rounds but scratch space.
 */
export class Verifier {
  /** Per agent: 4 × visit number + how far it is given away. */
  #given = new Float64Array(0);
  #visit = 0;
  /**
   * Left of the agents that are given away in parts, and per reservation the visit that took it.
   */
  #left = new Float64Array(0);
  #taken = new Float64Array(0);
  #consumed = new Float64Array(0);
  readonly #quantity = new Float64Array(KINDS);
  /** Pairs whose offers this round takes back. */
  readonly #reclaimed = new Set<number>();

  /**
   * Throws POLICY_BAD_ROW for the first row that is not the policy's to decide. Rows that take back
   * are compared with the offers; without any there is nothing to take.
   */
  verify(tables: AllocationTables, rows: DecisionRows, offers?: OffersOut): void {
    this.#fit(tables);
    for (let row = this.#verifyPlain(tables, rows); row < rows.count; row++) {
      const agent = rows.agents[row] as number;
      const client = rows.clients[row] as number;
      const flags = rows.flags[row] as number;
      if ((flags & DecisionFlag.RECLAIM) !== 0) {
        this.#checkReclaim(tables, offers, rows, row);
        continue;
      }
      this.#checkPair(tables, agent, client, row);
      if (flags === DecisionFlag.WHOLE && this.#takeAll(tables, agent, client)) continue;
      this.#takePart(tables, rows, row);
    }
  }

  /**
   * The same the long way, and tells of every row which client it gives what: thousandths a kind,
   * reservations and revocable resources included. The vector is valid during the call. Rows that
   * take back give nothing, and are passed over.
   */
  account(
    tables: AllocationTables,
    rows: DecisionRows,
    gives: (client: number, quantity: Float64Array) => void,
  ): void {
    this.#fit(tables);
    for (let row = 0; row < rows.count; row++) {
      if (rows.flags[row] === DecisionFlag.RECLAIM) continue;
      const client = rows.clients[row] as number;
      this.#checkPair(tables, rows.agents[row] as number, client, row);
      this.#takePart(tables, rows, row);
      gives(client, this.#quantity);
    }
  }

  /**
   * The common case in few steps: untouched agents without reservations or fences, wholly for
   * clients without limits, and the usual minimum. Returns the first row that is some other case,
   * or may be wrong; the long way starts there and takes all that follow.
   */
  #verifyPlain(tables: AllocationTables, rows: DecisionRows): number {
    const { agents, clients, filters, defaultMinimum } = tables;
    if (tables.roles.limited > 0 || agents.hasRevocable) return 0;
    const { agents: rowAgents, clients: rowClients, flags: rowFlags, count } = rows;
    const { flags: agentFlags, free, firstReservation } = agents;
    const { flags: clientFlags, firstMinimum } = clients;
    const { bits, counts, words } = filters;
    const given = this.#given;
    const visit = this.#visit;
    const minimums = sparse(tables, defaultMinimum);
    const agentsEnd = agents.pool.end;
    const clientsEnd = clients.pool.end;
    for (let row = 0; row < count; row++) {
      const agent = rowAgents[row] as number;
      const client = rowClients[row] as number;
      if (rowFlags[row] !== DecisionFlag.WHOLE || agent >= agentsEnd || client >= clientsEnd) {
        return row;
      }
      if (agentFlags[agent] !== (AgentFlag.PRESENT | AgentFlag.ACTIVE)) return row;
      if (((clientFlags[client] as number) & READY_MASK) !== READY) return row;
      if ((given[agent] as number) >= visit || firstReservation[agent] !== NO_ROW) return row;
      if (counts[agent] !== 0) {
        const word = bits[agent * words + (client >>> 5)] as number;
        if (((word >>> (client & 31)) & 1) !== 0) return row;
      }
      if (firstMinimum[client] !== defaultMinimum) return row;
      if (!holdsSparse(free, agent * KINDS, minimums)) return row;
      given[agent] = visit + GONE;
    }
    return count;
  }

  #fit(tables: AllocationTables): void {
    const { agents, reservations, roles } = tables.sizes;
    if (this.#given.length !== agents) {
      this.#given = new Float64Array(agents);
      this.#left = new Float64Array(agents * KINDS);
    }
    if (this.#taken.length !== reservations) this.#taken = new Float64Array(reservations);
    if (tables.roles.limited > 0) {
      if (this.#consumed.length !== roles * KINDS) this.#consumed = new Float64Array(roles * KINDS);
      this.#consumed.set(tables.roles.consumed);
    }
    this.#visit += 4;
    if (this.#reclaimed.size > 0) this.#reclaimed.clear();
  }

  /** Whose offers are taken back need not be able to get any: it may have left meanwhile. */
  #checkReclaim(
    tables: AllocationTables,
    offers: OffersOut | undefined,
    { agents, clients, flags }: DecisionRows,
    row: number,
  ): void {
    const agent = agents[row] as number;
    const client = clients[row] as number;
    if (flags[row] !== DecisionFlag.RECLAIM) bad(row, `flags ${flags[row]}`);
    if (agent >= tables.agents.pool.end) bad(row, `agent ${agent} of ${tables.agents.pool.end}`);
    if (client >= tables.clients.pool.end) {
      bad(row, `client ${client} of ${tables.clients.pool.end}`);
    }
    if (offers?.has(agent, client) !== true) {
      bad(row, `client ${client} holds no offer of agent ${agent}`);
    }
    const pair = agent * tables.sizes.clients + client;
    if (this.#reclaimed.has(pair)) bad(row, `client ${client} loses agent ${agent} twice`);
    this.#reclaimed.add(pair);
  }

  #checkPair(tables: AllocationTables, agent: number, client: number, row: number): void {
    const { agents, clients, filters } = tables;
    if (agent >= agents.pool.end) bad(row, `agent ${agent} of ${agents.pool.end}`);
    if (client >= clients.pool.end) bad(row, `client ${client} of ${clients.pool.end}`);
    if (!agents.offerable(agent)) bad(row, `agent ${agent} may not be offered`);
    if (!clients.offerable(client)) bad(row, `client ${client} may not be offered anything`);
    if (filters.get(client, agent)) bad(row, `client ${client} filters agent ${agent}`);
    const fences =
      (agents.flags[agent] as number) & (AgentFlag.GPU_FENCED | AgentFlag.REMOTE_REGION);
    if (fences === 0) return;
    const able = clients.flags[client] as number;
    if ((fences & AgentFlag.GPU_FENCED) !== 0 && (able & ClientFlag.GPU) === 0) {
      bad(row, `client ${client} lacks the capability for the gpus of agent ${agent}`);
    }
    if ((fences & AgentFlag.REMOTE_REGION) !== 0 && (able & ClientFlag.REGION_AWARE) === 0) {
      bad(row, `client ${client} lacks the capability for the region of agent ${agent}`);
    }
  }

  /**
   * One step for an untouched agent without reservations or revocable resources,
   * wholly for a client without limits. False when it is some other case, or may be wrong.
   */
  #takeAll(tables: AllocationTables, agent: number, client: number): boolean {
    const { agents } = tables;
    if ((this.#given[agent] as number) >= this.#visit) return false;
    if (agents.firstReservation[agent] !== NO_ROW) return false;
    if (tables.roles.limited > 0 || agents.hasRevocable) return false;
    if (!worthOffering(tables, agents.free, agent * KINDS, client)) return false;
    this.#given[agent] = this.#visit + GONE;
    return true;
  }

  #takePart(tables: AllocationTables, rows: DecisionRows, row: number): void {
    const agent = rows.agents[row] as number;
    const client = rows.clients[row] as number;
    const flags = rows.flags[row] as number;
    const whole = (flags & DecisionFlag.WHOLE) !== 0;
    const all = DecisionFlag.WHOLE | DecisionFlag.RESERVED | DecisionFlag.REVOCABLE;
    if ((flags & ~all) !== 0) bad(row, `flags ${flags}`);
    if (!whole && rows.amounts.length < (row + 1) * KINDS) bad(row, "amounts were not placed");
    this.#open(tables, agent);
    const quantity = this.#quantity;
    const at = agent * KINDS;
    for (let kind = 0; kind < KINDS; kind++) {
      const left = this.#left[at + kind] as number;
      const amount = whole ? left : (rows.amounts[row * KINDS + kind] as number);
      if (!Number.isInteger(amount) || amount < 0) {
        bad(row, `${amount} thousandths of kind ${kind}`);
      }
      if (amount > left) {
        bad(row, `${amount} thousandths of kind ${kind} of agent ${agent}, which has ${left} left`);
      }
      this.#left[at + kind] = left - amount;
      quantity[kind] = amount;
    }
    if (tables.roles.limited > 0) this.#charge(tables, client, row);
    if (whole || (flags & DecisionFlag.RESERVED) !== 0) {
      this.#takeReserved(tables, agent, client);
    }
    if (whole || (flags & DecisionFlag.REVOCABLE) !== 0) {
      this.#takeRevocable(tables, agent, client);
    }
    if (!worthOffering(tables, quantity, 0, client)) {
      bad(row, `agent ${agent} has nothing left that client ${client} would take`);
    }
  }

  /** Makes what is left of an agent explicit at its first partial row. */
  #open(tables: AllocationTables, agent: number): void {
    const given = this.#given[agent] as number;
    if (given === this.#visit + PARTLY || given === this.#visit + REVOCABLE_GONE) return;
    const at = agent * KINDS;
    for (let index = at; index < at + KINDS; index++) {
      this.#left[index] = given >= this.#visit ? 0 : (tables.agents.free[index] as number);
    }
    this.#given[agent] = this.#visit + (given >= this.#visit ? REVOCABLE_GONE : PARTLY);
  }

  /** Counts the unreserved part against every limit above the client. */
  #charge(tables: AllocationTables, client: number, row: number): void {
    const { roles } = tables;
    for (let role = tables.clients.role[client] as number; ; role = roles.parent[role] as number) {
      const limited = ((roles.flags[role] as number) & RoleFlag.LIMITED) !== 0;
      for (let kind = 0; kind < KINDS; kind++) {
        const amount = this.#quantity[kind] as number;
        if (amount === 0) continue;
        const at = role * KINDS + kind;
        const consumed = (this.#consumed[at] as number) + amount;
        this.#consumed[at] = consumed;
        if (limited && consumed > (roles.limit[at] as number)) {
          bad(row, `kind ${kind} of role ${role} would pass its limit ${roles.limit[at]}`);
        }
      }
      if (role === ROOT_ROLE) return;
    }
  }

  #takeReserved(tables: AllocationTables, agent: number, client: number): void {
    const { agents, reservations, roles } = tables;
    const refinement = ((tables.clients.flags[client] as number) & ClientFlag.REFINEMENT) !== 0;
    const role = tables.clients.role[client] as number;
    for (
      let row = agents.firstReservation[agent] as number;
      row !== NO_ROW;
      row = reservations.next[row] as number
    ) {
      if (this.#taken[row] === this.#visit) continue;
      const refined = ((reservations.flags[row] as number) & ReservationFlag.REFINED) !== 0;
      if (refined && !refinement) continue;
      if (!roles.within(role, reservations.role[row] as number)) continue;
      this.#taken[row] = this.#visit;
      for (let kind = 0; kind < KINDS; kind++) {
        const quantity = this.#quantity[kind] as number;
        this.#quantity[kind] = quantity + (reservations.free[row * KINDS + kind] as number);
      }
    }
  }

  #takeRevocable(tables: AllocationTables, agent: number, client: number): void {
    if (((tables.clients.flags[client] as number) & ClientFlag.REVOCABLE) === 0) return;
    if (this.#given[agent] === this.#visit + REVOCABLE_GONE) return;
    this.#given[agent] = this.#visit + REVOCABLE_GONE;
    for (let kind = 0; kind < KINDS; kind++) {
      const quantity = this.#quantity[kind] as number;
      this.#quantity[kind] = quantity + (tables.agents.revocable[agent * KINDS + kind] as number);
    }
  }
}

/** Flags of a client that may be offered something. */
const READY_MASK = ClientFlag.PRESENT | ClientFlag.ACTIVE | ClientFlag.SUPPRESSED;
const READY = ClientFlag.PRESENT | ClientFlag.ACTIVE;

/** How far an agent is given away: wholly by the short way, or with `left` in force. */
const GONE = 1;
const PARTLY = 2;
const REVOCABLE_GONE = 3;

function bad(row: number, detail: string): never {
  throw new PolicyFault("POLICY_BAD_ROW", `row ${row}: ${detail}`, { row });
}
