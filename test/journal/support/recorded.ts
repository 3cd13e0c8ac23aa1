import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../../contract/ports/log.ts";
import { silentMetrics } from "../../../contract/ports/metrics.ts";
import type { WasmPlugin } from "../../../contract/ports/plugin.ts";
import { policySpec } from "../../../kernel/allocation/spec.ts";
import type { ClusterInput, OfferDecision } from "../../../kernel/core/event.ts";
import { takeSnapshot } from "../../../kernel/core/snapshot/take.ts";
import { realDisk } from "../../../kernel/io/journal/disk.ts";
import { Journal } from "../../../kernel/io/journal/journal.ts";
import { recorded, roundsRecorder } from "../../../kernel/io/journal/recorder.ts";
import { ROUND_STEPS_MAX, Rounds, type RoundsListener } from "../../../kernel/io/rounds.ts";
import { type Observer, SimulatedCluster } from "../../../simulation/cluster/engine.ts";
import type { Workload } from "../../../simulation/workload/model.ts";
import { softwareVersion } from "../../../wire/index.ts";
import { systemClock } from "../../../wire/system-clock.ts";

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
  /** Inputs that never reach the master, and are not written down either. */
  readonly swallows?: (input: ClusterInput) => boolean;
}

/** A simulated cluster, and its journal. */
interface Recording {
  readonly cluster: SimulatedCluster;
  readonly rounds: Rounds;
  readonly journal: Journal;
  /** Turns that are not durable yet. */
  pending: number;
}

const SEED = 12_345;

function journalOf(
  options: RecordOptions,
  folder: string,
  state: SimulatedCluster["state"],
  rounds: () => Rounds,
): Journal {
  return new Journal({
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
      seed: SEED,
      stepsMax: ROUND_STEPS_MAX,
    },
    snapshot: () => ({ state: takeSnapshot(state), round: rounds().round }),
    renewPolicy: () => rounds().supervisor.renew(),
    tell: () => {},
  });
}

function recordingOf(options: RecordOptions, folder: string): Recording {
  const { workload, lies = {} } = options;
  const made: { journal?: Journal; rounds?: Rounds } = {};
  const cluster = new SimulatedCluster(workload, {
    observer: nobody,
    rounds: (state) => {
      const journal = journalOf(options, folder, state, () => made.rounds as Rounds);
      const recorder = roundsRecorder(journal);
      const listener: RoundsListener = {
        ...recorder,
        decided: (decided, listed, program) =>
          recorder.decided(decided, lies.decisions?.(decided.round, listed) ?? listed, program),
      };
      const around = { clock: systemClock, metrics: silentMetrics, log: silentLog };
      const rounds = new Rounds({ seed: SEED, ...around, listener });
      Object.assign(made, { journal, rounds });
      return rounds;
    },
    wrap: (loop) => {
      const journal = made.journal as Journal;
      const wrapped = recorded(loop, journal);
      return {
        ...wrapped,
        step: (input, nowMs, out) => {
          if (options.swallows?.(input) === true) return;
          (lies.forgets?.(input) === true ? loop : wrapped).step(input, nowMs, out);
        },
        // Virtual time does not wait for the disk; whoever drives it does, now and then.
        commit: (nowMs, release) => {
          recording.pending += 1;
          journal.commit(nowMs, () => {
            recording.pending -= 1;
          });
          release();
        },
      };
    },
  });
  const recording = { cluster, ...(made as Required<typeof made>), pending: 0 };
  return recording;
}

/** Journals a simulated cluster through the master's own journal; returns its folder. */
export async function record(options: RecordOptions): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "tepui-journal-"));
  const { policies, promoteEvery } = options;
  const recording = recordingOf(options, folder);
  const { cluster, rounds, journal } = recording;
  await journal.open();
  const promote = (policy: WasmPlugin | undefined): void => {
    if (policy === undefined) return;
    rounds.supervisor.promote(policySpec(policy), cluster.state.tables, rounds.round);
    rounds.touchAll(cluster.state.tables);
  };
  promote(policies[0]);
  // After the last task has ended, its framework has still to hear of it.
  for (let turn = 1, after = 0; turn <= (options.turnsMax ?? 20_000) && after < 20; turn++) {
    if (cluster.isDone) after += 1;
    if (promoteEvery !== undefined && turn % promoteEvery === 0) {
      promote(policies[(turn / promoteEvery) % policies.length]);
    }
    cluster.turn();
    if (turn % 20 !== 0) continue;
    while (recording.pending > 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await journal.close();
  return folder;
}
