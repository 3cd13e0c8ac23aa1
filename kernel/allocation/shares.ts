import { ClientFlag, KINDS, ROOT_ROLE } from "../core/tables/shape.ts";
import type { AllocationTables } from "../core/tables.ts";
import type { DecisionRows } from "./policy.ts";
import type { Verifier } from "./verify.ts";

/**
 * Jain's fairness index of shares: (Σx)² / (n·Σx²), from 1/n, where one has all, to 1, where all
 * have the same; 1 for no shares at all. Source: Jain, Chiu, Hawe, DEC-TR-301, 1984.
 */
export function jainIndex(shares: Iterable<number>): number {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (const share of shares) {
    count += 1;
    sum += share;
    squares += share * share;
  }
  return squares === 0 ? 1 : (sum * sum) / (count * squares);
}

/** What a round gives to whom, added up: vectors by client row and by role row. */
export class Given {
  /** Decision rows by client. */
  offers = new Uint32Array(0);
  byClient = new Float64Array(0);
  /** Sums of the subtrees. */
  byRole = new Float64Array(0);

  /**
   * Adds up verified or unverified rows.
   * @throws PolicyFault POLICY_BAD_ROW
   */
  count(tables: AllocationTables, rows: DecisionRows, verifier: Verifier): void {
    const { clients, roles } = tables.sizes;
    if (this.offers.length === clients) this.offers.fill(0);
    else this.offers = new Uint32Array(clients);
    this.byClient = cleared(this.byClient, clients * KINDS);
    this.byRole = cleared(this.byRole, roles * KINDS);
    verifier.account(tables, rows, (client, quantity) => {
      this.offers[client] = (this.offers[client] as number) + 1;
      add(this.byClient, client, quantity, 0);
    });
    for (let client = 0; client < tables.clients.pool.end; client++) {
      if (this.offers[client] === 0) continue;
      for (let role = tables.clients.role[client] as number; ; ) {
        add(this.byRole, role, this.byClient, client);
        if (role === ROOT_ROLE) break;
        role = tables.roles.parent[role] as number;
      }
    }
  }

  /** A client's dominant share of the cluster with what it was just given (E2). */
  shareOfClient(tables: AllocationTables, client: number): number {
    return dominantShare(tables, tables.clients.used, this.byClient, client);
  }

  /** The same for a role with all below it. */
  shareOfRole(tables: AllocationTables, role: number): number {
    return dominantShare(tables, tables.roles.used, this.byRole, role);
  }

  /** How much of a kind is allocated or offered with what was just given, 0 to 1. */
  utilisation(tables: AllocationTables, kind: number): number {
    const total = tables.clusterTotal[kind] as number;
    const used = (tables.roles.used[kind] as number) + (this.byRole[kind] as number);
    return total > 0 ? used / total : 0;
  }
}

/** Clients that compete: they may be offered something, or hold something. */
export function competes({ clients }: AllocationTables, client: number): boolean {
  if (((clients.flags[client] as number) & ClientFlag.PRESENT) === 0) return false;
  return clients.offerable(client) || some(clients.used, client);
}

/** The product of the weights from the root down to a role: what shares are divided by. */
export function weightOf({ roles }: AllocationTables, role: number): number {
  let weight = 1;
  for (let at = role; at !== ROOT_ROLE; at = roles.parent[at] as number) {
    weight *= roles.weight[at] as number;
  }
  return weight;
}

/**
 * The roles, without the root, in which somebody competes, or in a role below. One that only has a
 * weight or a quota gets nothing because nobody asks, which is not unfair.
 */
export function rolesInUse(tables: AllocationTables): ReadonlySet<number> {
  const { clients, roles } = tables;
  const inUse = new Set<number>();
  for (let client = 0; client < clients.pool.end; client++) {
    if (!competes(tables, client)) continue;
    for (let role = clients.role[client] as number; role !== ROOT_ROLE && !inUse.has(role); ) {
      inUse.add(role);
      role = roles.parent[role] as number;
    }
  }
  return inUse;
}

function dominantShare(
  { clusterTotal }: AllocationTables,
  used: Float64Array,
  given: Float64Array,
  row: number,
): number {
  let share = 0;
  for (let kind = 0; kind < KINDS; kind++) {
    const total = clusterTotal[kind] as number;
    if (total === 0) continue;
    const at = row * KINDS + kind;
    share = Math.max(share, ((used[at] as number) + (given[at] as number)) / total);
  }
  return share;
}

function add(sums: Float64Array, row: number, from: Float64Array, fromRow: number): void {
  for (let kind = 0; kind < KINDS; kind++) {
    const at = row * KINDS + kind;
    sums[at] = (sums[at] as number) + (from[fromRow * KINDS + kind] as number);
  }
}

function some(column: Float64Array, row: number): boolean {
  for (let at = row * KINDS; at < (row + 1) * KINDS; at++) {
    if ((column[at] as number) > 0) return true;
  }
  return false;
}

function cleared(column: Float64Array<ArrayBuffer>, length: number) {
  return column.length === length ? column.fill(0) : new Float64Array(length);
}
