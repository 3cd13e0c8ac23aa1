import { reasonOf } from "../../contract/errors.ts";
import type { Logger } from "../../contract/ports/log.ts";
import type { CloseCode, WireMessage } from "../../contract/wire-protocol.ts";
import type { Effect } from "../core/effect.ts";
import type { Operators } from "./operators.ts";
import type { Peers } from "./peers.ts";
import type { RegistryWriter } from "./registry.ts";

/** Where effects go. */
export interface EffectTargets {
  readonly peers: Peers;
  readonly operators: Operators;
  readonly registry: RegistryWriter;
  /** Tells the core that a write is durable. */
  written(token: number): void;
  readonly log: Logger;
  /** Ends the process: the core says that the master must not go on. */
  abort(code: string, message: string): void;
}

/**
 * A message that fits no frame, or cannot be encoded, must not end the master: its peer is cut off
 * instead. A framework subscribes again; an agent registers again, and tasks that it never got are
 * then found missing and reported (B21).
 */
function send(targets: EffectTargets, to: number, message: WireMessage): void {
  const peer = targets.peers.get(to);
  try {
    peer?.send(message);
  } catch (thrown) {
    const reason = reasonOf(thrown);
    targets.log.error({ peer: to, name: peer?.name, type: message.type }, reason);
    peer?.close(
      "SESSION_ENDED",
      `a ${message.type} message for this peer: ${reason}`.slice(0, 120),
    );
  }
}

/** Does what the core decided. Messages are only queued here; the loop flushes once a turn. */
export function perform(effect: Effect, targets: EffectTargets): void {
  switch (effect.type) {
    case "send-framework":
      send(targets, effect.to, effect.event);
      return;
    case "send-agent":
      send(targets, effect.to, effect.order);
      return;
    case "close-peer":
      targets.log.info({ peer: effect.peer, code: effect.code }, effect.message);
      targets.peers.get(effect.peer)?.close("SESSION_ENDED" satisfies CloseCode, effect.message);
      return;
    case "write-registry":
      targets.registry.write(effect.entries, () => targets.written(effect.token));
      return;
    case "reply-operator":
      targets.operators.reply(effect.token, effect.result, effect.problem);
      return;
    case "publish":
      targets.operators.publish(effect.event);
      return;
    case "warn":
      targets.log.warn({ code: effect.problem.code }, effect.problem.message);
      return;
    case "abort":
      targets.abort(effect.code, effect.message);
      return;
  }
}
