import { type ExecutorEvent, largeCallProblem } from "../../../../contract/executor-api.ts";
import type { ExecutorId, FrameworkId } from "../../../../contract/ids.ts";
import type { ExecutorStanding, OwnAgentView } from "../../../../contract/ports/agent-view.ts";
import type { Clock } from "../../../../contract/ports/clock.ts";
import type { HttpExchange } from "../../../../contract/ports/http.ts";
import type { MesosConfig } from "../config.ts";
import { Call, Event } from "../definitions/executor.ts";
import { answerEmpty, guarded, Refusal, refuse } from "../http/answers.ts";
import type { Bodies } from "../http/bodies.ts";
import { bearerOf, isSameSecret } from "../http/credentials.ts";
import { answerMedia, decodeInSteps, encode, mediaTypes, requestMedia } from "../http/media.ts";
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
  readonly bodies: Bodies;
  readonly clock: Clock;
  readonly hub: PeerHub;
  readonly view: OwnAgentView;
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
    const { hub, view, config } = this.#parts;
    if (config.authenticateExecutors && bearerOf(exchange) === undefined) {
      refuse(exchange, 401, "Unauthorized", {
        "www-authenticate": 'Bearer realm="mesos-agent-executor"',
      });
      return;
    }
    if (!view.isReady() || !hub.serves("executor")) {
      refuse(exchange, 503, "Agent has not finished recovery");
      return;
    }
    return guarded(exchange, () => this.#receive(exchange));
  }

  async #receive(exchange: HttpExchange): Promise<void> {
    const media = requestMedia(exchange);
    const call = await this.#parts.bodies.read(exchange, (body) =>
      decodeInSteps(media, Call, "executor::Call", body),
    );
    if (call.type === "UNKNOWN") throw new Refusal(501, "Unknown call type");
    const problem = executorCallProblem(call);
    if (problem !== undefined) {
      throw new Refusal(400, `Failed to validate executor::Call: ${problem}`);
    }
    if (call.type === "HEARTBEAT") return answerEmpty(exchange, 202);
    const standing = this.#standingOf(exchange, call);
    if (call.type === "SUBSCRIBE") return this.#subscribe(exchange, call, standing);
    const peer = this.#peers.get(keyOf(call));
    if (peer === undefined) throw new Refusal(403, "Executor is not subscribed");
    this.#handOn(exchange, peer, call);
  }

  /** The executor that calls, which must be one of this agent's, and not speak for another. */
  #standingOf(exchange: HttpExchange, call: V1ExecutorCall): ExecutorStanding {
    const { view } = this.#parts;
    const frameworkId = call.framework_id.value as FrameworkId;
    if (!view.hasFramework(frameworkId)) throw new Refusal(400, "Framework cannot be found");
    const standing = view.executor(frameworkId, call.executor_id.value as ExecutorId);
    if (standing === undefined) throw new Refusal(400, "Executor cannot be found");
    const shown = bearerOf(exchange);
    if (shown !== undefined && !isSameSecret(shown, standing.token)) {
      throw new Refusal(403, "The token is not that of this executor");
    }
    return standing;
  }

  #handOn(exchange: HttpExchange, peer: StreamPeer, call: V1ExecutorCall): void {
    const { hub } = this.#parts;
    const mapped = mapExecutorCall(call);
    if (mapped === undefined) throw new Refusal(501, `${call.type} is not supported`);
    const wrong = hub.problem(peer, mapped)?.message ?? largeCallProblem(mapped)?.message;
    if (wrong !== undefined) {
      throw new Refusal(400, `Failed to validate executor::Call: ${wrong}`);
    }
    hub.deliver(peer, mapped);
    answerEmpty(exchange, 202);
  }

  async #subscribe(
    exchange: HttpExchange,
    call: V1ExecutorCall,
    { token }: ExecutorStanding,
  ): Promise<void> {
    const { hub, clock, config } = this.#parts;
    const media = answerMedia(exchange);
    const key = keyOf(call);
    let form: ResourceForm = resourceForm();
    let isSubscribed = false;
    const peer: StreamPeer = new StreamPeer({
      id: hub.nextId(),
      kind: "executor",
      name: call.executor_id.value.slice(0, 255) || "executor",
      remote: exchange.remote,
      clock,
      heartbeat: encode(media, Event, { type: "HEARTBEAT" }),
      // Executors older than their heartbeats do not know them.
      isPadded: false,
      encode: (message) => {
        const event = message as ExecutorEvent;
        if (event.type === "subscribed") {
          isSubscribed = true;
          form = resourceForm(event.framework.capabilities);
        } else if (event.type === "shutdown" && !isSubscribed) {
          // It is ending and was told so instead of being taken in; that is all there is to say.
          queueMicrotask(() => peer.close("SESSION_ENDED", "the executor is to end"));
        }
        return [encode(media, Event, mapExecutorEvent(event, form))];
      },
      onClosed: (_, reason) => {
        if (this.#peers.get(key) === peer) this.#peers.delete(key);
        hub.closed(peer, reason);
      },
    });
    const software = exchange.headers["user-agent"] ?? "mesos-executor";
    const hello = await hub.introduce(peer, { software, token });
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
    peer.startHeartbeats(config.executorHeartbeatMs, false);
    hub.deliver(peer, mapped);
  }
}

/** Ids are length-prefixed, so that no two pairs of ids give one key. */
function keyOf({ framework_id, executor_id }: V1ExecutorCall): string {
  return `${framework_id.value.length}:${framework_id.value}${executor_id.value}`;
}
