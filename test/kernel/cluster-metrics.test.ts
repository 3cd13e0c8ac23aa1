import { expect } from "vitest";
import type { Gauge, Metrics } from "../../contract/ports/metrics.ts";
import { silentMetrics } from "../../contract/ports/metrics.ts";
import { watchCluster } from "../../kernel/io/cluster-metrics.ts";
import { oneOfEach, runTask } from "../support/one-task.ts";
import { scenario } from "../support/scenario.ts";

/** Keeps what gauges were set to last, by name and labels, as Prometheus shows it. */
class Shown {
  readonly values = new Map<string, number>();
  scrape: () => void = () => {};

  readonly metrics: Metrics & { beforeScrape(refresh: () => void): void } = {
    ...silentMetrics,
    gauge: ({ name }): Gauge => ({
      set: (value, labels = {}) => {
        this.values.set([name, ...Object.values(labels)].join(" "), value);
      },
    }),
    beforeScrape: (refresh) => {
      this.scrape = refresh;
    },
  };
}

scenario("a state that no task is in any more is shown as none", oneOfEach, (c) => {
  const shown = new Shown();
  watchCluster(c.state, shown.metrics);
  runTask(c);
  shown.scrape();
  expect(shown.values.get("tasks TASK_RUNNING")).toBe(1);
  c.do("a1 updates t1 FINISHED\nweb acks t1");
  c.told();
  shown.scrape();
  expect(shown.values.get("tasks TASK_RUNNING")).toBe(0);
  expect(shown.values.get("tasks TASK_FINISHED")).toBe(0);
});
