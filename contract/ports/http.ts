import { type Port, port } from "./plugin.ts";

/** The port under which a transport lets others serve HTTP beside it. */
export const HTTP_ROUTER: Port<HttpRouter> = port<HttpRouter>("http-router");

/** The port under which a plugin lets others ask for the credentials that it asks for itself. */
export const HTTP_GATE: Port<HttpGate> = port<HttpGate>("http-gate");

/** Asks for credentials, where somebody has configured some. */
export interface HttpGate {
  /** True when the request may be served; otherwise it has been answered with 401. */
  admit(exchange: HttpExchange, access: "readonly" | "readwrite"): boolean;
}

/** Methods that can be routed. `HEAD` is answered by the `GET` route, without its body. */
export type HttpMethod = "GET" | "POST" | "PUT" | "DELETE" | "PATCH" | "OPTIONS";

/** Header names in lower case; a header that came several times is joined with commas. */
export type HttpHeaders = Readonly<Record<string, string>>;

/**
 * Handles one request. What it throws, or rejects with, becomes a coded answer; see `HttpRouter`.
 */
export type HttpHandler = (exchange: HttpExchange) => void | Promise<void>;

/**
 * Serves routes on the transport's own address. A path that no route matches is answered with 404,
 * a method that no route of the path takes with 405 and `Allow`. A handler that throws a coded
 * error is answered with its status and its report as JSON; anything else it throws is answered
 * with 500 and `INTERNAL`, and is logged. A handler that returns without an answer may still give
 * it later; what is not answered in time gets 504. None of this ends the process.
 *
 * Pipelined requests are served in order as long as each is answered before the next turn of the
 * event loop (promises that wait for nothing but a body of less than 1 MiB are fine). A handler
 * that lets others have their turn while it works answers later than that, such as one that decodes
 * a large body in slices of 3 ms, as that of the Mesos API does from 64 KiB on. A request that
 * arrives while an earlier one is still unanswered costs the connection, and with it the answers
 * that have not left yet, though what they answer may have been done. Clients may retry what is
 * idempotent and nothing else, so whatever is likely to be pipelined is to be answered in its turn.
 */
export interface HttpRouter {
  /**
   * Adds a route. A path `/a/b` matches exactly that (and `/a/b/`); `/a/b/*` matches `/a/b` and
   * everything below. An exact path wins over a prefix and a longer prefix over a shorter one; then
   * the method is looked at, `*` being any. Routes can be added at any time.
   * @throws ROUTE_TAKEN when the same method and path already has a handler.
   */
  route(method: HttpMethod | "*", path: string, handler: HttpHandler): void;
  /** True when some route is for exactly this path, or for it and everything below it. */
  serves(path: string): boolean;
}

/** Why the body of a request could not be had. */
export type BodyProblem = "BODY_TOO_LARGE" | "BODY_LATE" | "REQUEST_ABORTED";

/** The body of an answer: text, bytes, or bytes in parts that follow one another. */
export type HttpBody = string | Uint8Array | readonly Uint8Array[];

/** One request and its answer. Everything of the request is copied, so it can be kept. */
export interface HttpExchange {
  /** In upper case; `HEAD` is shown as `GET`, since the body of its answer is left out anyway. */
  readonly method: string;
  /**
   * Percent-decoded, without query, without a trailing slash (but `/` itself). Has no `..`
   * component.
   */
  readonly path: string;
  /** What `*` of the route matched, without a leading slash; empty on exact routes. */
  readonly rest: string;
  /** What followed `?`, undecoded; `new URLSearchParams(query)` reads it. */
  readonly query: string;
  readonly headers: HttpHeaders;
  /** Address of the client as text. */
  readonly remote: string;
  /** True once the client is gone; answering is then a no-op. */
  readonly isAborted: boolean;
  /** True once `respond` or `stream` was called. */
  readonly isAnswered: boolean;
  /**
   * The whole body, be it sent with a length or in chunks; empty when there is none. At most once
   * for an exchange; it must be called before the handler's first `await`, because what arrives
   * before it is asked for is dropped.
   * @throws BODY_TOO_LARGE (413), BODY_LATE (408), REQUEST_ABORTED; for the first two, the
   * connection is closed after the answer.
   */
  readBody(bytesMax: number): Promise<Uint8Array>;
  /**
   * The body of a request that goes on, handed out as it comes and at the pace of its reader: while
   * some of it waits, its sender has to. Asked for like `readBody`, and instead of it. It may take
   * as long as it takes, and so may the answer; an answer that comes before the end of it drops the
   * rest.
   * @throws REQUEST_ABORTED where it is read
   */
  openBody(): AsyncIterable<Uint8Array>;
  /**
   * The answer waits for something, and may take as long as that takes; if it is a stream, so may
   * its reader.
   */
  waitLong(): void;
  /**
   * Answers with a `Content-Length`. A second answer is a mistake of ours and throws. Bytes are not
   * copied, so nobody may change them any more.
   */
  respond(status: number, headers: HttpHeaders, body?: HttpBody): void;
  /**
   * Answers with a stream: chunked, without `Content-Length`; its head leaves with the first chunk.
   */
  stream(status: number, headers: HttpHeaders): HttpStream;
  /**
   * Calls `act` once when the client is gone before the answer was complete; at once if it is gone
   * already.
   */
  onAborted(act: () => void): void;
}

/** How a stream ended. */
export type StreamEnd = "ended" | "aborted" | "SLOW_READER";

/** An answer that goes on. */
export interface HttpStream {
  /**
   * Sends one HTTP chunk, this and nothing else (clients rely on a record for a chunk). Answers
   * false when the client does not keep up, `onDrained` tells when it has. A client with more than
   * the transport's `httpStreamBytesMax` waiting is cut off; `onEnd` says so. An empty chunk is not
   * sent, since it would mean the end. uWebSockets.js sends the line end that closes a chunk
   * together with the next chunk. Parsers that hand out data as it comes (Node, curl, Go, Netty) do
   * not notice; one that waits for that line end (urllib3) lags one chunk behind.
   */
  write(chunk: string | Uint8Array): boolean;
  /**
   * Sends bytes that nobody will change and that many streams may send: they are not copied, count
   * once for all of them and not as waiting in this one, and are more than one chunk where they are
   * many. What is written afterwards follows them.
   */
  writeShared(bytes: Uint8Array): void;
  /** Bytes that the client has not taken yet. */
  readonly bufferedBytes: number;
  /** False once it has ended in any way; writing is then a no-op that answers false. */
  readonly isOpen: boolean;
  /** Ends the answer properly, after what is waiting. */
  end(): void;
  /** Ends it by closing the connection, so that the client does not take it for complete. */
  abort(): void;
  onDrained(act: () => void): void;
  /** Calls `act` once when the stream is over; at once if it is already. */
  onEnd(act: (how: StreamEnd) => void): void;
}
