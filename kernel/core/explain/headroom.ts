import type { Client, ClusterState } from "../state.ts";
import { KINDS, ROOT_ROLE, RoleFlag } from "../tables/shape.ts";
import type { AllocationTables } from "../tables.ts";
import type { Heeds } from "./asked.ts";

/** What a role is owed: by kind what it lacks, and the most that one of its clients may have. */
export interface Owed {
  readonly lack: readonly number[];
  readonly most: readonly number[];
}

/**
 * What quota guarantees hold back (E8): the free unreserved resources of the whole cluster, less
 * what top-level roles lack to their guarantees. The rule of DRF, and of policies that say that
 * they hold back as it does.
 */
export class Headroom {
  /** What anybody may be given, by kind. */
  readonly surplus: readonly number[];
  /** By top-level role: what it lacks. */
  readonly lacking: ReadonlyMap<number, readonly number[]>;
  readonly #tables: AllocationTables;

  private constructor(tables: AllocationTables, lacking: ReadonlyMap<number, readonly number[]>) {
    this.#tables = tables;
    this.lacking = lacking;
    const { agents } = tables;
    const surplus: number[] = new Array(KINDS).fill(0);
    for (let agent = 0; agent < agents.pool.end; agent++) {
      if (!agents.offerable(agent)) continue;
      for (let kind = 0; kind < KINDS; kind++) {
        surplus[kind] = (surplus[kind] as number) + (agents.free[agent * KINDS + kind] as number);
      }
    }
    for (const lack of lacking.values()) {
      for (let kind = 0; kind < KINDS; kind++) {
        surplus[kind] = Math.max(0, (surplus[kind] as number) - (lack[kind] as number));
      }
    }
    this.surplus = surplus;
  }

  /** What is held back now; `undefined` when every guarantee is met, or the policy does not. */
  static of({ tables }: ClusterState, { guarantees }: Heeds): Headroom | undefined {
    const { roles } = tables;
    if (guarantees !== "held-back" || roles.guaranteed === 0) return undefined;
    const lacking = new Map<number, readonly number[]>();
    for (let role = 1; role < roles.pool.end; role++) {
      if (roles.parent[role] !== ROOT_ROLE) continue;
      const lack = lackOf(tables, role);
      if (lack.some((amount) => amount > 0)) lacking.set(role, lack);
    }
    return lacking.size === 0 ? undefined : new Headroom(tables, lacking);
  }

  /** What the client's top-level role is owed; `undefined` when it lacks nothing. */
  owedTo(client: Client): Owed | undefined {
    const lack = this.lacking.get(topOf(this.#tables, client.role.row));
    if (lack === undefined) return undefined;
    const most = lack.map((lacks, kind) => (lacks > 0 ? lacks : (this.surplus[kind] as number)));
    return { lack, most };
  }
}

/** What a role lacks to its guarantee, by kind; zeros where it has none. */
export function lackOf({ roles }: AllocationTables, role: number): number[] {
  const wanted = RoleFlag.PRESENT | RoleFlag.GUARANTEED;
  const guaranteed = ((roles.flags[role] as number) & wanted) === wanted;
  return Array.from({ length: KINDS }, (_, kind) => {
    const at = role * KINDS + kind;
    const lacks = (roles.guarantee[at] as number) - (roles.consumed[at] as number);
    return guaranteed ? Math.max(0, lacks) : 0;
  });
}

/** The top-level role that a role is in; it may be its own. */
export function topOf({ roles }: AllocationTables, role: number): number {
  let top = role;
  while (top > ROOT_ROLE && roles.parent[top] !== ROOT_ROLE) top = roles.parent[top] as number;
  return top;
}
