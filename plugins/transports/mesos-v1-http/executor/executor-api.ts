import type { ExecutorEvent } from "../../../../contract/executor-api.ts";
import type { Clock } from "../../../../contract/ports/clock.ts";
import type { HttpExchange } from "../../../../contract/ports/http.ts";
import type { MesosConfig } from "../config.ts";
import { Call, Event } from "../definitions/executor.ts";
import { answerEmpty, guarded, Refusal, readWhole, refuse } from "../http/answers.ts";
import type { Gate } from "../http/credentials.ts";
import { answerMedia, decode, encode, mediaTypes, requestMedia } from "../http/media.ts";
import type { PeerHub } from "../http/peer-hub.ts";
import { StreamPeer } from "../http/stream-peer.ts";
import {
  executorCallProblem,
  mapExecutorCall,
  mapExecutorEvent,
  type V1ExecutorCall,
} from "../map/executors.ts";
import { type ResourceForm, resourceForm } from "../map/resources.ts";

/** What the executor API is made of. */
export interface ExecutorApiParts {
  readonly config: MesosConfig;
  readonly clock: Clock;
  readonly hub: PeerHub;
  readonly gate: Gate;
}

/** POST `/api/v1/executor` of an agent (§7). */
export class ExecutorApi {
  readonly #parts: ExecutorApiParts;
  /** Subscribed executors by framework and executor id; the latest subscription counts (§7.6). */
  readonly #peers = new Map<string, StreamPeer>();

  constructor(parts: ExecutorApiParts) {
    this.#parts = parts;
  }

  /** Serves one request; the checks come in the order of §7.2. */
  serve(exchange: HttpExchange): Promise<void> | undefined {
    const { gate, hub } = this.#parts;
    if (gate.admit(exchange, "executor") === undefined) return;
    if (!hub.serves("executor")) {
      refuse(exchange, 503, "Agent has not finished recovery");
      return;
    }
    return guarded(exchange, () => this.#receive(exchange));
  }

  async #receive(exchange: HttpExchange): Promise<void> {
    const media = requestMedia(exchange);
    const body = await readWhole(exchange, this.#parts.config.bodyBytesMax);
    const call = decode(media, Call, "executor::Call", body);
    if (call.type === "UNKNOWN") throw new Refusal(501, "Unknown call type");
    const problem = executorCallProblem(call);
    if (problem !== undefined) {
      throw new Refusal(400, `Failed to validate executor::Call: ${problem}`);
    }
    if (call.type === "SUBSCRIBE") return this.#subscribe(exchange, call);
    if (call.type === "HEARTBEAT") return answerEmpty(exchange, 202);
    const peer = this.#peers.get(keyOf(call));
    if (peer === undefined) throw new Refusal(403, "Executor is not subscribed");
    this.#handOn(exchange, peer, call);
  }

  #handOn(exchange: HttpExchange, peer: StreamPeer, call: V1ExecutorCall): void {
    const { hub } = this.#parts;
    const mapped = mapExecutorCall(call);
    if (mapped === undefined) throw new Refusal(501, `${call.type} is not supported`);
    const wrong = hub.problem(peer, mapped)?.message;
    if (wrong !== undefined) {
      throw new Refusal(400, `Failed to validate executor::Call: ${wrong}`);
    }
    hub.deliver(peer, mapped);
    answerEmpty(exchange, 202);
  }

  async #subscribe(exchange: HttpExchange, call: V1ExecutorCall): Promise<void> {
    const { hub, clock, config } = this.#parts;
    const media = answerMedia(exchange);
    const key = keyOf(call);
    let form: ResourceForm = resourceForm();
    const peer: StreamPeer = new StreamPeer({
      id: hub.nextId(),
      kind: "executor",
      name: call.executor_id.value.slice(0, 255) || "executor",
      remote: exchange.remote,
      clock,
      heartbeat: () => encode(media, Event, { type: "HEARTBEAT" }),
      encode: (message) => {
        const event = message as ExecutorEvent;
        if (event.type === "subscribed") form = resourceForm(event.framework.capabilities);
        return [encode(media, Event, mapExecutorEvent(event, form))];
      },
      onClosed: (_, reason) => {
        if (this.#peers.get(key) === peer) this.#peers.delete(key);
        hub.closed(peer, reason);
      },
    });
    const hello = await hub.introduce(peer, exchange.headers["user-agent"] ?? "mesos-executor");
    if (!hello.accept) throw new Refusal(503, hello.refusal.message);
    const mapped = mapExecutorCall(call);
    const wrong = mapped === undefined ? "no call" : hub.problem(peer, mapped)?.message;
    if (mapped === undefined || wrong !== undefined) {
      peer.close("SESSION_ENDED", wrong);
      throw new Refusal(400, `Failed to validate executor::Call: ${wrong}`);
    }
    this.#peers.get(key)?.close("REPLACED", "the executor subscribed again");
    this.#peers.set(key, peer);
    peer.open(exchange.stream(200, { "content-type": mediaTypes[media] }));
    peer.startHeartbeats(config.executorHeartbeatMs);
    hub.deliver(peer, mapped);
  }
}

/** Ids are length-prefixed, so that no two pairs of ids give one key. */
function keyOf({ framework_id, executor_id }: V1ExecutorCall): string {
  return `${framework_id.value.length}:${framework_id.value}${executor_id.value}`;
}
