import { contains, type Resources } from "../../contract/resources.ts";
import { REFUSE_DEFAULT_MS, REFUSE_MAX_MS } from "../../contract/schema/framework.ts";
import type { Row } from "./event.ts";
import { grownF64, grownU32 } from "./tables/rows.ts";

const NONE = 0xffff_ffff;

/**
 * How long a refusal holds (C8): at least until the next batch; not at all for 0; 5 s when the
 * framework gave none, or one that makes no sense; a year at most.
 */
export function refusalMs(refuseMs: number | undefined, allocationIntervalMs: number): number {
  if (refuseMs === 0) return 0;
  const valid = refuseMs !== undefined && refuseMs > 0;
  const asked = valid ? Math.min(refuseMs, REFUSE_MAX_MS) : REFUSE_DEFAULT_MS;
  return Math.max(allocationIntervalMs, asked);
}

/** What the store asks about a client when it decides whether a filter blocks an offer. */
export type WouldBeOffer = (agent: Row, client: Row) => Resources;

/** The columns of a store of filters, a slot each. */
export interface FilterColumns {
  readonly client: Uint32Array;
  readonly agent: Uint32Array;
  readonly untilMs: Float64Array;
  readonly agentNext: Uint32Array;
  readonly agentBefore: Uint32Array;
  readonly clientNext: Uint32Array;
  readonly clientBefore: Uint32Array;
}

/** A store of filters as plain data. */
export interface SavedFilters {
  readonly columns: FilterColumns;
  /** Which of `lists` was refused, a slot each. */
  readonly refused: Uint32Array;
  readonly lists: readonly (Resources | undefined)[];
  readonly agentHead: readonly number[];
  readonly clientHead: readonly number[];
  readonly free: readonly number[];
  readonly buckets: readonly (readonly [untilMs: number, slots: readonly number[]])[];
  readonly dirty: readonly Row[];
}

/**
 * Refusals (C7–C10): client, agent, what was refused and until when. There may be millions, so
 * they are columns; each is in the list of its agent, in that of its client, and in the bucket of
 * its expiry. Whether a filter blocks depends on what is free on its agent, which changes often,
 * so it is worked out once before a round and only for agents where something changed.
 */
export class FilterStore {
  #client: Uint32Array = new Uint32Array(64);
  #agent: Uint32Array = new Uint32Array(64);
  #untilMs: Float64Array = new Float64Array(64);
  /** Links of the two lists. The list of an agent has the newest first. */
  #agentNext: Uint32Array = new Uint32Array(64);
  #agentBefore: Uint32Array = new Uint32Array(64);
  #clientNext: Uint32Array = new Uint32Array(64);
  #clientBefore: Uint32Array = new Uint32Array(64);
  readonly #refused: (Resources | undefined)[] = [];
  readonly #agentHead: number[] = [];
  readonly #clientHead: number[] = [];
  readonly #free: number[] = [];
  #end = 0;
  /** Filters by the time at which they expire; many share one. */
  readonly #buckets = new Map<number, number[]>();
  readonly #dirty = new Set<Row>();

  /** Filters in force. */
  get size(): number {
    return this.#end - this.#free.length;
  }

  /** Adds a filter. True when it is the first to expire at that time, which then needs a timer. */
  add(client: Row, agent: Row, refused: Resources, untilMs: number): boolean {
    const slot = this.#free.pop() ?? this.#grown();
    this.#client[slot] = client;
    this.#agent[slot] = agent;
    this.#untilMs[slot] = untilMs;
    this.#refused[slot] = this.#shared(agent, refused);
    link(this.#agentHead, this.#agentNext, this.#agentBefore, agent, slot);
    link(this.#clientHead, this.#clientNext, this.#clientBefore, client, slot);
    this.#dirty.add(agent);
    const bucket = this.#buckets.get(untilMs);
    if (bucket !== undefined) {
      bucket.push(slot);
      return false;
    }
    this.#buckets.set(untilMs, [slot]);
    return true;
  }

  /** What is free on the agent changed: its filters may block more now, or less. */
  markAgent(agent: Row): void {
    if ((this.#agentHead[agent] ?? NONE) !== NONE) this.#dirty.add(agent);
  }

  /** Drops the filters that expire at that time; `touch` is told each agent. */
  expire(untilMs: number, touch: (agent: Row) => void): void {
    const bucket = this.#buckets.get(untilMs);
    if (bucket === undefined) return;
    this.#buckets.delete(untilMs);
    for (const slot of bucket) {
      // The slot may have been dropped since, and taken by a filter that lives longer.
      if (this.#refused[slot] === undefined || this.#untilMs[slot] !== untilMs) continue;
      touch(this.#agent[slot] as Row);
      this.#drop(slot);
    }
  }

  /** Drops all filters of a client (C9). */
  dropClient(client: Row): void {
    for (let slot = this.#clientHead[client] ?? NONE; slot !== NONE; ) {
      const next = this.#clientNext[slot] as number;
      this.#drop(slot);
      slot = next;
    }
  }

  /** Drops all filters on an agent (C9). */
  dropAgent(agent: Row): void {
    for (let slot = this.#agentHead[agent] ?? NONE; slot !== NONE; ) {
      const next = this.#agentNext[slot] as number;
      this.#drop(slot);
      slot = next;
    }
  }

  /** The agents whose filters have to be worked out; forgotten by this call. */
  takeDirty(): readonly Row[] {
    if (this.#dirty.size === 0) return [];
    const rows = [...this.#dirty];
    this.#dirty.clear();
    return rows;
  }

  /**
   * Tells `block` each client that a filter on the agent keeps from what it would be offered there
   * now: what was refused contains that offer (C8). `offers` is asked once per filter, and the same
   * lists are compared once.
   */
  blocked(agent: Row, offers: WouldBeOffer, block: (client: Row) => void): void {
    let lastRefused: Resources | undefined;
    let lastOffer: Resources | undefined;
    let answer = false;
    for (
      let slot = this.#agentHead[agent] ?? NONE;
      slot !== NONE;
      slot = this.#agentNext[slot] as number
    ) {
      const client = this.#client[slot] as Row;
      const offer = offers(agent, client);
      const refused = this.#refused[slot] as Resources;
      if (refused !== lastRefused || offer !== lastOffer) {
        answer = contains(refused, offer);
        lastRefused = refused;
        lastOffer = offer;
      }
      if (answer) block(client);
    }
  }

  /** Every filter, for checks and for people. */
  *entries(): Generator<{ client: Row; agent: Row; refused: Resources; untilMs: number }> {
    for (let slot = 0; slot < this.#end; slot++) {
      const refused = this.#refused[slot];
      if (refused === undefined) continue;
      yield {
        client: this.#client[slot] as Row,
        agent: this.#agent[slot] as Row,
        refused,
        untilMs: this.#untilMs[slot] as number,
      };
    }
  }

  /** Everything, to be loaded elsewhere. Lists of resources that are shared stay shared. */
  save(): SavedFilters {
    const lists = new Map<Resources | undefined, number>();
    const refused = new Uint32Array(this.#end);
    for (let slot = 0; slot < this.#end; slot++) {
      const list = this.#refused[slot];
      const known = lists.get(list) ?? lists.size;
      lists.set(list, known);
      refused[slot] = known;
    }
    const cut = Object.entries(this.#columns).map(
      ([name, column]) => [name, column.slice(0, this.#end)] as const,
    );
    return {
      columns: Object.fromEntries(cut) as unknown as FilterColumns,
      refused,
      lists: [...lists.keys()],
      agentHead: [...this.#agentHead],
      clientHead: [...this.#clientHead],
      free: [...this.#free],
      buckets: [...this.#buckets].map(([untilMs, slots]) => [untilMs, [...slots]]),
      dirty: [...this.#dirty],
    };
  }

  /** Becomes the store that was saved; it must be a new one. */
  load(saved: SavedFilters): void {
    const end = saved.refused.length;
    while (this.#end < end) this.#grown();
    for (const [name, column] of Object.entries(this.#columns)) {
      column.set(saved.columns[name as keyof FilterColumns]);
    }
    for (const list of saved.refused) this.#refused.push(saved.lists[list]);
    for (const head of saved.agentHead) this.#agentHead.push(head);
    for (const head of saved.clientHead) this.#clientHead.push(head);
    for (const slot of saved.free) this.#free.push(slot);
    for (const [untilMs, slots] of saved.buckets) this.#buckets.set(untilMs, [...slots]);
    for (const row of saved.dirty) this.#dirty.add(row);
  }

  get #columns(): FilterColumns {
    return {
      client: this.#client,
      agent: this.#agent,
      untilMs: this.#untilMs,
      agentNext: this.#agentNext,
      agentBefore: this.#agentBefore,
      clientNext: this.#clientNext,
      clientBefore: this.#clientBefore,
    };
  }

  #grown(): number {
    const slot = this.#end++;
    if (slot < this.#client.length) return slot;
    const size = this.#client.length * 2;
    this.#client = grownU32(this.#client, size);
    this.#agent = grownU32(this.#agent, size);
    this.#untilMs = grownF64(this.#untilMs, size);
    this.#agentNext = grownU32(this.#agentNext, size);
    this.#agentBefore = grownU32(this.#agentBefore, size);
    this.#clientNext = grownU32(this.#clientNext, size);
    this.#clientBefore = grownU32(this.#clientBefore, size);
    return slot;
  }

  /** Lists that are equal to that of the agent's newest filter are held once. */
  #shared(agent: Row, refused: Resources): Resources {
    const head = this.#agentHead[agent] ?? NONE;
    const known = head === NONE ? undefined : this.#refused[head];
    if (known === undefined || known.length !== refused.length) return refused;
    return contains(known, refused) && contains(refused, known) ? known : refused;
  }

  #drop(slot: number): void {
    const agent = this.#agent[slot] as Row;
    unlink(this.#agentHead, this.#agentNext, this.#agentBefore, agent, slot);
    const client = this.#client[slot] as Row;
    unlink(this.#clientHead, this.#clientNext, this.#clientBefore, client, slot);
    this.#refused[slot] = undefined;
    this.#free.push(slot);
    this.#dirty.add(agent);
  }
}

/** Puts a slot first in the list of `row`. */
function link(
  heads: number[],
  next: Uint32Array,
  before: Uint32Array,
  row: Row,
  slot: number,
): void {
  while (heads.length <= row) heads.push(NONE);
  const head = heads[row] as number;
  next[slot] = head;
  before[slot] = NONE;
  if (head !== NONE) before[head] = slot;
  heads[row] = slot;
}

/** Takes a slot out of the list of `row`. */
function unlink(
  heads: number[],
  next: Uint32Array,
  before: Uint32Array,
  row: Row,
  slot: number,
): void {
  const after = next[slot] as number;
  const ahead = before[slot] as number;
  if (after !== NONE) before[after] = ahead;
  if (ahead === NONE) heads[row] = after;
  else next[ahead] = after;
}
