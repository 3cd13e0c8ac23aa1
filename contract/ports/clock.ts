/** A timer that was set; opaque. */
export interface Timer {
  /** Stops it; nothing happens when it has fired already. */
  cancel(): void;
}

/**
 * Time as plugins and the edges see it, so that tests and the simulator can hold it still.
 * The cores get time as an argument instead.
 */
export interface Clock {
  /**
   * Wall time in milliseconds since 1970, for people, for records, and for deadlines that outlive a
   * process. It never goes back, and follows a step of the machine's clock slowly.
   */
  nowMs(): number;
  /**
   * Milliseconds since some start, with fractions; it never goes back. For deadlines and durations.
   */
  monotonicMs(): number;
  /** Calls `act` once after `delayMs`. */
  after(delayMs: number, act: () => void): Timer;
  /** Calls `act` every `periodMs` until it is cancelled. */
  every(periodMs: number, act: () => void): Timer;
}
