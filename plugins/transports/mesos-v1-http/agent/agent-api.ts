import type { HttpExchange } from "../../../../contract/ports/http.ts";
import { Call } from "../definitions/agent-call.ts";
import { Response } from "../definitions/agent-response.ts";
import { answer, answerEmpty, guarded, Refusal, refuse } from "../http/answers.ts";
import type { Bodies } from "../http/bodies.ts";
import type { Gate } from "../http/credentials.ts";
import { answerMedia, decode, encode, mediaTypes, requestMedia } from "../http/media.ts";
import { absent } from "../map/files.ts";
import {
  type AgentResponse,
  type AgentSource,
  agentChanges,
  agentQueries,
  agentRefusal,
} from "./agent-queries.ts";

/** What the operator API of an agent is made of. */
export interface AgentApiParts extends AgentSource {
  readonly bodies: Bodies;
  readonly gate: Gate;
}

/** POST `/api/v1` of an agent (§8). */
export class AgentApi {
  readonly #parts: AgentApiParts;

  constructor(parts: AgentApiParts) {
    this.#parts = parts;
  }

  /** Serves one request. */
  serve(exchange: HttpExchange): Promise<void> | undefined {
    const { gate, view } = this.#parts;
    if (gate.admit(exchange, "readwrite") === undefined) return;
    if (!view.isReady()) {
      refuse(exchange, 503, "Agent has not finished recovery");
      return;
    }
    return guarded(exchange, () => this.#receive(exchange));
  }

  async #receive(exchange: HttpExchange): Promise<void> {
    const media = requestMedia(exchange);
    const call = await this.#parts.bodies.read(exchange, (body) =>
      decode(media, Call, "agent::Call", body),
    );
    const { type } = call;
    if (type === undefined || type === "UNKNOWN") {
      throw new Refusal(400, "Failed to validate agent::Call: Expecting 'type' to be present");
    }
    const out = answerMedia(exchange);
    const field = type.toLowerCase() as keyof AgentResponse;
    if (isChange(type)) {
      const change = agentChanges[type](this.#parts.view, call);
      if (change === undefined) throw absent("agent::Call", field);
      await change;
      return answerEmpty(exchange, 200);
    }
    if (!isQuery(type)) throw agentRefusal(type);
    const response: AgentResponse = { type, ...(await agentQueries[type](this.#parts, call)) };
    if (response[field] === undefined) throw absent("agent::Call", field);
    return answer(exchange, mediaTypes[out], encode(out, Response, response));
  }
}

function isChange(type: string): type is keyof typeof agentChanges {
  return Object.hasOwn(agentChanges, type);
}

function isQuery(type: string): type is keyof typeof agentQueries {
  return Object.hasOwn(agentQueries, type);
}
