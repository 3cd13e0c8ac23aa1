import { errors, reasonOf } from "../contract/errors.ts";
import { wireLimits } from "../contract/limits/wire.ts";
import type { Timer } from "../contract/ports/clock.ts";
import type { DialOptions, Link, LinkHandlers, LinkState } from "../contract/ports/transport.ts";
import {
  type CloseCode,
  type CloseReason,
  closeCodes,
  type Refused,
  type Welcome,
  type WireMessage,
} from "../contract/wire-protocol.ts";
import { redirectUrl, urlOf } from "./address.ts";
import { Redialling } from "./back-off.ts";
import { decodeFrame, FrameWriter, frameLimits } from "./codec.ts";
import type { FrameLimits } from "./guard.ts";
import { handshakeAnswer, helloFrame } from "./handshake.ts";
import { SilenceAllowance } from "./heartbeat.ts";
import {
  type Attempt,
  type LinkEnvironment,
  type LinkSocketEvents,
  newAttempt,
} from "./link-socket.ts";
import { inParts } from "./parts.ts";
import { shortReason } from "./session-socket.ts";

/** How long a closing link waits for the other side to agree before it cuts. */
const GOODBYE_MS = 1_000;

/**
 * Dials, says hello, and keeps the connection: heartbeats, reconnection with jittered back-off,
 * redirects.
 * @throws ADDRESS_INVALID when the very addresses cannot be dialled, HELLO_INVALID when a name or
 * token is no good; everything later goes to the handlers.
 */
export function dialLink(
  options: DialOptions,
  handlers: LinkHandlers,
  environment: LinkEnvironment,
): Link {
  return new HealingLink(options, handlers, environment);
}

class HealingLink implements Link {
  readonly #options: DialOptions;
  readonly #handlers: LinkHandlers;
  readonly #env: LinkEnvironment;
  readonly #redialling: Redialling;
  readonly #hello: Uint8Array;
  readonly #readLimits: FrameLimits;
  /** Begun anew with the limits of each welcome. */
  #queue = new FrameWriter(frameLimits());
  #state: LinkState = "connecting";
  #attempt: Attempt | undefined;
  #messageBytesMax = Number.POSITIVE_INFINITY;
  #redirects = 0;
  #redial: Timer | undefined;
  #heart: Timer | undefined;
  #heardMs = 0;
  #openedMs = 0;
  #flushDue = false;
  #closed: Promise<void>;
  #resolveClosed: () => void = () => {};

  constructor(options: DialOptions, handlers: LinkHandlers, environment: LinkEnvironment) {
    if (options.addresses.length === 0) throw errors.ADDRESS_INVALID("");
    this.#options = options;
    this.#handlers = handlers;
    this.#env = environment;
    this.#readLimits = frameLimits(
      options.frameBytesMax === undefined ? {} : { frameBytesMax: options.frameBytesMax },
    );
    this.#hello = helloFrame(options);
    this.#redialling = new Redialling(
      options.addresses.map((address) => urlOf(address)),
      options.redialMsMin ?? wireLimits.redialMsMin,
      options.redialMsMax ?? wireLimits.redialMsMax,
      environment.random,
    );
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#redial = environment.clock.after(0, () => this.#dial(this.#redialling.next()));
  }

  get state(): LinkState {
    return this.#state;
  }

  get bufferedBytes(): number {
    return this.#queue.queuedBytes + (this.#attempt?.socket?.bufferedBytes() ?? 0);
  }

  send(message: WireMessage): boolean {
    if (this.#state !== "open") return false;
    const bytesMax = this.#options.queueBytesMax ?? wireLimits.peerQueueBytesMax;
    if (this.bufferedBytes > bytesMax) return false;
    this.#queue.append(message);
    if (!this.#flushDue) setImmediate(() => this.flush());
    this.#flushDue = true;
    return true;
  }

  flush(): void {
    this.#flushDue = false;
    const socket = this.#attempt?.socket;
    if (this.#state !== "open" || socket === undefined || this.#queue.isEmpty) return;
    this.#queue.drain((frame) => {
      inParts(frame, this.#messageBytesMax, (message) => socket.send(message));
      return this.#state === "open";
    });
  }

  close(message = ""): Promise<void> {
    if (this.#state === "closed") return this.#closed;
    this.flush();
    this.#redial?.cancel();
    const reason: CloseReason = { code: "CLOSED", message, byPeer: false };
    const attempt = this.#attempt;
    this.#finish(reason);
    if (attempt?.socket === undefined) {
      this.#resolveClosed();
      return this.#closed;
    }
    const { socket } = attempt;
    if (attempt.welcomed) socket.end(closeCodes.CLOSED, shortReason(message));
    else socket.cut();
    attempt.deadline = this.#env.clock.after(GOODBYE_MS, () => socket.cut());
    return this.#closed;
  }

  #dial(url: string): void {
    if (this.#state === "closed") return;
    const attempt = newAttempt(url);
    this.#attempt = attempt;
    const deadlineMs = this.#options.dialDeadlineMs ?? wireLimits.dialDeadlineMs;
    attempt.deadline = this.#env.clock.after(deadlineMs, () => {
      this.#drop(attempt, "CONNECTION_LOST", `no welcome within ${deadlineMs} ms`);
    });
    attempt.socket = this.#env.open(url, this.#eventsOf(attempt), {
      trust: this.#options.trust,
      frameBytesMax: this.#readLimits.frameBytesMax,
    });
  }

  #eventsOf(attempt: Attempt): LinkSocketEvents {
    return {
      onOpen: () => {
        if (attempt.over || this.#state === "closed") return;
        attempt.socket?.send(this.#hello);
      },
      onFrame: (bytes, isBinary) => {
        if (attempt.over || this.#state === "closed") return;
        this.#heardMs = this.#env.clock.monotonicMs();
        if (!isBinary) this.#drop(attempt, "FRAME_NOT_BINARY", "the server sent text");
        else this.#read(attempt, bytes);
      },
      onAlive: () => {
        this.#heardMs = this.#env.clock.monotonicMs();
      },
      onClosed: (code, message) => {
        attempt.deadline?.cancel();
        if (this.#state === "closed") this.#resolveClosed();
        else this.#over(attempt, { code, message, byPeer: true });
      },
    };
  }

  #read(attempt: Attempt, bytes: Uint8Array): void {
    const decoded = decodeFrame(bytes, this.#readLimits);
    if (!decoded.ok) {
      this.#drop(attempt, decoded.refusal.code, decoded.refusal.message);
      return;
    }
    if (attempt.welcomed) {
      this.#deliver(decoded.messages);
      return;
    }
    const answer = handshakeAnswer(decoded.messages);
    if (answer === undefined) {
      this.#drop(attempt, "HELLO_EXPECTED", "the server answered the hello with something else");
    } else if (answer.type === "refused") {
      attempt.refused = answer;
      this.#drop(attempt, "HELLO_REFUSED", answer.message);
    } else {
      this.#opened(attempt, answer);
      if (decoded.messages.length > 1) this.#deliver(decoded.messages.slice(1));
    }
  }

  #opened(attempt: Attempt, welcome: Welcome): void {
    attempt.welcomed = true;
    attempt.deadline?.cancel();
    this.#redirects = 0;
    this.#openedMs = this.#env.clock.monotonicMs();
    const { frameBytesMax, frameMessagesMax } = welcome;
    this.#messageBytesMax = welcome.messageBytesMax ?? Number.POSITIVE_INFINITY;
    this.#queue = new FrameWriter(frameLimits({ frameBytesMax, frameMessagesMax }));
    this.#state = "open";
    const allowance = new SilenceAllowance(welcome.heartbeatMs, this.#openedMs);
    this.#heart?.cancel();
    this.#heart = this.#env.clock.every(welcome.heartbeatMs, () => {
      const nowMs = this.#env.clock.monotonicMs();
      const silentMs = Math.round(nowMs - this.#heardMs);
      if (silentMs <= allowance.atBeat(nowMs)) return;
      this.#drop(attempt, "PEER_SILENT", `the server was silent for ${silentMs} ms`);
    });
    this.#guarded(() => this.#handlers.onOpen(welcome, attempt.url));
  }

  #deliver(messages: readonly WireMessage[]): void {
    if (this.#state !== "open") return;
    const taken = this.#options.check ? messages.filter((one) => this.#isTaken(one)) : messages;
    if (taken.length > 0) this.#guarded(() => this.#handlers.onMessages(taken));
  }

  #isTaken(message: WireMessage): boolean {
    const fault = this.#options.check?.(message);
    if (fault === undefined) return true;
    const { code, where } = fault;
    this.#env.log.warn({ type: message.type, code, where }, "a message of the server was dropped");
    return false;
  }

  /** Ends an attempt from this side. */
  #drop(attempt: Attempt, code: CloseCode, message: string): void {
    if (attempt.over) return;
    const { socket } = attempt;
    const quiet = code === "CONNECTION_LOST" || code === "PEER_SILENT";
    this.#over(attempt, { code, message, byPeer: false });
    if (quiet) socket?.cut();
    else {
      socket?.end(closeCodes[code], shortReason(message));
      attempt.deadline = this.#env.clock.after(GOODBYE_MS, () => socket?.cut());
    }
  }

  /** An attempt is over: tells whom it concerns and decides where to go next. */
  #over(attempt: Attempt, reason: CloseReason): void {
    if (attempt.over) return;
    attempt.over = true;
    attempt.deadline?.cancel();
    if (this.#attempt !== attempt) return;
    this.#attempt = undefined;
    this.#heart?.cancel();
    this.#queue.clear();
    this.#state = "connecting";
    const { refused, welcomed } = attempt;
    const { code, message } = reason;
    this.#env.log.debug({ address: attempt.url, code, message }, "a connection ended");
    if (refused?.final === true) {
      this.#finish(reason, refused);
      this.#resolveClosed();
      return;
    }
    if (refused?.redirect !== undefined && this.#follow(attempt.url, refused.redirect)) return;
    const wasAnswered = welcomed || refused !== undefined;
    if (wasAnswered) this.#guarded(() => this.#handlers.onDown?.(reason, refused));
    else this.#guarded(() => this.#handlers.onAttemptFailed?.(reason));
    if (this.#isClosed()) return;
    this.#redialLater(welcomed);
  }

  #redialLater(welcomed: boolean): void {
    this.#redirects = 0;
    const lastedMs = welcomed ? this.#env.clock.monotonicMs() - this.#openedMs : undefined;
    const delayMs = this.#redialling.delayMs(lastedMs);
    this.#redial = this.#env.clock.after(delayMs, () => this.#dial(this.#redialling.next()));
  }

  #follow(fromUrl: string, redirect: string): boolean {
    const url = redirectUrl(redirect, fromUrl);
    if (url === undefined || this.#redirects >= wireLimits.redirectsMax) return false;
    this.#redirects++;
    this.#redial = this.#env.clock.after(0, () => this.#dial(url));
    return true;
  }

  #finish(reason: CloseReason, refused?: Refused): void {
    this.#state = "closed";
    this.#attempt?.deadline?.cancel();
    this.#heart?.cancel();
    this.#queue.clear();
    queueMicrotask(() => this.#guarded(() => this.#handlers.onClosed?.(reason, refused)));
  }

  // A method, because a handler may have closed the link, which the compiler cannot see.
  #isClosed(): boolean {
    return this.#state === "closed";
  }

  #guarded(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      this.#env.log.error({ reason: reasonOf(thrown) }, "a link handler failed");
    }
  }
}
