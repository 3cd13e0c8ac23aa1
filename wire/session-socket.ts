/** What became of a frame that was given to a socket. */
export type SendOutcome = "sent" | "buffered" | "dropped";

/** A server's end of one socket, as small as the session needs it. No call of it may throw. */
export interface SessionSocket {
  readonly remote: string;
  /** Takes a frame and is done with its bytes when it returns. */
  send(frame: Uint8Array): SendOutcome;
  /** Bytes that it was given and the network has not taken. */
  bufferedBytes(): number;
  ping(): void;
  /** Says why and closes, after what is buffered. */
  end(code: number, message: string): void;
  /** Drops the connection and what is buffered. */
  cut(): void;
}

/** A close reason travels in a control frame of at most 125 bytes, 2 of which are the code. */
const REASON_BYTES_MAX = 120;

/** Shortens a text to what fits beside a close code, whole characters only. */
export function shortReason(message: string): string {
  if (Buffer.byteLength(message) <= REASON_BYTES_MAX) return message;
  const cut = Buffer.from(message)
    .subarray(0, REASON_BYTES_MAX - 3)
    .toString("utf8");
  return `${cut.replace(/\uFFFD+$/, "")}…`;
}
