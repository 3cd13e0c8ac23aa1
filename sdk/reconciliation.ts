import type { AgentId, TaskId } from "../contract/ids.ts";
import type { Clock, Timer } from "../contract/ports/clock.ts";

/** A task to ask the master about. */
export interface AskedTask {
  readonly taskId: TaskId;
  readonly agentId?: AgentId;
}

/** Tasks that the master says nothing of, and for how long it has not. */
export interface Unanswered {
  readonly taskIds: readonly TaskId[];
  readonly forMs: number;
}

/** When to ask again. */
export interface ReconciliationTimes {
  /** Wait after the first question; it doubles with each further one. */
  readonly firstMs: number;
  /** Longest wait. */
  readonly mostMs: number;
}

/** Asked per message, so that a question never outgrows a frame. */
const TASKS_PER_CALL = 5_000;

/**
 * Explicit reconciliation as Mesos advises it (D14): ask about every task that is not known to have
 * ended, and ask again about the unanswered ones with truncated exponential back-off. A master that
 * waits for agents to come back answers nothing about their tasks (D13), which is why asking once
 * is not enough. Any update of a task counts as its answer.
 */
export class Reconciliation {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #times: ReconciliationTimes;
  readonly #ask: (tasks: readonly AskedTask[]) => void;
  readonly #done: (asked: number) => void;
  readonly #open = new Map<TaskId, AskedTask>();
  /** All of which one end will be told. */
  readonly #asked = new Set<TaskId>();
  #startedMs = 0;
  #rounds = 0;
  #timer: Timer | undefined;

  constructor(
    times: ReconciliationTimes,
    clock: Clock,
    random: () => number,
    ask: (tasks: readonly AskedTask[]) => void,
    done: (asked: number) => void,
  ) {
    this.#times = times;
    this.#clock = clock;
    this.#random = random;
    this.#ask = ask;
    this.#done = done;
  }

  /** Tasks that were asked about and not heard of, and for how long no more have been asked for. */
  get unanswered(): Unanswered {
    // Nobody can answer while there is no connection.
    const forMs = this.#timer === undefined ? 0 : this.#clock.monotonicMs() - this.#startedMs;
    return { taskIds: [...this.#open.keys()], forMs };
  }

  /** Asks about these tasks, and at once about all that are still open. */
  start(tasks: Iterable<AskedTask>): void {
    this.pause();
    for (const task of tasks) {
      this.#asked.add(task.taskId);
      this.#open.set(task.taskId, task);
    }
    if (this.#open.size === 0) return;
    this.#startedMs = this.#clock.monotonicMs();
    this.#rounds = 0;
    this.#round();
  }

  /** Notes that the master spoke of a task. */
  answered(taskId: TaskId): void {
    if (!this.#open.delete(taskId) || this.#open.size > 0) return;
    const asked = this.#asked.size;
    this.stop();
    this.#done(asked);
  }

  /**
   * Asks no more for now, as there is no connection; what is open stays so for the next `start`.
   */
  pause(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Asks no more, and forgets what is open. */
  stop(): void {
    this.pause();
    this.#open.clear();
    this.#asked.clear();
  }

  #round(): void {
    const tasks = [...this.#open.values()];
    for (let at = 0; at < tasks.length; at += TASKS_PER_CALL) {
      this.#ask(tasks.slice(at, at + TASKS_PER_CALL));
    }
    const { firstMs, mostMs } = this.#times;
    const waitMs = Math.min(mostMs, firstMs * 2 ** this.#rounds);
    this.#rounds++;
    // Half of the wait is random, or all frameworks of a failed master would ask in step.
    this.#timer = this.#clock.after(waitMs * (0.5 + this.#random() / 2), () => this.#round());
  }
}
