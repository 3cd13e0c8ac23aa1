import { bareHost, type HostPort } from "../../contract/address.ts";
import type { AgentConfig } from "../../contract/config/agent.ts";
import { reasonOf } from "../../contract/errors.ts";
import type { ExecutorEvent } from "../../contract/executor-api.ts";
import { type ExecutorCall, executorCallSchemas } from "../../contract/executor-api.ts";
import type { ContainerId } from "../../contract/ids.ts";
import { messageCheck } from "../../contract/message-checks.ts";
import type { Logger } from "../../contract/ports/log.ts";
import type {
  HelloAnswer,
  Peer,
  Transport,
  TransportHandlers,
} from "../../contract/ports/transport.ts";
import type { Hello, WireMessage } from "../../contract/wire-protocol.ts";
import { advertisedAddress } from "../../kernel/host/advertise.ts";
import { shortReason } from "../../wire/index.ts";
import type { AgentInput } from "../core/event.ts";
import type { ExecutorTokens } from "./tokens.ts";
import type { Undo } from "./undo.ts";

/** Who may dial an agent, and how their messages are checked. */
export const agentPeers = { executor: messageCheck("executor", executorCallSchemas) };

/** What the executors' door needs of the agent. */
export interface ExecutorDoorParts {
  readonly tokens: ExecutorTokens;
  readonly log: Logger;
  readonly serverId: string;
  readonly software: string;
  /** False until the agent knows what it runs; executors are asked to dial again then. */
  isReady(): boolean;
  /** True while this container is one of the agent's. */
  isHere(containerId: ContainerId): boolean;
  /** False when a frame does not fit the inbox; its sender is cut off and dials again. */
  hasRoom(messages: number, bytes: number): boolean;
  /** `bytes` is the input's part of the frame that it came in. */
  enqueue(input: AgentInput, bytes: number): void;
}

/** One of an executor's connections. */
interface Connection {
  readonly containerId: ContainerId;
  readonly connection: number;
}

/** The executors that are connected, by container. Their tokens say which one each is in. */
export class ExecutorDoor implements TransportHandlers {
  readonly #parts: ExecutorDoorParts;
  readonly #peers = new Map<ContainerId, Peer>();
  readonly #connections = new WeakMap<Peer, Connection>();
  #connectionsMade = 0;

  constructor(parts: ExecutorDoorParts) {
    this.#parts = parts;
  }

  onHello(peer: Peer, hello: Hello): HelloAnswer {
    const { tokens, serverId, software } = this.#parts;
    if (!this.#parts.isReady()) {
      const message = "the agent does not know yet what it runs";
      return { accept: false, refusal: { code: "AGENT_NOT_READY", message } };
    }
    const containerId = tokens.verify(hello.token ?? "");
    if (containerId === undefined || !this.#parts.isHere(containerId)) {
      const message = "the token is not that of an executor of this agent";
      return { accept: false, refusal: { code: "TOKEN_INVALID", message, final: true } };
    }
    // The newer connection counts (v1-wire 7.6).
    this.#peers.get(containerId)?.close("REPLACED", "the executor dialled again");
    this.#peers.set(containerId, peer);
    this.#connections.set(peer, { containerId, connection: ++this.#connectionsMade });
    return { accept: true, welcome: { server: serverId, software } };
  }

  onMessages(peer: Peer, messages: readonly WireMessage[], bytes: number): void {
    const from = this.#connections.get(peer);
    if (from === undefined || this.#peers.get(from.containerId) !== peer) return;
    const { containerId } = from;
    if (!this.#parts.hasRoom(messages.length, bytes)) {
      this.#parts.log.warn({ container: containerId, bytes }, "the inbox is full: cut off");
      peer.close("OVERLOADED", "more waits for the agent than it may hold; dial again later");
      return;
    }
    for (const message of messages) {
      const call = message as ExecutorCall;
      this.#parts.enqueue({ type: "executor-call", ...from, call }, bytes / messages.length);
    }
  }

  onClosed(peer: Peer): void {
    const of = this.#connections.get(peer);
    if (of === undefined) return;
    if (this.#peers.get(of.containerId) === peer) this.#peers.delete(of.containerId);
    this.#parts.enqueue({ type: "executor-gone", ...of }, 0);
  }

  /**
   * Queues an event for one connection of an executor; when that has ended, the agent is told that
   * it was missed. One that fits no frame costs the executor its connection: it subscribes again
   * and says what it has, and a task that never reached it is told to be lost (v1-wire 7.5).
   */
  send(containerId: ContainerId, connection: number, event: ExecutorEvent): void {
    const peer = this.#peers.get(containerId);
    if (peer === undefined || this.#connections.get(peer)?.connection !== connection) {
      this.#parts.enqueue({ type: "executor-missed", containerId, event }, 0);
      return;
    }
    try {
      peer.send(event);
    } catch (thrown) {
      const reason = reasonOf(thrown);
      this.#parts.log.error({ container: containerId, type: event.type }, reason);
      peer.close("SESSION_ENDED", shortReason(`a ${event.type} event: ${reason}`));
    }
  }

  /** Ends one connection of an executor that has said more than was taken; it subscribes anew. */
  cut(containerId: ContainerId, connection: number): void {
    const peer = this.#peers.get(containerId);
    if (peer === undefined || this.#connections.get(peer)?.connection !== connection) return;
    this.#parts.log.warn(
      { container: containerId },
      "updates were left out and have room now: cut off",
    );
    peer.close("OVERLOADED", "updates were left out and there is room for them; subscribe anew");
  }
}

/** Opens the agent's own server; answers where others reach it. @throws LISTEN_FAILED */
export async function listening(
  { listen }: AgentConfig,
  { server }: Transport,
  door: ExecutorDoor,
  undo: Undo,
): Promise<HostPort> {
  const host = bareHost(listen.host);
  const { port } = await server.listen({ host, port: listen.port, peers: agentPeers }, door);
  undo.add(() => server.close(1_000));
  return advertisedAddress(listen, port);
}
