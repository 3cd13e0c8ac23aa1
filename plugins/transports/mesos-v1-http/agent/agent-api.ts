import type { HttpExchange } from "../../../../contract/ports/http.ts";
import { Call } from "../definitions/agent-call.ts";
import { Response } from "../definitions/agent-response.ts";
import { answer, guarded, Refusal, refuse } from "../http/answers.ts";
import type { Bodies } from "../http/bodies.ts";
import type { Gate } from "../http/credentials.ts";
import { answerMedia, decode, encode, mediaTypes, requestMedia } from "../http/media.ts";
import {
  type AgentResponse,
  type AgentSource,
  agentQueries,
  agentRefusal,
  type agentRefusals,
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
    if (!isQuery(type)) throw agentRefusal(type as keyof typeof agentRefusals);
    const response: AgentResponse = { type, ...(await agentQueries[type](this.#parts, call)) };
    return answer(exchange, mediaTypes[out], encode(out, Response, response));
  }
}

function isQuery(type: string): type is keyof typeof agentQueries {
  return Object.hasOwn(agentQueries, type);
}
