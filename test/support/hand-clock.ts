import type { Clock, Timer } from "../../contract/ports/clock.ts";

interface Alarm {
  readonly act: () => void;
  readonly periodMs: number | undefined;
  dueMs: number;
}

/** A clock that stands still until a test moves it; then what is due happens, in its order. */
export class HandClock implements Clock {
  #nowMs = 0;
  readonly #alarms = new Set<Alarm>();

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, act: () => void): Timer {
    return this.#set({ act, periodMs: undefined, dueMs: this.#nowMs + delayMs });
  }

  every(periodMs: number, act: () => void): Timer {
    return this.#set({ act, periodMs, dueMs: this.#nowMs + periodMs });
  }

  /** Time passes. */
  move(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#alarms].filter(({ dueMs }) => dueMs <= endMs);
      const [first] = due.toSorted((a, b) => a.dueMs - b.dueMs);
      if (first === undefined) break;
      this.#nowMs = first.dueMs;
      if (first.periodMs === undefined) this.#alarms.delete(first);
      else first.dueMs += first.periodMs;
      first.act();
    }
    this.#nowMs = endMs;
  }

  /** Time passes while this process is held up: what is due happens late, and once. */
  stall(ms: number): void {
    this.#nowMs += ms;
    const due = [...this.#alarms].filter(({ dueMs }) => dueMs <= this.#nowMs);
    for (const alarm of due.toSorted((a, b) => a.dueMs - b.dueMs)) {
      if (alarm.periodMs === undefined) this.#alarms.delete(alarm);
      else alarm.dueMs = this.#nowMs + alarm.periodMs;
      alarm.act();
    }
  }

  #set(alarm: Alarm): Timer {
    this.#alarms.add(alarm);
    return { cancel: () => void this.#alarms.delete(alarm) };
  }
}
