import {
  type AcceptOptions,
  type Offer,
  type Scheduler,
  type TaskRequest,
  type TaskStatus,
  TepuiError,
} from "../../sdk/index.ts";
import { nowMs } from "../now.ts";
import type { Attempt, Change } from "./model.ts";
import type { TaskSet } from "./planner.ts";

/** What a runner asks its framework. */
export interface RunnerHooks {
  /** The task of an attempt; the id is the attempt's. */
  task(attempt: Attempt): Omit<TaskRequest, "taskId">;
  /** Takes an update in place of the set's own `update`, which it then calls. */
  take?(status: TaskStatus, nowMs: number): Change;
  /** Called for each update, after the planner has taken it. */
  onChange(change: Change, status: TaskStatus): void;
  /** Called twice a second, for what depends on time. */
  onTick?(nowMs: number): void;
  /** Where an attempt is a group of tasks (F24): launches it. Default: an attempt is one task. */
  launch?(offer: Offer, attempt: Attempt, options: AcceptOptions): void;
  /** Ids of the tasks of an attempt that have not ended; default its own. */
  idsOf?(taskId: string): readonly string[];
  /** Called after attempts were launched. */
  onLaunch?(attempts: readonly Attempt[]): void;
  /**
   * How long a new master may wait for the agent of an attempt before that is given up for lost;
   * default 90 s, about what it takes to find that an agent does not answer pings any more (B22).
   */
  readonly awayMs?: number | undefined;
}

const TICK_MS = 500;
/** Kills are best effort, so an attempt that lives on is killed again (D10). */
const KILL_AGAIN_MS = 5_000;
const AWAY_MS = 90_000;

/** How a runner wants its scheduler: a task whose agent is back is heard of well within AWAY_MS. */
export const schedulerTimes = { reconcileMsMax: 15_000 } as const;

/**
 * Carries out what a `TaskSet` decides over a `Scheduler`: answers offers, passes updates on, asks
 * for offers only while something waits, and repeats kills until they have worked.
 */
export class TaskSetRunner {
  readonly #scheduler: Scheduler;
  readonly #set: TaskSet;
  readonly #hooks: RunnerHooks;
  readonly #timer: NodeJS.Timeout;
  readonly #killedMs = new Map<string, number>();

  constructor(scheduler: Scheduler, set: TaskSet, hooks: RunnerHooks) {
    this.#scheduler = scheduler;
    this.#set = set;
    this.#hooks = hooks;
    scheduler.on("offers", (offers) => this.#answer(offers));
    scheduler.on("update", (status) => this.#update(status));
    scheduler.on("subscribed", () => this.refresh());
    scheduler.on("failure", ({ agentId, executorId }) => {
      if (agentId === undefined || executorId !== undefined) return;
      const there = set.live.filter(({ place }) => place.agentId === agentId);
      this.#lose(there, "its agent is lost");
    });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Asks for offers, or for none, as the set now needs. */
  refresh(): void {
    this.#scheduler.wantOffers(this.#set.wantsOffers);
  }

  /** Kills attempts, and again until they have ended. */
  kill(taskIds: readonly string[]): void {
    const atMs = nowMs();
    for (const taskId of taskIds) {
      this.#set.killing(taskId, atMs);
      this.#killedMs.set(taskId, atMs);
      for (const id of this.#idsOf(taskId)) this.#scheduler.kill(id);
    }
  }

  #idsOf(taskId: string): readonly string[] {
    return this.#hooks.idsOf?.(taskId) ?? [taskId];
  }

  /** Ends the runner's own timer; the scheduler is its owner's. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #answer(offers: readonly Offer[]): void {
    const tasks = new Map<string, TaskRequest>();
    const bytesOf = (attempt: Attempt): number => {
      if (this.#hooks.launch !== undefined) return 0;
      const { taskId } = attempt;
      const task = { ...this.#hooks.task(attempt), taskId };
      tasks.set(taskId, task);
      return Buffer.byteLength(JSON.stringify(task));
    };
    for (const { offer, attempts, refuseMs } of this.#set.plan(offers, nowMs(), bytesOf)) {
      const options = refuseMs === undefined ? {} : { refuseMs };
      if (attempts.length === 0) this.#scheduler.decline(offer.id, options);
      else this.#launch(offer, attempts, tasks, options);
    }
    this.refresh();
  }

  #launch(
    offer: Offer,
    attempts: readonly Attempt[],
    tasks: ReadonlyMap<string, TaskRequest>,
    options: AcceptOptions,
  ): void {
    try {
      if (this.#hooks.launch !== undefined) {
        this.#hooks.launch(offer, attempts[0] as Attempt, options);
      } else {
        const chosen = attempts.map(({ taskId }) => tasks.get(taskId) as TaskRequest);
        this.#scheduler.launch(offer, chosen, options);
      }
    } catch (thrown) {
      // What cannot be put into words for the master is the fault of the tasks, and ends them.
      if (!(thrown instanceof TepuiError)) throw thrown;
      this.#scheduler.decline(offer.id, { refuseMs: 0 });
      const { message } = thrown;
      for (const { taskId } of attempts) {
        const status = { taskId, state: "TASK_ERROR", reason: "REASON_TASK_INVALID", message };
        this.#update(status as TaskStatus);
      }
      return;
    }
    this.#hooks.onLaunch?.(attempts);
  }

  #update(status: TaskStatus): void {
    const atMs = nowMs();
    const change = this.#hooks.take?.(status, atMs) ?? this.#set.update(status, atMs);
    this.kill(change.kill);
    this.#hooks.onChange(change, status);
    this.refresh();
  }

  /**
   * Gives attempts up, whose work is begun anew elsewhere. What the master says of them later
   * counts no more, and one that turns up again is killed (B25).
   */
  #lose(attempts: readonly Attempt[], message: string): void {
    for (const { taskId } of attempts) {
      this.#update({ taskId, state: "TASK_UNREACHABLE", message } as TaskStatus);
    }
  }

  #loseUnanswered(): void {
    const { taskIds, forMs } = this.#scheduler.unanswered;
    if (forMs < (this.#hooks.awayMs ?? AWAY_MS)) return;
    const away = new Set<string>(taskIds);
    const there = this.#set.live.filter(({ taskId }) =>
      this.#idsOf(taskId).some((id) => away.has(id)),
    );
    this.#lose(there, "its agent has not come back to the new master");
  }

  #tick(): void {
    this.#loseUnanswered();
    const atMs = nowMs();
    const live = new Set(this.#set.live.map(({ taskId }) => taskId));
    for (const [taskId, killedMs] of this.#killedMs) {
      if (!live.has(taskId)) this.#killedMs.delete(taskId);
      else if (atMs - killedMs > KILL_AGAIN_MS) this.kill([taskId]);
    }
    this.#hooks.onTick?.(atMs);
    this.refresh();
  }
}
