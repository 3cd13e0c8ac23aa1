/** Values of a metric's labels. */
export type Labels = Readonly<Record<string, string>>;

/** A number that only grows. */
export interface Counter {
  add(amount?: number, labels?: Labels): void;
}

/** A number that goes up and down. */
export interface Gauge {
  set(value: number, labels?: Labels): void;
}

/** A distribution of observed values. */
export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

/** What a metric is called and what it counts. */
export interface MetricOptions {
  /**
   * Snake case with its unit last, `_total` for counters: `offers_declined_total`, `round_seconds`.
   */
  readonly name: string;
  readonly help: string;
  /** Names of its labels; each use gives a value for each of them. */
  readonly labels?: readonly string[];
}

/** Where figures are counted. Asking twice for a name gives the same metric. */
export interface Metrics {
  counter(options: MetricOptions): Counter;
  gauge(options: MetricOptions): Gauge;
  /** `buckets` are upper bounds, rising. */
  histogram(options: MetricOptions & { readonly buckets?: readonly number[] }): Histogram;
}

const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

/**
 * Says what is wrong with the name of a metric or a label, or `undefined` when it is a good one.
 */
export function metricNameProblem(name: string): string | undefined {
  if (NAME.test(name)) return undefined;
  return `"${name}" must be words of small letters and digits joined by single underscores`;
}

const noMetric = { add: () => {}, set: () => {}, observe: () => {} };

/** Metrics that count nothing, for callers who were given none. */
export const silentMetrics: Metrics = {
  counter: () => noMetric,
  gauge: () => noMetric,
  histogram: () => noMetric,
};
