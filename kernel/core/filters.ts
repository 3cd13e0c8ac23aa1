import { add, contains, NOTHING, type Resources } from "../../contract/resources.ts";
import { REFUSE_DEFAULT_MS, REFUSE_MAX_MS } from "../../contract/schema/framework.ts";
import type { Row } from "./event.ts";
import { NONE } from "./filters/lists.ts";
import { FilterSlots, type SavedSlots } from "./filters/slots.ts";

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

/** A store of filters as plain data. */
export interface SavedFilters {
  readonly slots: SavedSlots;
  readonly dirty: readonly Row[];
  readonly cut: readonly Row[];
  readonly version: number;
}

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
 * they are columns; each is in the list of its agent, in that of its client, and in that of its
 * expiry, and leaves all three at once. Whether a filter blocks depends on what is free on its
 * agent, which changes often, so it is worked out once before a round and only for agents where
 * something changed.
 *
 * An offer may be less than what its agent had: a policy cut it, for a quota or for other reasons
 * of its own. Then what was withheld counts as known, or the same offer would come again and again;
 * and as policies may come to give more although nothing changed on the agent, `retest` has them
 * decide anew from time to time, and `repeats` tells when what they give was refused before.
 */
export class FilterStore implements Expiries {
  readonly #slots = new FilterSlots();
  readonly #dirty = new Set<Row>();
  /** Agents with filters for which something was withheld. */
  readonly #cut = new Set<Row>();
  #version = 0;

  /** Filters in force. */
  get size(): number {
    return this.#slots.size;
  }

  /** Filters of a client in force. */
  countOf(client: Row): number {
    return this.#slots.countOf(client);
  }

  /** Grows with every filter that comes or goes. */
  get version(): number {
    return this.#version;
  }

  /** When the next filter expires; `undefined` when there is none. */
  get nextMs(): number | undefined {
    return this.#slots.ends.nextMs;
  }

  /** Adds a filter; `withheld` is what the agent had beside the offer, if it had anything. */
  add(
    client: Row,
    agent: Row,
    refused: Resources,
    untilMs: number,
    withheld: Resources = NOTHING,
  ): void {
    const slot = this.#slots.take(client, agent, this.#shared(agent, refused), untilMs);
    this.#dirty.add(agent);
    this.#version += 1;
    this.#know(slot, withheld);
  }

  /**
   * Whether the client has refused that much of the agent. If so, all that there is, which is what
   * `withheld` has beside it, is known to be worth no offer until something changes.
   */
  repeats(client: Row, agent: Row, offer: Resources, withheld: Resources): boolean {
    const { client: clients, agentNext, refused } = this.#slots;
    for (let slot = this.#slots.firstOn(agent); slot !== NONE; slot = agentNext[slot] as number) {
      if (clients[slot] !== client || !contains(refused[slot] as Resources, offer)) continue;
      this.#dirty.add(agent);
      this.#know(slot, withheld);
      return true;
    }
    return false;
  }

  /** Forgets what was withheld, so that policies decide anew; `touch` is told each agent. */
  retest(touch: (agent: Row) => void): void {
    const { known, agentNext } = this.#slots;
    for (const agent of this.#cut) {
      for (let slot = this.#slots.firstOn(agent); slot !== NONE; slot = agentNext[slot] as number) {
        known[slot] = undefined;
      }
      this.#dirty.add(agent);
      touch(agent);
    }
    this.#cut.clear();
  }

  /** What is free on the agent changed: its filters may block more now, or less. */
  markAgent(agent: Row): void {
    if (this.#slots.firstOn(agent) !== NONE) this.#dirty.add(agent);
  }

  /** Drops the filters that have expired by now; `touch` is told each agent. */
  expire(nowMs: number, touch: (agent: Row) => void): void {
    const { ends, agent, endNext } = this.#slots;
    for (let at = ends.nextMs; at !== undefined && at <= nowMs; at = ends.nextMs) {
      const first = ends.first(at);
      // The first of the list goes last, so that what is known of the time changes once.
      for (let slot = endNext[first] as number; slot !== NONE; slot = endNext[first] as number) {
        touch(agent[slot] as Row);
        this.#drop(slot);
      }
      touch(agent[first] as Row);
      this.#drop(first);
    }
  }

  /** Drops all filters of a client (C9). */
  dropClient(client: Row): void {
    for (let slot = this.#slots.firstOf(client); slot !== NONE; ) {
      const next = this.#slots.clientNext[slot] as number;
      this.#drop(slot);
      slot = next;
    }
  }

  /** Drops all filters on an agent (C9). */
  dropAgent(agent: Row): void {
    for (let slot = this.#slots.firstOn(agent); slot !== NONE; ) {
      const next = this.#slots.agentNext[slot] as number;
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
      let slot = this.#slots.firstOn(agent);
      slot !== NONE;
      slot = this.#slots.agentNext[slot] as number
    ) {
      const client = this.#slots.client[slot] as Row;
      const offer = offers(agent, client);
      const refused = this.#knownIn(slot);
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
    const { ends, agent, client, endNext } = this.#slots;
    for (const untilMs of ends.ordered()) {
      for (let slot = ends.first(untilMs); slot !== NONE; slot = endNext[slot] as number) {
        if (count === into.untilMs.length) return count;
        into.untilMs[count] = untilMs;
        into.agent[count] = agent[slot] as Row;
        into.client[count] = client[slot] as Row;
        count += 1;
      }
    }
    return count;
  }

  /** Every filter of a client: agent, what it blocks, until when. */
  *ofClient(client: Row): Generator<{ agent: Row; known: Resources; untilMs: number }> {
    const { agent, untilMs, clientNext } = this.#slots;
    for (let slot = this.#slots.firstOf(client); slot !== NONE; slot = clientNext[slot] as number) {
      const known = this.#knownIn(slot);
      yield { agent: agent[slot] as Row, known, untilMs: untilMs[slot] as number };
    }
  }

  /** Every filter on an agent: client, what it blocks, until when. */
  *onAgent(agent: Row): Generator<{ client: Row; known: Resources; untilMs: number }> {
    const { client, untilMs, agentNext } = this.#slots;
    for (let slot = this.#slots.firstOn(agent); slot !== NONE; slot = agentNext[slot] as number) {
      const known = this.#knownIn(slot);
      yield { client: client[slot] as Row, known, untilMs: untilMs[slot] as number };
    }
  }

  /** Every filter, for checks and for people; `known` is what it blocks. */
  *entries(): Generator<{
    client: Row;
    agent: Row;
    refused: Resources;
    known: Resources;
    untilMs: number;
  }> {
    for (let slot = 0; slot < this.#slots.end; slot++) {
      const refused = this.#slots.refused[slot];
      if (refused === undefined) continue;
      yield {
        client: this.#slots.client[slot] as Row,
        agent: this.#slots.agent[slot] as Row,
        refused,
        known: this.#knownIn(slot),
        untilMs: this.#slots.untilMs[slot] as number,
      };
    }
  }

  /** Everything, to be loaded elsewhere. */
  save(): SavedFilters {
    return {
      slots: this.#slots.save(),
      dirty: [...this.#dirty],
      cut: [...this.#cut],
      version: this.#version,
    };
  }

  /** Becomes the store that was saved; it must be a new one. */
  load({ slots, dirty, cut, version }: SavedFilters): void {
    this.#slots.load(slots);
    for (const row of cut) this.#cut.add(row);
    for (const row of dirty) this.#dirty.add(row);
    this.#version = version;
  }

  /** Lists that are equal to that of the agent's newest filter are held once. */
  #shared(agent: Row, refused: Resources): Resources {
    const head = this.#slots.firstOn(agent);
    const known = head === NONE ? undefined : this.#slots.refused[head];
    if (known === undefined || known.length !== refused.length) return refused;
    return contains(known, refused) && contains(refused, known) ? known : refused;
  }

  #knownIn(slot: number): Resources {
    return this.#slots.known[slot] ?? (this.#slots.refused[slot] as Resources);
  }

  #know(slot: number, withheld: Resources): void {
    if (withheld.length === 0) return;
    this.#slots.known[slot] = add(this.#slots.refused[slot] as Resources, withheld);
    this.#cut.add(this.#slots.agent[slot] as Row);
  }

  #drop(slot: number): void {
    this.#dirty.add(this.#slots.agent[slot] as Row);
    this.#slots.give(slot);
    this.#version += 1;
  }
}
