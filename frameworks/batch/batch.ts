import {
  type CommandInfo,
  type ConnectOptions,
  type ContainerInfo,
  type FrameworkOptions,
  type HealthCheck,
  type Resources,
  Scheduler,
  type TaskRequest,
  type TaskStatus,
} from "../../sdk/index.ts";
import { nowMs } from "../now.ts";
import { endFramework, followSubscription } from "../taskset/framework-end.ts";
import type { Attempt, Outcome, TaskSetCounts, WorkItem } from "../taskset/model.ts";
import { TaskSet } from "../taskset/planner.ts";
import { type RunnerHooks, schedulerTimes, TaskSetRunner } from "../taskset/runner.ts";
import { TaskGroup } from "./group.ts";

/** One command of a batch. */
export interface BatchTask {
  /** Unique in the cluster's eyes: it is the task's id. */
  readonly id: string;
  readonly name: string;
  readonly command: CommandInfo;
}

/** Commands to run, and how. */
export interface BatchJob {
  readonly tasks: readonly BatchTask[];
  /** What each task runs in, such as an image; default the files of its agent. */
  readonly container?: ContainerInfo;
  /** What each task needs. */
  readonly resources: Resources;
  /** Attributes that an agent must have, by name and printed value. */
  readonly requires?: Readonly<Record<string, string>>;
  /** Further attempts after a failure; default 0. Lost attempts are always made up for. */
  readonly retries?: number;
  /** Tasks at once; default as many as fit. */
  readonly concurrency?: number;
  /** A task that runs longer is killed and counts as failed (D19). */
  readonly timeoutMs?: number;
  /**
   * The tasks are a group of this name (F24): they run on one agent, all of them or none, the first
   * that does not finish ends the others, and a further attempt is one of all.
   */
  readonly group?: string;
  /** Of each task; one that keeps failing it is killed (F30). */
  readonly healthCheck?: HealthCheck;
}

/** Who is told what while a batch runs. */
export interface BatchListeners {
  onSubscribed?(frameworkId: string, again: boolean): void;
  onLaunch?(attempts: readonly Attempt[]): void;
  onUpdate?(status: TaskStatus, counts: TaskSetCounts): void;
  /** Once for each task. */
  onOutcome?(outcome: Outcome, counts: TaskSetCounts): void;
  /** An attempt failed or was lost, and another one follows. */
  onRetry?(why: "failed" | "lost", status: TaskStatus): void;
  /** The connection to the master is gone; the client looks for one by itself. */
  onDisconnected?(): void;
  /** Awaited when the last task has ended, before the framework is torn down. */
  beforeTeardown?(): Promise<void>;
  /** The job was cancelled: this many running tasks are being killed. */
  onCancel?(killed: number): void;
  /** No master has heard that the framework ends; its tasks may run on. */
  onNotEnded?(frameworkId: string): void;
}

/** How a batch reaches the cluster. */
export interface BatchOptions extends ConnectOptions, BatchListeners {
  readonly framework: FrameworkOptions;
  /** Aborting kills what runs, waits for it, and ends the batch. */
  readonly signal?: AbortSignal;
  /** Time for the first subscription; default 10 s. */
  readonly connectMs?: number;
  /** How long a new master may wait for a task's agent before the task is run again elsewhere. */
  readonly awayMs?: number;
}

/** How a batch ended; the outcomes are in the order of the tasks. */
export interface BatchResult {
  readonly outcomes: readonly Outcome[];
  readonly counts: TaskSetCounts;
  /** Tasks that were running when the batch was cancelled; `undefined` when it was not. */
  readonly cancelled: number | undefined;
  /** The task that ended its group, by its place in the job; absent where all finished. */
  readonly culprit?: number;
  readonly elapsedMs: number;
}

/** How long a cancelled batch waits for its tasks to end before it tears its framework down. */
const CANCEL_MS = 8_000;

/**
 * Runs commands as tasks until each has ended, and tells how. A task ends once: by finishing, by
 * failing more often than it may, by being invalid, or by being killed. Tasks of lost agents run
 * again elsewhere.
 * @throws JOB_TORN_DOWN, another error that ended the subscription, MASTER_UNREACHABLE.
 */
export async function runBatch(job: BatchJob, options: BatchOptions): Promise<BatchResult> {
  const startedMs = nowMs();
  const set = new TaskSet({
    retries: job.retries ?? 0,
    ...(job.concurrency === undefined ? {} : { concurrency: job.concurrency }),
  });
  const group = groupOf(job);
  for (const item of itemsOf(job, group)) set.add(item, startedMs);
  const scheduler = new Scheduler({ ...schedulerTimes, ...options, ...options.framework });
  const end = new Deferred();
  const runner = batchRunner(job, options, scheduler, set, end, group);
  followSubscription(scheduler, {
    onEnd: (error) => end.reject(error),
    onDisconnected: () => options.onDisconnected?.(),
  });
  scheduler.on("subscribed", ({ frameworkId, again }) =>
    options.onSubscribed?.(frameworkId, again),
  );
  let cancelled: number | undefined;
  const cancel = (): void => {
    const live = set.cancel(nowMs());
    cancelled = group === undefined ? live.length : group.counts(set.counts).live;
    options.onCancel?.(cancelled);
    runner.kill(live);
    if (set.isDone) end.resolve();
    else setTimeout(() => end.resolve(), CANCEL_MS).unref();
  };
  options.signal?.addEventListener("abort", cancel, { once: true });
  try {
    await scheduler.ready(options.connectMs ?? 10_000);
    if (options.signal?.aborted === true && cancelled === undefined) cancel();
    if (!set.isDone) await end.promise;
    await options.beforeTeardown?.();
  } finally {
    options.signal?.removeEventListener("abort", cancel);
    runner.stop();
    const running = await endFramework(scheduler);
    if (running !== undefined) options.onNotEnded?.(running);
  }
  const elapsedMs = nowMs() - startedMs;
  if (group !== undefined) {
    const whole = set.outcomeOf(group.key) ?? unheard(group.key, set);
    const { culprit } = group;
    return {
      ...{ outcomes: group.outcomes(set, whole), counts: group.counts(set.counts) },
      ...{ cancelled, elapsedMs, ...(culprit === undefined ? {} : { culprit }) },
    };
  }
  const outcomes = job.tasks.map(({ id }) => set.outcomeOf(id) ?? unheard(id, set));
  return { outcomes, counts: set.counts, cancelled, elapsedMs };
}

/** What must be free on one agent before anything of the job runs. */
export function leastNeeded(job: BatchJob): Pick<WorkItem, "resources" | "requires"> {
  const { resources, requires } = job;
  return (
    groupOf(job)?.item(requires) ?? { resources, ...(requires === undefined ? {} : { requires }) }
  );
}

function groupOf(job: BatchJob): TaskGroup | undefined {
  if (job.group === undefined) return undefined;
  const members = job.tasks.map((task) => ({ id: task.id, request: taskOf(job, task) }));
  return new TaskGroup(job.group, members);
}

function itemsOf(job: BatchJob, group: TaskGroup | undefined): readonly WorkItem[] {
  const { resources, requires, tasks } = job;
  if (group !== undefined) return [group.item(requires)];
  const more = requires === undefined ? {} : { requires };
  return tasks.map(({ id }) => ({ key: id, resources, ...more }));
}

function batchRunner(
  job: BatchJob,
  options: BatchOptions,
  scheduler: Scheduler,
  set: TaskSet,
  end: Deferred,
  group: TaskGroup | undefined,
): TaskSetRunner {
  const counts = (): TaskSetCounts => group?.counts(set.counts) ?? set.counts;
  const byId = new Map(job.tasks.map((task) => [task.id, task]));
  return new TaskSetRunner(scheduler, set, {
    task: (attempt) => taskOf(job, byId.get(attempt.key) as BatchTask),
    awayMs: options.awayMs,
    onLaunch: (attempts) => options.onLaunch?.(attempts),
    ...(group === undefined ? {} : groupHooks(group, scheduler, set)),
    onChange: (change, status) => {
      options.onUpdate?.(status, counts());
      if (change.retried !== undefined) options.onRetry?.(change.retried, status);
      if (change.outcome !== undefined) options.onOutcome?.(change.outcome, counts());
      if (set.isDone) end.resolve();
    },
  });
}

function groupHooks(group: TaskGroup, scheduler: Scheduler, set: TaskSet): Partial<RunnerHooks> {
  return {
    take: (status, nowMs) => group.take(set, status, nowMs),
    launch: (offer, attempt, options) => group.launch(scheduler, offer, attempt, options),
    idsOf: (taskId) => group.idsOf(taskId),
  };
}

function taskOf(job: BatchJob, task: BatchTask): Omit<TaskRequest, "taskId"> {
  const { name, command } = task;
  const { container, timeoutMs, healthCheck } = job;
  return {
    name,
    command,
    resources: job.resources,
    ...(container === undefined ? {} : { container }),
    ...(timeoutMs === undefined ? {} : { maxCompletionMs: timeoutMs }),
    ...(healthCheck === undefined ? {} : { healthCheck }),
  };
}

/** Stands for a task of a cancelled batch whose end was not heard of in time. */
function unheard(key: string, set: TaskSet): Outcome {
  const message = "it was told to end, and not heard of since";
  return {
    key,
    state: "TASK_UNKNOWN",
    attempts: set.attemptsOf(key),
    message,
    endedMs: nowMs(),
  };
}

/** A promise that others settle. */
class Deferred {
  readonly promise: Promise<void>;
  resolve: () => void = () => {};
  reject: (error: Error) => void = () => {};

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // It may be rejected before anybody waits for it.
    this.promise.catch(() => {});
  }
}
