import type { AgentFacts } from "../../../contract/ports/policy-companion.ts";
import { ChangeLog, grownF64, grownU32, RowPool } from "./rows.ts";
import { AgentFlag, KINDS, NO_ROW, ReservationFlag, type Vector } from "./shape.ts";
import { Words } from "./words.ts";

/** Columns of the agents. Vectors are `KINDS` doubles a row, in thousandths. */
export class AgentTable {
  readonly pool = new RowPool(0);
  /** Changes of everything but `free` and `revocable`, which have logs of their own. */
  readonly changes: ChangeLog;
  readonly freeChanges: ChangeLog;
  readonly revocableChanges: ChangeLog;
  /** What each agent says about itself in words; companions of policies read it. */
  readonly facts: (AgentFacts | undefined)[] = [];
  readonly factChanges: ChangeLog;
  /** Whether revocable resources were ever reported; while not, nobody looks for them. */
  hasRevocable = false;
  size: number;
  /** Bits of `AgentFlag`. */
  flags: Uint32Array;
  /** Everything that the agent has, reserved or not, without the revocable part. */
  total: Float64Array;
  /** Unreserved, non-revocable, neither offered nor used. */
  free: Float64Array;
  /** Revocable and free (E15). */
  revocable: Float64Array;
  /** Start of the next unavailability in ms since the epoch, 0 when none is planned. */
  unavailableFrom: Float64Array;
  /** First row of the agent's reservations, linked by `ReservationTable.next`; 0 for none. */
  firstReservation: Uint32Array;
  /** First row of the agent's attributes, linked by `AttributeTable.next`; 0 for none. */
  firstAttribute: Uint32Array;
  /** Number of the last round that looked at the agent, for people; 0 when none has. */
  lookedIn: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.changes = new ChangeLog(size);
    this.freeChanges = new ChangeLog(size);
    this.revocableChanges = new ChangeLog(size);
    this.factChanges = new ChangeLog(size);
    this.flags = new Uint32Array(size);
    this.total = new Float64Array(size * KINDS);
    this.free = new Float64Array(size * KINDS);
    this.revocable = new Float64Array(size * KINDS);
    this.unavailableFrom = new Float64Array(size);
    this.firstReservation = new Uint32Array(size);
    this.firstAttribute = new Uint32Array(size);
    this.lookedIn = new Float64Array(size);
  }

  grow(size: number): void {
    this.size = size;
    this.flags = grownU32(this.flags, size);
    this.total = grownF64(this.total, size * KINDS);
    this.free = grownF64(this.free, size * KINDS);
    this.revocable = grownF64(this.revocable, size * KINDS);
    this.unavailableFrom = grownF64(this.unavailableFrom, size);
    this.firstReservation = grownU32(this.firstReservation, size);
    this.firstAttribute = grownU32(this.firstAttribute, size);
    this.lookedIn = grownF64(this.lookedIn, size);
    this.changes.grow(size);
    this.freeChanges.grow(size);
    this.revocableChanges.grow(size);
    this.factChanges.grow(size);
  }

  /** Is this row an agent that may be offered now? */
  offerable(row: number): boolean {
    const wanted = AgentFlag.PRESENT | AgentFlag.ACTIVE;
    return ((this.flags[row] ?? 0) & (wanted | AgentFlag.DRAINING)) === wanted;
  }

  setFacts(row: number, facts: AgentFacts | undefined): void {
    if (this.facts[row] === facts) return;
    while (this.facts.length < row) this.facts.push(undefined);
    this.facts[row] = facts;
    this.factChanges.mark(row);
  }

  clear(row: number): void {
    const at = row * KINDS;
    this.flags[row] = 0;
    this.total.fill(0, at, at + KINDS);
    this.free.fill(0, at, at + KINDS);
    this.revocable.fill(0, at, at + KINDS);
    this.unavailableFrom[row] = 0;
    this.firstReservation[row] = NO_ROW;
    this.firstAttribute[row] = NO_ROW;
    this.lookedIn[row] = 0;
    this.changes.mark(row);
    this.freeChanges.mark(row);
    if (this.hasRevocable) this.revocableChanges.mark(row);
    this.setFacts(row, undefined);
  }
}

/** What each agent holds reserved for each role: one row a pair, linked per agent. */
export class ReservationTable {
  readonly pool = new RowPool(1);
  readonly changes: ChangeLog;
  size: number;
  /** Bits of `ReservationFlag`. */
  flags: Uint32Array;
  agent: Uint32Array;
  role: Uint32Array;
  /** Next reservation of the same agent; 0 ends the list. */
  next: Uint32Array;
  /** Reserved and neither offered nor used. */
  free: Float64Array;
  /** All that is reserved, used or not. */
  total: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.changes = new ChangeLog(size);
    this.flags = new Uint32Array(size);
    this.agent = new Uint32Array(size);
    this.role = new Uint32Array(size);
    this.next = new Uint32Array(size);
    this.free = new Float64Array(size * KINDS);
    this.total = new Float64Array(size * KINDS);
  }

  grow(size: number): void {
    this.size = size;
    this.flags = grownU32(this.flags, size);
    this.agent = grownU32(this.agent, size);
    this.role = grownU32(this.role, size);
    this.next = grownU32(this.next, size);
    this.free = grownF64(this.free, size * KINDS);
    this.total = grownF64(this.total, size * KINDS);
    this.changes.grow(size);
  }

  fill(row: number, agent: number, role: number, free: Vector, total: Vector, refined: boolean) {
    this.flags[row] = ReservationFlag.PRESENT | (refined ? ReservationFlag.REFINED : 0);
    this.agent[row] = agent;
    this.role[row] = role;
    for (let kind = 0; kind < KINDS; kind++) {
      this.free[row * KINDS + kind] = free[kind] ?? 0;
      this.total[row * KINDS + kind] = total[kind] ?? 0;
    }
    this.changes.mark(row);
  }

  clear(row: number): void {
    this.flags[row] = 0;
    this.next[row] = NO_ROW;
    this.free.fill(0, row * KINDS, (row + 1) * KINDS);
    this.total.fill(0, row * KINDS, (row + 1) * KINDS);
    this.changes.mark(row);
  }
}

/** An attribute of an agent: a text, or a number in thousandths. */
export type AttributeValue =
  | { readonly name: string; readonly text: string }
  | { readonly name: string; readonly number: number };

/** Attributes of the agents, linked per agent. */
export class AttributeTable {
  readonly pool = new RowPool(1);
  readonly changes: ChangeLog;
  readonly words = new Words();
  size: number;
  /** Number of the name, never 0 in a used row. */
  name: Uint32Array;
  /** Number of the text, 0 when the value is a number. */
  text: Uint32Array;
  /** Next attribute of the same agent; 0 ends the list. */
  next: Uint32Array;
  /** In thousandths. */
  number: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.changes = new ChangeLog(size);
    this.name = new Uint32Array(size);
    this.text = new Uint32Array(size);
    this.next = new Uint32Array(size);
    this.number = new Float64Array(size);
  }

  grow(size: number): void {
    this.size = size;
    this.name = grownU32(this.name, size);
    this.text = grownU32(this.text, size);
    this.next = grownU32(this.next, size);
    this.number = grownF64(this.number, size);
    this.changes.grow(size);
  }

  /** Writes a list and returns its first row; rows must be available. */
  add(values: readonly AttributeValue[]): number {
    let first: number = NO_ROW;
    for (const value of values.toReversed()) {
      const row = this.pool.take();
      this.name[row] = this.words.hold(value.name);
      this.text[row] = "text" in value ? this.words.hold(value.text) : 0;
      this.number[row] = "text" in value ? 0 : value.number;
      this.next[row] = first;
      this.changes.mark(row);
      first = row;
    }
    return first;
  }

  /** Forgets a list. */
  remove(first: number): void {
    for (let row = first; row !== NO_ROW; ) {
      const next = this.next[row] as number;
      this.words.release(this.name[row] as number);
      if (this.text[row] !== 0) this.words.release(this.text[row] as number);
      this.next[row] = NO_ROW;
      this.pool.give(row);
      row = next;
    }
  }
}
