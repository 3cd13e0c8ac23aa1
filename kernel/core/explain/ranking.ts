import type { Client, ClusterState, Offer } from "../state.ts";
import { KINDS, ROOT_ROLE } from "../tables/shape.ts";
import type { AllocationTables } from "../tables.ts";

/** Two clients compared where their ways to the root of the role tree part (E2, E5). */
export interface Comparison {
  /** The rival is served first. */
  readonly rivalFirst: boolean;
  /** By what it is decided: shares, else grants so far, else names or order of submission. */
  readonly by: "guarantee" | "share" | "grants" | "order";
  readonly own: Side;
  readonly rival: Side;
}

/** One side of a comparison. */
export interface Side {
  /** The role that is compared; `undefined` for the client itself. */
  readonly role: string | undefined;
  /** Dominant share over weight. */
  readonly share: number;
}

interface Node {
  readonly role: string | undefined;
  readonly share: number;
  readonly grants: number;
  readonly order: number;
}

/** A dominant share, and the kind that it is of; -1 for none. */
export interface Dominant {
  readonly share: number;
  readonly kind: number;
}

/**
 * The order of weighted hierarchical DRF (Ghodsi et al., NSDI 2011; E2, E5) as it is now, or as it
 * was before offers that are out: `undo` takes one back, from the last one on. It copies the sums,
 * and changes nothing of the cluster.
 */
export class Ranking {
  readonly #state: ClusterState;
  readonly #tables: AllocationTables;
  /** The cluster's total by kind; endless for kinds that shares leave out (E4). */
  readonly #whole = new Float64Array(KINDS).fill(Number.POSITIVE_INFINITY);
  readonly #clientUsed: Float64Array;
  readonly #roleUsed: Float64Array;
  readonly #roleConsumed: Float64Array;
  readonly #clientGrants: Float64Array;
  readonly #roleGrants: Float64Array;

  /** `excludedKinds`: a bit for each kind that shares leave out (E4). */
  constructor(state: ClusterState, excludedKinds: number) {
    const { tables } = state;
    const { clients, roles } = tables;
    roles.settleRanks();
    this.#state = state;
    this.#tables = tables;
    for (let kind = 0; kind < KINDS; kind++) {
      const total = tables.clusterTotal[kind] as number;
      if (total > 0 && ((excludedKinds >> kind) & 1) === 0) this.#whole[kind] = total;
    }
    this.#clientUsed = clients.used.slice(0, clients.pool.end * KINDS);
    this.#roleUsed = roles.used.slice(0, roles.pool.end * KINDS);
    this.#roleConsumed = roles.consumed.slice(0, roles.pool.end * KINDS);
    this.#clientGrants = clients.allocations.slice(0, clients.pool.end);
    this.#roleGrants = roles.allocations.slice(0, roles.pool.end);
  }

  /** Takes an offer back: shares are then as they were before it was made. */
  undo({ client, wire }: Offer): void {
    const { roles, kindNames } = this.#tables;
    this.#clientGrants[client.row] = (this.#clientGrants[client.row] as number) - 1;
    for (const { name, scalar, revocable, reservations } of wire.resources) {
      const kind = kindNames.indexOf(name);
      if (kind < 0 || scalar === undefined) continue;
      const isOpen = revocable !== true && (reservations?.length ?? 0) === 0;
      take(this.#clientUsed, client.row, kind, scalar);
      for (let row = client.role.row; ; row = roles.parent[row] as number) {
        take(this.#roleUsed, row, kind, scalar);
        if (isOpen) take(this.#roleConsumed, row, kind, scalar);
        if (row === ROOT_ROLE) break;
      }
    }
    for (let row = client.role.row; ; row = roles.parent[row] as number) {
      this.#roleGrants[row] = (this.#roleGrants[row] as number) - 1;
      if (row === ROOT_ROLE) break;
    }
  }

  /** Share of a client, not weighted. */
  ofClient(client: Client): Dominant {
    return this.#dominant(this.#clientUsed, client.row);
  }

  /** Share of a role with all below it, not weighted. */
  ofRole(row: number): Dominant {
    return this.#dominant(this.#roleUsed, row);
  }

  /** Which of two clients is served first. */
  compare(own: Client, rival: Client): Comparison {
    const ownWay = this.#way(own);
    const rivalWay = this.#way(rival);
    const common = new Set(ownWay);
    const meet = rivalWay.find((row) => common.has(row)) ?? ROOT_ROLE;
    const ownNode = this.#below(meet, own, ownWay, rivalWay[0] === ownWay[0]);
    const rivalNode = this.#below(meet, rival, rivalWay, rivalWay[0] === ownWay[0]);
    const [by, rivalFirst] = order(ownNode, rivalNode);
    const owed = this.#lacks(rivalWay) && !this.#lacks(ownWay);
    return {
      rivalFirst: owed || rivalFirst,
      by: owed ? "guarantee" : by,
      own: { role: ownNode.role, share: ownNode.share },
      rival: { role: rivalNode.role, share: rivalNode.share },
    };
  }

  /** Does the top-level role of a way lack something to its guarantee (E8)? */
  #lacks(way: readonly number[]): boolean {
    const { roles } = this.#tables;
    const top = way.at(-2);
    if (top === undefined || roles.guaranteed === 0) return false;
    for (let at = top * KINDS; at < (top + 1) * KINDS; at++) {
      if ((roles.guarantee[at] as number) > (this.#roleConsumed[at] as number)) return true;
    }
    return false;
  }

  /** Roles from the client's own up to the root. */
  #way({ role }: Client): number[] {
    const way: number[] = [];
    for (let row = role.row; row !== ROOT_ROLE; row = this.#tables.roles.parent[row] as number) {
      way.push(row);
    }
    way.push(ROOT_ROLE);
    return way;
  }

  /** What stands for a client among the children of a role that it is in. */
  #below(meet: number, client: Client, way: readonly number[], together: boolean): Node {
    if (together) {
      const { row } = client;
      return {
        role: undefined,
        share: this.ofClient(client).share,
        grants: this.#clientGrants[row] as number,
        order: this.#tables.clients.submitOrder[row] as number,
      };
    }
    const at = way.indexOf(meet);
    return at === 0 ? this.#ownOf(meet) : this.#roleNode(way[at - 1] as number);
  }

  #roleNode(row: number): Node {
    const { roles } = this.#tables;
    return {
      role: roles.names[row],
      share: this.ofRole(row).share / (roles.weight[row] as number),
      grants: this.#roleGrants[row] as number,
      order: roles.rank[row] as number,
    };
  }

  /** The clients right in an inner role, which compete as one child named "." (E5). */
  #ownOf(row: number): Node {
    const { clients, roles } = this.#tables;
    const used = new Float64Array(KINDS);
    let grants = 0;
    for (const client of this.#state.clientRows) {
      if (client?.role.row !== row || !clients.offerable(client.row)) continue;
      grants += this.#clientGrants[client.row] as number;
      for (let kind = 0; kind < KINDS; kind++) {
        const amount = this.#clientUsed[client.row * KINDS + kind] as number;
        used[kind] = (used[kind] as number) + amount;
      }
    }
    return {
      role: `${roles.names[row]}/.`,
      share: this.#dominant(used, 0).share,
      grants,
      order: -1,
    };
  }

  #dominant(column: Float64Array, row: number): Dominant {
    let share = 0;
    let dominant = -1;
    for (let kind = 0; kind < KINDS; kind++) {
      const part = (column[row * KINDS + kind] as number) / (this.#whole[kind] as number);
      if (part <= share) continue;
      share = part;
      dominant = kind;
    }
    return { share, kind: dominant };
  }
}

function order(own: Node, rival: Node): [Comparison["by"], boolean] {
  if (own.share !== rival.share) return ["share", rival.share < own.share];
  if (own.grants !== rival.grants) return ["grants", rival.grants < own.grants];
  return ["order", rival.order < own.order];
}

function take(column: Float64Array, row: number, kind: number, amount: number): void {
  const at = row * KINDS + kind;
  column[at] = (column[at] as number) - amount;
}
