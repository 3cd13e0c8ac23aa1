import type { FaultReport } from "../errors/fault.ts";
import type {
  CloseCode,
  CloseReason,
  Hello,
  PeerKind,
  Refused,
  Welcome,
  WireMessage,
} from "../wire-protocol.ts";
import { type Port, port } from "./plugin.ts";

/** The port that native transports serve. */
export const TRANSPORT: Port<Transport> = port<Transport>("transport");

/** Where a server listens; `port` is the real one, also when 0 was asked for. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** One connected peer, as the server sees it, from its accepted hello to `onClosed`. */
export interface Peer {
  /** Dense small number, unique among all peers that this server ever had. */
  readonly id: number;
  readonly kind: PeerKind;
  /** The name of its hello; not unique, not verified. */
  readonly name: string;
  /** Its address as text, for logs. */
  readonly remote: string;
  /** False once it is closed; sending is then a no-op. */
  readonly isOpen: boolean;
  /** Bytes that are queued here or in the socket. */
  readonly bufferedBytes: number;
  /**
   * Queues a message for the next flush. The message is encoded now, so it may be changed
   * afterwards. A peer whose queue is full is cut off with SLOW_READER; that is reported by
   * `onClosed`, later, never from inside this call.
   * @throws MESSAGE_UNENCODABLE for a message that msgpack cannot carry, MESSAGE_TOO_LARGE for one
   * that fits no frame.
   */
  send(message: WireMessage): void;
  /** Sends what is queued: as few frames as hold it, normally one. */
  flush(): void;
  /**
   * Flushes, sends the reason and closes; `onClosed` follows with the same code and `byPeer:
   * false`.
   */
  close(code: CloseCode, message?: string): void;
}

/** Answer to a hello. The transport adds the fields of `Welcome` that are its own. */
export type HelloAnswer =
  | { readonly accept: true; readonly welcome: Pick<Welcome, "server" | "software"> }
  | { readonly accept: false; readonly refusal: Omit<Refused, "type"> };

/**
 * Says what is wrong with a message of one peer kind, or `undefined` when it is a good one. It is
 * called once for each message, before `onMessages`; what it refuses is answered with an
 * `ErrorMessage` and goes no further.
 */
export type MessageCheck = (message: WireMessage) => FaultReport | undefined;

/**
 * What the kernel gives to a server. Handlers decode nothing and act on nothing: they enqueue. A
 * handler that throws closes that peer with INTERNAL and is logged; it never takes the server down.
 * For one peer the order is always
 * `onHello`, then `onMessages` in the order of sending, then `onClosed` once, and nothing after it.
 */
export interface TransportHandlers {
  /**
   * A hello of good shape and known version. While a promise is pending, the peer must not send.
   */
  onHello(peer: Peer, hello: Hello): HelloAnswer | Promise<HelloAnswer>;
  /**
   * Checked messages of one frame, at least one; the array is the receiver's to keep. `bytes` is
   * how large the frame was, for bounds on what waits.
   */
  onMessages(peer: Peer, messages: readonly WireMessage[], bytes: number): void;
  /** Once for each peer whose `onHello` was called and accepted. */
  onClosed(peer: Peer, reason: CloseReason): void;
  /** The socket's own buffer of this peer has emptied after it had filled up. */
  onDrained?(peer: Peer): void;
}

/** How a server listens. What is left out comes from the plugin's config. */
export interface ListenOptions {
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port?: number;
  /**
   * Which kinds of peers may say hello here, and how their messages are checked; others are
   * refused.
   */
  readonly peers: Readonly<Partial<Record<PeerKind, MessageCheck>>>;
}

/** The serving side of a transport. */
export interface TransportServer {
  /** @throws LISTEN_FAILED when the address is taken or is not one of this machine. */
  listen(options: ListenOptions, handlers: TransportHandlers): Promise<ListenAddress>;
  /**
   * Flushes every peer that has something queued: one frame each. The kernel calls it once a tick.
   */
  flushAll(): void;
  /**
   * Takes no new connections, flushes, closes every peer with SHUTTING_DOWN, and resolves when all
   * are gone; those that still do not read after `deadlineMs` are cut off.
   */
  close(deadlineMs: number): Promise<void>;
}

/** Whether a link is looking for a server, has been welcomed by one, or was closed for good. */
export type LinkState = "connecting" | "open" | "closed";

/** What a dialling side is told. Never called from inside `send` or `close`. */
export interface LinkHandlers {
  /** Welcomed; called again after each reconnection, before any message of the new connection. */
  onOpen(welcome: Welcome, address: string): void;
  onMessages(messages: readonly WireMessage[]): void;
  /**
   * A connection that was open has ended, or a hello was refused, and the link will try again: what
   * was queued is dropped, because after a gap both sides have to agree anew on what the other
   * knows.
   */
  onDown?(reason: CloseReason, refused?: Refused): void;
  /** An attempt to connect came to nothing; another one follows. */
  onAttemptFailed?(reason: CloseReason): void;
  /** The link has ended: `close` was called, or a refusal was final. Nothing is called after it. */
  onClosed?(reason: CloseReason, refused?: Refused): void;
}

/** How to dial. */
export interface DialOptions extends Pick<Hello, "peer" | "name" | "software" | "token"> {
  /** `host:port`, `ws://host:port` or `wss://host:port`; tried in turn. At least one. */
  readonly addresses: readonly string[];
  /**
   * Checks messages of the server; what it refuses is logged and dropped. Everything passes without
   * it.
   */
  readonly check?: MessageCheck;
  /** PEM text of the authorities to trust for `wss`, instead of the system's. */
  readonly trust?: string;
  /** Bytes that may be queued before `send` answers false. */
  readonly queueBytesMax?: number;
  /** Largest frame that is taken from the server; raise it with the server's own. */
  readonly frameBytesMax?: number;
  readonly redialMsMin?: number;
  readonly redialMsMax?: number;
  readonly dialDeadlineMs?: number;
}

/** The dialling side of one connection that heals itself. */
export interface Link {
  readonly state: LinkState;
  /** Bytes that are queued here or in the socket. */
  readonly bufferedBytes: number;
  /**
   * Queues a message; everything queued in one turn of the event loop leaves in one frame. Answers
   * false, and drops the message, when the link is not open or its queue is full.
   * @throws MESSAGE_UNENCODABLE, MESSAGE_TOO_LARGE as `Peer.send` does.
   */
  send(message: WireMessage): boolean;
  /** Sends what is queued without waiting for the end of the turn. */
  flush(): void;
  /**
   * Flushes, says goodbye and ends the link; `onClosed` follows. Resolves when the socket is gone.
   */
  close(message?: string): Promise<void>;
}

/** A native transport: both ends of the same wire. */
export interface Transport {
  readonly server: TransportServer;
  /** Starts to dial and goes on until `close`; never throws for what the network does. */
  dial(options: DialOptions, handlers: LinkHandlers): Link;
}

/**
 * The port of transports that bring peers in over something other than the native wire, such as
 * HTTP. The kernel calls `listen` on each of them as well, with the same checks and handlers, and
 * includes them in its flushes. They serve on somebody's `HttpRouter`: the address that `listen`
 * answers with means nothing.
 */
export const PEER_SERVER: Port<TransportServer> = port<TransportServer>("peer-server");
