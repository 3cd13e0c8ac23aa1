import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { errors, reasonOf, TepuiError } from "../../contract/errors.ts";
import {
  resources,
  type SandboxPlace,
  Scheduler,
  sandboxText,
  type TaskRequest,
} from "../../sdk/index.ts";
import { nowMs } from "../now.ts";
import { endFramework, followSubscription, notEndedWords } from "../taskset/framework-end.ts";
import type { Attempt, Change, Outcome } from "../taskset/model.ts";
import { schedulerTimes, TaskSetRunner } from "../taskset/runner.ts";
import { type FinishedWork, jobFigures } from "./figures.ts";
import type { MapReduceJob, MapReduceOptions, MapReduceResult } from "./job.ts";
import { describeOutputs, MAPS_MAX, type MapOutputs } from "./map-outputs.ts";
import { MapReducePlan } from "./planner.ts";
import { parseRecord } from "./records.ts";
import { bytesOf, chunkBytesFor, splitInputs } from "./splits.ts";
import { LOST_FILE, RESULT_FILE, specEnvironment, type TaskSpec } from "./task-spec.ts";

/** Reduce tasks of a job that does not say how many. */
const REDUCERS = 4;

const tooManyMaps = (maps: number): string =>
  `its inputs make ${maps} map tasks, and there may be ${MAPS_MAX}: ` +
  "larger chunks (chunkBytes, --chunk) and fewer, larger files make fewer";

const lostWords = (what: string, reason: string): string =>
  `its ${what} was lost again and again: ${reason}; ` +
  "agents whose disk is nearly full keep the sandboxes of ended tasks for `gcMinAge` only";

/** The program of the tasks; run from the sources, the built one is used. */
function workerFile(): string {
  const beside = fileURLToPath(new URL("./worker.js", import.meta.url));
  if (existsSync(beside)) return beside;
  return join(dirname(beside), "..", "..", "dist", "frameworks", "mapreduce", "worker.js");
}

/**
 * Runs a job to its end and gathers its results.
 * @throws JOB_INVALID, JOB_FAILED with the last words of the task, JOB_CANCELLED, JOB_TORN_DOWN,
 * and whatever else ends the subscription.
 */
export async function runMapReduce(
  job: MapReduceJob,
  options: MapReduceOptions,
): Promise<MapReduceResult> {
  const run = new JobRun(job, options);
  return run.result();
}

class JobRun {
  readonly #job: MapReduceJob;
  readonly #reducers: number;
  readonly #options: MapReduceOptions;
  readonly #splits;
  readonly #plan: MapReducePlan;
  readonly #scheduler: Scheduler;
  readonly #runner: TaskSetRunner;
  readonly #records = new Map<string, unknown>();
  readonly #startedMs = nowMs();
  #resolve: () => void = () => {};
  #reject: (error: Error) => void = () => {};
  #isOver = false;

  constructor(job: MapReduceJob, options: MapReduceOptions) {
    this.#job = job;
    this.#reducers = job.reducers ?? REDUCERS;
    this.#options = options;
    const chunkBytes = job.chunkBytes ?? chunkBytesFor(job.inputs);
    // Far too many are not even made.
    const least = Math.ceil(bytesOf(job.inputs) / chunkBytes);
    if (least > MAPS_MAX) throw errors.JOB_INVALID(tooManyMaps(least), job.root);
    this.#splits = splitInputs(job.inputs, chunkBytes);
    const maps = this.#splits.length;
    if (maps === 0) throw errors.JOB_INVALID("there is nothing to read", job.root);
    if (maps > MAPS_MAX) throw errors.JOB_INVALID(tooManyMaps(maps), job.root);
    const { localityAttribute } = job;
    this.#plan = new MapReducePlan(
      {
        id: job.id,
        splits: this.#splits,
        partitions: this.#reducers,
        mapResources: job.mapResources ?? resources({ cpus: 0.5, mem: 128 }),
        reduceResources: job.reduceResources ?? resources({ cpus: 0.5, mem: 128 }),
        retries: job.retries ?? 3,
        ...(localityAttribute === undefined ? {} : { localityAttribute }),
        ...(job.speculates === false ? { stragglers: false as const } : {}),
      },
      this.#startedMs,
    );
    this.#scheduler = new Scheduler({ ...schedulerTimes, ...options, ...options.framework });
    this.#runner = new TaskSetRunner(this.#scheduler, this.#plan.set, {
      task: (attempt) => this.#task(attempt),
      take: (status, nowMs) => {
        const change = this.#plan.update(status, nowMs);
        if (change.asks !== undefined) void this.#findLostInputs(change.asks);
        return change;
      },
      onChange: (change) => this.#changed(change),
      onTick: (nowMs) => this.#plan.speculate(nowMs),
    });
  }

  async result(): Promise<MapReduceResult> {
    const end = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    end.catch(() => {}); // It may fail before anybody waits for it.
    this.#listen();
    const cancel = (): void => {
      const live = this.#plan.set.cancel(nowMs());
      this.#reject(errors.JOB_CANCELLED(live.length));
    };
    const { signal, connectMs = 10_000 } = this.#options;
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      await this.#scheduler.ready(connectMs);
      if (signal?.aborted === true) cancel();
      await end;
    } finally {
      this.#isOver = true;
      signal?.removeEventListener("abort", cancel);
      this.#runner.stop();
      // What still runs ends with the framework: slow attempts that lost, or a cancelled job's.
      const running = await endFramework(this.#scheduler);
      if (running !== undefined) this.#options.onTrouble?.(notEndedWords(running));
    }
    const tookMs = nowMs() - this.#startedMs;
    const figures = jobFigures(this.#plan.set.counts, this.#work(), tookMs);
    return { records: this.#records, figures };
  }

  #listen(): void {
    const { onSubscribed, onTrouble } = this.#options;
    followSubscription(this.#scheduler, {
      onEnd: (error) => this.#reject(error),
      onDisconnected: () => onTrouble?.("the master is gone; looking for one"),
    });
    this.#scheduler.on("subscribed", ({ frameworkId, again }) =>
      onSubscribed?.(frameworkId, again),
    );
    this.#scheduler.on("failure", ({ agentId, executorId }) => {
      if (agentId === undefined || executorId !== undefined) return;
      const lost = this.#plan.agentLost(agentId, nowMs());
      onTrouble?.(`agent ${agentId} is lost, and ${lost} map outputs with it`);
      this.#runner.refresh();
    });
  }

  #task(attempt: Attempt): Omit<TaskRequest, "taskId"> {
    const part = this.#plan.partOf(attempt.key);
    const { module, root } = this.#job;
    const spec: TaskSpec =
      "map" in part
        ? {
            kind: "map",
            module,
            root,
            pieces: this.#splits[part.map]?.pieces ?? [],
            partitions: this.#reducers,
          }
        : {
            kind: "reduce",
            module,
            partition: part.reduce,
            inputs: this.#mapOutputs(),
          };
    const shape = this.#plan.resourcesOf(attempt.key);
    return {
      name: "map" in part ? `map ${part.map}` : `reduce ${part.reduce}`,
      resources: shape,
      command: {
        shell: false,
        value: process.execPath,
        arguments: [process.execPath, workerFile()],
        environment: specEnvironment(spec),
      },
    };
  }

  #mapOutputs(): MapOutputs {
    const framework = this.#scheduler.frameworkId ?? "";
    const maps = this.#splits.length;
    return describeOutputs(this.#job.id, framework, maps, this.#plan.mapAttempts());
  }

  #placeOf({ place, taskId }: Attempt): SandboxPlace {
    const { ip, port } = place;
    return { ip, port, frameworkId: this.#scheduler.frameworkId ?? "", taskId };
  }

  #changed(change: Change): void {
    const { outcome, retried } = change;
    if (retried !== undefined) this.#options.onTrouble?.(`a task ${retried}; it runs again`);
    if (outcome !== undefined) this.#ended(outcome);
    this.#tellProgress();
  }

  #ended(outcome: Outcome): void {
    const { attempt, state, key } = outcome;
    if (state !== "TASK_FINISHED") void this.#fail(outcome);
    else if (attempt !== undefined && "reduce" in this.#plan.partOf(key))
      void this.#collect(attempt);
  }

  /** Takes over what a reduce made; one whose result is lost is reduced again, a few times. */
  async #collect(attempt: Attempt): Promise<void> {
    const found = new Map<string, unknown>();
    try {
      const text = await sandboxText(this.#placeOf(attempt), RESULT_FILE);
      for (const line of text.split("\n")) {
        if (line === "") continue;
        const { key, value } = parseRecord(line);
        found.set(JSON.parse(key) as string, JSON.parse(value));
      }
    } catch (thrown) {
      if (this.#isOver) return;
      const { key, taskId } = attempt;
      const reason = reasonOf(thrown);
      if (!(thrown instanceof TepuiError && thrown.code === "SANDBOX_UNREADABLE")) {
        // It is there, and would be no better for being made again.
        this.#reject(errors.JOB_FAILED(key, `its result cannot be taken: ${reason}`));
        return;
      }
      if (!this.#plan.resultLost(key, nowMs())) {
        return this.#reject(errors.JOB_FAILED(key, lostWords("result", reason)));
      }
      this.#options.onTrouble?.(`the result of ${taskId} is lost (${reason}); it runs again`);
      this.#runner.refresh();
      return;
    }
    for (const [key, value] of found) this.#records.set(key, value);
    this.#plan.collected(attempt.key);
    this.#tellProgress();
    if (this.#plan.isDone) this.#resolve();
  }

  /** A reduce says which outputs it could not get; if it cannot be asked, each is looked at. */
  async #findLostInputs(attempt: Attempt): Promise<void> {
    let lost: string[];
    try {
      lost = JSON.parse(await sandboxText(this.#placeOf(attempt), LOST_FILE)) as string[];
    } catch {
      lost = [];
      for (const [key, done] of this.#plan.mapAttempts()) {
        const place = this.#placeOf(done);
        const isThere = await sandboxText(place, "stdout", { length: 1 }).then(
          () => true,
          () => false,
        );
        if (!isThere) lost.push(key);
      }
    }
    const end = this.#plan.inputsLost(attempt, lost, nowMs());
    if ("spent" in end) {
      const words = lostWords("output", "a reduce could not get it");
      return this.#reject(errors.JOB_FAILED(end.spent, words));
    }
    const words = `${end.reopened} map outputs are lost; their maps run again`;
    if (end.reopened > 0) this.#options.onTrouble?.(words);
    this.#runner.refresh();
  }

  async #fail({ key, attempt, state, message, exitCode, signal }: Outcome): Promise<void> {
    const end = signal ?? (exitCode === undefined ? state : `status ${exitCode}`);
    const words = attempt === undefined ? "" : await this.#lastWords(attempt);
    this.#reject(errors.JOB_FAILED(key, [end, message, words].filter(Boolean).join("; ")));
  }

  async #lastWords(attempt: Attempt): Promise<string> {
    try {
      const text = await sandboxText(this.#placeOf(attempt), "stderr", { length: 2_000 });
      return text.trim();
    } catch {
      return "";
    }
  }

  #tellProgress(): void {
    this.#options.onProgress?.({
      maps: this.#splits.length,
      mapsDone: this.#plan.mapsDone,
      reduces: this.#reducers,
      reducesDone: this.#plan.reducesDone,
      counts: this.#plan.set.counts,
    });
  }

  #work(): FinishedWork[] {
    return this.#plan.finished().map((attempt) => {
      const part = this.#plan.partOf(attempt.key);
      return { attempt, bytes: "map" in part ? this.#splits[part.map]?.bytes : undefined };
    });
  }
}
