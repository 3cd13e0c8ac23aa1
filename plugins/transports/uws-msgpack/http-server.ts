import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import { errors, reasonOf, TepuiError } from "../../../contract/errors.ts";
import { wireLimits } from "../../../contract/limits/wire.ts";
import type { Clock } from "../../../contract/ports/clock.ts";
import type { HttpHandler, HttpMethod, HttpRouter } from "../../../contract/ports/http.ts";
import type { Logger } from "../../../contract/ports/log.ts";
import { HttpAnswers } from "./http-answer.ts";
import { type ExchangeLimits, faultOf, UwsExchange } from "./http-exchange.ts";
import { readHead } from "./http-head.ts";
import { isForeignPage } from "./pages.ts";
import { decodedPath, Routes } from "./routes.ts";

/** What a router holds requests to. */
export interface RouterLimits extends Omit<ExchangeLimits, "answers"> {
  readonly answerDeadlineMs: number;
  /** See `pageHosts` of the config. */
  readonly pageHosts: readonly string[];
}

/**
 * The HTTP half of the server: routes, and the guarantee that a handler can fail in any way it
 * likes.
 */
export class UwsRouter implements HttpRouter {
  readonly #routes = new Routes();
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #limits: RouterLimits;
  readonly #exchangeLimits: ExchangeLimits;
  readonly #open = new Set<UwsExchange>();

  constructor(clock: Clock, log: Logger, limits: RouterLimits) {
    this.#clock = clock;
    this.#log = log;
    this.#limits = limits;
    this.#exchangeLimits = { ...limits, answers: new HttpAnswers(clock) };
  }

  route(method: HttpMethod | "*", path: string, handler: HttpHandler): void {
    this.#routes.add(method, path, handler);
  }

  serves(path: string): boolean {
    return this.#routes.has(path);
  }

  /** Exchanges that are not over yet. */
  get size(): number {
    return this.#open.size;
  }

  /** See `isForeignPage`. */
  isForeign(origin: string, host: string): boolean {
    return isForeignPage(origin, host, this.#limits.pageHosts);
  }

  /** Ends streams and answers what is unanswered. */
  stop(): void {
    for (const exchange of [...this.#open]) exchange.stop();
  }

  /**
   * Serves one request; never throws, and always registers `onAborted` before anything can go
   * wrong.
   */
  serve(response: HttpResponse, request: HttpRequest): void {
    const head = readHead(request, response);
    const path =
      head.rawPath.length > wireLimits.httpPathCharsMax ? undefined : decodedPath(head.rawPath);
    const method = head.method === "HEAD" ? "GET" : head.method;
    const match = path === undefined ? ({ status: 404 } as const) : this.#routes.find(method, path);
    const { origin = "", host = "" } = head.headers;
    const rest = "handler" in match ? match.rest : "";
    const shown = path ?? head.rawPath.slice(0, 100);
    const exchange = new UwsExchange(
      response,
      head,
      shown,
      rest,
      this.#clock,
      this.#exchangeLimits,
    );
    if (this.isForeign(origin, host)) {
      exchange.fail(errors.PAGE_FOREIGN(origin));
    } else if ("handler" in match) {
      this.#run(exchange, match.handler);
    } else if (match.status === 405) {
      const { allow } = match;
      exchange.fail(errors.METHOD_NOT_ALLOWED(head.method, shown, allow), { allow });
    } else {
      exchange.fail(errors.ROUTE_UNKNOWN(shown));
    }
    exchange.callbackReturned();
  }

  #run(exchange: UwsExchange, handler: HttpHandler): void {
    this.#open.add(exchange);
    const { answerDeadlineMs } = this.#limits;
    const deadline = this.#clock.after(answerDeadlineMs, () => {
      if (!exchange.isAnswered && !exchange.isLong)
        exchange.fail(errors.ANSWER_LATE(answerDeadlineMs));
    });
    exchange.onOver(() => {
      deadline.cancel();
      this.#open.delete(exchange);
    });
    const failed = (thrown: unknown): void => {
      if (!(thrown instanceof TepuiError)) {
        const where = `${exchange.method} ${exchange.path}`;
        this.#log.error({ where, reason: reasonOf(thrown) }, "an HTTP handler failed");
      }
      exchange.fail(faultOf(thrown));
    };
    try {
      const promise = handler(exchange);
      if (promise instanceof Promise) promise.catch(failed);
    } catch (thrown) {
      failed(thrown);
    }
  }
}
