import { type CloseCode, closeCodeOf } from "../../../contract/wire-protocol.ts";

/** What one end of a pipe hears. Never called from inside a call to either end. */
export interface PipeEvents {
  onFrame(bytes: Uint8Array, isBinary: boolean): void;
  onPing(): void;
  /** This end's own buffer has emptied. */
  onDrained(): void;
  onClosed(code: CloseCode, message: string): void;
}

/** Bytes that travel without counting as buffered, as a kernel's socket buffers do. */
const IN_FLIGHT_BYTES = 64 * 1024;

type Item =
  | { readonly bytes: Uint8Array; readonly isBinary: boolean }
  | { readonly end: number; readonly message: string };

/**
 * One end of a WebSocket that exists in memory only: ordered, with back-pressure when the other end
 * does not read, and with the two ways to end. Delivery happens in later turns of the event loop,
 * as on a network.
 */
export class PipeEnd {
  /** The other end; itself only until `pair` is done. */
  #other: PipeEnd = this;
  #events: PipeEvents | undefined;
  /** What the other end has sent and this one has not read. */
  #inbox: Item[] = [];
  #inboxBytes = 0;
  #paused = false;
  #due = false;
  #ended = false;
  #closed = false;
  #silent = false;

  /** Makes both ends. */
  static pair(): readonly [PipeEnd, PipeEnd] {
    const one = new PipeEnd();
    const two = new PipeEnd();
    one.#other = two;
    two.#other = one;
    return [one, two];
  }

  /** Begins to listen; what came earlier is delivered now. */
  listen(events: PipeEvents): void {
    this.#events = events;
    this.#deliverLater();
  }

  /** Bytes that were sent from here and are neither read nor on their way. */
  get bufferedBytes(): number {
    return Math.max(0, this.#other.#inboxBytes - IN_FLIGHT_BYTES);
  }

  /** Sends a copy. */
  send(bytes: Uint8Array, isBinary: boolean): void {
    if (this.#ended || this.#closed) return;
    this.#other.#take({ bytes: Uint8Array.from(bytes), isBinary });
  }

  /** Answered by the other end's `onPing`, and by a pong here, unless the other end is silent. */
  ping(): void {
    const other = this.#other;
    if (this.#closed || other.#paused || other.#silent) return;
    setImmediate(() => {
      if (other.#closed || other.#silent) return;
      other.#events?.onPing();
      setImmediate(() => {
        if (!this.#closed) this.#events?.onPing();
      });
    });
  }

  /** Says why and closes, after what was sent. */
  end(code: number, message: string): void {
    if (this.#ended || this.#closed) return;
    this.#ended = true;
    this.#other.#take({ end: code, message });
  }

  /** Breaks the connection; the other end sees it lost. */
  cut(): void {
    const other = this.#other;
    this.#close("CONNECTION_LOST", "cut");
    other.#close("CONNECTION_LOST", "the other side vanished");
  }

  /** Stops reading: the other end's sends pile up. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#deliverLater();
  }

  /** Answers no pings from now on, like a machine that was unplugged. */
  fallSilent(): void {
    this.#silent = true;
    this.#paused = true;
  }

  #take(item: Item): void {
    if (this.#closed) return;
    this.#inbox.push(item);
    if ("bytes" in item) this.#inboxBytes += item.bytes.length;
    this.#deliverLater();
  }

  #deliverLater(): void {
    if (this.#due || this.#events === undefined) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const wasFull = this.#inboxBytes > IN_FLIGHT_BYTES;
    while (!this.#paused && !this.#closed && this.#inbox.length > 0) {
      const items = this.#inbox;
      this.#inbox = [];
      this.#inboxBytes = 0;
      for (const item of items) {
        if (this.#closed) return;
        if ("end" in item) {
          const code = closeCodeOf(item.end);
          const other = this.#other;
          this.#close(code, item.message);
          other.#close(code, item.message);
          return;
        }
        this.#events?.onFrame(item.bytes, item.isBinary);
      }
    }
    if (wasFull && this.#inboxBytes <= IN_FLIGHT_BYTES) this.#other.#events?.onDrained();
  }

  #close(code: CloseCode, message: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inbox = [];
    this.#inboxBytes = 0;
    setImmediate(() => this.#events?.onClosed(code, message));
  }
}
