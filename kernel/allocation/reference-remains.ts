import {
  ClientFlag,
  KINDS,
  NO_ROW,
  ReservationFlag,
  ROOT_ROLE,
  RoleFlag,
} from "../core/tables/shape.ts";
import type { AllocationTables } from "../core/tables.ts";
import type { Guarantees } from "./reference-guarantees.ts";

/** What a client may have of the agent at hand. */
export interface Portion {
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

/**
 * What is left of the agent at hand while it is given out, and what of that a client may have: up
 * to the limits above it, the surplus that quota guarantees leave, and with the reservations that
 * it may see (C13, C20, E5, E8, E9, E11). The scratch space of one round.
 */
export class Remains {
  /** What is left of the unreserved resources. */
  left: number[] = [];
  #agent = 0;
  #revocableLeft = false;
  readonly #reservationsLeft = new Set<number>();
  /** Agents that were given in part and come again. */
  readonly #kept = new Map<number, Kept>();
  readonly #tables: AllocationTables;
  readonly #consumed: Float64Array | undefined;
  readonly #guarantees: Guarantees | undefined;

  constructor(tables: AllocationTables, guarantees: Guarantees | undefined) {
    this.#tables = tables;
    this.#guarantees = guarantees;
    if (tables.roles.limited > 0) this.#consumed = tables.roles.consumed.slice();
  }

  /** Remembers what is left of the agent at hand, for when the round comes back to it. */
  keep(): void {
    this.#kept.set(this.#agent, { left: this.left, reservations: [...this.#reservationsLeft] });
  }

  /** Puts an agent at hand, with everything that is left of it. */
  begin(agent: number): void {
    const { agents, reservations } = this.#tables;
    this.#agent = agent;
    const at = agent * KINDS;
    const kept = this.#kept.get(agent);
    this.left = kept?.left ?? Array.from(agents.free.subarray(at, at + KINDS));
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

  /** Is there nothing but unreserved resources left? */
  get plain(): boolean {
    return !this.#revocableLeft && this.#reservationsLeft.size === 0;
  }

  /** Is all of the agent given away? */
  get nothing(): boolean {
    return this.plain && !this.left.some((n) => n > 0);
  }

  /** May the client perhaps not have all that is left, because of a limit or the headroom? */
  restricted(client: number): boolean {
    if (this.#guarantees?.holdsBack(this.left) === true) return true;
    if (this.#consumed === undefined) return false;
    const { roles } = this.#tables;
    let role = this.#tables.clients.role[client] as number;
    for (; role !== ROOT_ROLE; role = roles.parent[role] as number) {
      if (((roles.flags[role] as number) & RoleFlag.LIMITED) !== 0) return true;
    }
    return false;
  }

  /** Does the quantity hold one of the minimum alternatives (C13)? */
  worthOffering(quantity: readonly number[], first: number): boolean {
    if (!quantity.some((n) => n > 0)) return false;
    if (first === NO_ROW) return true;
    const { least, next } = this.#tables.alternatives;
    for (let row = first; row !== NO_ROW; row = next[row] as number) {
      if (quantity.every((n, kind) => n >= (least[row * KINDS + kind] as number))) return true;
    }
    return false;
  }

  /** What the client may have; with `most`, at most that, and nothing that is revocable. */
  portionOf(client: number, most?: readonly number[]): Portion {
    const { agents, clients, reservations, roles } = this.#tables;
    const surplus = most ?? this.#guarantees?.surplus;
    const unreserved = this.left.map((left, kind) => Math.min(left, surplus?.[kind] ?? left));
    let cut = unreserved.some((quantity, kind) => quantity < (this.left[kind] as number));
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

  /** Takes a portion off what is left. */
  take(client: number, portion: Portion): void {
    this.takeUnrevocable(client, portion);
    this.#guarantees?.charge(portion.unreserved);
    const able = this.#tables.clients.flags[client] as number;
    if ((able & ClientFlag.REVOCABLE) !== 0) this.#revocableLeft = false;
  }

  /** The same for one without the revocable part, and without charging the surplus. */
  takeUnrevocable(client: number, portion: Portion): void {
    const { clients, roles } = this.#tables;
    for (let kind = 0; kind < KINDS; kind++) {
      this.left[kind] = (this.left[kind] as number) - (portion.unreserved[kind] as number);
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
