import { wireLimits } from "../../contract/limits/wire.ts";
import { limits } from "../../contract/limits.ts";
import type { Clock, Timer } from "../../contract/ports/clock.ts";
import type { Logger } from "../../contract/ports/log.ts";
import type { Metrics } from "../../contract/ports/metrics.ts";
import { Inbox } from "../../wire/index.ts";
import type { Effect } from "../core/effect.ts";
import type { ClusterInput } from "../core/event.ts";

/**
 * How long a backlog is worked off before sockets are read again. It is one heartbeat, because
 * peers hear no pings meanwhile, and give a server up that was silent for three.
 */
const BACKLOG_MS = wireLimits.heartbeatMs;

/** What the loop drives. All of it is synchronous; what takes time comes back as an input. */
export interface LoopParts {
  /** Steps the cluster by one input, appending effects to `out`. */
  step(input: ClusterInput, nowMs: number, out: Effect[]): void;
  /** When the earliest timer of the cluster is due, if there is one. */
  nextDeadlineMs(): number | undefined;
  /** Whether a round of allocation is wanted now (C1). */
  roundDue(): boolean;
  /**
   * Runs one round; its decisions come back as the input to step. It waited for so long for what
   * came before it in the same turn.
   */
  allocate(nowMs: number, waitedMs: number): ClusterInput | undefined;
  /**
   * Calls `release`, which performs the effects of the turn and flushes, once the world may learn
   * of the turn: at once, or later but in the order of turns. The loop turns on meanwhile.
   */
  commit(nowMs: number, release: () => void): void;
  perform(effect: Effect): void;
  /** Sends what `perform` queued: one frame for each peer. */
  flush(): void;
}

/**
 * The heartbeat of the master: drain a bounded batch, step each input, run at most one round of
 * allocation, perform the effects, flush. Nothing else steps the cluster, and nothing acts from
 * inside a callback: transports, the registry and timers only enqueue.
 */
export class Loop {
  readonly #parts: LoopParts;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #fail: (cause: unknown) => void;
  readonly #tickSeconds;
  readonly #inputs;
  readonly #inbox = new Inbox<ClusterInput>({
    itemsMax: limits.inboxEventsMax,
    bytesMax: limits.inboxBytesMax,
  });
  #effects: Effect[] = [];
  #scheduled: NodeJS.Immediate | undefined;
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #stopped = false;
  #turns = 0;

  /** `fail` is called once when the core throws: that is a mistake of ours, and the master ends. */
  constructor(
    parts: LoopParts,
    around: {
      readonly clock: Clock;
      readonly log: Logger;
      readonly metrics: Metrics;
      readonly fail: (cause: unknown) => void;
    },
  ) {
    this.#parts = parts;
    this.#clock = around.clock;
    this.#log = around.log;
    this.#fail = around.fail;
    this.#tickSeconds = around.metrics.histogram({
      name: "loop_tick_seconds",
      help: "Time that one turn of the master's loop took.",
      buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 2],
    });
    this.#inputs = around.metrics.counter({
      name: "loop_inputs_total",
      help: "Inputs that the loop has taken from its inbox.",
    });
  }

  /** Inputs that wait. */
  get depth(): number {
    return this.#inbox.depth;
  }

  /** Bytes on the wire of what waits. */
  get waitingBytes(): number {
    return this.#inbox.bytes;
  }

  /** Turns that have begun; between two of them nothing changes. */
  get turns(): number {
    return this.#turns;
  }

  /** Whether a frame of so many inputs and bytes may be added. */
  hasRoom(inputs: number, bytes: number): boolean {
    return this.#inbox.hasRoom(inputs, bytes);
  }

  /** Adds an input for the next turn; `bytes` is its part of the frame that it came in. */
  enqueue(input: ClusterInput, bytes = 0): void {
    if (this.#stopped) return;
    this.#inbox.push(input, bytes);
    this.#wake();
  }

  /** Looks at timers and allocation again, for a change that came by no input. */
  poke(): void {
    if (!this.#stopped) this.#wake();
  }

  /** No turn begins after this. */
  stop(): void {
    this.#stopped = true;
    clearImmediate(this.#scheduled);
    this.#timer?.cancel();
    this.#inbox.clear();
  }

  #wake(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      const endMs = this.#clock.monotonicMs() + BACKLOG_MS;
      this.#guarded(() => {
        // While the loop works nothing is read: what peers send then waits in their own sockets,
        // which is how whoever sends too fast is held back.
        do this.#turn();
        while (this.#inbox.isPressed && this.#clock.monotonicMs() < endMs);
      });
    });
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (cause) {
      this.stop();
      this.#log.error({ err: cause }, "the cluster's state machine failed");
      this.#fail(cause);
    }
  }

  #release(effects: readonly Effect[]): void {
    for (const effect of effects) this.#parts.perform(effect);
    this.#parts.flush();
  }

  #turn(): void {
    this.#turns += 1;
    const began = this.#clock.monotonicMs();
    const nowMs = this.#clock.nowMs();
    const effects = this.#effects;
    let taken = 0;
    // Whoever asks for much in few bytes is answered over several turns: between two of them what
    // was said is sent, and who does not read it is cut off.
    this.#inbox.drain(limits.tickEventsMax, (input) => {
      taken += 1;
      this.#parts.step(input, nowMs, effects);
      return effects.length < limits.tickEffectsMax;
    });
    const deadline = this.#parts.nextDeadlineMs();
    if (deadline !== undefined && deadline <= nowMs) {
      this.#parts.step({ type: "tick" }, nowMs, effects);
    }
    if (this.#parts.roundDue()) {
      const decided = this.#parts.allocate(nowMs, this.#clock.monotonicMs() - began);
      if (decided !== undefined) this.#parts.step(decided, nowMs, effects);
    }
    this.#effects = [];
    this.#parts.commit(nowMs, () => this.#guarded(() => this.#release(effects)));
    this.#inputs.add(taken);
    this.#tickSeconds.observe((this.#clock.monotonicMs() - began) / 1_000);
    if (this.#stopped) return;
    // A round that ran out of its budget leaves candidates: the next turn goes on with them.
    if (this.depth > 0 || this.#parts.roundDue()) this.#wake();
    this.#setTimer();
  }

  /** One timer for all deadlines, moved only when the earliest one has changed. */
  #setTimer(): void {
    const at = this.#parts.nextDeadlineMs() ?? Number.POSITIVE_INFINITY;
    if (at === this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = at;
    if (at === Number.POSITIVE_INFINITY) return;
    // Timers beyond 2^31 ms would fire at once; the loop looks again after a day at the latest.
    const delayMs = Math.min(Math.max(at - this.#clock.nowMs(), 0), 86_400_000);
    this.#timer = this.#clock.after(delayMs, () => {
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#wake();
    });
  }
}
