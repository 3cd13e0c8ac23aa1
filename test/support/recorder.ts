import { Packr } from "msgpackr";
import type { AgentOrder, AgentOrderOf } from "../../contract/agent-api.ts";
import type { FrameworkEvent, FrameworkEventOf, Problem } from "../../contract/framework-api.ts";
import type { ClusterEvent } from "../../contract/operator-api.ts";
import type { Effect } from "../../kernel/core/effect.ts";
import type { PeerNumber } from "../../kernel/core/event.ts";

const packr = new Packr({ useRecords: false });

/** What a message is once it has been on the wire: fields that are `undefined` are gone. */
function onTheWire<Message>(message: Message): Message {
  return packr.unpack(packr.pack(message)) as Message;
}

/** A message that left the core, as its reader sees it. */
export type Sent =
  | { readonly to: PeerNumber; readonly event: FrameworkEvent }
  | { readonly to: PeerNumber; readonly order: AgentOrder }
  | { readonly to: PeerNumber; readonly closed: string };

/**
 * Stands at the core's only way out (habit 2). Every message goes through the encoding of the wire,
 * and what no test has read is a failure.
 */
export class Recorder {
  #sent: Sent[] = [];
  readonly replies: { token: number; result?: unknown; code?: string }[] = [];
  /** What it wrote into the log. */
  readonly warned: Problem[] = [];
  readonly published: ClusterEvent[] = [];
  aborted: string | undefined;

  /** Takes everything but registry writes, which are returned. */
  apply(effects: readonly Effect[]): Extract<Effect, { type: "write-registry" }>[] {
    const writes: Extract<Effect, { type: "write-registry" }>[] = [];
    for (const effect of effects) {
      switch (effect.type) {
        case "send-framework":
          this.#sent.push({ to: effect.to, event: onTheWire(effect.event) });
          break;
        case "send-agent":
          this.#sent.push({ to: effect.to, order: onTheWire(effect.order) });
          break;
        case "close-peer":
          this.#sent.push({ to: effect.peer, closed: effect.code });
          break;
        case "write-registry":
          writes.push(effect);
          break;
        case "reply-operator":
          this.replies.push({
            token: effect.token,
            ...(effect.problem ? { code: effect.problem.code } : { result: effect.result }),
          });
          break;
        case "publish":
          this.published.push(onTheWire(effect.event));
          break;
        case "warn":
          this.warned.push(effect.problem);
          break;
        case "abort":
          this.aborted = effect.code;
      }
    }
    return writes;
  }

  /** Everything sent to a peer since the last time, in order. */
  take(to: PeerNumber): Sent[] {
    const taken = this.#sent.filter((sent) => sent.to === to);
    this.#sent = this.#sent.filter((sent) => sent.to !== to);
    return taken;
  }

  /** Events of one type to a framework; events of other types stay unread. */
  events<Name extends FrameworkEvent["type"]>(
    to: PeerNumber,
    type: Name,
  ): FrameworkEventOf<Name>[] {
    const isOne = (sent: Sent): boolean =>
      sent.to === to && "event" in sent && sent.event.type === type;
    const taken = this.#sent.filter(isOne);
    this.#sent = this.#sent.filter((sent) => !isOne(sent));
    return taken.map((sent) => (sent as { event: unknown }).event as FrameworkEventOf<Name>);
  }

  /** Orders of one type to an agent; orders of other types stay unread. */
  orders<Name extends AgentOrder["type"]>(to: PeerNumber, type: Name): AgentOrderOf<Name>[] {
    const isOne = (sent: Sent): boolean =>
      sent.to === to && "order" in sent && sent.order.type === type;
    const taken = this.#sent.filter(isOne);
    this.#sent = this.#sent.filter((sent) => !isOne(sent));
    return taken.map((sent) => (sent as { order: unknown }).order as AgentOrderOf<Name>);
  }

  /** What nobody has read. */
  get unread(): readonly Sent[] {
    return this.#sent;
  }

  forget(): void {
    this.#sent = [];
  }
}
