import { KINDS, ROOT_ROLE, RoleFlag } from "../core/tables/shape.ts";
import type { AllocationTables } from "../core/tables.ts";

/**
 * Quota guarantees of one round (E8): what top-level roles lack to theirs, and what may be given
 * without putting that at risk. Quantities are in thousandths, by kind.
 */
export class Guarantees {
  /** What may be given to anybody: free and unreserved everywhere, less what roles lack. */
  readonly surplus: number[];
  readonly #tables: AllocationTables;
  readonly #lacking: ReadonlyMap<number, number[]>;
  /** Per client: its top-level role. */
  readonly #tops = new Map<number, number>();

  private constructor(tables: AllocationTables, lacking: ReadonlyMap<number, number[]>) {
    this.#tables = tables;
    this.#lacking = lacking;
    const { agents } = tables;
    const surplus: number[] = new Array(KINDS).fill(0);
    for (let agent = 0; agent < agents.pool.end; agent++) {
      if (!agents.offerable(agent)) continue;
      for (let kind = 0; kind < KINDS; kind++) {
        surplus[kind] = (surplus[kind] as number) + (agents.free[agent * KINDS + kind] as number);
      }
    }
    this.surplus = surplus.map((free, kind) => {
      let required = 0;
      for (const lack of lacking.values()) required += lack[kind] as number;
      return Math.max(0, free - required);
    });
  }

  /** What is lacking at the start of a round; `undefined` when nothing is. */
  static of(tables: AllocationTables): Guarantees | undefined {
    const { roles } = tables;
    if (roles.guaranteed === 0) return undefined;
    const lacking = new Map<number, number[]>();
    const wanted = RoleFlag.PRESENT | RoleFlag.GUARANTEED;
    for (let role = 1; role < roles.pool.end; role++) {
      if (((roles.flags[role] as number) & wanted) !== wanted) continue;
      if (roles.parent[role] !== ROOT_ROLE) continue;
      const lack: number[] = [];
      for (let at = role * KINDS; at < (role + 1) * KINDS; at++) {
        lack.push(Math.max(0, (roles.guarantee[at] as number) - (roles.consumed[at] as number)));
      }
      if (lack.some((n) => n > 0)) lacking.set(role, lack);
    }
    return lacking.size === 0 ? undefined : new Guarantees(tables, lacking);
  }

  /** Is one of these clients in a role that lacks something? */
  unmet(clients: readonly number[]): boolean {
    return clients.some((client) => this.mostFor(client) !== undefined);
  }

  /**
   * The most that a client may have in the first stage: what its role lacks, and of other kinds
   * what nobody needs. `undefined` when its role lacks nothing.
   */
  mostFor(client: number): number[] | undefined {
    const lack = this.#lacking.get(this.#topOf(client));
    if (lack === undefined || !lack.some((n) => n > 0)) return undefined;
    return lack.map((lacks, kind) => (lacks > 0 ? lacks : (this.surplus[kind] as number)));
  }

  /** Do these resources bring the client's role nearer to its guarantee? */
  nearer(client: number, unreserved: readonly number[]): boolean {
    const lack = this.#lacking.get(this.#topOf(client)) ?? [];
    return lack.some((lacks, kind) => lacks > 0 && (unreserved[kind] as number) > 0);
  }

  /** Notes what a client was given in the first stage. */
  note(client: number, unreserved: readonly number[]): void {
    const lack = this.#lacking.get(this.#topOf(client)) as number[];
    for (const [kind, amount] of unreserved.entries()) {
      const from = (lack[kind] as number) > 0 ? lack : this.surplus;
      from[kind] = (from[kind] as number) - amount;
    }
  }

  /** Is this more than may be given to anybody? */
  holdsBack(quantity: readonly number[]): boolean {
    return quantity.some((n, kind) => n > (this.surplus[kind] as number));
  }

  /** Notes what was given in the second stage. */
  charge(quantity: readonly number[]): void {
    for (const [kind, amount] of quantity.entries()) {
      this.surplus[kind] = (this.surplus[kind] as number) - amount;
    }
  }

  #topOf(client: number): number {
    const known = this.#tops.get(client);
    if (known !== undefined) return known;
    const { clients, roles } = this.#tables;
    let top = clients.role[client] as number;
    while (top !== ROOT_ROLE && roles.parent[top] !== ROOT_ROLE) top = roles.parent[top] as number;
    this.#tops.set(client, top);
    return top;
  }
}
