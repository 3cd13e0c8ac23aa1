import type { FaultReport } from "../../../../contract/errors.ts";
import { errors } from "../../../../contract/errors.ts";
import type {
  HelloAnswer,
  ListenAddress,
  ListenOptions,
  TransportHandlers,
  TransportServer,
} from "../../../../contract/ports/transport.ts";
import { encodedBytes } from "../../../../contract/size.ts";
import {
  type CloseReason,
  type Hello,
  type PeerKind,
  WIRE_VERSION,
  type WireMessage,
} from "../../../../contract/wire-protocol.ts";
import type { StreamPeer } from "./stream-peer.ts";

/** Everyone who subscribed over HTTP, as the kernel sees them: peers of a transport. */
export class PeerHub implements TransportServer {
  readonly #peers = new Set<StreamPeer>();
  #options: ListenOptions = { peers: {} };
  #handlers: TransportHandlers | undefined;
  #nextId = 1;

  listen(options: ListenOptions, handlers: TransportHandlers): Promise<ListenAddress> {
    this.#options = options;
    this.#handlers = handlers;
    return Promise.resolve({ host: options.host ?? "", port: options.port ?? 0 });
  }

  flushAll(): void {
    for (const peer of this.#peers) peer.flush();
  }

  async close(_deadlineMs: number): Promise<void> {
    for (const peer of [...this.#peers]) peer.close("SHUTTING_DOWN", "the server is stopping");
    // The kernel hears of each before this resolves.
    await Promise.resolve();
    this.#handlers = undefined;
  }

  /** True while peers of this kind are taken. */
  serves(kind: PeerKind): boolean {
    return this.#handlers !== undefined && this.#options.peers[kind] !== undefined;
  }

  /** A number for a new peer. */
  nextId(): number {
    return this.#nextId++;
  }

  /** Introduces a peer to the kernel, as a native one is by its hello. */
  async introduce(peer: StreamPeer, said: Pick<Hello, "software" | "token">): Promise<HelloAnswer> {
    const handlers = this.#handlers;
    if (handlers === undefined) {
      return { accept: false, refusal: { code: "STARTING", message: "the server is not ready" } };
    }
    const hello = {
      type: "hello" as const,
      tepui: WIRE_VERSION,
      peer: peer.kind,
      name: peer.name,
      ...said,
    };
    const answer = await handlers.onHello(peer, hello);
    if (answer.accept) this.#peers.add(peer);
    return answer;
  }

  /** Says what is wrong with a message, or `undefined`. */
  problem(peer: StreamPeer, message: WireMessage): FaultReport | undefined {
    const check = this.#options.peers[peer.kind];
    if (check !== undefined) return check(message);
    return errors.PEER_KIND_REFUSED(peer.kind, Object.keys(this.#options.peers)).toJSON();
  }

  /** Hands a checked message on. */
  deliver(peer: StreamPeer, message: WireMessage): void {
    if (!this.#peers.has(peer)) return;
    this.#handlers?.onMessages(peer, [message], encodedBytes(message));
  }

  /** Tells the kernel that a peer is gone. */
  closed(peer: StreamPeer, reason: CloseReason): void {
    if (this.#peers.delete(peer)) this.#handlers?.onClosed(peer, reason);
  }
}
