import type { Metrics } from "../../../contract/ports/metrics.ts";

/** The figures of a journal. */
export class JournalMetrics {
  readonly #on;
  readonly #failures;
  readonly #bytes;
  readonly #sync;
  readonly #snapshot;

  constructor(metrics: Metrics) {
    this.#on = metrics.gauge({
      name: "journal_on",
      help: "1 while everything is written to the journal, 0 while the disk does not take it.",
    });
    this.#failures = metrics.counter({
      name: "journal_failures_total",
      help: "Times that the journal was turned off because of its disk.",
    });
    this.#bytes = metrics.counter({
      name: "journal_bytes_total",
      help: "Bytes written to the journal.",
    });
    this.#sync = metrics.histogram({
      name: "journal_write_seconds",
      help: "Time until one write of the journal was durable, which turns wait for.",
    });
    this.#snapshot = metrics.histogram({
      name: "journal_snapshot_seconds",
      help: "Time that the loop stood still to take a snapshot for a new segment.",
    });
  }

  /** Whether the journal is on from now on. */
  isOn(on: boolean): void {
    this.#on.set(on ? 1 : 0);
  }

  /** The disk failed. */
  failed(): void {
    this.#failures.add();
  }

  /** Bytes are durable. */
  written(bytes: number, tookMs: number): void {
    this.#bytes.add(bytes);
    this.#sync.observe(tookMs / 1_000);
  }

  /** A snapshot was taken. */
  snapshotTaken(tookMs: number): void {
    this.#snapshot.observe(tookMs / 1_000);
  }
}
