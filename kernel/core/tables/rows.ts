/** Rows that were given back, the next to be reused last, and one more than the highest row. */
export interface SavedPool {
  readonly free: readonly number[];
  readonly end: number;
}

/**
 * Hands out dense row numbers and takes them back. The row that was freed last is reused first, so
 * the same sequence of calls gives the same rows on every replay.
 */
export class RowPool {
  readonly #free: number[] = [];
  #next: number;

  /** `first` is the lowest row that is ever handed out; tables whose row 0 means "none" pass 1. */
  constructor(first: number) {
    this.#next = first;
  }

  /** One more than the highest row ever handed out: how much of a column is worth copying. */
  get end(): number {
    return this.#next;
  }

  /** The row that `take` would return. */
  get peek(): number {
    return this.#free.at(-1) ?? this.#next;
  }

  take(): number {
    return this.#free.pop() ?? this.#next++;
  }

  give(row: number): void {
    this.#free.push(row);
  }

  /** The pool as plain data. */
  save(): SavedPool {
    return { free: [...this.#free], end: this.#next };
  }

  /** Becomes the pool that was saved. */
  load({ free, end }: SavedPool): void {
    this.#free.splice(0, this.#free.length, ...free);
    this.#next = end;
  }
}

/** Where a reader of a change log stands. -1 asks for everything. */
export type Cursor = number;

/**
 * Remembers which rows changed, for any number of readers (the live policy, a shadow, the one kept
 * for rollback), each with a cursor of its own. A row that no reader has fetched since its last
 * change is logged once, however often it changes. A reader that fell too far behind is told to
 * copy everything.
 */
export class ChangeLog {
  #rows: Uint32Array;
  /** Absolute position of the first kept entry, and one past the last. */
  #start = 0;
  #end = 0;
  /** Every entry before this position has been read by at least one reader. */
  #horizon = 0;
  /** Per row, the absolute position of its latest entry, or -1. */
  #lastAt: Float64Array;

  constructor(size: number) {
    this.#rows = new Uint32Array(size * 2);
    this.#lastAt = new Float64Array(size).fill(-1);
  }

  /** Makes room for more rows. Row numbers stay, but readers re-read everything. */
  grow(size: number): void {
    this.#rows = new Uint32Array(size * 2);
    this.#lastAt = new Float64Array(size).fill(-1);
    this.#end += 1;
    this.#start = this.#end;
    this.#horizon = this.#end;
  }

  /** Notes that a row changed. */
  mark(row: number): void {
    const last = this.#lastAt[row] as number;
    if (last >= this.#horizon) return;
    if (this.#end - this.#start === this.#rows.length) this.#forget();
    this.#rows[this.#end - this.#start] = row;
    this.#lastAt[row] = this.#end;
    this.#end += 1;
  }

  /**
   * The rows that changed since `cursor`, as a view that is valid until the next `mark`, or
   * `undefined` when the reader must copy everything. A row may appear twice.
   */
  since(cursor: Cursor): Uint32Array | undefined {
    if (cursor < this.#start) return undefined;
    return this.#rows.subarray(cursor - this.#start, this.#end - this.#start);
  }

  /** The cursor of a reader that has now read everything. */
  read(): Cursor {
    this.#horizon = this.#end;
    return this.#end;
  }

  /** Drops what the foremost reader has read; readers further back will copy everything. */
  #forget(): void {
    const kept = this.#rows.subarray(this.#horizon - this.#start, this.#end - this.#start);
    // A full log of unread rows cannot be: each row is in it once, and it has room for two each.
    this.#rows.copyWithin(0, this.#horizon - this.#start, this.#end - this.#start);
    this.#start = this.#end - kept.length;
  }
}

/** A longer copy of a typed array, zero beyond the old end. */
export function grownU32(from: Uint32Array, length: number): Uint32Array {
  const to = new Uint32Array(length);
  to.set(from);
  return to;
}

/** A longer copy of a typed array, zero beyond the old end. */
export function grownF64(from: Float64Array, length: number): Float64Array {
  const to = new Float64Array(length);
  to.set(from);
  return to;
}
