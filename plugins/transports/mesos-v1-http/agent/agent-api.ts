import type { Clock } from "../../../../contract/ports/clock.ts";
import type { HttpExchange } from "../../../../contract/ports/http.ts";
import { Call } from "../definitions/agent-call.ts";
import { Response } from "../definitions/agent-response.ts";
import { answer, answerEmpty, guarded, Refusal, refuse } from "../http/answers.ts";
import type { Bodies } from "../http/bodies.ts";
import type { Caller, Gate } from "../http/credentials.ts";
import { decodeInSteps, encode, type Media, mediaTypes } from "../http/media.ts";
import { agentAnswerMedia, agentRequestMedia, RECORDS } from "../http/record-media.ts";
import { absent } from "../map/files.ts";
import {
  type AgentCall,
  type AgentResponse,
  type AgentSource,
  agentChanges,
  agentQueries,
  agentRefusal,
} from "./agent-queries.ts";
import { AttachedInput } from "./attached-input.ts";
import { nestedActs, nestedWaits } from "./nested-calls.ts";
import { nestedInputs, nestedStreams } from "./nested-streams.ts";
import { ProcessOutput } from "./process-output.ts";

/** What the operator API of an agent is made of. */
export interface AgentApiParts extends AgentSource {
  readonly clock: Clock;
  readonly bodies: Bodies;
  readonly gate: Gate;
}

type CallType = NonNullable<AgentCall["type"]>;

/** POST `/api/v1` of an agent (§8). */
export class AgentApi {
  readonly #parts: AgentApiParts;

  constructor(parts: AgentApiParts) {
    this.#parts = parts;
  }

  /** Serves one request. */
  serve(exchange: HttpExchange): Promise<void> | undefined {
    const { gate, view } = this.#parts;
    const caller = gate.admit(exchange, "readwrite");
    if (caller === undefined) return;
    if (!view.isReady()) {
      refuse(exchange, 503, "Agent has not finished recovery");
      return;
    }
    return guarded(exchange, () => this.#receive(exchange, caller));
  }

  async #receive(exchange: HttpExchange, caller: Caller): Promise<void> {
    const { media, isRecords } = agentRequestMedia(exchange);
    if (isRecords) {
      // Its own answer has no body, but a client that asks for the impossible is told.
      if (agentAnswerMedia(exchange).isRecords) throw notStreamed(nestedInputs[0]);
      const input = new AttachedInput(this.#parts, exchange, media);
      return await input.serve(() => this.#admit(exchange, caller));
    }
    const call = await this.#parts.bodies.read(exchange, (body) =>
      decodeInSteps(media, Call, "agent::Call", body),
    );
    const { type } = call;
    if (type === undefined || type === "UNKNOWN") {
      throw new Refusal(400, "Failed to validate agent::Call: Expecting 'type' to be present");
    }
    const out = agentAnswerMedia(exchange);
    if (isIn(nestedStreams, type)) {
      this.#admit(exchange, caller);
      const form = { ...out, isPadded: this.#parts.config.padStreams };
      const output = new ProcessOutput(form, this.#parts.clock);
      return await nestedStreams[type](this.#parts, call, exchange, output);
    }
    if (out.isRecords) throw notStreamed(type);
    await this.#answer(exchange, caller, type, call, out.media);
  }

  async #answer(
    exchange: HttpExchange,
    caller: Caller,
    type: CallType,
    call: AgentCall,
    out: Media,
  ): Promise<void> {
    const { view } = this.#parts;
    const field = type.toLowerCase() as keyof AgentResponse;
    if (isIn(agentChanges, type)) {
      const change = agentChanges[type](view, call);
      if (change === undefined) throw absent("agent::Call", field);
      await change;
      return answerEmpty(exchange, 200);
    }
    if (isIn(nestedActs, type)) {
      this.#admit(exchange, caller);
      return answerEmpty(exchange, await nestedActs[type](view.nested, call));
    }
    if (type === nestedInputs[0]) {
      throw new Refusal(415, `Expecting 'Content-Type' of ${RECORDS} for ${type} call`);
    }
    const response: AgentResponse = {
      type: type as never,
      ...(await this.#look(type, call, exchange)),
    };
    if (response[field] === undefined) throw absent("agent::Call", field);
    return await answer(exchange, mediaTypes[out], encode(out, Response, response));
  }

  async #look(
    type: CallType,
    call: AgentCall,
    exchange: HttpExchange,
  ): Promise<Omit<AgentResponse, "type">> {
    if (isIn(nestedWaits, type)) {
      return await nestedWaits[type](this.#parts.view.nested, call, exchange);
    }
    if (isIn(agentQueries, type)) return await agentQueries[type](this.#parts, call);
    throw agentRefusal(type as Parameters<typeof agentRefusal>[0]);
  }

  /** Whoever acts on containers may run what they like there. */
  #admit(exchange: HttpExchange, { exec = false }: Caller): void {
    this.#parts.view.nested.admit(exchange, exec);
  }
}

function isIn<Table extends object>(table: Table, type: string): type is keyof Table & string {
  return Object.hasOwn(table, type);
}

function notStreamed(type: string): Refusal {
  return new Refusal(406, `Streaming response is not supported for ${type} call`);
}
