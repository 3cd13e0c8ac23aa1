/** The agents that the next round must look at, each once, in the order of being touched. */
export class Candidates {
  #rows: Uint32Array;
  #marks: Uint8Array;
  #count = 0;

  constructor(size: number) {
    this.#rows = new Uint32Array(size);
    this.#marks = new Uint8Array(size);
  }

  grow(size: number): void {
    const rows = new Uint32Array(size);
    rows.set(this.#rows);
    this.#rows = rows;
    const marks = new Uint8Array(size);
    marks.set(this.#marks);
    this.#marks = marks;
  }

  /** The rows as a view that is valid until the next change. */
  get rows(): Uint32Array {
    return this.#rows.subarray(0, this.#count);
  }

  has(row: number): boolean {
    return this.#marks[row] !== 0;
  }

  add(row: number): void {
    if (this.#marks[row] !== 0) return;
    this.#marks[row] = 1;
    this.#rows[this.#count++] = row;
  }

  /** Takes the first `count` off. */
  drop(count: number): void {
    for (let at = 0; at < count; at++) this.#marks[this.#rows[at] as number] = 0;
    this.#rows.copyWithin(0, count, this.#count);
    this.#count -= count;
  }

  /** Moves the first `count` behind the others. */
  rotate(count: number): void {
    const head = this.#rows.slice(0, count);
    this.#rows.copyWithin(0, count, this.#count);
    this.#rows.set(head, this.#count - count);
  }
}
