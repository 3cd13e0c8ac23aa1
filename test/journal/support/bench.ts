import type { ClusterEvent } from "../../../contract/operator-api.ts";
import { silentLog } from "../../../contract/ports/log.ts";
import { silentMetrics } from "../../../contract/ports/metrics.ts";
import { defaultOptions } from "../../../kernel/core/options.ts";
import { takeSnapshot } from "../../../kernel/core/snapshot/take.ts";
import { createCluster } from "../../../kernel/core/state.ts";
import { Journal } from "../../../kernel/io/journal/journal.ts";
import { testMaster } from "../../support/cluster.ts";
import { HandClock } from "../../support/hand-clock.ts";
import { until } from "../../support/until.ts";
import { MemoryDisk } from "./memory-disk.ts";

/** A journal over a disk in memory, with turns of one input each. */
export class Bench {
  readonly disk: MemoryDisk;
  readonly clock = new HandClock();
  readonly told: ClusterEvent[] = [];
  readonly logged: string[] = [];
  readonly released: number[] = [];
  readonly gauges = new Map<string, number>();
  renewals = 0;
  readonly journal: Journal;
  #turns = 0;

  constructor(segmentBytes = 1 << 20, disk = new MemoryDisk(), segmentsMax = 3, writeEveryMs = 0) {
    this.disk = disk;
    const state = createCluster({ ...defaultOptions, master: testMaster }, 0);
    const note = (_: unknown, text?: string): void => void this.logged.push(text ?? "");
    this.journal = new Journal({
      disk,
      folder: "j",
      segmentBytes,
      segmentsMax,
      writeEveryMs,
      carriesPolicies: true,
      clock: this.clock,
      log: { ...silentLog, warn: note as never, error: note as never },
      metrics: {
        ...silentMetrics,
        gauge: ({ name }) => ({ set: (value) => void this.gauges.set(name, value) }),
      },
      about: {
        software: "0",
        run: "m",
        startedMs: 0,
        options: state.options,
        seed: 1,
        stepsMax: 1,
      },
      snapshot: () => ({ state: takeSnapshot(state), round: 0 }),
      renewPolicy: () => {
        this.renewals += 1;
      },
      tell: (event) => this.told.push(event),
    });
  }

  get files(): string[] {
    return [...this.disk.files.keys()].sort();
  }

  /** A turn with one input, or with none; returns its number. */
  turn(isEmpty = false): number {
    const number = this.#turns++;
    if (!isEmpty) this.journal.input({ type: "listeners", count: number });
    this.journal.commit(this.clock.nowMs(), () => this.released.push(number));
    return number;
  }

  /** Turns until all are let out. */
  async turns(count: number): Promise<void> {
    for (let left = count; left > 0; left--) this.turn();
    await until("every turn is let out", () => this.released.length === this.#turns);
  }
}
