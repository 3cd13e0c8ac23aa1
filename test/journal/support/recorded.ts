import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../../contract/ports/log.ts";
import { silentMetrics } from "../../../contract/ports/metrics.ts";
import type { WasmPlugin } from "../../../contract/ports/plugin.ts";
import type { OfferDecision } from "../../../kernel/core/event.ts";
import { takeSnapshot } from "../../../kernel/core/snapshot/take.ts";
import { softwareVersion } from "../../../kernel/host/software-version.ts";
import { systemClock } from "../../../kernel/host/system-clock.ts";
import { realDisk } from "../../../kernel/io/journal/disk.ts";
import { Journal } from "../../../kernel/io/journal/journal.ts";
import { recorded, roundsRecorder } from "../../../kernel/io/journal/recorder.ts";
import { ROUND_STEPS_MAX, Rounds } from "../../../kernel/io/rounds.ts";
import { type Observer, SimulatedCluster } from "../../../simulation/cluster/engine.ts";
import type { Workload } from "../../../simulation/workload/model.ts";

const nobody: Observer = { started: () => {}, ended: () => {}, pass: () => {} };

/** What is written down other than it was, for replays that must notice. */
export interface Lies {
  /** Changes the recorded decisions of a round. */
  readonly decisions?: (round: number, decisions: readonly OfferDecision[]) => OfferDecision[];
  /** Inputs that are left out. */
  readonly forgets?: (input: object) => boolean;
}

/** How a journal is made. */
export interface RecordOptions {
  readonly workload: Workload;
  readonly policies: readonly WasmPlugin[];
  readonly segmentBytes: number;
  readonly segmentsMax?: number;
  readonly carriesPolicies?: boolean;
  readonly lies?: Lies;
  /** Turns after which the next of the policies is promoted. */
  readonly promoteEvery?: number;
  readonly turnsMax?: number;
}

/** Journals a simulated cluster through the master's own journal; returns its folder. */
export async function record(options: RecordOptions): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "tepui-journal-"));
  const { workload, policies, lies = {} } = options;
  const seed = 12_345;
  let cluster: SimulatedCluster | undefined;
  let rounds: Rounds | undefined;
  let journal: Journal | undefined;
  let pending = 0;
  const parts = (state: SimulatedCluster["state"]) => ({
    disk: realDisk,
    folder,
    segmentBytes: options.segmentBytes,
    segmentsMax: options.segmentsMax ?? 1_000,
    carriesPolicies: options.carriesPolicies ?? true,
    clock: systemClock,
    log: silentLog,
    metrics: silentMetrics,
    about: {
      software: softwareVersion(),
      run: "simulated",
      startedMs: state.startedMs,
      options: state.options,
      seed,
      stepsMax: ROUND_STEPS_MAX,
    },
    snapshot: () => ({ state: takeSnapshot(state), round: rounds?.round ?? 0 }),
    renewPolicy: () => rounds?.supervisor.renew(),
    tell: () => {},
  });
  cluster = new SimulatedCluster(workload, {
    observer: nobody,
    rounds: (state) => {
      journal = new Journal(parts(state));
      const recorder = roundsRecorder(journal);
      rounds = new Rounds(seed, () => performance.now(), silentMetrics, {
        ...recorder,
        decided: (decided, listed) =>
          recorder.decided(decided, lies.decisions?.(decided.round, listed) ?? listed),
      });
      return rounds;
    },
    wrap: (loop) => {
      const wrapped = recorded(loop, journal as Journal);
      return {
        ...wrapped,
        step: (input, nowMs, out) =>
          (lies.forgets?.(input) === true ? loop : wrapped).step(input, nowMs, out),
        // Virtual time does not wait for the disk; the test does, now and then.
        commit: (nowMs, release) => {
          pending += 1;
          journal?.commit(nowMs, () => {
            pending -= 1;
          });
          release();
        },
      };
    },
  });
  await journal?.open();
  const [first] = policies;
  if (first !== undefined) rounds?.promote(first, cluster.state.tables);
  for (let turn = 1; turn <= (options.turnsMax ?? 20_000); turn++) {
    if (cluster.toArrive + cluster.waiting + cluster.running === 0) break;
    if (options.promoteEvery !== undefined && turn % options.promoteEvery === 0) {
      const next = policies[(turn / options.promoteEvery) % policies.length];
      if (next !== undefined) rounds?.promote(next, cluster.state.tables);
    }
    cluster.turn();
    if (turn % 20 !== 0) continue;
    while (pending > 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await journal?.close();
  return folder;
}
