import type { Clock, Timer } from "../contract/ports/clock.ts";
import type { Logger } from "../contract/ports/log.ts";
import type { CloseCode, Refused } from "../contract/wire-protocol.ts";

/** A dialling end of one socket. No call of it may throw. */
export interface LinkSocket {
  /** Takes a frame and is done with its bytes when it returns. */
  send(frame: Uint8Array): void;
  bufferedBytes(): number;
  end(code: number, message: string): void;
  cut(): void;
}

/** What a socket tells the link; nothing after `onClosed`, which comes once whatever happens. */
export interface LinkSocketEvents {
  onOpen(): void;
  /** `bytes` is only read during the call. */
  onFrame(bytes: Uint8Array, isBinary: boolean): void;
  /** A ping or pong was heard. */
  onAlive(): void;
  onClosed(code: CloseCode, message: string): void;
}

/**
 * How to open a socket; it never throws and reports failures by `onClosed`, never from inside the
 * call.
 */
export type OpenSocket = (
  url: string,
  events: LinkSocketEvents,
  options: { readonly trust: string | undefined; readonly frameBytesMax: number },
) => LinkSocket;

/** What a link needs from outside. */
export interface LinkEnvironment {
  readonly clock: Clock;
  readonly log: Logger;
  /** At least 0, less than 1. */
  readonly random: () => number;
  readonly open: OpenSocket;
}

/**
 * Everything that belongs to one attempt; a new attempt is a new object, so late events of old ones
 * are told apart.
 */
export interface Attempt {
  readonly url: string;
  socket: LinkSocket | undefined;
  deadline: Timer | undefined;
  welcomed: boolean;
  over: boolean;
  refused: Refused | undefined;
}

/** An attempt that has not begun. */
export function newAttempt(url: string): Attempt {
  return {
    url,
    socket: undefined,
    deadline: undefined,
    welcomed: false,
    over: false,
    refused: undefined,
  };
}
