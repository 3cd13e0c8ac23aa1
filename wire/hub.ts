import { reasonOf } from "../contract/errors.ts";
import { wireLimits } from "../contract/limits/wire.ts";
import type { Clock, Timer } from "../contract/ports/clock.ts";
import type { Logger } from "../contract/ports/log.ts";
import type { Counter, Metrics } from "../contract/ports/metrics.ts";
import type {
  HelloAnswer,
  ListenOptions,
  Peer,
  TransportHandlers,
} from "../contract/ports/transport.ts";
import type { CloseCode, CloseReason, Hello } from "../contract/wire-protocol.ts";
import { frameLimits } from "./codec.ts";
import type { FrameLimits } from "./guard.ts";
import { SilenceAllowance } from "./heartbeat.ts";
import { HeldBytes, Unwelcomed } from "./held.ts";
import { Session } from "./session.ts";
import type { SessionSocket } from "./session-socket.ts";

/** What a server's config can change about its sessions. */
export interface HubSettings {
  readonly frameBytesMax: number;
  readonly queueBytesMax: number;
  readonly helloDeadlineMs: number;
  readonly heartbeatMs: number;
  readonly connectionsMax: number;
  /** 0 means that one address may use all of `connectionsMax`. */
  readonly connectionsPerAddressMax: number;
  /** Connections at once whose hello was not accepted yet. */
  readonly unwelcomedMax: number;
  readonly unwelcomedPerAddressMax: number;
  /** Bytes of unfinished frames, and of what slow readers have not read, of all connections. */
  readonly heldBytesMax: number;
  /** Largest message of the socket, where larger frames have to come in parts. */
  readonly messageBytesMax?: number;
}

/** Settings with what is left out filled in from the wire limits. */
export function hubSettings(given: Partial<HubSettings> = {}): HubSettings {
  return {
    frameBytesMax: wireLimits.frameBytesMax,
    queueBytesMax: wireLimits.peerQueueBytesMax,
    helloDeadlineMs: wireLimits.helloDeadlineMs,
    heartbeatMs: wireLimits.heartbeatMs,
    connectionsMax: wireLimits.connectionsMax,
    connectionsPerAddressMax: 0,
    unwelcomedMax: wireLimits.unwelcomedMax,
    unwelcomedPerAddressMax: wireLimits.unwelcomedPerAddressMax,
    heldBytesMax: wireLimits.heldBytesMax,
    ...given,
  };
}

/** Ends that somebody wanted, of which nothing has to be said. */
const isInOrder: ReadonlySet<CloseCode> = new Set(["CLOSED", "SHUTTING_DOWN", "REPLACED"]);

/** What a hub needs from outside. */
export interface HubEnvironment {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/**
 * All sessions of one server: admission, the list of those with something to flush, heartbeats, and
 * the end.
 */
export class SessionHub {
  readonly settings: HubSettings;
  readonly limits: FrameLimits;
  readonly helloLimits: FrameLimits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly peers: ListenOptions["peers"];
  readonly handlers: TransportHandlers;
  readonly held: HeldBytes;
  readonly unwelcomed = new Unwelcomed();
  /** Sessions with queued messages, each once. */
  dirty: Session[] = [];
  readonly #sessions = new Set<Session>();
  readonly #perAddress = new Map<string, number>();
  readonly #closes: Counter;
  readonly #heart: Timer;
  readonly #allowance: SilenceAllowance;
  #lastId = 0;
  #closing = false;
  #allGone: (() => void) | undefined;

  /** What `settings` leave out comes from the wire limits. */
  constructor(
    settings: Partial<HubSettings>,
    environment: HubEnvironment,
    peers: ListenOptions["peers"],
    handlers: TransportHandlers,
  ) {
    this.settings = hubSettings(settings);
    this.limits = frameLimits({ frameBytesMax: this.settings.frameBytesMax });
    this.helloLimits = frameLimits({ frameBytesMax: wireLimits.helloBytesMax, frameValuesMax: 64 });
    this.held = new HeldBytes(this.settings.heldBytesMax);
    this.clock = environment.clock;
    this.log = environment.log;
    this.peers = peers;
    this.handlers = handlers;
    this.#closes = environment.metrics.counter({
      name: "connections_closed_total",
      help: "Native connections that ended, by coded reason.",
      labels: ["reason"],
    });
    this.#allowance = new SilenceAllowance(this.settings.heartbeatMs, this.clock.monotonicMs());
    this.#heart = environment.clock.every(this.settings.heartbeatMs, () => this.#beat());
  }

  /** Connections at present. */
  get size(): number {
    return this.#sessions.size;
  }

  /**
   * Whether one more connection from this address is allowed; otherwise the code to refuse it with.
   */
  refusalOf(remote: string): CloseCode | undefined {
    if (this.#closing) return "SHUTTING_DOWN";
    const { connectionsMax, connectionsPerAddressMax } = this.settings;
    if (this.#sessions.size >= connectionsMax) return "TOO_MANY_CONNECTIONS";
    const { unwelcomedMax, unwelcomedPerAddressMax } = this.settings;
    const isCrowded = this.unwelcomed.count >= unwelcomedMax;
    if (isCrowded || this.unwelcomed.of(remote) >= unwelcomedPerAddressMax) {
      return "TOO_MANY_UNWELCOMED";
    }
    if (connectionsPerAddressMax === 0) return undefined;
    const here = this.#perAddress.get(remote) ?? 0;
    return here >= connectionsPerAddressMax ? "TOO_MANY_CONNECTIONS" : undefined;
  }

  /** Begins the session of a socket that has just connected. */
  admit(socket: SessionSocket): Session {
    const session = new Session(this, ++this.#lastId, socket);
    this.#sessions.add(session);
    this.#perAddress.set(session.remote, (this.#perAddress.get(session.remote) ?? 0) + 1);
    return session;
  }

  /** Drops a session whose socket is gone. */
  forget(session: Session): void {
    if (!this.#sessions.delete(session)) return;
    const left = (this.#perAddress.get(session.remote) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(session.remote);
    else this.#perAddress.set(session.remote, left);
    if (this.#sessions.size === 0) this.#allGone?.();
  }

  /** Flushes every session that has something queued. */
  flushAll(): void {
    const sessions = this.dirty;
    this.dirty = [];
    for (const session of sessions) session.flush();
  }

  /**
   * Runs a handler; what it throws is ours to log, and costs that peer its connection and nobody
   * else anything.
   */
  guarded(peer: Peer | undefined, act: () => void): void {
    try {
      act();
    } catch (thrown) {
      this.log.error({ peer: peer?.id, reason: reasonOf(thrown) }, "a transport handler failed");
      peer?.close("INTERNAL", "a message could not be handled");
    }
  }

  /** Asks the kernel what it answers to a hello, now or later; a failure is the peer's end. */
  decide(peer: Peer, hello: Hello, answered: (answer: HelloAnswer) => void): void {
    const failed = (thrown: unknown): void => {
      this.log.error({ peer: peer.id, reason: reasonOf(thrown) }, "a hello handler failed");
      peer.close("INTERNAL", "the hello could not be judged");
    };
    try {
      const answer = this.handlers.onHello(peer, hello);
      if (answer instanceof Promise) answer.then(answered).catch(failed);
      else answered(answer);
    } catch (thrown) {
      failed(thrown);
    }
  }

  /** Later: the handler must not hear of it from inside its own call to `send` or `close`. */
  reportEnd(peer: Peer, reason: CloseReason): void {
    queueMicrotask(() => this.guarded(undefined, () => this.handlers.onClosed(peer, reason)));
  }

  /** Counts the end of a connection, and says why it was where nobody asked for it. */
  noteEnd({ id, kind, name, remote }: Session, { code, message, byPeer }: CloseReason): void {
    this.#closes.add(1, { reason: code });
    const level = isInOrder.has(code) ? "debug" : "info";
    this.log[level]({ peer: id, kind, name, remote, code, byPeer }, message);
  }

  /**
   * Closes every session; resolves when their sockets are gone, the last of them by force at the
   * deadline.
   */
  async close(deadlineMs: number): Promise<void> {
    this.#closing = true;
    this.#heart.cancel();
    for (const session of [...this.#sessions]) {
      session.closeWhenDrained("SHUTTING_DOWN", "the server is stopping");
    }
    if (this.#sessions.size === 0) return;
    await new Promise<void>((resolve) => {
      const deadline = this.clock.after(deadlineMs, () => {
        for (const session of [...this.#sessions]) session.cutSocket();
        resolve();
      });
      this.#allGone = () => {
        deadline.cancel();
        resolve();
      };
    });
  }

  #beat(): void {
    const nowMs = this.clock.monotonicMs();
    const silenceMsMax = this.#allowance.atBeat(nowMs);
    for (const session of this.#sessions) session.beat(nowMs, silenceMsMax);
  }
}
