/**
 * Frames that are too large are taken in up to so many times the limit, so that their senders can
 * be told why they are refused: of still larger ones uWebSockets.js drops the connection without a
 * word.
 */
export const TOLD_PART = 4;

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
export function untoldWords(frameBytesMax: number): string {
  const bytes = TOLD_PART * frameBytesMax;
  return `it has more than ${bytes} bytes, at most ${frameBytesMax} are taken`;
}
