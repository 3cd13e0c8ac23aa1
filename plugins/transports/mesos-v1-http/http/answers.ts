import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { TepuiError } from "../../../../contract/errors.ts";
import type { HttpExchange, HttpHeaders } from "../../../../contract/ports/http.ts";

const zip = promisify(gzip);

/** Bodies from this size on are compressed for clients that take it (§1.8). */
const GZIP_BYTES_MIN = 1024;

const TEXT: HttpHeaders = { "content-type": "text/plain; charset=utf-8" };

/** Answers with a status and, as plain text, the reason (§2.5). */
export function refuse(
  exchange: HttpExchange,
  status: number,
  reason: string,
  headers: HttpHeaders = {},
): void {
  exchange.respond(status, { ...TEXT, ...headers }, reason);
}

/** Thrown by checks of a request: it ends with this status and, as plain text, the reason. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly headers: HttpHeaders;

  constructor(status: number, reason: string, headers: HttpHeaders = {}) {
    super(reason);
    this.status = status;
    this.headers = headers;
  }
}

/** Answers with a status and no body, hence without a content type (§2.4, §10.4). */
export function answerEmpty(exchange: HttpExchange, status: number): void {
  exchange.respond(status, {}, "");
}

/** A body that is kept, and once somebody has asked for it, packed with gzip too. */
export interface KeptBody {
  readonly parts: readonly Uint8Array[];
  /** Bytes of all parts. */
  readonly length: number;
  packed(): Promise<Uint8Array>;
}

/** Answers with a body, compressed when it is worth it and the client takes it. */
export async function answer(
  exchange: HttpExchange,
  contentType: string,
  body: string | Uint8Array | KeptBody,
): Promise<void> {
  const isKept = typeof body !== "string" && !(body instanceof Uint8Array);
  const takesGzip = /(^|,)\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*(,|$))|,|$)/i.test(
    exchange.headers["accept-encoding"] ?? "",
  );
  if (!takesGzip || body.length < GZIP_BYTES_MIN) {
    exchange.respond(200, { "content-type": contentType }, isKept ? body.parts : body);
    return;
  }
  const packed = await (isKept ? body.packed() : zip(body));
  exchange.respond(200, { "content-type": contentType, "content-encoding": "gzip" }, packed);
}

/**
 * Runs a handler and answers what it throws as Mesos does: the status of the refusal or of the
 * coded error with its message as plain text.
 */
export async function guarded(exchange: HttpExchange, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (thrown) {
    if (thrown instanceof Refusal && !exchange.isAnswered) {
      refuse(exchange, thrown.status, thrown.message, thrown.headers);
      return;
    }
    if (!(thrown instanceof TepuiError) || exchange.isAnswered) throw thrown;
    // The transport closes the connection itself after a body that was too large or late.
    if (thrown.code.startsWith("BODY_")) throw thrown;
    refuse(exchange, thrown.status, thrown.message);
  }
}
