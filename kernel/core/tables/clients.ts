import type { ClientFacts } from "../../../contract/ports/policy-companion.ts";
import { ChangeLog, grownF64, grownU32, RowPool } from "./rows.ts";
import { ClientFlag, KINDS, NO_ROW, type Vector } from "./shape.ts";

/** Columns of the clients: one row for each (framework, role) pair that may be offered to. */
export class ClientTable {
  readonly pool = new RowPool(0);
  /** Changes of everything but `used` and `allocations`, which change with every offer. */
  readonly changes: ChangeLog;
  readonly useChanges: ChangeLog;
  /** Who each client is in words; companions of policies read it. */
  readonly facts: (ClientFacts | undefined)[] = [];
  readonly factChanges: ChangeLog;
  size: number;
  /** Bits of `ClientFlag`. */
  flags: Uint32Array;
  role: Uint32Array;
  /** Dense framework number: the same in all clients of a framework (E21). */
  framework: Uint32Array;
  /** Unique, only grows: order of subscription, and of framework ids (the sorter's tie-break). */
  submitOrder: Float64Array;
  /** How often the client was given something (E2). */
  allocations: Float64Array;
  /** As the framework stated it; higher comes first where a policy looks at it; 0 by default. */
  priority: Float64Array;
  /** First row of its minimum alternatives (C13); 0 means that any non-empty offer will do. */
  firstMinimum: Uint32Array;
  /** Allocated or offered in this role. */
  used: Float64Array;
  /** What the framework says it still wants, valid with `ClientFlag.HAS_DEMAND`. */
  demand: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.changes = new ChangeLog(size);
    this.useChanges = new ChangeLog(size);
    this.factChanges = new ChangeLog(size);
    this.flags = new Uint32Array(size);
    this.role = new Uint32Array(size);
    this.framework = new Uint32Array(size);
    this.submitOrder = new Float64Array(size);
    this.allocations = new Float64Array(size);
    this.priority = new Float64Array(size);
    this.firstMinimum = new Uint32Array(size);
    this.used = new Float64Array(size * KINDS);
    this.demand = new Float64Array(size * KINDS);
  }

  grow(size: number): void {
    this.size = size;
    this.flags = grownU32(this.flags, size);
    this.role = grownU32(this.role, size);
    this.framework = grownU32(this.framework, size);
    this.submitOrder = grownF64(this.submitOrder, size);
    this.allocations = grownF64(this.allocations, size);
    this.priority = grownF64(this.priority, size);
    this.firstMinimum = grownU32(this.firstMinimum, size);
    this.used = grownF64(this.used, size * KINDS);
    this.demand = grownF64(this.demand, size * KINDS);
    this.changes.grow(size);
    this.useChanges.grow(size);
    this.factChanges.grow(size);
  }

  /** May this client be offered anything now? */
  offerable(row: number): boolean {
    const wanted = ClientFlag.PRESENT | ClientFlag.ACTIVE;
    return ((this.flags[row] ?? 0) & (wanted | ClientFlag.SUPPRESSED)) === wanted;
  }

  /** How many clients may be offered something now. */
  offerableCount(): number {
    let count = 0;
    for (let row = 0; row < this.pool.end; row++) if (this.offerable(row)) count += 1;
    return count;
  }

  /**
   * Shows a client that may be offered something as one that asked for nothing, or as it is. Only
   * for the time of a round; no agent is looked at again for it.
   */
  setHidden(row: number, hidden: boolean): void {
    const flags = this.flags[row] as number;
    this.flags[row] = hidden ? flags | ClientFlag.SUPPRESSED : flags & ~ClientFlag.SUPPRESSED;
    this.changes.mark(row);
  }

  setFacts(row: number, facts: ClientFacts | undefined): void {
    if (this.facts[row] === facts) return;
    while (this.facts.length < row) this.facts.push(undefined);
    this.facts[row] = facts;
    this.factChanges.mark(row);
  }

  clear(row: number): void {
    const at = row * KINDS;
    this.setFacts(row, undefined);
    this.flags[row] = 0;
    this.allocations[row] = 0;
    this.priority[row] = 0;
    this.firstMinimum[row] = NO_ROW;
    this.used.fill(0, at, at + KINDS);
    this.demand.fill(0, at, at + KINDS);
    this.changes.mark(row);
    this.useChanges.mark(row);
  }
}

/**
 * Least quantities worth offering (C13): a list of alternatives, each a vector; a remainder is
 * worth offering when it holds every quantity of at least one alternative.
 */
export class AlternativeTable {
  readonly pool = new RowPool(1);
  readonly changes: ChangeLog;
  size: number;
  next: Uint32Array;
  least: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.changes = new ChangeLog(size);
    this.next = new Uint32Array(size);
    this.least = new Float64Array(size * KINDS);
  }

  grow(size: number): void {
    this.size = size;
    this.next = grownU32(this.next, size);
    this.least = grownF64(this.least, size * KINDS);
    this.changes.grow(size);
  }

  /** Writes a list and returns its first row; rows must be available. */
  add(alternatives: readonly Vector[]): number {
    let first: number = NO_ROW;
    for (let at = alternatives.length - 1; at >= 0; at--) {
      const row = this.pool.take();
      for (let kind = 0; kind < KINDS; kind++) {
        this.least[row * KINDS + kind] = alternatives[at]?.[kind] ?? 0;
      }
      this.next[row] = first;
      this.changes.mark(row);
      first = row;
    }
    return first;
  }

  remove(first: number): void {
    for (let row = first; row !== NO_ROW; ) {
      const next = this.next[row] as number;
      this.next[row] = NO_ROW;
      this.pool.give(row);
      row = next;
    }
  }
}

/**
 * Pairs that may not be offered now, one bit each: a row of bits per agent, so that the clients
 * which an agent may serve are a few consecutive words. Why and until when is the core's business,
 * but for pairs that constraints rule out, which stay blocked whatever becomes of refusals (C14).
 */
export class FilterTable {
  readonly changes: ChangeLog;
  bits: Uint32Array;
  /** Set bits of each agent. */
  counts: Uint32Array;
  /** Words a row: clients / 32. */
  words: number;
  #agents: number;
  /** The bits that constraints set; they are set in `bits`, too. */
  excluded: Uint32Array;

  constructor(agents: number, clients: number) {
    this.changes = new ChangeLog(agents);
    this.#agents = agents;
    this.words = clients / 32;
    this.bits = new Uint32Array(agents * this.words);
    this.excluded = new Uint32Array(agents * this.words);
    this.counts = new Uint32Array(agents);
  }

  grow(agents: number, clients: number): void {
    const words = clients / 32;
    this.bits = this.#grown(this.bits, agents, words);
    this.excluded = this.#grown(this.excluded, agents, words);
    this.counts = grownU32(this.counts, agents);
    this.words = words;
    this.#agents = agents;
    this.changes.grow(agents);
  }

  #grown(before: Uint32Array, agents: number, words: number): Uint32Array {
    const bits = new Uint32Array(agents * words);
    for (let agent = 0; agent < this.#agents; agent++) {
      const from = agent * this.words;
      bits.set(before.subarray(from, from + this.words), agent * words);
    }
    return bits;
  }

  get(client: number, agent: number): boolean {
    return this.#isSet(this.bits, client, agent);
  }

  /** Whether it is constraints that block the pair (C14). */
  excludes(client: number, agent: number): boolean {
    return this.#isSet(this.excluded, client, agent);
  }

  #isSet(bits: Uint32Array, client: number, agent: number): boolean {
    return (((bits[agent * this.words + (client >>> 5)] ?? 0) >>> (client & 31)) & 1) === 1;
  }

  /** Sets or clears one bit; true when that changed it. */
  set(client: number, agent: number, blocked: boolean): boolean {
    const at = agent * this.words + (client >>> 5);
    const bit = 1 << (client & 31);
    const before = this.bits[at] as number;
    const after = blocked ? before | bit : before & ~bit;
    if (after >>> 0 === before) return false;
    this.bits[at] = after;
    this.counts[agent] = (this.counts[agent] as number) + (blocked ? 1 : -1);
    this.changes.mark(agent);
    return true;
  }

  /** Whether constraints block the pair from now on (C14); true when that changed. */
  exclude(client: number, agent: number, excluded: boolean): boolean {
    if (this.excludes(client, agent) === excluded) return false;
    const at = agent * this.words + (client >>> 5);
    this.excluded[at] = (this.excluded[at] as number) ^ (1 << (client & 31));
    this.set(client, agent, excluded);
    return true;
  }

  /** Leaves only what constraints block, before the refusals on the agent are applied anew. */
  resetAgent(agent: number): void {
    const from = agent * this.words;
    let count = 0;
    for (let at = from; at < from + this.words; at++) {
      const word = this.excluded[at] as number;
      this.bits[at] = word;
      if (word !== 0) count += bitCount(word);
    }
    this.counts[agent] = count;
    this.changes.mark(agent);
  }

  clearAgent(agent: number): void {
    const from = agent * this.words;
    this.excluded.fill(0, from, from + this.words);
    this.resetAgent(agent);
  }

  clearClient(client: number, agentsEnd: number): void {
    for (let agent = 0; agent < agentsEnd; agent++) {
      this.exclude(client, agent, false);
      this.set(client, agent, false);
    }
  }
}

function bitCount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
