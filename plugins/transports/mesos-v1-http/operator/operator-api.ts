import type { Clock } from "../../../../contract/ports/clock.ts";
import type { ClusterView } from "../../../../contract/ports/cluster-view.ts";
import type { HttpExchange } from "../../../../contract/ports/http.ts";
import type { MesosConfig } from "../config.ts";
import { Call } from "../definitions/master-call.ts";
import { Response } from "../definitions/master-response.ts";
import { answer, answerEmpty, guarded, Refusal } from "../http/answers.ts";
import type { Bodies } from "../http/bodies.ts";
import type { Gate } from "../http/credentials.ts";
import { isServing } from "../http/leadership.ts";
import {
  answerMedia,
  decodeInSteps,
  encode,
  encodePieces,
  mediaTypes,
  requestMedia,
} from "../http/media.ts";
import type { PeerHub } from "../http/peer-hub.ts";
import { absent } from "../map/files.ts";
import { ViewCache } from "../views/view-cache.ts";
import { accepted } from "./agent-changes.ts";
import { type ChangeType, changes } from "./changes.ts";
import type { EventStreams } from "./event-streams.ts";
import { type OperatorCall, type OperatorResponse, type QueryType, queries } from "./queries.ts";
import { refusalOf } from "./refusals.ts";
import { type SlicedQueryType, slicedQueries } from "./sliced-queries.ts";
import { type SlowQueryType, slowQueries } from "./slow-queries.ts";

/** What the operator API is made of. */
export interface OperatorApiParts {
  readonly config: MesosConfig;
  readonly clock: Clock;
  readonly bodies: Bodies;
  readonly streams: EventStreams;
  readonly hub: PeerHub;
  readonly view: ClusterView;
  /** Hears of each answer that was made for somebody else. */
  onHit(): void;
  readonly gate: Gate;
}

/** POST `/api/v1` of a master (§8). */
export class OperatorApi {
  readonly #parts: OperatorApiParts;
  readonly #texts: ViewCache;

  constructor(parts: OperatorApiParts) {
    this.#parts = parts;
    this.#texts = new ViewCache(parts.view, parts.clock, parts.onHit);
  }

  /** Serves one request. */
  serve(exchange: HttpExchange): Promise<void> | undefined {
    const { gate, view, hub } = this.#parts;
    if (gate.admit(exchange, "readwrite") === undefined) return;
    if (!isServing(exchange, view, hub.serves("framework"))) return;
    return guarded(exchange, () => this.#receive(exchange));
  }

  async #receive(exchange: HttpExchange): Promise<void> {
    const media = requestMedia(exchange);
    const call = await this.#parts.bodies.read(exchange, (body) =>
      decodeInSteps(media, Call, "master::Call", body),
    );
    const { type } = call;
    if (type === undefined || type === "UNKNOWN") {
      throw new Refusal(400, "Failed to validate master::Call: Expecting 'type' to be present");
    }
    const out = answerMedia(exchange);
    if (type === "SUBSCRIBE") return this.#parts.streams.open(exchange, out);
    if (isQuery(type)) {
      const response: OperatorResponse = { type, ...queries[type](this.#parts, call) };
      const field = type.toLowerCase() as keyof OperatorResponse;
      if (response[field] === undefined) throw absent("master::Call", field);
      return answer(exchange, mediaTypes[out], encode(out, Response, response));
    }
    if (isSlicedQuery(type)) {
      const text = await this.#texts.text(`${type} ${out}`, () => {
        const { view, config } = this.#parts;
        const shown = slicedQueries[type](view.snapshot(), config.version);
        return encodePieces(out, Response, { type, ...shown });
      });
      return answer(exchange, mediaTypes[out], text);
    }
    if (isSlowQuery(type)) {
      const response: OperatorResponse = { type, ...(await slowQueries[type](this.#parts.view)) };
      return answer(exchange, mediaTypes[out], encode(out, Response, response));
    }
    return this.#change(exchange, type, call);
  }

  async #change(exchange: HttpExchange, type: ChangeType, call: OperatorCall): Promise<void> {
    const change = changes[type](this.#parts.view, call);
    if (change === undefined) throw absent("master::Call", type.toLowerCase());
    await change.catch((thrown: unknown) => {
      throw refusalOf(type === "MARK_AGENT_GONE", thrown);
    });
    answerEmpty(exchange, accepted.has(type) ? 202 : 200);
  }
}

function isSlowQuery(type: string): type is SlowQueryType {
  return Object.hasOwn(slowQueries, type);
}

function isSlicedQuery(type: string): type is SlicedQueryType {
  return Object.hasOwn(slicedQueries, type);
}

function isQuery(type: string): type is QueryType {
  return Object.hasOwn(queries, type);
}
