import { limits } from "../../contract/limits.ts";
import type { Clock, Timer } from "../../contract/ports/clock.ts";
import { Inbox } from "../../wire/index.ts";
import type { Effect } from "../core/effect.ts";
import type { AgentInput } from "../core/event.ts";
import { invariants } from "../core/invariants.ts";
import type { AgentState } from "../core/state.ts";
import { step } from "../core/step.ts";

/** What the loop drives. */
export interface LoopParts {
  readonly state: AgentState;
  readonly clock: Clock;
  /** Makes changes durable; nothing else of the turn happens before it resolves. */
  checkpoint(changes: ReadonlyMap<string, unknown>): Promise<void>;
  /** Does everything but checkpoints. */
  perform(effect: Effect): void;
  /** Sends what `perform` queued. */
  flush(): void;
  /** Called once when the core or the checkpoint fails: the agent must not go on. */
  fail(cause: unknown): void;
}

/** Turns between two looks at the whole state. */
const INVARIANTS_EVERY = 4_096;

/** How long effects are carried out before whatever else waits has its turn. */
const SLICE_MS = 25;

/**
 * Carries effects out in order, all but checkpoints. Thousands of starts take seconds, in which
 * pings must be answered, so it makes way for other work now and then.
 */
export async function inSlices(
  effects: readonly Effect[],
  { clock, perform, flush }: Pick<LoopParts, "clock" | "perform" | "flush">,
): Promise<void> {
  let sinceMs = clock.nowMs();
  for (const effect of effects) {
    if (effect.type === "checkpoint") continue;
    perform(effect);
    if (clock.nowMs() - sinceMs < SLICE_MS) continue;
    flush();
    await new Promise((resolve) => setImmediate(resolve));
    sinceMs = clock.nowMs();
  }
  flush();
}

/**
 * The heartbeat of the agent: drain a bounded batch, step each input, write one checkpoint, perform
 * the effects, flush. While a checkpoint is being written, inputs gather for the next turn.
 */
export class AgentLoop {
  readonly #parts: LoopParts;
  readonly #inbox = new Inbox<AgentInput>({
    itemsMax: limits.inboxEventsMax,
    bytesMax: limits.inboxBytesMax,
  });
  #running = false;
  #scheduled = false;
  #stopped = false;
  #turns = 0;
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #idle: (() => void)[] = [];

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  /** Whether a frame of so many inputs and bytes may be added. */
  hasRoom(inputs: number, bytes: number): boolean {
    return this.#inbox.hasRoom(inputs, bytes);
  }

  /** Adds an input for the next turn; `bytes` is its part of the frame that it came in. */
  enqueue(input: AgentInput, bytes = 0): void {
    if (this.#stopped) return;
    this.#inbox.push(input, bytes);
    this.#wake();
  }

  /** True when no turn begins any more: it was stopped, or has failed. */
  get hasStopped(): boolean {
    return this.#stopped;
  }

  /** No turn begins after this; resolves when the last one is over. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    if (!this.#running) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #wake(): void {
    if (this.#scheduled || this.#running || this.#stopped) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#stopped) return;
      this.#running = true;
      this.#turn()
        .catch((cause: unknown) => {
          this.#stopped = true;
          this.#parts.fail(cause);
        })
        .finally(() => this.#turnIsOver());
    });
  }

  #turnIsOver(): void {
    this.#running = false;
    if (this.#stopped) {
      for (const resolve of this.#idle) resolve();
      return;
    }
    if (this.#inbox.depth > 0) this.#wake();
    this.#setTimer();
  }

  async #turn(): Promise<void> {
    const { state, clock } = this.#parts;
    const nowMs = clock.nowMs();
    const inputs = this.#inbox.take(limits.tickEventsMax);
    const effects: Effect[] = [];
    for (const input of inputs) step(state, input, nowMs, effects);
    const nextMs = state.timers.nextMs;
    if (nextMs !== undefined && nextMs <= nowMs) step(state, { type: "tick" }, nowMs, effects);
    if (this.#turns++ % INVARIANTS_EVERY === 0) invariants(state);
    const changes = new Map<string, unknown>();
    for (const effect of effects) {
      if (effect.type === "checkpoint") changes.set(effect.key, effect.value);
    }
    if (changes.size > 0) await this.#parts.checkpoint(changes);
    await inSlices(effects, this.#parts);
  }

  /** One timer for all deadlines, moved only when the earliest one has changed. */
  #setTimer(): void {
    const { state, clock } = this.#parts;
    const atMs = state.timers.nextMs ?? Number.POSITIVE_INFINITY;
    if (atMs === this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    if (atMs === Number.POSITIVE_INFINITY) return;
    // Timers beyond 2^31 ms would fire at once; the loop looks again after a day at the latest.
    const delayMs = Math.min(Math.max(atMs - clock.nowMs(), 0), 86_400_000);
    this.#timer = clock.after(delayMs, () => {
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#wake();
    });
  }
}
