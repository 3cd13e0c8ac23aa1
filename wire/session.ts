import { wireErrors } from "../contract/errors/wire.ts";
import { reasonOf } from "../contract/errors.ts";
import type { Timer } from "../contract/ports/clock.ts";
import type { HelloAnswer, MessageCheck, Peer } from "../contract/ports/transport.ts";
import {
  type CloseCode,
  type CloseReason,
  closeCodes,
  type Hello,
  type PeerKind,
  type Refused,
  WIRE_VERSION,
  type WireMessage,
} from "../contract/wire-protocol.ts";
import { decodeFrame, FrameWriter } from "./codec.ts";
import { helloProblem } from "./handshake.ts";
import type { SessionHub } from "./hub.ts";

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

type Phase = "hello" | "deciding" | "open" | "over";

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

/**
 * The server's half of one connection: handshake, decoding, queue and end. It knows no socket library and owns no
 * timer loop; the hub does. The owner of the socket calls `onFrame`, `onAlive`, `onDrained` and `onSocketClosed`.
 */
export class Session implements Peer {
  readonly id: number;
  readonly remote: string;
  readonly #hub: SessionHub;
  readonly #socket: SessionSocket;
  readonly #queue: FrameWriter;
  #phase: Phase = "hello";
  #accepted = false;
  #hello: Hello | undefined;
  #check: MessageCheck | undefined;
  #deadline: Timer | undefined;
  /** Messages that the kernel sent before the welcome, which must be first. */
  #early: WireMessage[] = [];
  /** The end that waits for the socket to empty. */
  #parting: CloseReason | undefined;
  #reason: CloseReason = { code: "CLOSED", message: "", byPeer: false };
  #socketBytes = 0;
  #heardMs: number;
  #socketGone = false;
  #markedDirty = false;

  constructor(hub: SessionHub, id: number, socket: SessionSocket) {
    this.#hub = hub;
    this.id = id;
    this.#socket = socket;
    this.remote = socket.remote;
    this.#queue = new FrameWriter(hub.limits);
    this.#heardMs = hub.clock.monotonicMs();
    const { helloDeadlineMs } = hub.settings;
    this.#deadline = hub.clock.after(helloDeadlineMs, () => {
      this.close("HELLO_LATE", `no hello was accepted within ${helloDeadlineMs} ms`);
    });
  }

  get kind(): PeerKind {
    return this.#hello?.peer ?? "operator";
  }

  get name(): string {
    return this.#hello?.name ?? "";
  }

  get isOpen(): boolean {
    return this.#phase !== "over";
  }

  get bufferedBytes(): number {
    return this.#queue.queuedBytes + this.#socketBytes;
  }

  /** True once the socket is gone as well, so that nothing of it is left. */
  get isGone(): boolean {
    return this.#socketGone;
  }

  send(message: WireMessage): void {
    if (this.#phase === "over" || this.#parting !== undefined) return;
    if (this.#phase !== "open") {
      this.#early.push(message);
      return;
    }
    this.#queue.append(message);
    const { queueBytesMax } = this.#hub.settings;
    if (this.bufferedBytes > queueBytesMax) {
      this.#cut("SLOW_READER", `more than ${queueBytesMax} bytes wait for it`);
      return;
    }
    if (this.#markedDirty) return;
    this.#markedDirty = true;
    this.#hub.dirty.push(this);
  }

  flush(): void {
    this.#markedDirty = false;
    if (this.#phase !== "open" || this.#queue.isEmpty) return;
    let dropped = false;
    this.#queue.drain((frame) => {
      const outcome = this.#socket.send(frame);
      if (outcome === "dropped") dropped = true;
      if (outcome === "buffered") this.#socketBytes = this.#socket.bufferedBytes();
      return !dropped && this.#phase === "open";
    });
    if (dropped) this.#cut("SLOW_READER", "its socket takes no more");
  }

  close(code: CloseCode, message = ""): void {
    if (this.#phase === "over") return;
    this.flush();
    this.#end({ code, message, byPeer: false }, false);
  }

  /** Closes once the socket has taken everything; until then it sends and receives nothing more. */
  closeWhenDrained(code: CloseCode, message: string): void {
    if (this.#phase === "over") return;
    this.flush();
    this.#socketBytes = this.#socket.bufferedBytes();
    if (this.#socketBytes === 0) this.close(code, message);
    else this.#parting = { code, message, byPeer: false };
  }

  /** A message of the socket. `bytes` is only read during the call. */
  onFrame(bytes: Uint8Array, isBinary: boolean): void {
    if (this.#phase === "over") return;
    this.onAlive();
    if (this.#parting !== undefined) return;
    if (!isBinary) {
      this.close("FRAME_NOT_BINARY", "frames are binary messages, this one is text");
      return;
    }
    const limits = this.#phase === "open" ? this.#hub.limits : this.#hub.helloLimits;
    const decoded = decodeFrame(bytes, limits);
    if (!decoded.ok) {
      this.close(decoded.refusal.code, decoded.refusal.message);
      return;
    }
    if (this.#phase === "open") this.#receive(decoded.messages);
    else if (this.#phase === "deciding") {
      this.close("HELLO_EXPECTED", "a frame came before the hello was answered");
    } else this.#receiveHello(decoded.messages);
  }

  /** Something was heard: a frame, a ping or a pong. */
  onAlive(): void {
    this.#heardMs = this.#hub.clock.monotonicMs();
  }

  /** The socket's buffer has emptied, or shrunk. */
  onDrained(): void {
    const before = this.#socketBytes;
    this.#socketBytes = this.#socketGone ? 0 : this.#socket.bufferedBytes();
    if (this.#phase !== "open" || before === 0 || this.#socketBytes > 0) return;
    if (this.#parting !== undefined) {
      this.#end(this.#parting, false);
      return;
    }
    this.#hub.guarded(this, () => this.#hub.handlers.onDrained?.(this));
  }

  /** The socket has closed, by itself or because it was told to. Comes once, and nothing after it. */
  onSocketClosed(code: CloseCode, message: string): void {
    this.#socketGone = true;
    this.#socketBytes = 0;
    this.#end({ code, message, byPeer: true }, false);
    this.#hub.forget(this);
  }

  /** Heartbeat of the hub: pings, or gives up on a peer that has not been heard of. */
  beat(nowMs: number, silenceMsMax: number): void {
    if (this.#phase === "over") return;
    if (nowMs - this.#heardMs > silenceMsMax) {
      this.#cut("PEER_SILENT", `nothing was heard for ${Math.round(nowMs - this.#heardMs)} ms`);
      return;
    }
    if (this.#socketBytes > 0) this.onDrained();
    this.#socket.ping();
  }

  /** Drops a socket that did not close in time. */
  cutSocket(): void {
    if (!this.#socketGone) this.#socket.cut();
  }

  #receive(messages: WireMessage[]): void {
    let refused = false;
    for (let at = 0; at < messages.length; at++) {
      const message = messages[at] as WireMessage;
      if (message.type === "hello") {
        this.close("HELLO_REPEATED", "a second hello on one connection");
        return;
      }
      if (this.#isTaken(message)) continue;
      refused = true;
      messages[at] = undefined as unknown as WireMessage;
      if (this.#phase !== "open") return;
    }
    const taken = refused ? messages.filter((message) => message !== undefined) : messages;
    if (taken.length === 0) return;
    this.#hub.guarded(this, () => this.#hub.handlers.onMessages(this, taken));
  }

  /** Checks one message; answers a refused one with an error, unless it is an error itself: that would not end. */
  #isTaken(message: WireMessage): boolean {
    const fault = this.#check?.(message);
    if (fault === undefined) return true;
    if (message.type === "error") return false;
    const { id } = message as { id?: unknown };
    this.send({
      type: "error",
      code: fault.code,
      message: fault.message.slice(0, 1024),
      ...(fault.where === undefined ? {} : { where: fault.where }),
      ...(fault.hint === undefined ? {} : { hint: fault.hint }),
      of: message.type.slice(0, 64),
      ...(typeof id === "number" || (typeof id === "string" && id.length < 256) ? { id } : {}),
    } as WireMessage);
    return false;
  }

  #receiveHello(messages: WireMessage[]): void {
    const [first] = messages;
    if (first?.type !== "hello" || messages.length > 1) {
      this.close("HELLO_EXPECTED", "the first frame must be one hello and nothing else");
      return;
    }
    const version = (first as { tepui?: unknown }).tepui;
    if (typeof version === "number" && version !== WIRE_VERSION) {
      const { code, message, hint } = wireErrors.VERSION_UNKNOWN(version, WIRE_VERSION);
      this.#refuse({ code, message, hint: hint as string, final: true }, "VERSION_UNKNOWN");
      return;
    }
    const problem = helloProblem(first);
    if (problem !== undefined) {
      const { code, message } = wireErrors.HELLO_INVALID(problem.message, problem.where);
      this.#refuse({ code, message, final: true }, "HELLO_INVALID");
      return;
    }
    const hello = first as Hello;
    const { peers } = this.#hub;
    this.#check = peers[hello.peer];
    if (this.#check === undefined) {
      const fault = wireErrors.PEER_KIND_REFUSED(hello.peer, Object.keys(peers));
      const { code, message, hint } = fault;
      this.#refuse({ code, message, hint: hint as string, final: true }, "HELLO_REFUSED");
      return;
    }
    this.#hello = hello;
    this.#phase = "deciding";
    this.#decide(hello);
  }

  #decide(hello: Hello): void {
    const failed = (thrown: unknown): void => {
      this.#hub.log.error({ peer: this.id, reason: reasonOf(thrown) }, "a hello handler failed");
      this.close("INTERNAL", "the hello could not be judged");
    };
    try {
      const answer = this.#hub.handlers.onHello(this, hello);
      if (answer instanceof Promise) answer.then((late) => this.#answer(late)).catch(failed);
      else this.#answer(answer);
    } catch (thrown) {
      failed(thrown);
    }
  }

  #answer(answer: HelloAnswer): void {
    if (this.#phase === "over") {
      // It was accepted after it had gone, and the kernel believes in it: so it has to hear of the end.
      if (answer.accept) this.#reportEnd();
      return;
    }
    if (!answer.accept) {
      this.#refuse(answer.refusal, "HELLO_REFUSED");
      return;
    }
    this.#deadline?.cancel();
    this.#phase = "open";
    this.#accepted = true;
    const { heartbeatMs } = this.#hub.settings;
    const { frameBytesMax, frameMessagesMax } = this.#hub.limits;
    this.send({
      type: "welcome",
      tepui: WIRE_VERSION,
      ...answer.welcome,
      heartbeatMs,
      frameBytesMax,
      frameMessagesMax,
    } as WireMessage);
    const early = this.#early;
    this.#early = [];
    for (const message of early) this.send(message);
    this.flush();
  }

  #refuse(refusal: Omit<Refused, "type">, code: CloseCode): void {
    const frame = new FrameWriter(this.#hub.limits);
    frame.append({ type: "refused", ...refusal } as WireMessage);
    frame.drain((bytes) => this.#socket.send(bytes) !== "dropped");
    this.#end({ code, message: refusal.message, byPeer: false }, false);
  }

  /** Ends it without waiting for a peer that does not read: what is buffered is freed at once. */
  #cut(code: CloseCode, message: string): void {
    this.#end({ code, message, byPeer: false }, true);
  }

  #end(reason: CloseReason, cut: boolean): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#deadline?.cancel();
    this.#queue.clear();
    this.#early = [];
    this.#reason = reason;
    if (this.#accepted) this.#reportEnd();
    this.#hub.countClose(reason.code);
    if (this.#socketGone) return;
    if (cut) this.#socket.cut();
    else this.#socket.end(closeCodes[reason.code], shortReason(reason.message));
  }

  /** Later, because the handler must not hear of it from inside its own call to `send` or `close`. */
  #reportEnd(): void {
    const reason = this.#reason;
    queueMicrotask(() => {
      this.#hub.guarded(undefined, () => this.#hub.handlers.onClosed(this, reason));
    });
  }
}
