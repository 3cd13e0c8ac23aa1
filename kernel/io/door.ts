import {
  type AgentMessage,
  agentMessageSchemas,
  type ReregisterPart,
  ReregisterPartSchema,
} from "../../contract/agent-api.ts";
import { type FrameworkCall, frameworkCallSchemas } from "../../contract/framework-api.ts";
import { messageCheck } from "../../contract/message-checks.ts";
import { type OperatorMessage, operatorMessageSchemas } from "../../contract/operator-api.ts";
import type { Clock } from "../../contract/ports/clock.ts";
import type { Logger } from "../../contract/ports/log.ts";
import type { HelloAnswer, Peer, TransportHandlers } from "../../contract/ports/transport.ts";
import type { CloseReason, Hello, WireMessage } from "../../contract/wire-protocol.ts";
import type { ClusterInput } from "../core/event.ts";
import { Holdings } from "./holdings.ts";
import { OperatorTurns } from "./operator-turns.ts";
import type { Operators } from "./operators.ts";
import type { Peers } from "./peers.ts";

/** Who may dial a master, and how their messages are checked. */
export const masterPeers = {
  framework: messageCheck("framework", frameworkCallSchemas),
  agent: messageCheck("agent", {
    ...agentMessageSchemas,
    "reregister-part": ReregisterPartSchema,
  }),
  operator: messageCheck("operator", operatorMessageSchemas),
};

/** Compiles all checks now, because the first message of each type would stop the loop for it. */
export function compileChecks(): void {
  for (const type of Object.keys(frameworkCallSchemas)) masterPeers.framework({ type });
  for (const type of Object.keys(agentMessageSchemas)) masterPeers.agent({ type });
  for (const type of Object.keys(operatorMessageSchemas)) masterPeers.operator({ type });
}

/** What the door needs of the master. */
export interface DoorParts {
  readonly peers: Peers;
  readonly operators: Operators;
  readonly clock: Clock;
  readonly log: Logger;
  readonly serverId: string;
  readonly software: string;
  /** False when a frame does not fit the inbox; its sender is cut off and dials again later. */
  hasRoom(messages: number, bytes: number): boolean;
  /** `bytes` is the input's part of the frame that it came in. */
  enqueue(input: ClusterInput, bytes?: number): void;
}

/** Turns what transports hear into inputs. It decides nothing about the cluster. */
export function openDoor(parts: DoorParts): TransportHandlers {
  const { peers, operators } = parts;
  const holdings = new Holdings();
  const turns = new OperatorTurns(parts.clock, (peer, message) => operators.request(peer, message));
  return {
    onHello(peer: Peer, _hello: Hello): HelloAnswer {
      peers.add(peer);
      return { accept: true, welcome: { server: parts.serverId, software: parts.software } };
    },
    onMessages(peer: Peer, messages: readonly WireMessage[], bytes: number): void {
      const number = peers.numberOf(peer);
      if (number === undefined) return;
      if (!parts.hasRoom(messages.length, bytes)) {
        parts.log.warn({ peer: number, name: peer.name, bytes }, "the inbox is full: cut off");
        peer.close("OVERLOADED", "more waits for the master than it may hold; dial again later");
        return;
      }
      if (peer.kind === "operator") {
        turns.take(peer, messages as readonly OperatorMessage[]);
        return;
      }
      const each = bytes / messages.length;
      for (const message of messages) {
        if (peer.kind === "framework") {
          const call = message as FrameworkCall;
          parts.enqueue({ type: "framework-call", peer: number, call }, each);
        } else {
          const said = holdings.take(peer, message as AgentMessage | ReregisterPart, each);
          if (said !== undefined) {
            parts.enqueue({ type: "agent-message", peer: number, message: said }, each);
          }
        }
      }
    },
    onClosed(peer: Peer, _reason: CloseReason): void {
      holdings.forget(peer);
      const number = peers.remove(peer);
      if (number === undefined) return;
      if (peer.kind === "framework") parts.enqueue({ type: "framework-closed", peer: number });
      else if (peer.kind === "agent") parts.enqueue({ type: "agent-closed", peer: number });
      else operators.closed(peer);
    },
  };
}
