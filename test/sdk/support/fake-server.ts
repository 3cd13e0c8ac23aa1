import { messageCheck } from "../../../contract/message-checks.ts";
import { silentLog } from "../../../contract/ports/log.ts";
import { silentMetrics } from "../../../contract/ports/metrics.ts";
import type { Peer, Transport } from "../../../contract/ports/transport.ts";
import type { TSchema } from "../../../contract/typebox.ts";
import type { PeerKind, WireMessage } from "../../../contract/wire-protocol.ts";
import { MemoryNetwork, memoryTransport } from "../../../plugins/transports/memory/index.ts";
import type { Dial } from "../../../sdk/index.ts";
import { hubSettings, systemClock } from "../../../wire/index.ts";

/** One call of a peer that a script has not looked at yet. */
export type Call = WireMessage & Record<string, unknown>;

/**
 * A server that follows a test's script over the real wire (codec, sessions, links, message
 * schemas); only the sockets are made up. Its calls were checked by the contract's schemas.
 */
export class FakeServer {
  readonly calls: Call[] = [];
  readonly network: MemoryNetwork;
  peer: Peer | undefined;
  peers = 0;
  /** Called at each message, to answer like a server would. */
  answer: (call: Call, server: FakeServer) => void = () => {};
  readonly #transport: Transport;

  private constructor(network: MemoryNetwork) {
    this.network = network;
    const settings = { ...hubSettings(), host: "127.0.0.1", port: 5050 };
    const environment = { clock: systemClock, log: silentLog, metrics: silentMetrics };
    this.#transport = memoryTransport(settings, environment, network);
  }

  /** Listens at 127.0.0.1:`port` of the network for one kind of peer. */
  static async listen(
    kind: PeerKind,
    schemas: Readonly<Record<string, TSchema>>,
    port: number,
    network = new MemoryNetwork(),
    refusal?: { code: string; message: string; redirect?: string; final?: boolean },
  ): Promise<FakeServer> {
    const fake = new FakeServer(network);
    await fake.#transport.server.listen(
      { host: "127.0.0.1", port, peers: { [kind]: messageCheck(kind, schemas) } },
      {
        onHello(peer) {
          if (refusal !== undefined) return { accept: false, refusal };
          fake.peer = peer;
          fake.peers++;
          return { accept: true, welcome: { server: `server-${port}`, software: "fake/1" } };
        },
        onMessages(_peer, messages) {
          for (const message of messages) {
            fake.calls.push(message as Call);
            fake.answer(message as Call, fake);
          }
          fake.peer?.flush();
        },
        onClosed() {},
        onDrained() {},
      },
    );
    return fake;
  }

  /** A dialler into this network, quick to try again. */
  get dial(): Dial {
    return (options, handlers) =>
      this.#transport.dial({ ...options, redialMsMin: 5, redialMsMax: 20 }, handlers);
  }

  /** Says something to the latest peer. */
  say(message: Record<string, unknown> & { type: string }): void {
    this.peer?.send(message);
    this.peer?.flush();
  }

  /** The calls of one type so far. */
  of(type: string): Call[] {
    return this.calls.filter((call) => call.type === type);
  }

  /** Breaks the connection as a crashed server would. */
  drop(): void {
    this.peer?.close("SHUTTING_DOWN", "dropped by the test");
  }

  stop(): Promise<void> {
    return this.#transport.server.close(100);
  }
}
