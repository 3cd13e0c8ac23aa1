import type {
  FrameworkCallOf,
  FrameworkEvent,
  Problem,
} from "../../../../contract/framework-api.ts";
import type { FrameworkId } from "../../../../contract/ids.ts";
import type { Clock } from "../../../../contract/ports/clock.ts";
import type { ClusterView } from "../../../../contract/ports/cluster-view.ts";
import type { HttpExchange } from "../../../../contract/ports/http.ts";
import type { MesosConfig } from "../config.ts";
import { Call } from "../definitions/scheduler.ts";
import { answerEmpty, guarded, Refusal, refuse } from "../http/answers.ts";
import type { Bodies } from "../http/bodies.ts";
import type { Caller, Gate } from "../http/credentials.ts";
import { isServing } from "../http/leadership.ts";
import { answerMedia, decodeInSteps, mediaTypes, requestMedia } from "../http/media.ts";
import type { PeerHub } from "../http/peer-hub.ts";
import { StreamPeer } from "../http/stream-peer.ts";
import { rolesProblem } from "../map/cluster.ts";
import {
  callProblem,
  type MappedCall,
  mapCall,
  principalProblem,
  type SchedulerCall,
} from "../map/scheduler-calls.ts";
import { EventWriter } from "./event-writer.ts";
import { capabilitiesOf, Subscription, Subscriptions } from "./subscriptions.ts";

/** What the scheduler API is made of. */
export interface SchedulerApiParts {
  readonly config: MesosConfig;
  readonly bodies: Bodies;
  readonly clock: Clock;
  readonly hub: PeerHub;
  readonly view: ClusterView;
  readonly gate: Gate;
}

/** What a framework's change of itself may be answered with when it is refused (§6.4). */
function updateStatus({ status }: Problem): number {
  return status === 403 || status === 409 ? status : 400;
}

/** POST `/api/v1/scheduler`: the checks come in the order of §6.1. */
export class SchedulerApi {
  readonly #parts: SchedulerApiParts;
  readonly #subscriptions = new Subscriptions();
  #nextRequest = 1;

  constructor(parts: SchedulerApiParts) {
    this.#parts = parts;
  }

  /** Serves one request. */
  serve(exchange: HttpExchange): Promise<void> | undefined {
    const { view, gate, hub } = this.#parts;
    const caller = gate.admit(exchange, "scheduler");
    if (caller === undefined || !isServing(exchange, view, hub.serves("framework"))) return;
    return guarded(exchange, () => this.#receive(exchange, caller));
  }

  async #receive(exchange: HttpExchange, caller: Caller): Promise<void> {
    const media = requestMedia(exchange);
    const call = await this.#parts.bodies.read(exchange, (body) =>
      decodeInSteps(media, Call, "scheduler::Call", body),
    );
    if (call.type === "UNKNOWN") throw new Refusal(501, "Unknown call type");
    const problem = callProblem(call, caller.principal);
    if (problem !== undefined) {
      throw new Refusal(400, `Failed to validate scheduler::Call: ${problem}`);
    }
    if (call.type === "SUBSCRIBE") await this.#subscribe(exchange, call, caller);
    else this.#call(exchange, call, caller);
  }

  async #subscribe(exchange: HttpExchange, call: SchedulerCall, caller: Caller): Promise<void> {
    const { config, clock, hub } = this.#parts;
    const media = answerMedia(exchange);
    if (exchange.headers["mesos-stream-id"] !== undefined) {
      const reason = "Subscribe calls should not include the 'Mesos-Stream-Id' header";
      throw new Refusal(400, reason);
    }
    const mapped = mapCall(call, 0);
    const info = call.subscribe?.framework_info;
    if (mapped === undefined || info === undefined) throw new Refusal(501, "Unknown call");
    const principal = caller.principal ?? info.principal;
    const form = {
      capabilities: capabilitiesOf(mapped.call),
      heartbeatMs: config.heartbeatMs,
      version: config.version,
    };
    const writer = new EventWriter(media, form, config.recordBytesMax);
    const subscription = new Subscription(writer, principal);
    const peer: StreamPeer = new StreamPeer({
      id: hub.nextId(),
      kind: "framework",
      name: info.name.slice(0, 255) || "framework",
      remote: exchange.remote,
      clock,
      heartbeat: writer.record({ type: "HEARTBEAT" }),
      isPadded: config.padStreams,
      encode: (message) => {
        const event = message as FrameworkEvent;
        this.#subscriptions.observe(peer, event);
        if (event.type === "subscribed") peer.startHeartbeats(config.heartbeatMs, true);
        return writer.records(event);
      },
      onClosed: (_, reason) => {
        this.#subscriptions.remove(peer);
        hub.closed(peer, reason);
      },
    });
    await this.#admit(exchange, peer, subscription, withPrincipal(mapped, principal), info);
  }

  /**
   * From here on the answer is a stream: what is wrong with the subscription itself is told by an
   * ERROR event on it (§6.3).
   */
  async #admit(
    exchange: HttpExchange,
    peer: StreamPeer,
    subscription: Subscription,
    { call }: MappedCall,
    info: NonNullable<SchedulerCall["subscribe"]>["framework_info"],
  ): Promise<void> {
    const { hub } = this.#parts;
    const software = exchange.headers["user-agent"] ?? "mesos-client";
    const hello = await hub.introduce(peer, { software });
    if (!hello.accept) {
      throw new Refusal(503, hello.refusal.message);
    }
    this.#subscriptions.add(peer, subscription);
    peer.open(
      exchange.stream(200, {
        "content-type": mediaTypes[subscription.writer.media],
        "mesos-stream-id": subscription.streamId,
      }),
    );
    const problem = rolesProblem(info) ?? hub.problem(peer, call)?.message;
    if (problem !== undefined) {
      const message = `Failed to validate framework info: ${problem}`;
      peer.send({ type: "error", code: "MESSAGE_INVALID", message } as FrameworkEvent);
      peer.close("SESSION_ENDED", message);
      return;
    }
    hub.deliver(peer, call);
  }

  #call(exchange: HttpExchange, call: SchedulerCall, caller: Caller): void {
    const frameworkId = (call.framework_id?.value ?? "") as FrameworkId;
    const standing = this.#parts.view.framework(frameworkId);
    if (standing === undefined) throw new Refusal(400, "Framework cannot be found");
    const found = this.#subscriptions.of(frameworkId);
    const principal = standing.principal ?? found?.subscription.principal;
    if (caller.principal !== undefined && caller.principal !== principal) {
      const reason = principalProblem(caller.principal, principal);
      throw new Refusal(400, reason);
    }
    if (!standing.connected) throw new Refusal(403, "Framework is not subscribed");
    const streamId = exchange.headers["mesos-stream-id"];
    if (streamId === undefined) {
      const reason = "All non-subscribe calls should include the 'Mesos-Stream-Id' header";
      throw new Refusal(400, reason);
    }
    if (found === undefined || found.subscription.streamId !== streamId) {
      const given = `The stream ID '${streamId}' included in this request`;
      const reason = `${given} didn't match the stream ID currently associated with ${frameworkId}`;
      throw new Refusal(400, reason);
    }
    this.#handOn(exchange, call, found);
  }

  #handOn(
    exchange: HttpExchange,
    call: SchedulerCall,
    found: { subscription: Subscription; peer: StreamPeer },
  ): void {
    const { subscription, peer } = found;
    const { hub } = this.#parts;
    const requestId = this.#nextRequest++;
    const mapped = mapCall(call, requestId);
    if (mapped === undefined) throw new Refusal(501, `${call.type} is not supported`);
    const problem =
      call.update_framework === undefined
        ? undefined
        : rolesProblem(call.update_framework.framework_info);
    const wrong = problem ?? hub.problem(peer, mapped.call)?.message;
    if (wrong !== undefined && call.type === "REQUEST") {
      // Mesos' own allocator looks at no request, so that senseless ones are as good there (§6.1).
      answerEmpty(exchange, 202);
      return;
    }
    if (wrong !== undefined) {
      throw new Refusal(400, `Failed to validate scheduler::Call: ${wrong}`);
    }
    const { call: update } = withPrincipal(mapped, subscription.principal);
    if (update.type === "update-framework") {
      this.#update(exchange, update, found);
      return;
    }
    hub.deliver(peer, mapped.call);
    for (const { operationId, reason } of mapped.unusable ?? []) {
      if (operationId === undefined) continue;
      const status = { operationId, state: "OPERATION_ERROR" as const, message: reason };
      peer.send({ type: "operation-update", status } as FrameworkEvent);
    }
    peer.flush();
    answerEmpty(exchange, 202);
  }

  /**
   * Answers before the kernel has carried it out, as every call is answered: clients pipeline calls
   * behind this one, and a connection is lost on which one comes before the answer.
   */
  #update(
    exchange: HttpExchange,
    call: FrameworkCallOf<"update-framework">,
    { subscription, peer }: { subscription: Subscription; peer: StreamPeer },
  ): void {
    const { hub, view } = this.#parts;
    const { frameworkId } = subscription;
    const refusal = frameworkId && view.updateRefusal(frameworkId, call);
    if (refusal !== undefined) {
      refuse(exchange, updateStatus(refusal), refusal.message);
      return;
    }
    subscription.awaitUpdate(call.requestId, capabilitiesOf(call));
    hub.deliver(peer, call);
    // One more than the kernel has room for costs the subscription.
    if (peer.isOpen) answerEmpty(exchange, 200);
    else refuse(exchange, 409, "Framework was removed while updating");
  }
}

/** Fills in the principal of the request where the framework names none (§6.2). */
function withPrincipal(mapped: MappedCall, principal: string | undefined): MappedCall {
  const { call } = mapped;
  if (principal === undefined || !("framework" in call)) return mapped;
  return { ...mapped, call: { ...call, framework: { ...call.framework, principal } } };
}
