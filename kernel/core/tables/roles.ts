import { ChangeLog, grownF64, grownU32, RowPool } from "./rows.ts";
import { KINDS, ROOT_ROLE, RoleFlag, type Vector } from "./shape.ts";

/**
 * The role tree (E5). Row 0 is its root: it exists always, and its sums are the cluster's. Sums of
 * a role cover its whole subtree.
 */
export class RoleTable {
  readonly pool = new RowPool(1);
  /** Changes of everything but the sums and counts, which change with every offer. */
  readonly changes: ChangeLog;
  readonly useChanges: ChangeLog;
  size: number;
  /** Roles with a limit; while there are none, nobody looks for them. */
  limited = 0;
  /** Roles with a guarantee. */
  guaranteed = 0;
  /** Full path of each role, for ranks and for people; the policy never sees it. */
  readonly names: string[] = [""];
  /** Bits of `RoleFlag`. */
  flags: Uint32Array;
  parent: Uint32Array;
  /** Position among all roles by full path: the last tie-break of the sorter (E2). */
  rank: Uint32Array;
  /** When the role came into being, as a number that only grows. */
  submitOrder: Float64Array;
  weight: Float64Array;
  /** How often the subtree was given something: the tie-break before the name (E2). */
  allocations: Float64Array;
  guarantee: Float64Array;
  /** Infinity where there is no limit. */
  limit: Float64Array;
  /** Allocated or offered to the subtree, reserved and revocable included: what shares count. */
  used: Float64Array;
  /** What quotas count: reservations of the subtree plus its unreserved non-revocable use (E9). */
  consumed: Float64Array;
  /** Roles came since the ranks were worked out. */
  ranksStale = false;
  /** Submit order of the next role. */
  order = 0;

  constructor(size: number) {
    this.size = size;
    this.changes = new ChangeLog(size);
    this.useChanges = new ChangeLog(size);
    this.flags = new Uint32Array(size);
    this.parent = new Uint32Array(size);
    this.rank = new Uint32Array(size);
    this.submitOrder = new Float64Array(size);
    this.weight = new Float64Array(size).fill(1);
    this.allocations = new Float64Array(size);
    this.guarantee = new Float64Array(size * KINDS);
    this.limit = new Float64Array(size * KINDS).fill(Number.POSITIVE_INFINITY);
    this.used = new Float64Array(size * KINDS);
    this.consumed = new Float64Array(size * KINDS);
    this.flags[ROOT_ROLE] = RoleFlag.PRESENT;
    this.changes.mark(ROOT_ROLE);
    this.useChanges.mark(ROOT_ROLE);
  }

  grow(size: number): void {
    const old = this.size;
    this.size = size;
    this.flags = grownU32(this.flags, size);
    this.parent = grownU32(this.parent, size);
    this.rank = grownU32(this.rank, size);
    this.submitOrder = grownF64(this.submitOrder, size);
    this.weight = grownF64(this.weight, size).fill(1, old);
    this.allocations = grownF64(this.allocations, size);
    this.guarantee = grownF64(this.guarantee, size * KINDS);
    this.limit = grownF64(this.limit, size * KINDS).fill(Number.POSITIVE_INFINITY, old * KINDS);
    this.used = grownF64(this.used, size * KINDS);
    this.consumed = grownF64(this.consumed, size * KINDS);
    this.changes.grow(size);
    this.useChanges.grow(size);
  }

  add(row: number, parent: number, name: string): void {
    this.flags[row] = RoleFlag.PRESENT;
    this.parent[row] = parent;
    this.names[row] = name;
    this.submitOrder[row] = this.order++;
    this.weight[row] = 1;
    this.allocations[row] = 0;
    this.guarantee.fill(0, row * KINDS, (row + 1) * KINDS);
    this.limit.fill(Number.POSITIVE_INFINITY, row * KINDS, (row + 1) * KINDS);
    this.used.fill(0, row * KINDS, (row + 1) * KINDS);
    this.consumed.fill(0, row * KINDS, (row + 1) * KINDS);
    this.ranksStale = true;
    this.changes.mark(row);
    this.useChanges.mark(row);
  }

  clear(row: number): void {
    this.setQuota(row, undefined, undefined);
    this.flags[row] = 0;
    this.names[row] = "";
    this.changes.mark(row);
  }

  setQuota(row: number, guarantee: Vector | undefined, limit: Vector | undefined): void {
    const before = this.flags[row] ?? 0;
    let flags = before & ~(RoleFlag.LIMITED | RoleFlag.GUARANTEED);
    for (let kind = 0; kind < KINDS; kind++) {
      const least = guarantee?.[kind] ?? 0;
      const most = limit?.[kind] ?? Number.POSITIVE_INFINITY;
      this.guarantee[row * KINDS + kind] = least;
      this.limit[row * KINDS + kind] = most;
      if (least > 0) flags |= RoleFlag.GUARANTEED;
      if (most < Number.POSITIVE_INFINITY) flags |= RoleFlag.LIMITED;
    }
    this.flags[row] = flags;
    this.limited += change(before, flags, RoleFlag.LIMITED);
    this.guaranteed += change(before, flags, RoleFlag.GUARANTEED);
    this.changes.mark(row);
  }

  /**
   * Adds to a sum of the role and of all its ancestors, the root included; or of those alone that
   * are below `end`, a role that is above it or the role itself.
   */
  addUp(column: Float64Array, row: number, vector: Vector, sign: 1 | -1, end?: number): void {
    for (let role = row; role !== end; role = this.parent[role] as number) {
      for (let kind = 0; kind < KINDS; kind++) {
        const at = role * KINDS + kind;
        column[at] = (column[at] as number) + sign * (vector[kind] ?? 0);
      }
      this.useChanges.mark(role);
      if (role === ROOT_ROLE) return;
    }
  }

  /** Counts one allocation for the role and all its ancestors. */
  countUp(row: number): void {
    for (let role = row; ; role = this.parent[role] as number) {
      this.allocations[role] = (this.allocations[role] as number) + 1;
      this.useChanges.mark(role);
      if (role === ROOT_ROLE) return;
    }
  }

  /** Is `ancestor` the role itself or above it? */
  within(role: number, ancestor: number): boolean {
    let at = role;
    while (at !== ancestor && at !== ROOT_ROLE) at = this.parent[at] as number;
    return at === ancestor;
  }

  /** Renumbers the ranks if roles came since the last time. Called before columns are read. */
  settleRanks(): void {
    if (!this.ranksStale) return;
    this.ranksStale = false;
    const rows: number[] = [];
    for (let row = 1; row < this.pool.end; row++) {
      if (((this.flags[row] ?? 0) & RoleFlag.PRESENT) !== 0) rows.push(row);
    }
    rows.sort((a, b) => ((this.names[a] as string) < (this.names[b] as string) ? -1 : 1));
    for (const [rank, row] of rows.entries()) {
      if (this.rank[row] === rank) continue;
      this.rank[row] = rank;
      this.changes.mark(row);
    }
  }
}

/** 1 when the flag is new, -1 when it is gone, else 0. */
function change(before: number, after: number, flag: number): number {
  return Math.sign((after & flag) - (before & flag));
}
