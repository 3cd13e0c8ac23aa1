import type { Clock, Timer } from "../../../../contract/ports/clock.ts";
import type { HttpStream, StreamEnd } from "../../../../contract/ports/http.ts";
import type { Peer } from "../../../../contract/ports/transport.ts";
import type {
  CloseCode,
  CloseReason,
  PeerKind,
  WireMessage,
} from "../../../../contract/wire-protocol.ts";
import { frameRecord } from "./record-io.ts";

/** More than this is not kept back for the next flush. */
const QUEUE_BYTES_MAX = 1 << 20;

/** What a peer over a stream is made of. */
export interface StreamPeerParts {
  readonly id: number;
  readonly kind: PeerKind;
  readonly name: string;
  readonly remote: string;
  readonly clock: Clock;
  /** Turns a message into records; none when clients of this API do not know such a message. */
  encode(message: WireMessage): readonly (string | Uint8Array)[];
  /** The record of a heartbeat. */
  readonly heartbeat: string | Uint8Array;
  /**
   * Whether a heartbeat follows what is sent at once. Some readers show a record only when
   * something follows it: those that wait for the end of its chunk, which leaves with the next one,
   * and those that read by lines, since a record ends without one.
   */
  readonly isPadded: boolean;
  /** Called once, later, when the stream is over for whatever reason. */
  onClosed(peer: StreamPeer, reason: CloseReason): void;
}

/**
 * A peer that is sent to over an event stream of HTTP and heard through requests of its own. Each
 * record is one chunk of the stream (§3.2).
 */
export class StreamPeer implements Peer {
  readonly id: number;
  readonly kind: PeerKind;
  readonly name: string;
  readonly remote: string;
  readonly #parts: StreamPeerParts;
  #stream: HttpStream | undefined;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  readonly #heartbeat: Uint8Array;
  #heartbeats: Timer | undefined;
  /** The first heartbeat comes with the message that started them. */
  #isFirstDue = false;
  #ended: CloseReason | undefined;

  constructor(parts: StreamPeerParts) {
    this.id = parts.id;
    this.kind = parts.kind;
    this.name = parts.name;
    this.remote = parts.remote;
    this.#parts = parts;
    this.#heartbeat = frameRecord(parts.heartbeat);
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  get bufferedBytes(): number {
    return this.#queuedBytes + (this.#stream?.bufferedBytes ?? 0);
  }

  /** Takes the stream over which records go; until then they wait. */
  open(stream: HttpStream): void {
    this.#stream = stream;
    stream.onEnd((how) => this.#over(reasonFor(how)));
    this.flush();
  }

  /**
   * Sends a heartbeat every `periodMs` from now on, whatever else is sent, and one at once after
   * the message that is being sent, if any (§6.3).
   */
  startHeartbeats(periodMs: number, isFirstAtOnce: boolean): void {
    if (!this.isOpen || this.#heartbeats !== undefined) return;
    this.#isFirstDue = isFirstAtOnce;
    this.#heartbeats = this.#parts.clock.every(periodMs, () => {
      this.#push(this.#heartbeat);
      this.flush();
    });
  }

  send(message: WireMessage): void {
    if (!this.isOpen) return;
    for (const record of this.#parts.encode(message)) this.#push(frameRecord(record));
    if (this.#isFirstDue) this.#push(this.#heartbeat);
    this.#isFirstDue = false;
    if (this.#queuedBytes > QUEUE_BYTES_MAX) this.#writeOut();
  }

  flush(): void {
    if (this.#stream === undefined || this.#queue.length === 0) return;
    if (this.#parts.isPadded && this.#queue.at(-1) !== this.#heartbeat) this.#push(this.#heartbeat);
    this.#writeOut();
  }

  close(code: CloseCode, message = ""): void {
    if (!this.isOpen) return;
    // The end of the stream follows, which is as good as a heartbeat.
    this.#writeOut();
    this.#over({ code, message, byPeer: false });
    this.#stream?.end();
  }

  #writeOut(): void {
    if (this.#stream === undefined) return;
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const chunk of queue) this.#stream.write(chunk);
  }

  #push(chunk: Uint8Array): void {
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
  }

  #over(reason: CloseReason): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#heartbeats?.cancel();
    this.#queue = [];
    this.#queuedBytes = 0;
    // Later, because whoever calls `close` or `send` must not be called back from inside it.
    queueMicrotask(() => this.#parts.onClosed(this, reason));
  }
}

function reasonFor(how: StreamEnd): CloseReason {
  if (how === "SLOW_READER") {
    return { code: "SLOW_READER", message: "the event stream is not read", byPeer: false };
  }
  return { code: "CONNECTION_LOST", message: "the event stream ended", byPeer: how === "aborted" };
}
