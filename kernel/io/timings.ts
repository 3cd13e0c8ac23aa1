/** Times that are kept, as many as Mesos keeps; the oldest go first. */
const SAMPLES_MAX = 1_000;

const parts = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999, p9999: 0.9999 };

/** How long one kind of work took lately, for Mesos' timers (H8): the last time and its spread. */
export class Timings {
  readonly #keptMs: number;
  readonly #tookMs = new Float64Array(SAMPLES_MAX);
  readonly #atMs = new Float64Array(SAMPLES_MAX);
  /** All that there ever were. */
  #count = 0;

  /** `keptMs` is how long a time is told of. */
  constructor(keptMs: number) {
    this.#keptMs = keptMs;
  }

  /** Adds how long it took this time. */
  add(tookMs: number, nowMs: number): void {
    const at = this.#count % SAMPLES_MAX;
    this.#tookMs[at] = tookMs;
    this.#atMs[at] = nowMs;
    this.#count += 1;
  }

  /** Adds the last time as `name`, and what is told of all below it; nothing when there is none. */
  show(name: string, nowMs: number, out: Record<string, number>): void {
    if (this.#count === 0) return;
    out[name] = this.#tookMs[(this.#count - 1) % SAMPLES_MAX] as number;
    const end = Math.min(this.#count, SAMPLES_MAX);
    const recent = this.#tookMs
      .slice(0, end)
      .filter((_, at) => (this.#atMs[at] as number) >= nowMs - this.#keptMs)
      .sort();
    out[`${name}/count`] = recent.length;
    if (recent.length === 0) return;
    out[`${name}/min`] = recent[0] as number;
    out[`${name}/max`] = recent[recent.length - 1] as number;
    for (const [suffix, part] of Object.entries(parts)) {
      out[`${name}/${suffix}`] = quantile(recent, part);
    }
  }
}

/** Between two times of a sorted list it is drawn straight from the one to the other. */
function quantile(sorted: Float64Array, part: number): number {
  const position = part * (sorted.length - 1);
  const below = sorted[Math.floor(position)] as number;
  const above = sorted[Math.ceil(position)] as number;
  return below + (above - below) * (position - Math.floor(position));
}
