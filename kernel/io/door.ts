import { type AgentMessage, agentMessageSchemas } from "../../contract/agent-api.ts";
import { type FrameworkCall, frameworkCallSchemas } from "../../contract/framework-api.ts";
import { messageCheck } from "../../contract/message-checks.ts";
import { type OperatorMessage, operatorMessageSchemas } from "../../contract/operator-api.ts";
import type { HelloAnswer, Peer, TransportHandlers } from "../../contract/ports/transport.ts";
import type { CloseReason, Hello, WireMessage } from "../../contract/wire-protocol.ts";
import type { ClusterInput } from "../core/event.ts";
import type { Operators } from "./operators.ts";
import type { Peers } from "./peers.ts";

/** Who may dial a master, and how their messages are checked. */
export const masterPeers = {
  framework: messageCheck("framework", frameworkCallSchemas),
  agent: messageCheck("agent", agentMessageSchemas),
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
  readonly serverId: string;
  readonly software: string;
  /** False while the inbox is full; whoever sends then is cut off and dials again later. */
  accepts(): boolean;
  enqueue(input: ClusterInput): void;
}

/** Turns what transports hear into inputs. It decides nothing about the cluster. */
export function openDoor(parts: DoorParts): TransportHandlers {
  const { peers, operators } = parts;
  return {
    onHello(peer: Peer, _hello: Hello): HelloAnswer {
      peers.add(peer);
      return { accept: true, welcome: { server: parts.serverId, software: parts.software } };
    },
    onMessages(peer: Peer, messages: readonly WireMessage[]): void {
      const number = peers.numberOf(peer);
      if (number === undefined) return;
      if (!parts.accepts()) {
        peer.close("SLOW_READER", "the master has more to do than it can take in; dial again");
        return;
      }
      for (const message of messages) {
        if (peer.kind === "framework") {
          const call = message as FrameworkCall;
          parts.enqueue({ type: "framework-call", peer: number, call });
        } else if (peer.kind === "agent") {
          parts.enqueue({
            type: "agent-message",
            peer: number,
            message: message as AgentMessage,
          });
        } else operators.request(peer, message as OperatorMessage);
      }
    },
    onClosed(peer: Peer, _reason: CloseReason): void {
      const number = peers.remove(peer);
      if (number === undefined) return;
      if (peer.kind === "framework") parts.enqueue({ type: "framework-closed", peer: number });
      else if (peer.kind === "agent") parts.enqueue({ type: "agent-closed", peer: number });
      else operators.closed(peer);
    },
  };
}
