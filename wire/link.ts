import { errors, reasonOf } from "../contract/errors.ts";
import { wireLimits } from "../contract/limits/wire.ts";
import type { Clock, Timer } from "../contract/ports/clock.ts";
import type { Logger } from "../contract/ports/log.ts";
import type { DialOptions, Link, LinkHandlers, LinkState } from "../contract/ports/transport.ts";
import {
  type CloseCode,
  type CloseReason,
  closeCodes,
  type Refused,
  type Welcome,
  WIRE_VERSION,
  type WireMessage,
} from "../contract/wire-protocol.ts";
import { redirectUrl, urlOf } from "./address.ts";
import { redialDelayMs } from "./back-off.ts";
import { decodeFrame, encodeFrames, FrameWriter, frameLimits } from "./codec.ts";
import type { FrameLimits } from "./guard.ts";
import { handshakeAnswer, helloProblem } from "./handshake.ts";
import { shortReason } from "./session.ts";

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

/** How to open a socket; it never throws and reports failures by `onClosed`, never from inside the call. */
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

/** How long a closing link waits for the other side to agree before it cuts. */
const GOODBYE_MS = 1_000;

/** Everything that belongs to one attempt; a new attempt is a new object, so late events of old ones are told apart. */
interface Attempt {
  readonly url: string;
  socket: LinkSocket | undefined;
  deadline: Timer | undefined;
  welcomed: boolean;
  over: boolean;
  refused: Refused | undefined;
}

/**
 * Dials, says hello, and keeps the connection: heartbeats, reconnection with jittered back-off, redirects.
 * @throws ADDRESS_INVALID when the very addresses cannot be dialled, HELLO_INVALID when a name or token is no good;
 * everything later goes to the handlers.
 */
export function dialLink(
  options: DialOptions,
  handlers: LinkHandlers,
  environment: LinkEnvironment,
): Link {
  return new HealingLink(options, handlers, environment);
}

function helloFrame({ peer, name, software, token }: DialOptions): Uint8Array {
  const said = { type: "hello", tepui: WIRE_VERSION, peer, name, software };
  const hello = token === undefined ? said : { ...said, token };
  const problem = helloProblem(hello);
  if (problem !== undefined) throw errors.HELLO_INVALID(problem.message, problem.where);
  return encodeFrames([hello])[0] as Uint8Array;
}

class HealingLink implements Link {
  readonly #options: DialOptions;
  readonly #handlers: LinkHandlers;
  readonly #env: LinkEnvironment;
  readonly #urls: readonly string[];
  readonly #hello: Uint8Array;
  readonly #readLimits: FrameLimits;
  /** Begun anew with the limits of each welcome. */
  #queue = new FrameWriter(frameLimits());
  #state: LinkState = "connecting";
  #attempt: Attempt | undefined;
  #nextUrl = 0;
  #failures = 0;
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
    this.#urls = options.addresses.map((address) => urlOf(address));
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#redial = environment.clock.after(0, () => this.#dialNext());
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
    if (!this.#flushDue) {
      this.#flushDue = true;
      setImmediate(() => this.flush());
    }
    return true;
  }

  flush(): void {
    this.#flushDue = false;
    const socket = this.#attempt?.socket;
    if (this.#state !== "open" || socket === undefined || this.#queue.isEmpty) return;
    this.#queue.drain((frame) => {
      socket.send(frame);
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

  #dialNext(): void {
    const url = this.#urls[this.#nextUrl % this.#urls.length] as string;
    this.#nextUrl++;
    this.#dial(url);
  }

  #dial(url: string): void {
    if (this.#state === "closed") return;
    const attempt: Attempt = {
      url,
      socket: undefined,
      deadline: undefined,
      welcomed: false,
      over: false,
      refused: undefined,
    };
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
    this.#queue = new FrameWriter(frameLimits({ frameBytesMax, frameMessagesMax }));
    this.#state = "open";
    const silenceMsMax = welcome.heartbeatMs * wireLimits.heartbeatsMissedMax;
    this.#heart?.cancel();
    this.#heart = this.#env.clock.every(welcome.heartbeatMs, () => {
      const silentMs = Math.round(this.#env.clock.monotonicMs() - this.#heardMs);
      if (silentMs > silenceMsMax) {
        this.#drop(attempt, "PEER_SILENT", `the server was silent for ${silentMs} ms`);
      }
    });
    this.#guarded(() => this.#handlers.onOpen(welcome, attempt.url));
  }

  #deliver(messages: readonly WireMessage[]): void {
    if (this.#state !== "open") return;
    const { check } = this.#options;
    const taken = check === undefined ? messages : messages.filter((one) => this.#isTaken(one));
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
    if (welcomed || refused !== undefined) {
      this.#guarded(() => this.#handlers.onDown?.(reason, refused));
    }
    if (this.#isClosed()) return;
    this.#redialLater(welcomed);
  }

  #redialLater(welcomed: boolean): void {
    const nowMs = this.#env.clock.monotonicMs();
    const minMs = this.#options.redialMsMin ?? wireLimits.redialMsMin;
    const maxMs = this.#options.redialMsMax ?? wireLimits.redialMsMax;
    // A server that welcomes and drops at once must not be dialled in a tight loop, so only what lasted counts.
    if (welcomed && nowMs - this.#openedMs >= maxMs) this.#failures = 0;
    if (welcomed) this.#nextUrl = 0;
    this.#redirects = 0;
    this.#failures++;
    const roundIsOver = this.#nextUrl % this.#urls.length === 0;
    const round = Math.floor((this.#failures - 1) / this.#urls.length);
    const delayMs = roundIsOver
      ? redialDelayMs(round, minMs, maxMs, this.#env.random)
      : this.#env.random() * minMs;
    this.#redial = this.#env.clock.after(delayMs, () => this.#dialNext());
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

  // Read through a method because a handler may have closed the link, which the compiler cannot see.
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
