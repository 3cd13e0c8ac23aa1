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
  heartbeat(): string | Uint8Array;
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
  #heartbeats: Timer | undefined;
  #ended: CloseReason | undefined;

  constructor(parts: StreamPeerParts) {
    this.id = parts.id;
    this.kind = parts.kind;
    this.name = parts.name;
    this.remote = parts.remote;
    this.#parts = parts;
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

  /** Sends a heartbeat every `periodMs` from now on, whatever else is sent (§6.3). */
  startHeartbeats(periodMs: number): void {
    if (!this.isOpen || this.#heartbeats !== undefined) return;
    this.#heartbeats = this.#parts.clock.every(periodMs, () => {
      this.#push(this.#parts.heartbeat());
      this.flush();
    });
  }

  send(message: WireMessage): void {
    if (!this.isOpen) return;
    for (const record of this.#parts.encode(message)) this.#push(record);
    if (this.#queuedBytes > QUEUE_BYTES_MAX) this.flush();
  }

  flush(): void {
    if (this.#stream === undefined || this.#queue.length === 0) return;
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const chunk of queue) this.#stream.write(chunk);
  }

  close(code: CloseCode, message = ""): void {
    if (!this.isOpen) return;
    this.flush();
    this.#over({ code, message, byPeer: false });
    this.#stream?.end();
  }

  #push(record: string | Uint8Array): void {
    const chunk = frameRecord(record);
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
