import type { Clock } from "../../../contract/ports/clock.ts";

/**
 * Messages that are too large are taken in up to so many times the limit of a frame, so that their
 * senders can be told why they are refused: of still larger ones uWebSockets.js drops the
 * connection without a word.
 */
export const TOLD_PART = 4;

/**
 * How many connections may send so large messages at once. What has come of a message that is not
 * complete is held by uWebSockets.js and cannot be counted; so these few are all that may hold much
 * of it, and all others send frames that are large in parts.
 */
export const WHOLE_MAX = 8;

/** The number of a close that was not said (RFC 6455, 7.4.1). */
const ABNORMAL = 1006;

/**
 * Whether a connection was dropped for a frame beyond that, which only the text of the library
 * says. A peer that takes no frame of ours says something similar, with a number of its own.
 */
export function isUntold(number: number, message: string): boolean {
  return number === ABNORMAL && /too big/i.test(message);
}

/** What is known of such a frame. */
export function untoldWords(messageBytesMax: number, frameBytesMax: number): string {
  const taken = Math.min(messageBytesMax, frameBytesMax);
  const more = `it has more than ${messageBytesMax} bytes, at most ${taken} are taken`;
  return messageBytesMax < frameBytesMax ? `${more} at once, and larger frames in parts` : more;
}

/** The places of those who may send large messages whole. */
export class WholePlaces {
  readonly #clock: Clock;
  readonly #lingerMs: number;
  #taken = 0;

  constructor(clock: Clock, lingerMs: number) {
    this.#clock = clock;
    this.#lingerMs = lingerMs;
  }

  /** Whether there is a place, which is then taken. */
  take(): boolean {
    if (this.#taken >= WHOLE_MAX) return false;
    this.#taken++;
    return true;
  }

  /**
   * One has left. A connection that we ended is held by uWebSockets.js, with all that it has sent,
   * until its peer ends it as well or the socket's own deadline passes, and neither is told.
   */
  leave(lingers: boolean): void {
    if (lingers) this.#clock.after(this.#lingerMs, () => this.leave(false));
    else this.#taken--;
  }
}
