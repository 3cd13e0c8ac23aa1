import { wireLimits } from "../contract/limits/wire.ts";
import type { Timer } from "../contract/ports/clock.ts";
import type { HelloAnswer, MessageCheck, Peer } from "../contract/ports/transport.ts";
import {
  type CloseCode,
  type CloseReason,
  closeCodes,
  type Hello,
  type PeerKind,
  type Refused,
  type WireMessage,
} from "../contract/wire-protocol.ts";
import { FrameWriter } from "./codec.ts";
import { errorAnswer, judgeHello, limitsFor, refusedFrame, welcomeOf } from "./handshake.ts";
import { Holding, readWhole } from "./held.ts";
import type { SessionHub } from "./hub.ts";
import { type SessionSocket, shortReason } from "./session-socket.ts";

const FRAME_MS = wireLimits.frameDeadlineMs;

type Phase = "hello" | "deciding" | "open" | "over";

/**
 * The server's half of one connection: handshake, decoding, queue and end. It knows no socket
 * library and owns no timer loop; the hub does. The owner of the socket calls `onFrame`, `onAlive`,
 * `onDrained` and `onSocketClosed`.
 */
export class Session implements Peer {
  readonly id: number;
  readonly remote: string;
  readonly #hub: SessionHub;
  readonly #socket: SessionSocket;
  /** Begun anew with what the peer reads, which its hello tells. */
  #queue: FrameWriter;
  readonly #holding: Holding;
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
    this.#holding = new Holding(hub.held, hub.limits.frameBytesMax);
    hub.unwelcomed.add(this.remote);
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

  send(message: WireMessage): void {
    if (this.#phase === "over" || this.#parting !== undefined) return;
    if (this.#phase !== "open") {
      this.#early.push(message);
      return;
    }
    this.#queue.append(message);
    const { queueBytesMax } = this.#hub.settings;
    if (this.bufferedBytes > queueBytesMax) {
      this.#end("SLOW_READER", `more than ${queueBytesMax} bytes wait for it`, "cut");
      return;
    }
    if (!this.#countUnread() || this.#markedDirty) return;
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
    if (dropped) this.#end("SLOW_READER", "its socket takes no more", "cut");
    else this.#countUnread();
  }

  /**
   * Only who is behind is counted: others have read it all before the next turn. Answers whether
   * it is still there.
   */
  #countUnread(): boolean {
    if (!this.#holding.setUnread(this.#socketBytes > 0 ? this.bufferedBytes : 0)) return true;
    const { heldBytesMax } = this.#hub.settings;
    this.#end("SLOW_READER", `more than ${heldBytesMax} bytes wait for all that are slow`, "cut");
    return false;
  }

  close(code: CloseCode, message = ""): void {
    if (this.#phase === "over") return;
    this.flush();
    this.#end(code, message, "ended");
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
    const read =
      this.#phase === "open"
        ? this.#holding.read(bytes, this.#hub.limits, this.#heardMs)
        : readWhole(bytes, this.#hub.helloLimits);
    if (read === undefined) return;
    if (!read.ok) this.close(read.refusal.code, read.refusal.message);
    else if (this.#phase === "open") this.#receive(read.messages, read.bytes);
    else if (this.#phase === "deciding") {
      this.close("HELLO_EXPECTED", "a frame came before the hello was answered");
    } else this.#receiveHello(read.messages);
  }

  /** Something was heard: a frame, a ping or a pong. */
  onAlive(): void {
    this.#heardMs = this.#hub.clock.monotonicMs();
  }

  /** The socket's buffer has emptied, or shrunk. */
  onDrained(): void {
    const before = this.#socketBytes;
    this.#socketBytes = this.#socketGone ? 0 : this.#socket.bufferedBytes();
    if (this.#phase !== "open" || before === 0) return;
    if (!this.#countUnread() || this.#socketBytes > 0) return;
    if (this.#parting !== undefined) {
      this.#end(this.#parting.code, this.#parting.message, "ended");
      return;
    }
    this.#hub.guarded(this, () => this.#hub.handlers.onDrained?.(this));
  }

  /**
   * The socket has closed, by itself or because it was told to. Comes once, and nothing after it.
   */
  onSocketClosed(code: CloseCode, message: string): void {
    this.#socketGone = true;
    this.#socketBytes = 0;
    this.#end(code, message, "lost");
    this.#hub.forget(this);
  }

  /** Heartbeat of the hub: pings, or gives up on a peer that has not been heard of. */
  beat(nowMs: number, silenceMsMax: number): void {
    if (this.#phase === "over") return;
    const silentMs = nowMs - this.#heardMs;
    if (silentMs > silenceMsMax) {
      this.#end("PEER_SILENT", `nothing was heard for ${Math.round(silentMs)} ms`, "cut");
      return;
    }
    if (this.#holding.isLate(nowMs)) {
      this.close("FRAME_LATE", `the rest of a frame did not come in ${FRAME_MS} ms`);
      return;
    }
    if (this.#socketBytes > 0) this.onDrained();
    this.#socket.ping();
  }

  /** Drops a socket that did not close in time. */
  cutSocket(): void {
    if (!this.#socketGone) this.#socket.cut();
  }

  #receive(messages: WireMessage[], bytes: number): void {
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
    if (refused) this.flush(); // A turn of the loop, which flushes all else, need not follow.
    const taken = refused ? messages.filter((message) => message !== undefined) : messages;
    if (taken.length === 0) return;
    this.#hub.guarded(this, () => this.#hub.handlers.onMessages(this, taken, bytes));
  }

  /**
   * Checks one message; answers a refused one with an error, unless it is an error itself: that
   * would not end.
   */
  #isTaken(message: WireMessage): boolean {
    const fault = this.#check?.(message);
    if (fault === undefined) return true;
    if (message.type === "error") return false;
    this.send(errorAnswer(message, fault));
    return false;
  }

  #receiveHello(messages: WireMessage[]): void {
    const judged = judgeHello(messages, this.#hub.peers);
    if ("hello" in judged) {
      this.#hello = judged.hello;
      this.#queue = new FrameWriter(limitsFor(judged.hello, this.#hub.limits));
      this.#check = judged.check;
      this.#phase = "deciding";
      this.#hub.decide(this, judged.hello, (answer) => this.#answer(answer));
    } else if (judged.refusal === undefined) {
      this.close(judged.code, "the first frame must be one hello and nothing else");
    } else {
      this.#refuse(judged.refusal, judged.code);
    }
  }

  #answer(answer: HelloAnswer): void {
    if (this.#phase === "over") {
      // It was accepted after it had gone, and the kernel believes in it: so it has to hear of the
      // end.
      if (answer.accept) this.#hub.reportEnd(this, this.#reason);
      return;
    }
    if (!answer.accept) {
      this.#refuse(answer.refusal, "HELLO_REFUSED");
      return;
    }
    this.#deadline?.cancel();
    this.#phase = "open";
    this.#accepted = true;
    this.#hub.unwelcomed.remove(this.remote);
    const { heartbeatMs, messageBytesMax } = this.#hub.settings;
    this.send(welcomeOf(answer.welcome, heartbeatMs, this.#hub.limits, messageBytesMax));
    const early = this.#early;
    this.#early = [];
    for (const message of early) this.send(message);
    this.flush();
  }

  #refuse(refusal: Omit<Refused, "type">, code: CloseCode): void {
    this.#socket.send(refusedFrame(refusal, this.#hub.limits));
    this.#end(code, refusal.message, "ended");
  }

  /** `cut` does not wait for a peer that does not read: what is buffered is freed at once. */
  #end(code: CloseCode, message: string, how: "ended" | "cut" | "lost"): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#deadline?.cancel();
    this.#queue.clear();
    this.#holding.release();
    if (how === "cut") this.#socketBytes = 0;
    this.#early = [];
    this.#reason = { code, message, byPeer: how === "lost" };
    if (this.#accepted) this.#hub.reportEnd(this, this.#reason);
    else this.#hub.unwelcomed.remove(this.remote);
    this.#hub.noteEnd(this, this.#reason);
    if (this.#socketGone) return;
    if (how === "cut") this.#socket.cut();
    else this.#socket.end(closeCodes[code], shortReason(message));
  }
}
