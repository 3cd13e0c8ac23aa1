import {
  add,
  executorLeast,
  isTerminal,
  normalize,
  type Offer,
  type Scheduler,
  type TaskRequest,
  type TaskStatus,
} from "../../sdk/index.ts";
import { commandEnd, endingOf } from "../taskset/endings.ts";
import type { Attempt, Change, Outcome, TaskSetCounts, WorkItem } from "../taskset/model.ts";
import type { TaskSet } from "../taskset/planner.ts";

/** A task of a group: its id in the first attempt, and what it is. */
export interface GroupMember {
  readonly id: string;
  readonly request: Omit<TaskRequest, "taskId">;
}

/** How one task of a group ended, or that it has not yet. */
interface Member extends GroupMember {
  taskId: string;
  status: TaskStatus | undefined;
  endedMs: number;
}

/**
 * Tasks that live and die together on one agent (F24), as the one item of a set: they are launched
 * all or none, an attempt has ended when each of them has, and it is repeated as a whole. The
 * attempt's id names the executor that they share.
 */
export class TaskGroup {
  readonly key: string;
  readonly #members: readonly Member[];
  #attemptId: string | undefined;
  /** Ended first and not well: that ended the group. */
  #culprit: Member | undefined;

  constructor(key: string, members: readonly GroupMember[]) {
    this.key = key;
    this.#members = members.map((one) => ({
      ...one,
      taskId: one.id,
      status: undefined,
      endedMs: 0,
    }));
  }

  /** What all of them and their executor need together. */
  item(requires: WorkItem["requires"]): WorkItem {
    const resources = this.#members
      .map(({ request }) => normalize(request.resources))
      .reduce(add, normalize(executorLeast));
    return { key: this.key, resources, ...(requires === undefined ? {} : { requires }) };
  }

  /** Launches an attempt. */
  launch(scheduler: Scheduler, offer: Offer, { taskId, number }: Attempt, options: object): void {
    this.#attemptId = taskId;
    this.#culprit = undefined;
    for (const member of this.#members) {
      member.taskId = number === 1 ? member.id : `${member.id}.${number}`;
      member.status = undefined;
    }
    const tasks = this.#members.map((one) => ({ ...one.request, taskId: one.taskId }));
    scheduler.launchGroup(offer, { executorId: taskId }, tasks, options);
  }

  /** Ids of what has not ended of the attempt; any other id stands for itself. */
  idsOf(taskId: string): readonly string[] {
    return taskId === this.#attemptId ? this.#live : [taskId];
  }

  get #live(): readonly string[] {
    return this.#members
      .filter(({ status }) => status === undefined || endingOf(status) === undefined)
      .map(({ taskId }) => taskId);
  }

  /** Takes an update: what becomes of the attempt is told when the last of its tasks has ended. */
  take(set: TaskSet, status: TaskStatus, nowMs: number): Change {
    const attempt = set.live[0];
    const member = this.#members.find(({ taskId }) => taskId === status.taskId);
    if (attempt === undefined) return { kill: isTerminal(status.state) ? [] : [status.taskId] };
    const asAttempt = { ...status, taskId: attempt.taskId as TaskStatus["taskId"] };
    // The runner gives up an attempt by its own id.
    if (status.taskId === asAttempt.taskId) return set.update(status, nowMs);
    // What an earlier attempt left and turns up again is not waited for any more (B25).
    if (member === undefined) return { kill: isTerminal(status.state) ? [] : [status.taskId] };
    const hadEnded = member.status !== undefined && endingOf(member.status) !== undefined;
    if (hadEnded) return { kill: [] };
    member.status = status;
    const ending = endingOf(status);
    if (ending === undefined) return set.update(asAttempt, nowMs);
    member.endedMs = nowMs;
    if (ending !== "finished") this.#culprit ??= member;
    if (this.#live.length > 0) return { kill: [] };
    const deciding = this.#culprit?.status ?? status;
    return set.update({ ...deciding, taskId: asAttempt.taskId }, nowMs);
  }

  /** How each of them ended; what never ran ended as the whole did. */
  outcomes(set: TaskSet, whole: Outcome): readonly Outcome[] {
    const { attempt } = whole;
    const attempts = set.attemptsOf(this.key);
    return this.#members.map(({ id, taskId, status, endedMs }): Outcome => {
      const own = attempt === undefined ? {} : { attempt: { ...attempt, taskId } };
      if (status === undefined || endingOf(status) === undefined) {
        const { exitCode: _, signal: __, ...rest } = whole;
        return { ...rest, ...own, key: id };
      }
      const { state, reason, message } = status;
      return {
        ...{ key: id, state, attempts, endedMs, ...commandEnd(status), ...own },
        ...(reason === undefined ? {} : { reason }),
        ...(message === undefined ? {} : { message }),
      };
    });
  }

  /** The task that ended the group, by its place in it; `undefined` when all finished. */
  get culprit(): number | undefined {
    return this.#culprit === undefined ? undefined : this.#members.indexOf(this.#culprit);
  }

  /** The figures of a set that has this group in it, by tasks rather than groups. */
  counts(counts: TaskSetCounts): TaskSetCounts {
    const items = this.#members.length;
    const times = (groups: number): number => groups * items;
    const ends = this.#members.map(({ status }) => status && endingOf(status));
    const finished = ends.filter((ending) => ending === "finished").length;
    const killed = this.#members.filter(({ status }) => status?.state === "TASK_KILLED").length;
    const isOver = counts.pending + counts.live === 0;
    const live = counts.live === 0 ? 0 : this.#live.length;
    const neverRan = isOver ? this.#live.length : 0;
    return {
      ...counts,
      items,
      live,
      pending: times(counts.pending),
      launched: times(counts.launched),
      finished,
      killed: killed + neverRan,
      failed: isOver ? items - finished - killed - neverRan : 0,
    };
  }
}
