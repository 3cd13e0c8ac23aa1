import { contains, type Resources } from "../../contract/resources.ts";
import { REFUSE_DEFAULT_MS, REFUSE_MAX_MS } from "../../contract/schema/framework.ts";
import type { Row } from "./event.ts";
import { Heap } from "./heap.ts";
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

/** Refusals as columns of the same length: which client refused something of which agent. */
export interface ExpiryColumns {
  readonly untilMs: Float64Array;
  readonly agent: Uint32Array;
  readonly client: Uint32Array;
}

/** Where those who want to know when refusals end can look. */
export interface Expiries {
  /** Grows with every change. */
  readonly version: number;
  /** Writes the refusals that end first, the soonest first; gives their number. */
  soonest(into: ExpiryColumns): number;
}

/**
 * Refusals (C7–C10): client, agent, what was refused and until when. There may be millions, so
 * they are columns; each is in the list of its agent, in that of its client, and in the bucket of
 * its expiry. Whether a filter blocks depends on what is free on its agent, which changes often,
 * so it is worked out once before a round and only for agents where something changed.
 */
export class FilterStore implements Expiries {
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
  /** The times of the buckets. */
  readonly #times = new Heap<number>((a, b) => a < b);
  readonly #dirty = new Set<Row>();
  #version = 0;

  /** Filters in force. */
  get size(): number {
    return this.#end - this.#free.length;
  }

  /** Grows with every filter that comes or goes. */
  get version(): number {
    return this.#version;
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
    this.#version += 1;
    const bucket = this.#buckets.get(untilMs);
    if (bucket !== undefined) {
      bucket.push(slot);
      return false;
    }
    this.#buckets.set(untilMs, [slot]);
    this.#times.push(untilMs);
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
    while (this.#times.size > 0 && !this.#buckets.has(this.#times.first as number)) {
      this.#times.pop();
    }
    for (const slot of bucket) {
      if (!this.#isOf(slot, untilMs)) continue;
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

  soonest(into: ExpiryColumns): number {
    let count = 0;
    for (const untilMs of this.#times.ordered()) {
      for (const slot of this.#buckets.get(untilMs) ?? []) {
        if (!this.#isOf(slot, untilMs)) continue;
        if (count === into.untilMs.length) return count;
        into.untilMs[count] = untilMs;
        into.agent[count] = this.#agent[slot] as Row;
        into.client[count] = this.#client[slot] as Row;
        count += 1;
      }
    }
    return count;
  }

  /** Every filter of a client: agent, what was refused, until when. */
  *ofClient(client: Row): Generator<{ agent: Row; refused: Resources; untilMs: number }> {
    for (
      let slot = this.#clientHead[client] ?? NONE;
      slot !== NONE;
      slot = this.#clientNext[slot] as number
    ) {
      yield {
        agent: this.#agent[slot] as Row,
        refused: this.#refused[slot] as Resources,
        untilMs: this.#untilMs[slot] as number,
      };
    }
  }

  /** Every filter on an agent: client, what was refused, until when. */
  *onAgent(agent: Row): Generator<{ client: Row; refused: Resources; untilMs: number }> {
    for (
      let slot = this.#agentHead[agent] ?? NONE;
      slot !== NONE;
      slot = this.#agentNext[slot] as number
    ) {
      yield {
        client: this.#client[slot] as Row,
        refused: this.#refused[slot] as Resources,
        untilMs: this.#untilMs[slot] as number,
      };
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

  /** A slot of a bucket may have been dropped since, and taken by a filter that lives longer. */
  #isOf(slot: number, untilMs: number): boolean {
    return this.#refused[slot] !== undefined && this.#untilMs[slot] === untilMs;
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
    this.#version += 1;
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
