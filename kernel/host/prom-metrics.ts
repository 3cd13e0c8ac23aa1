import * as prom from "prom-client";
import {
  type Counter,
  type Gauge,
  type Histogram,
  type MetricOptions,
  type Metrics,
  metricNameProblem,
} from "../../contract/ports/metrics.ts";

interface Settings {
  name: string;
  help: string;
  labelNames: string[];
  registers: prom.Registry[];
}

/** Metrics over prom-client, with a registry of their own so that tests do not share figures. */
export class PromMetrics implements Metrics {
  readonly #registry = new prom.Registry();
  readonly #prefix: string;
  readonly #refreshes: (() => void)[] = [];

  /** `prefix` goes before every name, with an underscore: `tepui_master`. */
  constructor(prefix: string) {
    this.#prefix = prefix;
    prom.collectDefaultMetrics({ register: this.#registry, prefix: `${prefix}_` });
  }

  /** See `Metrics`. */
  counter(options: MetricOptions): Counter {
    const metric = this.#once(options, (settings) => new prom.Counter(settings));
    return {
      add: (amount = 1, labels) => (labels ? metric.inc(labels, amount) : metric.inc(amount)),
    };
  }

  /** See `Metrics`. */
  gauge(options: MetricOptions): Gauge {
    const metric = this.#once(options, (settings) => new prom.Gauge(settings));
    return {
      set: (value, labels) => (labels ? metric.set(labels, value) : metric.set(value)),
    };
  }

  /** See `Metrics`. */
  histogram(options: MetricOptions & { readonly buckets?: readonly number[] }): Histogram {
    const { buckets } = options;
    const metric = this.#once(
      options,
      (settings) => new prom.Histogram(buckets ? { ...settings, buckets: [...buckets] } : settings),
    );
    return {
      observe: (value, labels) => (labels ? metric.observe(labels, value) : metric.observe(value)),
    };
  }

  /** Calls `refresh` before every scrape, for gauges that are read off a state. */
  beforeScrape(refresh: () => void): void {
    this.#refreshes.push(refresh);
  }

  /** Everything in Prometheus' text format. */
  async text(): Promise<string> {
    for (const refresh of this.#refreshes) refresh();
    return this.#registry.metrics();
  }

  #once<T>({ name, help, labels = [] }: MetricOptions, make: (settings: Settings) => T): T {
    for (const word of [name, ...labels]) {
      const problem = metricNameProblem(word);
      if (problem !== undefined) throw new Error(`metric ${name}: ${problem}`);
    }
    const full = `${this.#prefix}_${name}`;
    const known = this.#registry.getSingleMetric(full) as T | undefined;
    if (known !== undefined) return known;
    return make({ name: full, help, labelNames: [...labels], registers: [this.#registry] });
  }
}
