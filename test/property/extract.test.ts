import { expect, test } from "vitest";
import { Random } from "../../conformance/random.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { silentMetrics } from "../../contract/ports/metrics.ts";
import { isTerminal } from "../../contract/task-state.ts";
import type { ClusterInput } from "../../kernel/core/event.ts";
import type { ClusterState } from "../../kernel/core/state.ts";
import { step } from "../../kernel/core/step.ts";
import { realDisk } from "../../kernel/io/journal/disk.ts";
import { Journal } from "../../kernel/io/journal/journal.ts";
import { extractWorkload } from "../../simulation/workload/extract.ts";
import { systemClock } from "../../wire/system-clock.ts";
import { Simulation } from "../support/simulation.ts";
import { temporaryFolder } from "../support/temporary.ts";

const seeds = Number(process.env["SEEDS"] ?? 15);
const first = Number(process.env["SEED"] ?? 1);

interface Noted {
  readonly input: ClusterInput;
  readonly nowMs: number;
  /** Candidates of the round, where it is one. */
  readonly looked: number;
}

interface Master {
  readonly state: ClusterState;
  readonly inputs: Noted[];
}

/** Notes all that the masters of a simulation are told, and which tasks they ever knew alive. */
class Notes {
  readonly masters: Master[] = [];
  readonly tasks = new Set<string>();
  #looked = 0;

  constructor(simulation: Simulation) {
    const entries: [] = [];
    this.#note(simulation.state, { type: "recovered", entries }, simulation.nowMs);
    simulation.step = (state, input, nowMs, out) => {
      this.#note(state, input, nowMs);
      step(state, input, nowMs, out);
      for (const framework of state.frameworks.values()) {
        for (const task of framework.tasks.values()) {
          if (!isTerminal(task.state)) this.tasks.add(`${framework.id} ${task.id}`);
        }
      }
    };
  }

  #note(state: ClusterState, input: ClusterInput, nowMs: number): void {
    let master = this.masters.at(-1);
    if (master?.state !== state) {
      master = { state, inputs: [] };
      this.masters.push(master);
      const { tables } = state;
      const drop = tables.dropCandidates.bind(tables);
      tables.dropCandidates = (count) => {
        this.#looked = count;
        drop(count);
      };
    }
    master.inputs.push({ input, nowMs, looked: this.#looked });
  }
}

/** Writes down what a master was told, as it would have done itself. */
async function write({ state, inputs }: Master, folder: string): Promise<void> {
  const { options, startedMs } = state;
  const run = options.master.id;
  const journal = new Journal({
    disk: realDisk,
    folder,
    segmentBytes: 1 << 30,
    segmentsMax: 1_000,
    carriesPolicies: false,
    clock: systemClock,
    log: silentLog,
    metrics: silentMetrics,
    about: { software: "0", run, startedMs, options, seed: 1, stepsMax: 1 },
    snapshot: () => {
      throw new Error("one segment has room for all");
    },
    renewPolicy: () => {},
    tell: () => {},
  });
  await journal.open();
  let round = 0;
  for (const { input, nowMs, looked } of inputs) {
    if (input.type !== "offers-decided") journal.input(input);
    else {
      const { decisions, policy } = input;
      const plain = { more: false, lookAgain: false, fault: undefined };
      journal.round({ round: ++round, instance: -1, policy, decisions, looked, ...plain });
    }
    journal.commit(nowMs, () => {});
  }
  await journal.close();
}

test("every task is in the workload of a journal once, whatever masters and agents went through", async () => {
  let masters = 0;
  let tasks = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const simulation = new Simulation(new Random(seed));
    const notes = new Notes(simulation);
    for (let turn = 0; turn < 900; turn++) {
      simulation.disturb();
      if (turn % 300 === 299) simulation.failOver();
    }
    simulation.converge();
    const folder = temporaryFolder("tepui-extract-");
    for (const master of notes.masters) await write(master, folder);
    const { workload, unfinished, leftOut } = extractWorkload(folder, "launched");
    const found = workload.jobs.reduce((sum, job) => sum + job.tasks, 0);
    expect({ seed, found, unfinished, leftOut }).toEqual({
      seed,
      found: notes.tasks.size,
      unfinished: 0,
      leftOut: [],
    });
    masters += notes.masters.length;
    tasks += found;
  }
  // Simulations in which nothing happens prove nothing.
  expect(masters).toBeGreaterThanOrEqual(4 * seeds);
  expect(tasks).toBeGreaterThan(5 * seeds);
}, 120_000);
