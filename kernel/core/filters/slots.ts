import type { Resources } from "../../../contract/resources.ts";
import type { Row } from "../event.ts";
import { grownF64, grownU32 } from "../tables/rows.ts";
import { FilterEnds, type SavedEnds } from "./ends.ts";
import { link, NONE, setHead, unlink } from "./lists.ts";

/** The columns of refusals, a slot each. */
export interface FilterColumns {
  client: Uint32Array;
  agent: Uint32Array;
  untilMs: Float64Array;
  /** Links of the three lists, each with the newest first. */
  agentNext: Uint32Array;
  agentBefore: Uint32Array;
  clientNext: Uint32Array;
  clientBefore: Uint32Array;
  endNext: Uint32Array;
  endBefore: Uint32Array;
}

/** Slots as plain data. */
export interface SavedSlots {
  readonly columns: Readonly<FilterColumns>;
  /** Which of `lists` was refused, and which is known, a slot each. */
  readonly refused: Uint32Array;
  readonly known: Uint32Array;
  readonly lists: readonly (Resources | undefined)[];
  readonly agentHead: readonly number[];
  readonly clientHead: readonly number[];
  readonly ends: SavedEnds;
  readonly free: readonly number[];
}

const FIRST = 64;

/**
 * Refusals in columns, since there may be millions: each has a slot, and is in the list of its
 * agent, in that of its client and in that of the time at which it ends.
 */
export class FilterSlots implements FilterColumns {
  client: Uint32Array = new Uint32Array(FIRST);
  agent: Uint32Array = new Uint32Array(FIRST);
  untilMs: Float64Array = new Float64Array(FIRST);
  agentNext: Uint32Array = new Uint32Array(FIRST);
  agentBefore: Uint32Array = new Uint32Array(FIRST);
  clientNext: Uint32Array = new Uint32Array(FIRST);
  clientBefore: Uint32Array = new Uint32Array(FIRST);
  endNext: Uint32Array = new Uint32Array(FIRST);
  endBefore: Uint32Array = new Uint32Array(FIRST);
  /** What was refused; `undefined` in a slot that is free. */
  readonly refused: (Resources | undefined)[] = [];
  /**
   * That and what was withheld from the offer: nothing on the agent beyond it is news. `undefined`
   * where nothing was withheld, or where it is to be found out anew.
   */
  readonly known: (Resources | undefined)[] = [];
  readonly #agentHead: number[] = [];
  readonly #clientHead: number[] = [];
  readonly ends = new FilterEnds();
  readonly #free: number[] = [];
  /** Slots in the list of each client. */
  readonly #ofClient: number[] = [];
  /** One more than the highest slot ever in use. */
  end = 0;

  /** Slots in use. */
  get size(): number {
    return this.end - this.#free.length;
  }

  /** Length of the list of a client. */
  countOf(client: Row): number {
    return this.#ofClient[client] ?? 0;
  }

  /** First slot of the list of an agent. */
  firstOn(agent: Row): number {
    return this.#agentHead[agent] ?? NONE;
  }

  /** First slot of the list of a client. */
  firstOf(client: Row): number {
    return this.#clientHead[client] ?? NONE;
  }

  /** Fills a slot and puts it first in its lists. */
  take(client: Row, agent: Row, refused: Resources, untilMs: number): number {
    const slot = this.#free.pop() ?? this.#grown();
    this.client[slot] = client;
    this.agent[slot] = agent;
    this.untilMs[slot] = untilMs;
    this.refused[slot] = refused;
    this.known[slot] = undefined;
    link(this.agentNext, this.agentBefore, this.firstOn(agent), slot);
    setHead(this.#agentHead, agent, slot);
    link(this.clientNext, this.clientBefore, this.firstOf(client), slot);
    setHead(this.#clientHead, client, slot);
    link(this.endNext, this.endBefore, this.ends.first(untilMs), slot);
    this.ends.setFirst(untilMs, slot);
    this.#ofClient[client] = this.countOf(client) + 1;
    return slot;
  }

  /** Takes a slot out of its lists; it may be used again. */
  give(slot: number): void {
    if (unlink(this.agentNext, this.agentBefore, slot)) {
      setHead(this.#agentHead, this.agent[slot] as Row, this.agentNext[slot] as number);
    }
    if (unlink(this.clientNext, this.clientBefore, slot)) {
      setHead(this.#clientHead, this.client[slot] as Row, this.clientNext[slot] as number);
    }
    if (unlink(this.endNext, this.endBefore, slot)) {
      this.ends.setFirst(this.untilMs[slot] as number, this.endNext[slot] as number);
    }
    const client = this.client[slot] as Row;
    this.#ofClient[client] = this.countOf(client) - 1;
    this.refused[slot] = undefined;
    this.known[slot] = undefined;
    this.#free.push(slot);
  }

  /** Everything, to be loaded elsewhere. Lists of resources that are shared stay shared. */
  save(): SavedSlots {
    const lists = new Map<Resources | undefined, number>();
    const { end } = this;
    const numbered = (list: Resources | undefined): number => {
      const number = lists.get(list) ?? lists.size;
      lists.set(list, number);
      return number;
    };
    const refused = Uint32Array.from({ length: end }, (_, slot) => numbered(this.refused[slot]));
    const known = Uint32Array.from({ length: end }, (_, slot) => numbered(this.known[slot]));
    return {
      columns: {
        client: this.client.slice(0, end),
        agent: this.agent.slice(0, end),
        untilMs: this.untilMs.slice(0, end),
        agentNext: this.agentNext.slice(0, end),
        agentBefore: this.agentBefore.slice(0, end),
        clientNext: this.clientNext.slice(0, end),
        clientBefore: this.clientBefore.slice(0, end),
        endNext: this.endNext.slice(0, end),
        endBefore: this.endBefore.slice(0, end),
      },
      refused,
      known,
      lists: [...lists.keys()],
      agentHead: [...this.#agentHead],
      clientHead: [...this.#clientHead],
      ends: this.ends.save(),
      free: [...this.#free],
    };
  }

  /** Becomes what was saved; it must be new. */
  load(saved: SavedSlots): void {
    const { columns, refused, known, lists, agentHead, clientHead, ends, free } = saved;
    while (this.end < refused.length) this.#grown();
    for (const [name, column] of Object.entries(columns)) {
      this[name as keyof FilterColumns].set(column as ArrayLike<number>);
    }
    for (const list of refused) this.refused.push(lists[list]);
    for (const list of known) this.known.push(lists[list]);
    for (const head of agentHead) this.#agentHead.push(head);
    for (const head of clientHead) this.#clientHead.push(head);
    this.ends.load(ends);
    for (const slot of free) this.#free.push(slot);
    for (const [slot, client] of columns.client.entries()) {
      if (this.refused[slot] !== undefined) this.#ofClient[client] = this.countOf(client) + 1;
    }
  }

  #grown(): number {
    const slot = this.end++;
    if (slot < this.client.length) return slot;
    const size = this.client.length * 2;
    this.client = grownU32(this.client, size);
    this.agent = grownU32(this.agent, size);
    this.untilMs = grownF64(this.untilMs, size);
    this.agentNext = grownU32(this.agentNext, size);
    this.agentBefore = grownU32(this.agentBefore, size);
    this.clientNext = grownU32(this.clientNext, size);
    this.clientBefore = grownU32(this.clientBefore, size);
    this.endNext = grownU32(this.endNext, size);
    this.endBefore = grownU32(this.endBefore, size);
    return slot;
  }
}
