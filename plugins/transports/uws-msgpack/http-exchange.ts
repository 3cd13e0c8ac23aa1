import type { HttpResponse } from "uWebSockets.js";
import { STATUS_CODES } from "node:http";
import { errors, TepuiError } from "../../../contract/errors.ts";
import type { Clock, Timer } from "../../../contract/ports/clock.ts";
import type {
  HttpBody,
  HttpExchange,
  HttpHeaders,
  HttpStream,
} from "../../../contract/ports/http.ts";
import type { HttpAnswers } from "./http-answer.ts";
import { UwsBody } from "./http-body.ts";
import { BodyCopy } from "./http-copy.ts";
import type { RequestHead } from "./http-head.ts";
import { FAIR_BYTES, type HttpMemory } from "./http-memory.ts";
import { UwsStream } from "./http-stream.ts";

/** Bounds of one exchange. */
export interface ExchangeLimits {
  readonly bodyDeadlineMs: number;
  readonly streamBytesMax: number;
  /** Shared by all exchanges of a server, as is `answers`. */
  readonly memory: HttpMemory;
  readonly answers: HttpAnswers;
}

/**
 * One request of uWebSockets.js, behind the port. After an abort it never touches the response
 * again.
 */
export class UwsExchange implements HttpExchange {
  readonly method: string;
  readonly path: string;
  readonly rest: string;
  readonly query: string;
  readonly headers: HttpHeaders;
  readonly remote: string;
  readonly #response: HttpResponse;
  readonly #clock: Clock;
  readonly #limits: ExchangeLimits;
  readonly #isHead: boolean;
  #aborted = false;
  #answered = false;
  /** What remains of a body that is not wanted must not be waited for. */
  #closeAfter = false;
  #bodyAsked = false;
  #headersRead = false;
  /** Of the body, while it is here and not answered yet. */
  #bytesHeld = 0;
  #body: UwsBody | undefined;
  #isLong = false;
  #stream: UwsStream | undefined;
  readonly #onAborted: (() => void)[] = [];
  #onAnswered: (() => void) | undefined;

  constructor(
    response: HttpResponse,
    head: RequestHead,
    path: string,
    rest: string,
    clock: Clock,
    limits: ExchangeLimits,
  ) {
    this.#response = response;
    this.#clock = clock;
    this.#limits = limits;
    this.#isHead = head.method === "HEAD";
    this.method = this.#isHead ? "GET" : head.method;
    this.path = path;
    this.rest = rest;
    this.query = head.query;
    this.headers = head.headers;
    this.remote = head.remote;
    response.onAborted(() => this.#gone());
  }

  get isAborted(): boolean {
    return this.#aborted;
  }

  get isAnswered(): boolean {
    return this.#answered;
  }

  /** Whether the answer may take as long as it takes. */
  get isLong(): boolean {
    return this.#isLong;
  }

  waitLong(): void {
    this.#isLong = true;
  }

  openBody(): AsyncIterable<Uint8Array> {
    this.#askForBody();
    this.#isLong = true;
    if (this.#aborted) throw errors.REQUEST_ABORTED();
    this.#body = new UwsBody(this.#response, this.#clock, this.#limits.memory);
    return this.#body;
  }

  #askForBody(): void {
    if (this.#bodyAsked) throw new Error("the body of a request can be read once");
    if (this.#headersRead) throw new Error("a body must be asked for before the first await");
    this.#bodyAsked = true;
  }

  readBody(bytesMax: number): Promise<Uint8Array> {
    this.#askForBody();
    if (this.#aborted) return Promise.reject(errors.REQUEST_ABORTED());
    const { bodyDeadlineMs, memory } = this.#limits;
    return new Promise((resolve, reject) => {
      const copy = new BodyCopy(memory.slabs);
      let size = 0;
      let over = false;
      const deadline: Timer = this.#clock.after(bodyDeadlineMs, () => {
        fail(errors.BODY_LATE(bodyDeadlineMs));
      });
      const fail = (fault: TepuiError): void => {
        if (over) return;
        over = true;
        copy.drop();
        this.#letGo();
        this.#closeAfter = true;
        deadline.cancel();
        reject(fault);
      };
      this.onAborted(() => fail(errors.REQUEST_ABORTED()));
      if (Number(this.headers["content-length"] ?? 0) > bytesMax) {
        fail(errors.BODY_TOO_LARGE(bytesMax));
      }
      this.#response.onData((chunk, isLast) => {
        if (over) return;
        size += chunk.byteLength;
        if (size > bytesMax) return fail(errors.BODY_TOO_LARGE(bytesMax));
        if (memory.isFull && size > FAIR_BYTES) return fail(errors.BODY_NO_ROOM(memory.bytesMax));
        this.#bytesHeld += chunk.byteLength;
        memory.take(chunk.byteLength);
        // Copied, because the chunk's memory is taken back when this callback returns.
        copy.add(chunk);
        if (!isLast) return;
        over = true;
        deadline.cancel();
        resolve(copy.whole(() => this.#aborted));
      });
    });
  }

  respond(status: number, headers: HttpHeaders, body: HttpBody = ""): void {
    const lines = this.#begin(status, headers);
    if (this.#aborted) return;
    const response = this.#response;
    response.cork(() => {
      response.writeStatus(statusLine(status));
      for (const [name, value] of lines) response.writeHeader(name, value);
      const parts = partsOf(body);
      const length = parts.reduce((sum, part) => sum + part.length, 0);
      if (!this.#isHead && length > 0 && !this.#isLast) {
        this.#limits.answers.send(response, parts, length, () => this.#done());
        return;
      }
      if (this.#isHead) response.endWithoutBody(length, this.#isLast);
      else response.end(Buffer.concat(parts), this.#isLast);
      this.#done();
    });
  }

  stream(status: number, headers: HttpHeaders): HttpStream {
    const lines = this.#begin(status, headers);
    const stream = new UwsStream(this.#response, this.#limits, this.#aborted, () => {
      this.#response.writeStatus(statusLine(status));
      for (const [name, value] of lines) this.#response.writeHeader(name, value);
    });
    this.#stream = stream;
    if (this.#isLong) stream.beginPatience(this.#clock);
    stream.onEnd(() => this.#done());
    return stream;
  }

  onAborted(act: () => void): void {
    if (this.#aborted) act();
    else this.#onAborted.push(act);
  }

  /** Tells when nothing more will come of this exchange: answered in full, or aborted. */
  onOver(act: () => void): void {
    this.#onAnswered = act;
  }

  /**
   * From here on the request's callback has returned, and uWebSockets.js drops a body that nobody
   * asked for.
   */
  callbackReturned(): void {
    this.#headersRead = true;
  }

  /** Ends what is still going on, because the server stops. */
  stop(): void {
    if (this.#stream !== undefined) this.#stream.end();
    else if (!this.#answered && !this.#aborted) {
      this.#closeAfter = true;
      this.respond(503, {}, "the server is stopping\n");
    }
  }

  /**
   * Answers with a coded error, unless an answer was begun: then the connection is the only way to
   * say it.
   */
  fail(fault: TepuiError, headers: HttpHeaders = {}): void {
    if (this.#aborted) return;
    if (this.#answered) {
      this.#stream?.abort();
      return;
    }
    const json = { "content-type": "application/json", ...headers };
    this.respond(fault.status, json, `${JSON.stringify(fault)}\n`);
  }

  #begin(status: number, headers: HttpHeaders): [string, string][] {
    if (this.#answered) throw new Error(`${this.method} ${this.path} was answered already`);
    const lines = Object.entries(headers).filter(([name]) => !isOurs(name));
    for (const [name, value] of lines) {
      if (/[\r\n\0]/.test(name + value))
        throw new Error(`header ${JSON.stringify(name)} has a line end`);
    }
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw new Error(`${status} is not a status to answer with`);
    }
    this.#answered = true;
    this.#letGo();
    this.#body?.drop();
    // uWebSockets.js closes these connections and does not say so; clients that keep connections
    // would use one that is gone.
    if (this.#isLast) lines.push(["connection", "close"]);
    return lines;
  }

  /** Whether the connection closes after the answer. */
  get #isLast(): boolean {
    return this.#closeAfter || /\bclose\b/i.test(this.headers["connection"] ?? "");
  }

  /** Makes room for the bodies of others: this one has been read, or never will be. */
  #letGo(): void {
    this.#limits.memory.give(this.#bytesHeld);
    this.#bytesHeld = 0;
  }

  #done(): void {
    this.#onAnswered?.();
    this.#onAnswered = undefined;
  }

  #gone(): void {
    this.#aborted = true;
    this.#limits.answers.forget(this.#response);
    this.#letGo();
    this.#body?.gone();
    this.#stream?.gone();
    for (const act of this.#onAborted.splice(0)) act();
    this.#done();
  }
}

/** Headers that the server writes itself; twice would be wrong. */
function isOurs(name: string): boolean {
  const lower = name.toLowerCase();
  return ["connection", "content-length", "date", "transfer-encoding"].includes(lower);
}

function partsOf(body: HttpBody): readonly Uint8Array[] {
  if (typeof body === "string") return [Buffer.from(body)];
  return body instanceof Uint8Array ? [body] : body;
}

function statusLine(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? "Unknown"}`;
}

/** The coded error to answer with for whatever a handler threw. */
export function faultOf(thrown: unknown): TepuiError {
  return thrown instanceof TepuiError ? thrown : errors.HANDLER_FAILED();
}
