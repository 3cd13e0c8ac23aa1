import type { FindingCode } from "../../../contract/operator/explain-methods.ts";
import {
  isAllocatableTo,
  type Resource,
  type Resources,
  reservationRole,
} from "../../../contract/resources.ts";
import type { Quantities } from "../../../contract/schema/framework.ts";
import { sightOf } from "../offers.ts";
import { type Sight, visibleTo } from "../pool.ts";
import type { Client, ClusterState } from "../state.ts";
import { KINDS, NO_ROW, ROOT_ROLE, RoleFlag } from "../tables/shape.ts";
import type { AllocationTables } from "../tables.ts";
import type { Headroom } from "./headroom.ts";
import { namedAmounts } from "./words.ts";

/** What keeps a client from resources that are there; `lack` when too little is there at all. */
export type Obstacle =
  | { readonly code: "lack" }
  | { readonly code: Extract<FindingCode, `${string}-capability` | "reserved" | "quota-headroom"> }
  /** A limit of this role leaves too little of this kind (E9). */
  | { readonly code: "quota-limit"; readonly role: number; readonly kind: number };

/** A kind of which quotas leave the client less than is free, though the rest may be offered. */
export interface Cut {
  readonly kind: number;
  /** The most of it that may be offered beside what is reserved or revocable. */
  readonly most: number;
  /** Nothing of it is left at all. */
  readonly isWhole: boolean;
  /** The role whose limit it is; `undefined` for what guarantees hold back. */
  readonly limitOf: number | undefined;
}

/**
 * What a client may have of lists of resources, by the rules that hold for every policy: what its
 * capabilities and roles let it see (C20, E5), the least that it takes (C13), limits (E9), and what
 * guarantees hold back (E8). Scratch space for one client.
 */
export class Portion {
  readonly #tables: AllocationTables;
  readonly #client: Client;
  readonly #sight: Sight;
  readonly #minimum: number;
  /** Room under the limits above the client by kind, and the role that leaves the least. */
  readonly #room = new Float64Array(KINDS).fill(Number.POSITIVE_INFINITY);
  readonly #tightest = new Int32Array(KINDS).fill(-1);
  #isLimited = false;
  readonly #headroom: Headroom | undefined;
  /** Unreserved and firm; and with what is reserved or revocable. */
  readonly #open = new Float64Array(KINDS);
  readonly #all = new Float64Array(KINDS);
  readonly #cut = new Float64Array(KINDS);

  constructor(state: ClusterState, client: Client, headroom: Headroom | undefined) {
    const { clients, roles } = state.tables;
    this.#tables = state.tables;
    this.#client = client;
    this.#sight = sightOf(state, client);
    this.#minimum = clients.firstMinimum[client.row] ?? NO_ROW;
    this.#headroom = headroom;
    if (roles.limited === 0) return;
    for (let row = client.role.row; row > ROOT_ROLE; row = roles.parent[row] as number) {
      if (((roles.flags[row] as number) & RoleFlag.LIMITED) === 0) continue;
      for (let kind = 0; kind < KINDS; kind++) {
        const at = row * KINDS + kind;
        const room = Math.max(0, (roles.limit[at] as number) - (roles.consumed[at] as number));
        if (room >= (this.#room[kind] as number)) continue;
        this.#isLimited = true;
        this.#room[kind] = room;
        this.#tightest[kind] = row;
      }
    }
  }

  /** The part of a list that the client can see. */
  visible(resources: Resources): Resources {
    return visibleTo(resources, this.#client.role.name, this.#sight);
  }

  /** Why these would not be offered to the client; `undefined` when they might. */
  obstacle(resources: Resources): Obstacle | undefined {
    const visible = this.visible(resources);
    this.#measure(visible);
    if (!this.#worth(this.#all)) {
      if (visible.length === resources.length) return { code: "lack" };
      this.#measure(resources);
      return this.#worth(this.#all) ? this.#stripped(resources) : { code: "lack" };
    }
    return this.#limited() ?? this.#heldBack();
  }

  /** What quotas cut from a list that is enough for an offer without that; what is gone first. */
  cuts(resources: Resources): readonly Cut[] {
    const headroom = this.#headroom;
    if (!this.#isLimited && headroom === undefined) return [];
    this.#measure(this.visible(resources));
    const lack = headroom?.owedTo(this.#client)?.lack;
    const cuts: Cut[] = [];
    for (let kind = 0; kind < KINDS; kind++) {
      const open = this.#open[kind] as number;
      const room = this.#room[kind] as number;
      const surplus = headroom?.surplus[kind] ?? Number.POSITIVE_INFINITY;
      const most = Math.min(room, surplus + (lack?.[kind] ?? 0));
      if (most >= open) continue;
      const isWhole = most === 0 && open === (this.#all[kind] as number);
      const limitOf = most === room ? (this.#tightest[kind] as number) : undefined;
      cuts.push({ kind, most, isWhole, limitOf });
    }
    return cuts.sort((a, b) => Number(b.isWhole) - Number(a.isWhole) || a.kind - b.kind);
  }

  /** A list without what quotas cut from it. */
  after(resources: Resources, cuts: readonly Cut[]): Resources {
    const { kindNames } = this.#tables;
    const most = new Map(cuts.map(({ kind, most }) => [kindNames[kind], most]));
    return resources.flatMap((resource) => {
      const { name, scalar } = resource;
      const left = most.get(name);
      const isFirm = resource.revocable !== true && reservationRole(resource) === undefined;
      if (left === undefined || scalar === undefined || !isFirm) return [resource];
      return left > 0 ? [{ ...resource, scalar: Math.min(scalar, left) }] : [];
    });
  }

  /** The least that the client takes, as alternatives; empty when anything will do (C13). */
  minimum(): readonly Quantities[] {
    const { least, next } = this.#tables.alternatives;
    const found: Quantities[] = [];
    for (let row = this.#minimum; row !== NO_ROW; row = next[row] as number) {
      found.push(namedAmounts(this.#tables, least, row));
    }
    return found;
  }

  /** How near a list is to the minimum: 1 when it holds it; for comparing lists. */
  nearness(resources: Resources): number {
    this.#measure(this.visible(resources));
    const { least, next } = this.#tables.alternatives;
    let best = 0;
    for (let row = this.#minimum; row !== NO_ROW; row = next[row] as number) {
      let part = 1;
      for (let kind = 0; kind < KINDS; kind++) {
        const needed = least[row * KINDS + kind] as number;
        if (needed > 0) part = Math.min(part, (this.#all[kind] as number) / needed);
      }
      best = Math.max(best, part);
    }
    return best;
  }

  /** Adds up a list: scalars of kinds that policies know, but for shared volumes, as they do. */
  #measure(resources: Resources): void {
    this.#open.fill(0);
    this.#all.fill(0);
    for (const resource of resources) {
      if (resource.scalar === undefined || resource.shared === true) continue;
      const kind = this.#tables.kindNames.indexOf(resource.name);
      if (kind < 0) continue;
      this.#all[kind] = (this.#all[kind] as number) + resource.scalar;
      if (resource.revocable === true || reservationRole(resource) !== undefined) continue;
      this.#open[kind] = (this.#open[kind] as number) + resource.scalar;
    }
  }

  #worth(vector: Float64Array): boolean {
    const { least, next } = this.#tables.alternatives;
    if (this.#minimum === NO_ROW) return vector.some((amount) => amount > 0);
    let isSome = false;
    for (let kind = 0; kind < KINDS && !isSome; kind++) isSome = (vector[kind] as number) > 0;
    if (!isSome) return false;
    for (let row = this.#minimum; row !== NO_ROW; row = next[row] as number) {
      let holds = true;
      for (let kind = 0; kind < KINDS && holds; kind++) {
        holds = (vector[kind] as number) >= (least[row * KINDS + kind] as number);
      }
      if (holds) return true;
    }
    return false;
  }

  /** What is measured with the unreserved part cut to `most`. */
  #cutTo(most: ArrayLike<number>): Float64Array {
    for (let kind = 0; kind < KINDS; kind++) {
      const open = this.#open[kind] as number;
      const beside = (this.#all[kind] as number) - open;
      const room = Math.min(most[kind] as number, this.#room[kind] as number);
      this.#cut[kind] = beside + Math.min(open, room);
    }
    return this.#cut;
  }

  #limited(): Obstacle | undefined {
    if (!this.#isLimited) return undefined;
    if (this.#worth(this.#cutTo(this.#room))) return undefined;
    let tightest = -1;
    for (let kind = 0; kind < KINDS; kind++) {
      const room = this.#room[kind] as number;
      if ((this.#open[kind] as number) <= room) continue;
      if (tightest < 0 || room < (this.#room[tightest] as number)) tightest = kind;
    }
    return { code: "quota-limit", role: this.#tightest[tightest] as number, kind: tightest };
  }

  #heldBack(): Obstacle | undefined {
    const headroom = this.#headroom;
    if (headroom === undefined || this.#worth(this.#cutTo(headroom.surplus))) return undefined;
    const owed = headroom.owedTo(this.#client);
    if (owed !== undefined && this.#worth(this.#cutTo(owed.most)) && this.#brings(owed.lack)) {
      return undefined;
    }
    return { code: "quota-headroom" };
  }

  /** Does what is cut bring the client's role nearer to its guarantee? */
  #brings(lack: readonly number[]): boolean {
    return lack.some((lacks, kind) => {
      const room = Math.min(lacks, this.#room[kind] as number);
      return Math.min(this.#open[kind] as number, room) > 0;
    });
  }

  #stripped(resources: Resources): Obstacle {
    const { revocable, refinement } = this.#sight;
    const role = this.#client.role.name;
    const has = (test: (resource: Resource) => boolean): boolean => resources.some(test);
    if (!revocable && has((each) => each.revocable === true)) {
      return { code: "revocable-capability" };
    }
    const own = (each: Resource): boolean => isAllocatableTo(each, role);
    if (!refinement && has((each) => (each.reservations?.length ?? 0) > 1 && own(each))) {
      return { code: "refinement-capability" };
    }
    return { code: "reserved" };
  }
}
