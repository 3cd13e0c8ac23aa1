import { randomUUID } from "node:crypto";
import type { FrameworkCall, FrameworkEvent, Problem } from "../../../../contract/framework-api.ts";
import type { FrameworkId } from "../../../../contract/ids.ts";
import type { StreamPeer } from "../http/stream-peer.ts";
import type { EventWriter } from "./event-writer.ts";

/** One subscription of a framework: its stream, the id that its calls must carry, its form. */
export class Subscription {
  readonly streamId = randomUUID();
  readonly principal: string | undefined;
  readonly writer: EventWriter;
  frameworkId: FrameworkId | undefined;
  readonly #updates = new Map<number, readonly string[]>();

  constructor(writer: EventWriter, principal: string | undefined) {
    this.writer = writer;
    this.principal = principal;
  }

  /** Notes what a framework says that it can do, for when its change of itself has come about. */
  awaitUpdate(requestId: number, capabilities: readonly string[]): void {
    this.#updates.set(requestId, capabilities);
  }

  /** A change has come about, or has not: later offers take the new form, or keep the old one. */
  settle(requestId: number, problem: Problem | undefined): void {
    const capabilities = this.#updates.get(requestId);
    this.#updates.delete(requestId);
    if (capabilities !== undefined && problem === undefined) {
      this.writer.setCapabilities(capabilities);
    }
  }
}

/** All subscriptions, by framework and by peer. */
export class Subscriptions {
  readonly #byFramework = new Map<string, { subscription: Subscription; peer: StreamPeer }>();
  readonly #byPeer = new Map<StreamPeer, Subscription>();

  /** Adds a subscription whose framework has no id yet. */
  add(peer: StreamPeer, subscription: Subscription): void {
    this.#byPeer.set(peer, subscription);
  }

  /** The subscription that counts for a framework: the latest that was accepted. */
  of(frameworkId: string): { subscription: Subscription; peer: StreamPeer } | undefined {
    return this.#byFramework.get(frameworkId);
  }

  /** Looks at an event that is about to be sent, for what it means here. */
  observe(peer: StreamPeer, event: FrameworkEvent): void {
    const subscription = this.#byPeer.get(peer);
    if (subscription === undefined) return;
    if (event.type === "subscribed") {
      subscription.frameworkId = event.frameworkId;
      this.#byFramework.set(event.frameworkId, { subscription, peer });
    } else if (event.type === "framework-updated") {
      subscription.settle(event.requestId, event.problem);
    }
  }

  /** Forgets a peer that is gone. */
  remove(peer: StreamPeer): void {
    const subscription = this.#byPeer.get(peer);
    this.#byPeer.delete(peer);
    if (subscription?.frameworkId === undefined) return;
    if (this.#byFramework.get(subscription.frameworkId)?.peer === peer) {
      this.#byFramework.delete(subscription.frameworkId);
    }
  }
}

/** Capabilities that a call brings along. */
export function capabilitiesOf(call: FrameworkCall): readonly string[] {
  return "framework" in call ? (call.framework.capabilities ?? []) : [];
}
