import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { errors, reasonOf, TepuiError } from "../../../../contract/errors.ts";
import type { HttpExchange, HttpHeaders } from "../../../../contract/ports/http.ts";

const zip = promisify(gzip);
const unzip = promisify(gunzip);

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

/** Answers with a body, compressed when it is worth it and the client takes it. */
export async function answer(
  exchange: HttpExchange,
  contentType: string,
  body: string | Uint8Array,
): Promise<void> {
  const takesGzip = /(^|,)\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*(,|$))|,|$)/i.test(
    exchange.headers["accept-encoding"] ?? "",
  );
  if (!takesGzip || body.length < GZIP_BYTES_MIN) {
    exchange.respond(200, { "content-type": contentType }, body);
    return;
  }
  const packed = await zip(body);
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

/**
 * The body of a request, unpacked when it came compressed.
 * @throws BODY_TOO_LARGE also when it unpacks to more than `bytesMax`; MESSAGE_INVALID when it does
 * not unpack.
 */
export async function readWhole(exchange: HttpExchange, bytesMax: number): Promise<Uint8Array> {
  const body = await exchange.readBody(bytesMax);
  const encoding = exchange.headers["content-encoding"]?.trim().toLowerCase();
  if (encoding === undefined || encoding === "" || encoding === "identity") return body;
  if (encoding !== "gzip") {
    throw errors.MESSAGE_INVALID(`Content-Encoding '${encoding}' is not supported`);
  }
  try {
    return await unzip(body, { maxOutputLength: bytesMax });
  } catch (thrown) {
    if ((thrown as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") {
      throw errors.MESSAGE_INVALID(`the body unpacks to more than ${bytesMax} bytes`);
    }
    throw errors.MESSAGE_INVALID(`the body does not unpack: ${reasonOf(thrown)}`);
  }
}
