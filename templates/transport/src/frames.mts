import type { Socket } from "node:net";

/**
 * What travels: a byte that says what it is, four bytes of length (most significant first), then as
 * many bytes.
 */
export const Kind = {
  /** A frame of messages. */
  FRAME: 0,
  /** The server has taken the connection. */
  OPEN: 1,
  PING: 2,
  PONG: 3,
  /** The reason for the end: two bytes of code, then text. */
  CLOSE: 4,
} as const;

const HEAD_BYTES = 5;
const NOTHING = new Uint8Array(0);

/** A close code that is never sent: the connection ended without a word. */
export const LOST = 1006;
/** The close code of a frame that is far too large. */
const TOO_LARGE = 4011;

/** What a socket tells; nothing after `onClosed`, which comes once. */
export interface FrameEvents {
  onOpen(): void;
  onFrame(bytes: Uint8Array, isBinary: boolean): void;
  /** A ping or pong was heard. */
  onAlive(): void;
  /** All that was sent has left. */
  onDrained(): void;
  onClosed(code: number, message: string): void;
}

/** Frames over one TCP connection, for both ends. No call of it throws. */
export class FrameSocket {
  readonly #socket: Socket;
  readonly #events: FrameEvents;
  readonly #frameBytesMax: number;
  #rest: Buffer = Buffer.alloc(0);
  /** The reason that either side has given. */
  #reason: { readonly code: number; readonly message: string } | undefined;

  /**
   * Frames of up to twice `frameBytesMax` are collected, so that who takes them can say why they are
   * refused; the sender of a larger one is told here.
   */
  constructor(socket: Socket, frameBytesMax: number, events: FrameEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#frameBytesMax = frameBytesMax;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("error", () => {}); // "close" follows.
    socket.on("close", () => {
      const { code, message } = this.#reason ?? { code: LOST, message: "the connection is lost" };
      events.onClosed(code, message);
    });
  }

  /** Bytes that were sent and have not left. */
  get bufferedBytes(): number {
    return this.#socket.destroyed ? 0 : this.#socket.writableLength;
  }

  send(kind: number, bytes: Uint8Array = NOTHING): void {
    if (!this.#socket.writable) return;
    const head = Buffer.allocUnsafe(HEAD_BYTES);
    head.writeUInt8(kind, 0);
    head.writeUInt32BE(bytes.length, 1);
    // Copied, because the sender goes on using its bytes.
    this.#socket.write(Buffer.concat([head, bytes]), () => {
      if (this.#socket.writableLength === 0) this.#events.onDrained();
    });
  }

  /** Says why and closes, after what was sent. */
  end(code: number, message: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = { code, message };
    const text = Buffer.from(message);
    const bytes = Buffer.alloc(2 + text.length);
    bytes.writeUInt16BE(code, 0);
    bytes.set(text, 2);
    this.send(Kind.CLOSE, bytes);
    this.#socket.end();
  }

  /** Drops the connection and what is buffered. */
  cut(): void {
    this.#socket.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #read(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= HEAD_BYTES && !this.#socket.destroyed) {
      const length = bytes.readUInt32BE(1);
      if (length > 2 * this.#frameBytesMax) {
        const message = `it has ${length} bytes, at most ${this.#frameBytesMax} are taken`;
        this.end(TOO_LARGE, message);
        this.#socket.removeAllListeners("data").resume();
        return;
      }
      if (bytes.length < HEAD_BYTES + length) break;
      this.#heard(bytes.readUInt8(0), bytes.subarray(HEAD_BYTES, HEAD_BYTES + length));
      bytes = bytes.subarray(HEAD_BYTES + length);
    }
    this.#rest = bytes;
  }

  #heard(kind: number, bytes: Buffer): void {
    const events = this.#events;
    if (kind === Kind.PING || kind === Kind.PONG) {
      if (kind === Kind.PING) this.send(Kind.PONG);
      events.onAlive();
    } else if (kind === Kind.OPEN) {
      events.onOpen();
    } else if (kind === Kind.CLOSE && bytes.length >= 2) {
      this.#reason ??= { code: bytes.readUInt16BE(0), message: bytes.toString("utf8", 2) };
      this.#socket.end();
    } else {
      events.onFrame(bytes, kind === Kind.FRAME);
    }
  }
}
