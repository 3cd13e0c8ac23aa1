import type { WebSocket } from "uWebSockets.js";
import type { SendOutcome, Session, SessionSocket } from "../../../wire/index.ts";

/** What uWebSockets.js keeps with each of its WebSockets for us. */
export interface UserData {
  socket?: UwsSocket;
  session?: Session;
  /** Of those who send whole messages: the largest so far, and whether one is being taken. */
  whole?: { largest: number; isTaking: boolean };
}

/** What a `send` of uWebSockets.js answers. */
const SENT = 1;
const BUFFERED = 0;

/**
 * The session's view of one WebSocket; forgets it when it closes, since touching it then throws.
 */
export class UwsSocket implements SessionSocket {
  readonly remote: string;
  readonly #ws: WebSocket<UserData>;
  #gone = false;
  #isEnded = false;

  constructor(ws: WebSocket<UserData>) {
    this.#ws = ws;
    this.remote = Buffer.from(ws.getRemoteAddressAsText()).toString();
  }

  /** Whether this side said why and waits for the other. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  send(frame: Uint8Array): SendOutcome {
    if (this.#gone) return "dropped";
    const status = this.#ws.send(frame, true, false);
    if (status === SENT) return "sent";
    return status === BUFFERED ? "buffered" : "dropped";
  }

  bufferedBytes(): number {
    return this.#gone ? 0 : this.#ws.getBufferedAmount();
  }

  ping(): void {
    if (!this.#gone) this.#ws.ping();
  }

  end(code: number, message: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#isEnded = true;
    this.#ws.end(code, message);
  }

  cut(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#ws.close();
  }

  /** It closed by itself. */
  gone(): void {
    this.#gone = true;
  }
}
