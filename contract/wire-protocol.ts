import { wireLimits } from "./limits/wire.ts";
import { type Static, Type } from "./typebox.ts";

/**
 * The native protocol, in one paragraph. A peer dials a WebSocket at `WIRE_PATH` and sends one
 * frame with one
 * `Hello`. The server answers with `Welcome`, or with `Refused` and closes. From then on either
 * side sends frames: a frame is one binary WebSocket message holding one msgpack array of messages,
 * and a message is a map with a string `type`. Whoever breaks the framing is closed with a code of
 * `closeCodes`; a well-framed message of an unknown type or shape is answered with `ErrorMessage`
 * and otherwise ignored, so that a newer peer can talk to an older one. WebSocket pings keep the
 * connection alive. Where the welcome has a `messageBytesMax`, larger frames come in parts, as
 * `wire/parts.ts` says; who dials and can do that tells by the header `PARTS_HEADER`.
 */
export const WIRE_VERSION = 1;

/** Where the native protocol is served on the HTTP port. */
export const WIRE_PATH = "/tepui/v1";

/**
 * Header of the dialling side's request, with the value 1: it sends no message that is larger than
 * the welcome says.
 */
export const PARTS_HEADER = "tepui-parts";

/** Who may dial in. */
export const peerKinds = ["framework", "agent", "operator", "executor"] as const;

/** What a peer says it is; its messages are checked against that kind's schema. */
export type PeerKind = (typeof peerKinds)[number];

/**
 * A decoded message: a map with a `type`; everything else is checked by the schema of that type.
 */
export interface WireMessage {
  readonly type: string;
}

const name = Type.String({ minLength: 1, maxLength: wireLimits.nameCharsMax });
const text = Type.String({ maxLength: wireLimits.textCharsMax });
const code = Type.String({ pattern: "^[A-Z][A-Z0-9_]*$", maxLength: 64 });

/**
 * First message of a connection. `tepui` is the protocol version that the peer speaks, `name` is
 * for people and logs (a host name, a framework's name), `software` names the program and its
 * version. `frameBytesMax` is the largest frame that the peer reads, where that is not the usual
 * limit. Unknown fields are ignored, so that a later minor version can add some.
 */
export const Hello = Type.Object({
  type: Type.Literal("hello"),
  tepui: Type.Integer({ minimum: 0 }),
  peer: Type.Union(peerKinds.map((kind) => Type.Literal(kind))),
  name,
  software: name,
  token: Type.Optional(Type.String({ minLength: 1, maxLength: wireLimits.tokenCharsMax })),
  frameBytesMax: Type.Optional(Type.Integer({ minimum: 1024 })),
});
/** First message of a connection. */
export interface Hello extends WireMessage {
  readonly type: "hello";
  readonly tepui: number;
  readonly peer: PeerKind;
  readonly name: string;
  readonly software: string;
  readonly token?: string;
  readonly frameBytesMax?: number;
}

/**
 * Answer to a hello that is accepted. `server` is the id of the master or agent that answers; a new
 * id means that everything about the earlier one is history. `heartbeatMs` is how often the server
 * pings; three missed pings mean that the connection is dead. `frameBytesMax` and
 * `frameMessagesMax` bound what the peer may send in a frame, `messageBytesMax` what it may send in
 * one message of the WebSocket.
 */
export const Welcome = Type.Object({
  type: Type.Literal("welcome"),
  tepui: Type.Literal(WIRE_VERSION),
  server: name,
  software: name,
  heartbeatMs: Type.Integer({ minimum: 10, maximum: 3_600_000 }),
  frameBytesMax: Type.Integer({ minimum: 1024 }),
  frameMessagesMax: Type.Integer({ minimum: 1 }),
  messageBytesMax: Type.Optional(Type.Integer({ minimum: 1024 })),
});
/** Answer to a hello that is accepted. */
export type Welcome = Readonly<Static<typeof Welcome>>;

/**
 * Answer to a hello that is not accepted; the connection is closed after it. `redirect` is the
 * `host:port` of whoever would accept it (a standby master names the leader). `final` says that
 * trying again cannot help.
 */
export const Refused = Type.Object({
  type: Type.Literal("refused"),
  code,
  message: text,
  hint: Type.Optional(text),
  redirect: Type.Optional(Type.String({ minLength: 1, maxLength: 300 })),
  final: Type.Optional(Type.Boolean()),
});
/** Answer to a hello that is not accepted. */
export type Refused = Readonly<Static<typeof Refused>>;

/**
 * Answer to a message that was framed well and still not understood, or refused. `of` is the type
 * of that message,
 * `id` repeats its `id` where it has one. The connection stays.
 */
export const ErrorMessage = Type.Object({
  type: Type.Literal("error"),
  code,
  message: text,
  where: Type.Optional(text),
  hint: Type.Optional(text),
  of: Type.Optional(name),
  id: Type.Optional(Type.Union([text, Type.Number()])),
});
/** Answer to a message that was framed well and still not understood, or refused. */
export type ErrorMessage = Readonly<Static<typeof ErrorMessage>>;

/**
 * Why a connection ends: the name is the coded reason, the number is the WebSocket close code that
 * carries it. Numbers are never reused. `CONNECTION_LOST` is never sent: it stands for a connection
 * that ended without a word.
 */
export const closeCodes = {
  /** Either side is done. */
  CLOSED: 1000,
  /** The server is stopping; dial again. */
  SHUTTING_DOWN: 1001,
  /** The connection broke, or the other side vanished. */
  CONNECTION_LOST: 1006,
  /** The hello was answered with `Refused`. */
  HELLO_REFUSED: 4000,
  /** No hello within its deadline. */
  HELLO_LATE: 4001,
  /** Something other than a hello came first, or a message came before the welcome. */
  HELLO_EXPECTED: 4002,
  /** A second hello. */
  HELLO_REPEATED: 4003,
  /** The hello speaks a version that is not spoken here. */
  VERSION_UNKNOWN: 4004,
  /** The hello has the wrong shape. */
  HELLO_INVALID: 4005,
  /**
   * The bytes are not one msgpack array of maps with a `type`: truncated, trailing bytes, extension
   * types.
   */
  FRAME_MALFORMED: 4010,
  /**
   * More bytes, messages or values than a frame may have. Of a frame several times as large a
   * server may end the connection without saying so, and only write it into its log.
   */
  FRAME_TOO_LARGE: 4011,
  /** Nested deeper than a frame may be. */
  FRAME_TOO_DEEP: 4012,
  /** A text frame; frames are binary. */
  FRAME_NOT_BINARY: 4013,
  /** A frame was begun, and its other parts did not come in time. */
  FRAME_LATE: 4014,
  /** The peer reads more slowly than it is sent to, and its queue is full. */
  SLOW_READER: 4020,
  /** Nothing was heard for three heartbeats. */
  PEER_SILENT: 4021,
  /** The same peer dialled again; the newer connection counts. */
  REPLACED: 4030,
  /** As many connections as are allowed. */
  TOO_MANY_CONNECTIONS: 4031,
  /** As many connections that were not welcomed yet as are allowed. */
  TOO_MANY_UNWELCOMED: 4034,
  /** The session ended by a decision: removed agent, torn down framework. */
  SESSION_ENDED: 4032,
  /** The server has as much to do as it can hold; dial again later. */
  OVERLOADED: 4033,
  /** A mistake on the closing side. */
  INTERNAL: 4500,
} as const;

/** Coded reason for the end of a connection. */
export type CloseCode = keyof typeof closeCodes;

/** What libraries of WebSockets say by themselves when a message is larger than they take. */
const WEBSOCKET_TOO_LARGE = 1009;

const byNumber = new Map<number, CloseCode>([
  ...Object.entries(closeCodes).map(([key, value]) => [value, key as CloseCode] as const),
  [WEBSOCKET_TOO_LARGE, "FRAME_TOO_LARGE"],
]);

/**
 * The coded reason that a WebSocket close code stands for; codes of nobody's are a lost connection.
 */
export function closeCodeOf(number: number): CloseCode {
  return byNumber.get(number) ?? "CONNECTION_LOST";
}

/** How and why a connection ended. `byPeer` is false when this side closed it or found it dead. */
export interface CloseReason {
  readonly code: CloseCode;
  /** For people: what exactly was wrong. At most 120 bytes travel over a WebSocket. */
  readonly message: string;
  readonly byPeer: boolean;
}
