/** A value over time as the averages of equal intervals, of which there are never too many. */
export class Series {
  readonly #most: number;
  #widthMs: number;
  /** Value times milliseconds, and milliseconds in which there was a value, an interval each. */
  #sums: number[] = [];
  #spans: number[] = [];

  /** Begins with intervals of `widthMs`; they double whenever there are more than `most`. */
  constructor(most = 512, widthMs = 1_000) {
    this.#most = most;
    this.#widthMs = widthMs;
  }

  /** The value was this from one time to another; times only grow. */
  add(fromMs: number, toMs: number, value: number): void {
    while (toMs > this.#widthMs * this.#most) {
      this.#sums = halved(this.#sums);
      this.#spans = halved(this.#spans);
      this.#widthMs *= 2;
    }
    for (let at = fromMs; at < toMs; ) {
      const index = Math.floor(at / this.#widthMs);
      const endMs = Math.min(toMs, (index + 1) * this.#widthMs);
      while (this.#sums.length <= index) {
        this.#sums.push(0);
        this.#spans.push(0);
      }
      this.#sums[index] = (this.#sums[index] as number) + value * (endMs - at);
      this.#spans[index] = (this.#spans[index] as number) + endMs - at;
      at = endMs;
    }
  }

  /** Middle of each interval in which there was a value, and the average over it. */
  get points(): readonly (readonly [atMs: number, value: number])[] {
    return this.#sums.flatMap((sum, index) => {
      const span = this.#spans[index] as number;
      return span === 0 ? [] : [[(index + 0.5) * this.#widthMs, sum / span] as const];
    });
  }

  /** Average over `overMs`, or over all the time in which there was a value. */
  mean(overMs = total(this.#spans)): number {
    return overMs === 0 ? 0 : total(this.#sums) / overMs;
  }
}

function halved(values: readonly number[]): number[] {
  const halves: number[] = [];
  for (let at = 0; at < values.length; at += 2) {
    halves.push((values[at] as number) + (values[at + 1] ?? 0));
  }
  return halves;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
