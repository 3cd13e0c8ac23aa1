import type { TaskId, UpdateId } from "../contract/ids.ts";
import type { TaskStatus } from "../contract/schema/task.ts";
import { encodedBytes } from "../contract/size.ts";
import { isTerminal } from "../contract/task-state.ts";

/**
 * Updates of one task, and their bytes, that are on their way at once. An agent holds at least so
 * many for a framework that does not acknowledge; the others wait here for theirs to be stored.
 */
const IN_FLIGHT_MAX = 256;
const IN_FLIGHT_BYTES_MAX = 2 << 20;

interface Kept {
  readonly status: TaskStatus;
  readonly bytes: number;
}

/** The updates of one task, in the order in which they were made. */
interface Stream {
  readonly inFlight: Map<UpdateId, Kept>;
  inFlightBytes: number;
  waiting: Kept[];
  /** Index of the first of `waiting` that still waits. */
  head: number;
  /** Nothing was acknowledged since updates were sent again the last time. */
  isStuck: boolean;
}

/** Sends an update; false when there is no room for it now. */
export type SendUpdate = (status: TaskStatus, bytes: number) => boolean;

/** The updates of an executor that its agent has not acknowledged (v1-wire 7.5). */
export class KeptUpdates {
  readonly #all = new Map<UpdateId, TaskStatus>();
  readonly #streams = new Map<TaskId, Stream>();
  /** Tasks of which less was sent than could be on its way, because a queue was full. */
  readonly #stalled = new Set<TaskId>();

  get size(): number {
    return this.#all.size;
  }

  /** All of them, oldest first. */
  get all(): TaskStatus[] {
    return [...this.#all.values()];
  }

  add(uuid: UpdateId, status: TaskStatus): void {
    this.#all.set(uuid, status);
    let stream = this.#streams.get(status.taskId);
    if (stream === undefined) {
      const inFlight: Stream["inFlight"] = new Map();
      stream = { inFlight, inFlightBytes: 0, waiting: [], head: 0, isStuck: false };
      this.#streams.set(status.taskId, stream);
    }
    stream.waiting.push({ status, bytes: encodedBytes(status) });
  }

  /** Forgets one; answers it if it was there. */
  remove(uuid: UpdateId): TaskStatus | undefined {
    const status = this.#all.get(uuid);
    if (status === undefined) return undefined;
    this.#all.delete(uuid);
    const stream = this.#streams.get(status.taskId);
    if (stream === undefined) return status;
    stream.isStuck = false;
    stream.inFlightBytes -= stream.inFlight.get(uuid)?.bytes ?? 0;
    stream.inFlight.delete(uuid);
    this.#skipRemoved(stream);
    const isOver = stream.inFlight.size === 0 && stream.head === stream.waiting.length;
    if (isOver) this.#streams.delete(status.taskId);
    return status;
  }

  /** The connection is another one: nothing is on its way any more. */
  rewind(): void {
    this.#stalled.clear();
    for (const stream of this.#streams.values()) {
      stream.waiting = [...stream.inFlight.values(), ...stream.waiting.slice(stream.head)];
      stream.head = 0;
      stream.inFlight.clear();
      stream.inFlightBytes = 0;
    }
  }

  /** Sends what of a task may be on its way and is not yet, in order. */
  sendNext(taskId: TaskId, send: SendUpdate): void {
    const stream = this.#streams.get(taskId);
    this.#stalled.delete(taskId);
    if (stream !== undefined && !this.#fill(stream, send)) this.#stalled.add(taskId);
  }

  /** The same of every task for which there was no room before; ends when there is none again. */
  sendStalled(send: SendUpdate): void {
    for (const taskId of this.#stalled) {
      this.sendNext(taskId, send);
      if (this.#stalled.has(taskId)) return;
    }
  }

  /** The same of every task. */
  sendAll(send: SendUpdate): void {
    for (const taskId of this.#streams.keys()) this.sendNext(taskId, send);
  }

  /**
   * Sends again what is on its way. Of a task that got nowhere since the last time, its end goes
   * too, ahead of what waits: an agent always takes it.
   */
  resend(send: SendUpdate): void {
    for (const stream of this.#streams.values()) {
      for (const { status, bytes } of stream.inFlight.values()) send(status, bytes);
      if (stream.isStuck) sendEnd(stream, send);
      stream.isStuck = true;
    }
    this.sendAll(send);
  }

  /** Sends the ends of tasks that still wait, ahead of their turn. */
  sendEnds(send: SendUpdate): void {
    for (const stream of this.#streams.values()) sendEnd(stream, send);
  }

  #fill(stream: Stream, send: SendUpdate): boolean {
    for (;;) {
      const next = stream.waiting[stream.head];
      if (next === undefined) return true;
      const { uuid } = next.status;
      const bytes = stream.inFlightBytes + next.bytes;
      const isFull = stream.inFlight.size >= IN_FLIGHT_MAX || bytes > IN_FLIGHT_BYTES_MAX;
      if (isFull && stream.inFlight.size > 0) return true;
      if (!send(next.status, next.bytes)) return false;
      if (uuid !== undefined) stream.inFlight.set(uuid, next);
      stream.inFlightBytes = bytes;
      stream.head++;
      this.#skipRemoved(stream);
    }
  }

  /** An end that went ahead of its turn may have been acknowledged ahead of it. */
  #skipRemoved(stream: Stream): void {
    for (;;) {
      const uuid = stream.waiting[stream.head]?.status.uuid;
      if (uuid === undefined || this.#all.has(uuid)) break;
      stream.head++;
    }
    if (stream.head < 1_024) return;
    stream.waiting = stream.waiting.slice(stream.head);
    stream.head = 0;
  }
}

function sendEnd({ waiting, head }: Stream, send: SendUpdate): void {
  const last = waiting.length > head ? waiting.at(-1) : undefined;
  if (last !== undefined && isTerminal(last.status.state)) send(last.status, last.bytes);
}
