import type { TaskStatus } from "../../sdk/index.ts";
import { commandEnd } from "./endings.ts";
import { isPreferred } from "./fit.ts";
import type { Attempt, OfferView, Outcome, WorkItem } from "./model.ts";

/** What a `TaskSet` knows of one item. */
export interface Entry {
  readonly item: WorkItem;
  readonly live: Set<string>;
  /** Agents on which the last attempts failed or were lost. */
  readonly avoid: Set<string>;
  attempts: number;
  failures: number;
  losses: number;
  pendingMs: number;
  isPending: boolean;
  /** Waits for a second attempt beside a slow one. */
  isSpeculative: boolean;
  outcome: Outcome | undefined;
}

/** An item that waits for its first attempt. */
export function entryOf(item: WorkItem, nowMs: number): Entry {
  return {
    item,
    live: new Set(),
    avoid: new Set(),
    attempts: 0,
    failures: 0,
    losses: 0,
    pendingMs: nowMs,
    isPending: true,
    isSpeculative: false,
    outcome: undefined,
  };
}

/**
 * Task id of an attempt: the item's key, from the second attempt on with its number, and never one
 * that another item has as its key.
 */
function taskIdOf(key: string, number: number, entries: ReadonlyMap<string, unknown>): string {
  if (number === 1) return key;
  let id = `${key}.${number}`;
  while (entries.has(id)) id += ".again";
  return id;
}

/** The next attempt of an item, on the agent of an offer. */
export function attemptOf(
  entry: Entry,
  offer: OfferView,
  entries: ReadonlyMap<string, unknown>,
  nowMs: number,
): Attempt {
  const { item, isSpeculative } = entry;
  const { agentId, hostname, ip, port } = offer;
  const number = entry.attempts + 1;
  return {
    taskId: taskIdOf(item.key, number, entries),
    key: item.key,
    number,
    place: { agentId, hostname, ip, port },
    launchedMs: nowMs,
    isSpeculative,
    isLocal: isPreferred(offer, item),
    state: "TASK_STAGING",
  };
}

/** How an item ended, by the status of the attempt that decided it. */
export function outcomeOf(
  entry: Entry,
  attempt: Attempt,
  status: TaskStatus,
  nowMs: number,
): Outcome {
  const { state, reason, message } = status;
  return {
    key: entry.item.key,
    state,
    ...commandEnd(status),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    attempt,
    attempts: entry.attempts,
    endedMs: nowMs,
  };
}

/** The outcome of an item, with what the agent says of the end that a master told of before it. */
export function completed(entry: Entry, status: TaskStatus): Outcome | undefined {
  const { outcome } = entry;
  const isOfIt = outcome?.attempt?.taskId === status.taskId && outcome.state === status.state;
  if (!isOfIt || outcome.attempt === undefined || status.uuid === undefined) return outcome;
  return outcomeOf(entry, outcome.attempt, status, outcome.endedMs);
}
