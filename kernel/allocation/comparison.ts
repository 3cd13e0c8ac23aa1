import { limits } from "../../contract/limits.ts";
import type { ClientTally, PolicyDiff, RoleTally } from "../../contract/schema/policy.ts";
import { KINDS, ROOT_ROLE } from "../core/tables/shape.ts";
import type { AllocationTables } from "../core/tables.ts";
import type { DecisionRows } from "./policy.ts";
import { competes, Given, jainIndex, rolesInUse, weightOf } from "./shares.ts";
import { DecisionFlag } from "./slots.ts";
import { Verifier } from "./verify.ts";

/** Who a client is, in words that outlive its row. */
export interface ClientName {
  readonly frameworkId: string;
  readonly name: string;
  readonly role: string;
}

/** Names the client in a row of the tables; `undefined` when there is none. */
export type NameOf = (clientRow: number) => ClientName | undefined;

/** What the two policies took for their round, in milliseconds. */
export interface RoundCost {
  readonly liveMs: number;
  readonly shadowMs: number;
}

/** A number for each of the two policies. */
interface Pair {
  live: number;
  shadow: number;
}

/** What one client or role was given by the one and by the other. */
interface Tally {
  readonly client?: ClientName;
  /** Compared rounds in which it was there. */
  rounds: number;
  readonly offers: Pair;
  readonly share: Pair;
  readonly amounts: { readonly live: Float64Array; readonly shadow: Float64Array };
}

const SIDES = ["live", "shadow"] as const;

const pair = (): Pair => ({ live: 0, shadow: 0 });

function newTally(client?: ClientName): Tally {
  const amounts = { live: new Float64Array(KINDS), shadow: new Float64Array(KINDS) };
  const base = { rounds: 0, offers: pair(), share: pair(), amounts };
  return client === undefined ? base : { ...base, client };
}

/**
 * Two policies over the same rounds. The cluster follows the live one alone, so every round is
 * compared from the same state: what each would give now, never what the cluster would have become.
 * Sums are of such single steps; shares and indices are means over the rounds, each taken right
 * after the round as if its offers stood.
 */
export class Comparison {
  readonly #nameOf: NameOf;
  readonly #verifier = new Verifier();
  readonly #given = { live: new Given(), shadow: new Given() };
  /** By the submit order of the client, which no other one ever has. */
  readonly #clients = new Map<number, Tally>();
  readonly #roles = new Map<string, Tally>();
  readonly #rows = { live: 0, shadow: 0, same: 0 };
  readonly #utilisation = { live: new Float64Array(KINDS), shadow: new Float64Array(KINDS) };
  readonly #fairness = { clients: pair(), roles: pair() };
  readonly #costMs = { sum: pair(), most: pair() };
  #rounds = 0;
  #disagreeing = 0;

  constructor(nameOf: NameOf) {
    this.#nameOf = nameOf;
  }

  /** Rounds that were compared. */
  get rounds(): number {
    return this.#rounds;
  }

  /**
   * Compares one round. Both lists of rows have been verified, over the tables as they are.
   */
  add(tables: AllocationTables, live: DecisionRows, shadow: DecisionRows, cost: RoundCost): void {
    this.#rounds += 1;
    this.#given.live.count(tables, live, this.#verifier);
    this.#given.shadow.count(tables, shadow, this.#verifier);
    this.#compareRows(live, shadow);
    this.#tallyClients(tables);
    this.#tallyRoles(tables);
    for (const side of SIDES) {
      const sums = this.#utilisation[side];
      for (let kind = 0; kind < KINDS; kind++) {
        sums[kind] = (sums[kind] as number) + this.#given[side].utilisation(tables, kind);
      }
      const ms = side === "live" ? cost.liveMs : cost.shadowMs;
      this.#costMs.sum[side] += ms;
      this.#costMs.most[side] = Math.max(this.#costMs.most[side], ms);
    }
  }

  /** The comparison as operators see it. */
  report(kindNames: readonly string[]): Omit<PolicyDiff, "live" | "shadow" | "run"> {
    const rounds = Math.max(1, this.#rounds);
    const mean = ({ live, shadow }: Pair): Pair => ({
      live: live / rounds,
      shadow: shadow / rounds,
    });
    const cost = (side: "live" | "shadow") => ({
      meanMicros: (this.#costMs.sum[side] * 1_000) / rounds,
      maxMicros: this.#costMs.most[side] * 1_000,
      totalMs: this.#costMs.sum[side],
    });
    return {
      rounds: this.#rounds,
      disagreeing: this.#disagreeing,
      rows: { ...this.#rows },
      fairness: { frameworks: mean(this.#fairness.clients), roles: mean(this.#fairness.roles) },
      utilisation: kindNames.map((resource, kind) => ({
        resource,
        live: (this.#utilisation.live[kind] as number) / rounds,
        shadow: (this.#utilisation.shadow[kind] as number) / rounds,
      })),
      cost: { live: cost("live"), shadow: cost("shadow") },
      frameworks: [...this.#clients.values()].flatMap((tally): ClientTally[] =>
        tally.client === undefined ? [] : [{ ...tally.client, ...sidesOf(tally, kindNames) }],
      ),
      roles: [...this.#roles]
        .map(([role, tally]): RoleTally => ({ role, ...sidesOf(tally, kindNames) }))
        .sort((a, b) => (a.role < b.role ? -1 : 1)),
    };
  }

  #compareRows(live: DecisionRows, shadow: DecisionRows): void {
    const keys = new Set<number>();
    for (let row = 0; row < live.count; row++) keys.add(keyOf(live, row));
    let same = 0;
    for (let row = 0; row < shadow.count; row++) if (keys.has(keyOf(shadow, row))) same += 1;
    this.#rows.live += live.count;
    this.#rows.shadow += shadow.count;
    this.#rows.same += same;
    if (same !== live.count || same !== shadow.count) this.#disagreeing += 1;
  }

  #tallyClients(tables: AllocationTables): void {
    const shares = { live: [] as number[], shadow: [] as number[] };
    for (let client = 0; client < tables.clients.pool.end; client++) {
      if (!competes(tables, client)) continue;
      const tally = this.#tallyOf(tables, client);
      if (tally !== undefined) tally.rounds += 1;
      const weight = weightOf(tables, tables.clients.role[client] as number);
      for (const side of SIDES) {
        const given = this.#given[side];
        const share = given.shareOfClient(tables, client);
        shares[side].push(share / weight);
        if (tally === undefined) continue;
        tally.offers[side] += given.offers[client] as number;
        tally.share[side] += share;
        addTo(tally.amounts[side], given.byClient, client);
      }
    }
    for (const side of SIDES) this.#fairness.clients[side] += jainIndex(shares[side]);
  }

  #tallyRoles(tables: AllocationTables): void {
    const shares = { live: [] as number[], shadow: [] as number[] };
    const { roles } = tables;
    for (const role of rolesInUse(tables)) {
      const tally = this.#tallyOfRole(roles.names[role] as string);
      tally.rounds += 1;
      for (const side of SIDES) {
        const given = this.#given[side];
        const share = given.shareOfRole(tables, role);
        tally.share[side] += share;
        addTo(tally.amounts[side], given.byRole, role);
        // Roles below others share what those have: the index is of the top of the tree.
        if (roles.parent[role] !== ROOT_ROLE) continue;
        shares[side].push(share / (roles.weight[role] as number));
      }
    }
    this.#countOffersOfRoles(tables);
    for (const side of SIDES) this.#fairness.roles[side] += jainIndex(shares[side]);
  }

  #countOffersOfRoles({ clients, roles }: AllocationTables): void {
    for (let client = 0; client < clients.pool.end; client++) {
      for (const side of SIDES) {
        const offers = this.#given[side].offers[client] as number;
        let role = offers === 0 ? ROOT_ROLE : (clients.role[client] as number);
        for (; role !== ROOT_ROLE; role = roles.parent[role] as number) {
          this.#tallyOfRole(roles.names[role] as string).offers[side] += offers;
        }
      }
    }
  }

  #tallyOf(tables: AllocationTables, client: number): Tally | undefined {
    const key = tables.clients.submitOrder[client] as number;
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    const name = this.#nameOf(client);
    if (name === undefined) return undefined;
    const tally = newTally(name);
    this.#clients.set(key, tally);
    if (this.#clients.size > limits.clientsMax) forgetOldest(this.#clients);
    return tally;
  }

  #tallyOfRole(role: string): Tally {
    const known = this.#roles.get(role);
    if (known !== undefined) return known;
    const tally = newTally();
    this.#roles.set(role, tally);
    if (this.#roles.size > limits.rolesMax) forgetOldest(this.#roles);
    return tally;
  }
}

function forgetOldest<Key>(map: Map<Key, unknown>): void {
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

function addTo(sums: Float64Array, column: Float64Array, row: number): void {
  for (let kind = 0; kind < KINDS; kind++) {
    sums[kind] = (sums[kind] as number) + (column[row * KINDS + kind] as number);
  }
}

function sidesOf(tally: Tally, kindNames: readonly string[]) {
  const side = (name: "live" | "shadow") => ({
    offers: tally.offers[name],
    resources: Object.fromEntries(
      kindNames.flatMap((resource, kind) => {
        const amount = tally.amounts[name][kind] as number;
        return amount === 0 ? [] : [[resource, amount]];
      }),
    ),
    share: tally.share[name] / Math.max(1, tally.rounds),
  });
  return { live: side("live"), shadow: side("shadow") };
}

/** What a row decides as one number: the same for the same decision, whatever its place. */
function keyOf(rows: DecisionRows, row: number): number {
  const agent = rows.agents[row] as number;
  const client = rows.clients[row] as number;
  const pairKey = agent * limits.clientsMax + client;
  const flags = rows.flags[row] as number;
  if (flags === DecisionFlag.WHOLE) return pairKey;
  // Beyond all pairs; what its amounts hold is of no meaning.
  if (flags === DecisionFlag.RECLAIM) return limits.agentsMax * limits.clientsMax + pairKey;
  let bits = flags;
  for (let at = row * KINDS; at < (row + 1) * KINDS; at++) {
    const amount = rows.amounts[at] as number;
    bits = Math.imul(bits ^ amount, 0x9e3779b1) ^ (amount / 2 ** 32);
    bits = Math.imul(bits ^ (bits >>> 15), 0x85ebca6b);
  }
  // Above all pairs; a collision would hide one difference in four thousand million.
  return -1 - (pairKey % 2 ** 20) * 2 ** 32 - (bits >>> 0);
}
